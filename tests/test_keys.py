"""The register of keys: names match their patterns, one tag each, the page is up to date."""

import inspect
import re
from enum import Enum
from pathlib import Path

import pytest

from bot.models.identifiers import ChatId, FeedId
from bot.store import keys
from bot.store.client import SCRIPTS

ROOT = Path(__file__).parent.parent


def an_argument(parameter: inspect.Parameter) -> object:
    kind = getattr(parameter.annotation, "__supertype__", parameter.annotation)
    if issubclass(kind, Enum):
        return next(iter(kind))
    return 3 if kind is int else "0123456789abcdef"


@pytest.mark.parametrize("family", keys.FAMILIES, ids=lambda family: family.pattern)
def test_a_name_matches_its_pattern_and_has_at_most_one_tag(family: keys.KeyFamily) -> None:
    parameters = inspect.signature(family.builder).parameters.values()
    name = family.builder(*(an_argument(parameter) for parameter in parameters))
    pattern = re.escape(family.pattern)
    pattern = re.sub(r"<[^<>]+>", r"[^{}]+", pattern)
    pattern = re.sub(r"\\{([fc])N\\}", r"\\{\1\\d+\\}", pattern)
    assert re.fullmatch(pattern, name)
    assert re.fullmatch(r"(\{(f\d+|c\d+|desk|pace|updates)\})?[^{}]+", name)


@pytest.mark.parametrize("family", keys.FAMILIES, ids=lambda family: family.pattern)
def test_a_family_says_everything(family: keys.KeyFamily) -> None:
    assert all((family.holds, family.writer, family.lifetime, family.bound))


def test_patterns_are_unique() -> None:
    patterns = [family.pattern for family in keys.FAMILIES]
    assert len(patterns) == len(set(patterns))


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "redis.md").read_text(encoding="utf-8")
    assert page == keys.reference(), "run `make docs`"


def test_shards_are_stable_and_all_used() -> None:
    assert keys.feed_shard(FeedId("0123456789abcdef")) == 3
    assert keys.chat_shard(ChatId(-1001234567890)) == 37
    assert {keys.feed_shard(FeedId(f"{n:016x}")) for n in range(1000)} == set(range(16))
    assert {keys.chat_shard(ChatId(n)) for n in range(2000)} == set(range(64))


def test_a_shard_that_does_not_exist_has_no_tag() -> None:
    with pytest.raises(ValueError, match="no feed shard 16"):
        keys.feed_tag(16)
    with pytest.raises(ValueError, match="no chat shard 64"):
        keys.chat_tag(64)


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.lua")), ids=lambda path: path.stem)
def test_a_script_names_its_keys_and_spells_none(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.startswith("-- ")
    assert "KEYS:" in text
    for tag in ("{desk}", "{pace}", "{f", "{c"):
        assert not re.search(rf"['\"]{re.escape(tag)}", text)
