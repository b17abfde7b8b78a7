"""The page of failure modes is true: 28 of them, and every test that it names exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
PAGE = (TESTS.parent / "docs" / "failure-modes.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| \d+ \|", line)
]


@cache
def functions_of(name: str) -> frozenset[str]:
    """The test functions of a file."""
    tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


def test_every_mode_has_a_rule_and_a_number() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 29))
    assert all(all(row) and len(row) == 4 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_the_tests_that_hold_a_rule_exist(row: list[str]) -> None:
    for named in row[3].split(", "):
        name, _, function = named.partition("::")
        assert function in functions_of(name), f"{named} does not exist"
