"""Which keys a command touches, their hash slots, and that none touches two tags."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import keys, requests
from bot.store.requests import Argument, hash_tag, of_one_tag, slot_of


@pytest.mark.parametrize(
    ("line", "touched"),
    [
        (("GET", "a"), ("a",)),
        (("HSET", "a", "field", "value"), ("a",)),
        (("PING",), ()),
        (("TIME",), ()),
        (("INFO", "cpu"), ()),
        (("CONFIG GET", "save"), ()),
        (("SCRIPT", "LOAD", "return 1"), ()),
        (("MGET", "{t}a", "{t}b"), ("{t}a", "{t}b")),
        (("DEL", "{t}a", b"{t}b"), ("{t}a", b"{t}b")),
        (("MSET", "{t}a", 1, "{t}b", 2), ("{t}a", "{t}b")),
        (("LMOVE", "{t}a", "{t}b", "LEFT", "RIGHT"), ("{t}a", "{t}b")),
        (("BLPOP", "{t}a", "{t}b", 1), ("{t}a", "{t}b")),
        (("EVALSHA", "digest", 2, "{t}a", "{t}b", "c"), ("{t}a", "{t}b")),
        (("ZUNION", 2, "{t}a", "{t}b", "WITHSCORES"), ("{t}a", "{t}b")),
        (("ZUNIONSTORE", "{t}a", 2, "{t}b", "{t}c"), ("{t}a", "{t}b", "{t}c")),
        (("XREAD", "COUNT", 1, "STREAMS", "{t}a", "{t}b", "0", "0"), ("{t}a", "{t}b")),
        (("XREADGROUP", "GROUP", "g", "c", "streams", "a", ">"), ("a",)),
        (("MEMORY USAGE", "a"), ("a",)),
        (("XGROUP", "CREATE", "a", "g", "$"), ("a",)),
    ],
    ids=lambda value: value[0] if value else "nothing",
)
def test_the_keys_of_a_command(line: tuple[Argument, ...], touched: tuple[Argument, ...]) -> None:
    request = requests.command(*line)
    assert request.arguments == line
    assert tuple(request.keys) == touched


@pytest.mark.parametrize(
    "line",
    [
        ("MGET", "{c1}:a", "{c2}:a"),
        ("DEL", "{desk}:a", b"{pace}:a"),
        ("RENAME", "{c1}:a", "search:1"),
        ("MSET", "{c1}:a", 1, "{c2}:a", 2),
        ("XREAD", "STREAMS", "{f1}:entries", "{f2}:entries", "0", "0"),
    ],
)
def test_a_command_of_two_tags_is_refused(line: tuple[Argument, ...]) -> None:
    with pytest.raises(ValueError, match="two hash tags"):
        requests.command(*line)


def test_a_family_without_a_tag_is_never_used_with_another() -> None:
    untagged = [each.pattern for each in keys.FAMILIES if not each.pattern.startswith("{")]
    assert untagged == ["search:<token>"]


@pytest.mark.parametrize(
    ("key", "tag"),
    [
        ("{c1}:chats", "c1"),
        ("plain", "plain"),
        ("{}plain", "{}plain"),
        ("a{b}c{d}", "b"),
        ("{open", "{open"),
        ("}{b}", "b"),
        (b"{c1}\xff", "c1"),
    ],
)
def test_the_tag_of_a_key(key: str | bytes, tag: str) -> None:
    assert hash_tag(key) == tag


@given(st.text(alphabet="ab{}é", max_size=8))
def test_what_has_one_tag_has_one_slot(text: str) -> None:
    tag = hash_tag(text)
    assert slot_of(text) == slot_of(text.encode())
    if tag and not re.search("[{}]", tag):
        assert slot_of(text) == slot_of(f"{{{tag}}}:other")


@given(
    st.lists(st.sampled_from(["{a}", "{a}:", "{b}:", "{", "{}", "a", "{ab}:x", "{a}:z", b"{a}:"]))
)
def test_one_tag_is_what_every_key_has(keys: list[Argument]) -> None:
    tags = {hash_tag(key) for key in keys}
    if len(tags) > 1:
        with pytest.raises(ValueError, match="two hash tags"):
            of_one_tag("MGET", keys)
    else:
        assert of_one_tag("MGET", keys) is keys
