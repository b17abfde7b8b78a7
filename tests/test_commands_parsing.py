"""Commands, subscriptions and settings as people type them; nothing that they type raises."""

import contextlib
from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RequestError
from bot.models.chats import Settings
from bot.models.identifiers import Language
from bot.models.subscriptions import SubscriptionKind
from bot.services.settings import change_settings, change_text
from bot.services.wanted import Wanted, bare_address, read_address, read_wanted
from handlers.invocations import Invocation, first_address, read_invocation
from handlers.table import BY_NAME, COMMANDS, Menu, Who, menu

SETTINGS = Settings(Language("en"), (Language("en"),), "UTC")
AVAILABLE = (Language("en"), Language("uk"), Language("de"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/start", Invocation("start", "", "", "")),
        ("/LATEST  Tech \n news", Invocation("latest", "", "", "Tech news")),
        ("/list@NewsBot", Invocation("list", "newsbot", "", "")),
        ("/subscribe @daily_wire breaking", Invocation("subscribe", "", "@daily_wire", "breaking")),
        ("/list@newsbot -1001234567890", Invocation("list", "newsbot", "-1001234567890", "")),
        ("/search -100 degrees", Invocation("search", "", "", "-100 degrees")),
        ("/search @a b", Invocation("search", "", "", "@a b")),
        ("/search a @daily_wire", Invocation("search", "", "", "a @daily_wire")),
        ("hello /start", None),
        ("/", None),
        ("//start", None),
        ("/пошук слово", None),
        ("/start@", None),
        ("/latest,", None),
    ],
)
def test_a_command_is_taken_apart(text: str, expected: Invocation | None) -> None:
    assert read_invocation(text) == expected


def test_a_command_for_another_bot_is_not_ours() -> None:
    invocation = read_invocation("/list@OtherBot")
    assert invocation is not None
    assert not invocation.is_for("NewsBot")
    assert read_invocation("/list@NEWSBOT") == Invocation("list", "newsbot", "", "")
    assert Invocation("list", "newsbot", "", "").is_for("NewsBot")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("look: https://example.com/feed.xml !", "https://example.com/feed.xml"),
        ("feed://example.com/a", "feed://example.com/a"),
        ("example.com", ""),
        ("ftp://example.com", ""),
    ],
)
def test_the_first_address_of_a_text(text: str, address: str) -> None:
    assert first_address(text) == address


FEED = "https://example.com/feed.xml"


@pytest.mark.parametrize(
    ("words", "kind", "value", "breaking_only"),
    [
        ("breaking", SubscriptionKind.ALL, "", True),
        ("Breaking", SubscriptionKind.ALL, "", True),
        ("all", SubscriptionKind.ALL, "", False),
        ("everything", SubscriptionKind.ALL, "", False),
        ("all breaking", SubscriptionKind.ALL, "", True),
        ("Technology", SubscriptionKind.TOPIC, "technology", False),
        ("technology breaking", SubscriptionKind.TOPIC, "technology", True),
        ("breaking technology", SubscriptionKind.TOPIC, "technology", True),
        (FEED, SubscriptionKind.FEED, FEED, False),
        (f"{FEED} breaking", SubscriptionKind.FEED, FEED, True),
        (f"feed:{FEED}", SubscriptionKind.FEED, FEED, False),
        ("feed://example.com/feed.xml", SubscriptionKind.FEED, FEED, False),
        ("Example  Times", SubscriptionKind.SOURCE, "Example Times", False),
        ("Example Times breaking", SubscriptionKind.SOURCE, "Example Times", True),
        ("“Example Times”", SubscriptionKind.SOURCE, "Example Times", False),
    ],
)
def test_words_after_subscribe(
    words: str, kind: SubscriptionKind, value: str, breaking_only: bool
) -> None:
    wanted = read_wanted(words)
    assert (wanted.kind, wanted.value, wanted.breaking_only) == (kind, value, breaking_only)


@pytest.mark.parametrize(
    "words",
    [
        "ftp://example.com/feed.xml",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "http://user:secret@example.com/feed",
        "http://[::1",
        "http://example.com:99999/feed",
        "https://example.com/" + "a" * 3_000,
    ],
)
def test_what_can_be_no_feed_gets_one_sentence(words: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_wanted(words)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.text(max_size=300).filter(str.strip))
def test_no_words_break_the_reading(words: str) -> None:
    with contextlib.suppress(RequestError):
        assert isinstance(read_wanted(words), Wanted)
    read_invocation(words)
    first_address(words)
    bare_address(words)


@given(st.text(max_size=100))
def test_an_address_is_http_with_a_host_or_refused(text: str) -> None:
    try:
        address = read_address(f"http://{text}")
    except RequestError:
        return
    assert address.startswith("http")
    assert not any(character.isspace() for character in address)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("example.com/feed", "https://example.com/feed"),
        ("news.example.co.uk", "https://news.example.co.uk"),
        ("Example Times", ""),
        ("example", ""),
        ("a..b", ""),
    ],
)
def test_a_bare_host_is_an_address(name: str, address: str) -> None:
    assert bare_address(name) == address


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("timezone Europe/Kyiv", {"timezone": "Europe/Kyiv"}),
        ("zone europe/berlin", {"timezone": "Europe/Berlin"}),
        ("time zone new york", {"timezone": "America/New_York"}),
        ("timezone Kyiv", {"timezone": "Europe/Kyiv"}),
        ("timezone utc+2", {"timezone": "Etc/GMT-2"}),
        ("languages en uk", {"news_languages": ("en", "uk")}),
        ("languages UK, en,uk", {"news_languages": ("uk", "en")}),
        ("languages all", {"news_languages": ()}),
        ("quiet off", {"quiet": False}),
        ("quiet 23:00 to 6", {"quiet_from": time(23), "quiet_until": time(6)}),
        ("quiet 23:30-06:00", {"quiet_from": time(23, 30), "quiet_until": time(6)}),
        ("rings 0", {"rings_a_day": 0}),
        ("rings none", {"rings_a_day": 0}),
        ("timezone +2", {"timezone": "Etc/GMT-2"}),
        ("languages English, українська", {"news_languages": ("en", "uk")}),
        ("language Deutsch and english", {"news_languages": ("de", "en")}),
        ("pictures off", {"previews": False}),
        ("previews off", {"previews": False}),
        ("PREVIEWS ON", {"previews": True}),
    ],
)
def test_a_setting_is_changed_by_words(words: str, expected: dict[str, object]) -> None:
    changed = change_settings(SETTINGS, words, AVAILABLE)
    assert changed == replace(SETTINGS, **expected)  # type: ignore[arg-type]
    told = change_text(SETTINGS, changed)
    assert told.endswith(" already." if changed == SETTINGS else " now.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "/settings timezone Europe/Kyiv"),
        ("colour red", "/settings timezone Europe/Kyiv"),
        ("timezone Atlantis", "/settings timezone Europe/Kyiv"),
        ("timezone Europe/Kiew", "Did you mean Europe/Ki"),
        ("timezone", "/settings timezone Europe/Kyiv"),
        ("languages klingon", "/settings languages en uk"),
        ("languages", "/settings languages en uk"),
        ("languages fr", "There is in: English, German, Ukrainian."),
        ("quiet maybe", "/settings quiet 22:30 07:30"),
        ("quiet 25:00 07:00", "/settings quiet 22:30 07:30"),
        ("quiet 07:00 07:00", "/settings quiet 22:30 07:30"),
        ("rings many", "/settings rings 4"),
        ("rings 999", "/settings rings 4"),
        ("rings -1", "/settings rings 4"),
        ("pictures", "/settings pictures off"),
    ],
)
def test_a_wrong_setting_explains_itself(words: str, told: str) -> None:
    with pytest.raises(RequestError) as caught:
        change_settings(SETTINGS, words, AVAILABLE)
    assert told in str(caught.value)


@given(st.text(max_size=80), st.sampled_from(["", "quiet ", "languages ", "zone ", "rings "]))
def test_no_words_break_the_settings(words: str, name: str) -> None:
    with contextlib.suppress(RequestError):
        assert isinstance(change_settings(SETTINGS, name + words, AVAILABLE), Settings)


def test_the_table_obeys_the_limits_of_the_bot_menu() -> None:
    assert len(BY_NAME) == len(COMMANDS)
    for command in COMMANDS:
        assert command.name.isascii()
        assert len(command.name) <= 32
        assert 1 <= len(command.description) <= 256
        assert command.example == "" or command.example.startswith(f"/{command.name} ")


def test_the_menus_show_each_audience_its_commands() -> None:
    shown = {place: {name for name, _ in menu(place)} for place in Menu}
    operators = {each.name for each in COMMANDS if each.who is Who.OPERATORS}
    assert operators <= shown[Menu.OPERATORS]
    assert not operators & (shown[Menu.PRIVATE] | shown[Menu.GROUPS] | shown[Menu.GROUP_ADMINS])
    assert "subscribe" in shown[Menu.GROUP_ADMINS]
    assert "subscribe" not in shown[Menu.GROUPS]
