"""What buttons and deep links carry: what is built reads back, everything else is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.identifiers import NO_THREAD, Address, ChatId, StoryId
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.views.callbacks import (
    ListLink,
    Press,
    Verb,
    build,
    deep_link,
    list_link,
    parse,
    parse_list_start,
    parse_share,
    parse_start,
    share_query,
    subscription_token,
)
from tests.view_samples import NOW

STORY = StoryId("a1b2c3d4e5f6")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (build(Verb.READ, STORY), Press(Verb.READ, (STORY,))),
        (build(Verb.READ, STORY, 3), Press(Verb.READ, (STORY, "3"))),
        (build(Verb.LATEST, 2, "topic:world"), Press(Verb.LATEST, ("2", "topic:world"))),
        (build(Verb.LATEST, 0, ""), Press(Verb.LATEST, ("0", ""))),
        (build(Verb.OFF), Press(Verb.OFF)),
        (
            build(Verb.SUBSCRIBE, "all", "breaking", ""),
            Press(Verb.SUBSCRIBE, ("all", "breaking", "")),
        ),
        (
            build(Verb.LIST, 1, target=Address(-1001234567890)),
            Press(Verb.LIST, ("1",), Address(-1001234567890)),
        ),
        (build(Verb.SET, "zone", "Europe/Kyiv"), Press(Verb.SET, ("zone", "Europe/Kyiv"))),
    ],
)
def test_what_is_built_reads_back(data: str, expected: Press) -> None:
    assert parse(data) == expected
    assert len(data.encode()) <= 64


def test_presses_know_their_story_and_page() -> None:
    read = parse(build(Verb.READ, STORY, 4))
    latest = parse(build(Verb.LATEST, 7, "all"))
    plain = parse(build(Verb.READ, STORY))
    assert read is not None
    assert latest is not None
    assert plain is not None
    assert (read.story, read.page) == (STORY, 4)
    assert latest.page == 7
    assert plain.page == 0


@pytest.mark.parametrize(
    "data",
    [
        "",
        "read",
        "read:",
        "read:UPPER",
        "read:a:b",
        "read:a:1:2",
        "read:a:-1",
        "read:a:999999",
        "off:1",
        "nothing:1",
        "sub:robots:all:x",
        "sub:topic:maybe:x",
        "0/list:0",
        "-/list:0",
        "12/",
        "latest:1:\x00",
        "search:0:has space",
        "read:١",
    ],
)
def test_strangers_data_is_refused(data: str) -> None:
    assert parse(data) is None


@given(st.text(max_size=80))
def test_reading_never_raises(data: str) -> None:
    parse(data)
    parse_start(data)
    parse_share(data)


@pytest.mark.parametrize("filter", ["source:" + "x" * 60, "source:" + "ї" * 30])
def test_data_longer_than_telegram_takes_is_never_built(filter: str) -> None:
    with pytest.raises(ValueError, match="callback data"):
        build(Verb.LATEST, 0, filter)


def test_deep_links_open_the_private_chat_at_a_story() -> None:
    address = deep_link("NewsBot", Verb.SOURCES, STORY)
    assert address == f"https://t.me/NewsBot?start=sources_{STORY}"
    assert parse_start(address.rpartition("=")[2]) == Press(Verb.SOURCES, (STORY,))


@given(
    st.integers(-(10**18), -1).map(Address),
    st.integers(0, 2**64 - 1).map(lambda number: f"{number:016x}"),
)
def test_a_channels_list_opens_by_a_payload_that_telegram_takes(
    channel: Address, token: str
) -> None:
    link = ListLink(channel, token)
    payload = list_link("NewsBot", link).removeprefix("https://t.me/NewsBot?start=")
    assert re.fullmatch("[A-Za-z0-9_-]{1,64}", payload)
    assert parse_list_start(payload) == link
    assert parse_start(payload) is None


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "list",
        "list_-100_",
        f"list_100_{'a' * 16}",
        f"list_-0_{'a' * 16}",
        f"list_-100_{'A' * 16}",
        f"list_-100_{'a' * 17}",
        f"list_-{'9' * 30}_{'a' * 16}",
        f"list_-1٠_{'a' * 16}",
        f"list_-100_{'a' * 16}\n",
    ],
)
def test_what_names_no_list_opens_none(payload: str) -> None:
    assert parse_list_start(payload) is None


@given(st.text())
def test_whatever_follows_start_is_read(payload: str) -> None:
    assert parse_list_start(payload) is None or payload.startswith("list_-")


@pytest.mark.parametrize("payload", ["", "read", "read_", "off_a1", "read_A1", "read_a b", "x_a1"])
def test_other_starts_are_ordinary(payload: str) -> None:
    assert parse_start(payload) is None


def test_a_shared_story_is_found_again() -> None:
    assert parse_share(share_query(STORY)) == STORY
    assert parse_share("story of my life") is None


def test_tokens_tell_subscriptions_apart_but_not_their_mode() -> None:
    def make(value: str, breaking_only: bool) -> Subscription:
        return Subscription(
            ChatId(1), NO_THREAD, SubscriptionKind.SOURCE, value, value, breaking_only, NOW
        )

    assert subscription_token(make("a", False)) != subscription_token(make("b", False))
    assert subscription_token(make("a", False)) == subscription_token(make("a", True))
    token = subscription_token(make("a" * 300, False))
    assert parse(build(Verb.UNSUBSCRIBE, token, 99_999, target=Address(-1001234567890)))
