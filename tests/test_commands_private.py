"""A person's private chat, from /start to /settings: a whole bot over real HTTP and real Redis."""

import html
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from tests.running_bot import TECHNOLOGY, UKRAINE, WORLD, RunningBot, labels, running_bot
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    redis_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningBot]:
    async with running_bot(redis_server, tmp_path_factory.mktemp("private")) as running:
        yield running


async def test_a_newcomer_gets_breaking_news_and_headlines_at_once(bot: RunningBot) -> None:
    reader = bot.person()
    greeting = await reader.start()
    assert "Breaking news in English is on." in greeting["text"]
    assert "About 3 alerts a day, silent 22:30 to 07:30." in greeting["text"]
    headlines = await reader.answer(reader.id, after=greeting["message_id"])
    assert greeting["silent"]
    assert headlines["silent"]
    english = (*TECHNOLOGY.headlines, *WORLD.headlines)
    assert sum(headline in headlines["text"] for headline in english) == 3
    listed = await reader.say("/list")
    assert "Breaking news" in listed["text"]


async def test_one_press_turns_everything_off_and_one_on(bot: RunningBot) -> None:
    reader = bot.person()
    greeting = await reader.start()
    await reader.press(greeting, "Turn off")
    off = await reader.again(greeting)
    assert "Everything is off." in off["text"]
    assert "None yet." in (await reader.say("/list"))["text"]
    await reader.press(off, "Turn on")
    assert "is on." in (await reader.again(greeting))["text"]


async def test_news_comes_in_the_persons_language_if_there_is_any(bot: RunningBot) -> None:
    reader = bot.person(language="uk-UA")
    greeting = await reader.start()
    assert "Breaking news in Ukrainian" in greeting["text"]
    headlines = await reader.answer(reader.id, after=greeting["message_id"])
    assert sum(headline in headlines["text"] for headline in UKRAINE.headlines) == 3
    stranger = bot.person(language="sw")
    assert "Breaking news in English" in (await stranger.start())["text"]


async def test_starting_again_keeps_what_was_chosen(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    await reader.say("/subscribe technology")
    assert "the topic Technology" in (await reader.start())["text"].replace("The", "the")


async def test_a_feed_is_subscribed_by_its_address_alone(bot: RunningBot) -> None:
    reader = bot.person()
    address = bot.feeds.add("garden", "Garden & <Home>", ["Tulips bloom early"])
    await reader.start()
    answer = await reader.say(f"please: {address}")
    assert "This chat now gets the feed Garden & <Home>." in answer["text"]
    assert "the feed Garden & <Home>" in (await reader.say("/list"))["text"].replace("The", "the")


async def test_subscriptions_are_listed_and_ended_by_buttons(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.press(await reader.start(), "Turn off")
    await reader.say("/subscribe technology")
    listed = await reader.say("/list")
    answer = await reader.press(listed, "End: Technology")
    assert "Ended: the topic Technology" in answer["answer"]["text"]
    assert "None yet." in (await reader.again(listed))["text"]
    # A second press of the same button, from another client that still shows it.
    again = await bot.known(reader.id).call(
        "press", chat=reader.id, message_id=listed["message_id"], row=0, column=0
    )
    assert again["answer"] is not None


@pytest.mark.parametrize("words", ["Example Times", "example times", "all"])
async def test_what_was_subscribed_by_name_is_ended_by_name(bot: RunningBot, words: str) -> None:
    reader = bot.person()
    await reader.press(await reader.start(), "Turn off")
    await reader.say("/subscribe example times")
    assert (
        "no longer gets the source Example Times."
        in (await reader.say(f"/unsubscribe {words}"))["text"]
    )


async def test_a_feed_is_ended_by_its_address(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.press(await reader.start(), "Turn off")
    await reader.say(f"/subscribe {bot.feeds.url('world')} breaking")
    ended = await reader.say(f"/unsubscribe {bot.feeds.url('world')}")
    assert "no longer gets the feed Daily Example, breaking only." in ended["text"]
    await reader.press(ended, "Subscribe again")
    assert "now gets the feed Daily Example, breaking only" in (await reader.again(ended))["text"]


async def test_nobody_takes_the_name_of_a_source(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    address = bot.feeds.add("impostor", "Example Times", ["Free money for everyone"])
    answer = await reader.say(f"/subscribe {address}")
    assert "the feed Example Times (127.0.0.1)." in answer["text"]


async def test_the_menu_toggles_in_place(bot: RunningBot) -> None:
    reader = bot.person()
    greeting = await reader.start()
    await reader.press(greeting, "Topics")
    menu = await reader.again(greeting)
    assert "✓ Breaking only" in labels(menu)
    await reader.press(menu, "Science")
    assert "✓ Science" in labels(await reader.again(menu))
    await reader.press(menu, "Everything")
    toggled = labels(await reader.again(menu))
    assert "✓ Everything" in toggled
    assert "Breaking only" in toggled
    await reader.press(menu, "Science")
    assert "Science" in labels(await reader.again(menu))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("/subscribe daily example", "This chat now gets the source Daily Example."),
        ("/subscribe Example Times breaking", "the source Example Times, breaking only"),
        ("/subscribe all", "This chat now gets everything."),
        ("/subscribe Example Tmes", "Did you mean Example Times"),
        ("/subscribe ftp://example.com/x", "For example: /subscribe https://"),
        ("/subscribe nonsense <b>&amp;</i>", "no source or topic called “nonsense <b>&amp;</i>”"),
        ("/unsubscribe sport", "For example: /unsubscribe technology"),
        ("/latest nonsense", "For example: /latest technology"),
        ("/search", "For example: /search election"),
        ("/search zzzxqj <b>_*[`", "Search: zzzxqj <b>_*[`"),
        ("/settings moon full", "For example: /settings timezone Europe/Kyiv"),
        ("/settings timezone Kyiv", "The time zone is Europe/Kyiv now."),
        ("/frobnicate", "I know no command /frobnicate."),
        ("/subscribe @no_such_channel breaking", "I cannot see @no_such_channel."),
        ("good morning", "/help lists everything."),
        ("/help", "e.g. /subscribe https://example.com/feed.xml"),
        ("/status", "A feed was read within the last minute."),
        ("/breaking", "Nothing is breaking."),
        ("/addfeed https://example.com/feed.xml", "Only the people who run this bot"),
        ("/feeds", "Only the people who run this bot"),
        ("/subscribe " + "<b>" * 1_000, "I know no source or topic called"),
        ("/flash 0123456789ab", "Only the people who run this bot"),
    ],
)
async def test_a_command_says_what_it_did_or_how_it_is_written(
    bot: RunningBot, command: str, told: str
) -> None:
    reader = bot.person()
    await reader.start()
    assert told in (await reader.say(command))["text"]


def _page() -> web.Response:
    return web.Response(text="<html><body>No feed here.</body></html>", content_type="text/html")


def _away() -> web.Response:
    return web.Response(status=302, headers={"Location": "http://10.11.12.13/feed.xml"})


def _huge() -> web.Response:
    return web.Response(body=b"<rss>" + b" " * (11 * 1024 * 1024), content_type="text/xml")


async def test_what_is_no_feed_gets_one_clear_sentence(bot: RunningBot) -> None:
    bot.feeds.answers |= {"page": _page, "away": _away, "huge": _huge}
    told = set()
    addresses = [bot.feeds.url(name) for name in ("page", "away", "huge", "missing")]
    for address in (*addresses, "http://192.168.0.1/feed.xml", "http://127.0.0.1:1/feed"):
        reader = bot.person()
        await reader.start()
        text = (await reader.say(f"/subscribe {address}"))["text"]
        assert "\n" not in text
        assert len(text) < 250
        assert "now gets" not in text
        told.add(text)
    assert len(told) >= 5


@pytest.mark.parametrize("shelf", ["technology", "example times"])
async def test_latest_turns_its_pages_in_place(bot: RunningBot, shelf: str) -> None:
    reader = bot.person()
    await reader.start()
    first = await reader.say(f"/latest {shelf}")
    shown = [headline for headline in TECHNOLOGY.headlines if headline in first["text"]]
    assert len(shown) == 8
    await reader.press(first, "Show more")
    second = await reader.again(first)
    rest = [headline for headline in TECHNOLOGY.headlines if headline in second["text"]]
    assert sorted(shown + rest) == sorted(TECHNOLOGY.headlines)
    await reader.press(second, "« Newer")
    assert (await reader.again(first))["text"] == first["text"]


async def test_latest_holds_what_was_chosen_by_name_in_any_language(bot: RunningBot) -> None:
    reader = bot.person(language="uk")
    await reader.start()
    assert WORLD.headlines[0] not in (await reader.say("/latest"))["text"]
    await reader.say("/subscribe daily example")
    assert WORLD.headlines[0] in (await reader.say("/latest"))["text"]


async def test_latest_holds_what_nobody_stated_the_language_of(bot: RunningBot) -> None:
    operator, reader = bot.known(1001), bot.person()
    headline = "Anchors aweigh at the silent harbour"
    await operator.say(f"/addfeed {bot.feeds.add('silent', 'Silent Post', [headline], '')}")
    await reader.start()

    async def listed() -> bool:
        return bool(await bot.latest("source:silent post"))

    await eventually(listed)
    assert headline in (await reader.say("/latest"))["text"]


async def test_a_long_search_survives_behind_its_page_buttons(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    words = "reporters on the scene said, " * 3
    assert len(words) > 64
    first = await reader.say(f"/search {words}")
    assert words[:40] in first["text"]
    assert "\n\n8. " in first["text"]
    await reader.press(first, "Show more")
    second = await reader.again(first)
    assert words[:40] in second["text"]
    assert "\n\n9. " in second["text"]
    await reader.press(second, "« Back")
    assert "\n\n1. " in (await reader.again(first))["text"]


async def test_settings_change_by_buttons(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    menu = await reader.say("/settings")
    await reader.press(menu, "Rings a day")
    await reader.press(await reader.again(menu), "8")
    assert "✓ 8" in labels(await reader.again(menu))
    await reader.press(await reader.again(menu), "« Back")
    assert "ring: 8 a day" in (await reader.again(menu))["text"]


async def test_a_story_opens_by_button_and_by_deep_link(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    latest = await reader.say("/latest world")
    before = await reader.latest_id()
    await reader.press(latest, "Read 1")
    opened = await reader.answer(reader.id, after=before)
    assert "reporters said on the scene" in opened["text"]
    data = latest["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    visitor = bot.person()
    linked = await visitor.start(f"sources_{data.removeprefix('read:')}")
    assert "Reported by 1 source" in linked["text"]
    # Coming by a link subscribes to nothing.
    assert "None yet." in (await visitor.say("/list"))["text"]
    lost = await visitor.start("read_zzzzzzzzzzzz")
    assert "no longer kept" in lost["text"]


async def test_a_forged_press_is_answered_and_changes_nothing(bot: RunningBot) -> None:
    reader = bot.person()
    greeting = await reader.start()
    chat = bot.sandbox.world.chats[reader.id]
    message = chat.messages[greeting["message_id"]]
    for data in (
        "",
        "nonsense",
        "sub:all",
        "set:rings:999",
        "unsub:zz:99999",
        "feeds:0",
        "-100999/list:0",
        "1001/off",
        "sub:source:all:no such",
        "read:zzz",
    ):
        button = {"text": "x", "callback_data": data}
        message.payload["reply_markup"] = {"inline_keyboard": [[button]]}
        pressed = await reader.call(
            "press", chat=reader.id, message_id=greeting["message_id"], row=0, column=0
        )
        assert pressed["answer"] is not None, data
    assert "Breaking news" in (await reader.say("/list"))["text"]


async def test_an_operator_adds_sees_and_removes_a_feed(bot: RunningBot) -> None:
    operator = bot.known(1001)
    address = bot.feeds.add("harbour", "Harbour Post", ["Lighthouse gets a new lamp"])
    added = await operator.say(f"/addfeed {address} science")
    assert "Polled from now on (science, en)." in added["text"]
    again = await operator.say(f"/addfeed {address}")
    assert "Polled already (science, en). Nothing changes." in again["text"]
    anew = await operator.say(f"/addfeed {address} world uk")
    assert "Polled already; described anew (world, uk)." in anew["text"]
    assert "Harbour Post" in (await operator.say("/feeds"))["text"]
    assert "No longer polled" in (await operator.say("/removefeed harbour post"))["text"]
    assert "/feeds lists them" in (await operator.say("/removefeed harbour post"))["text"]
    assert "neither a topic" in (await operator.say(f"/addfeed {address} gossip"))["text"]


async def test_a_readers_feed_becomes_everyones(bot: RunningBot) -> None:
    reader, operator = bot.person(), bot.known(1001)
    address = bot.feeds.add("hedge", "Hedge Letter", ["Hedgehogs wake up"])
    await reader.start()
    await reader.say(f"/subscribe {address}")
    added = await operator.say(f"/addfeed {address} science en")
    assert "Polled already, for who asked for it; from now on for everyone" in added["text"]
    again = await operator.say(f"/addfeed {address} science en")
    assert "Nothing changes." in again["text"]


@pytest.mark.parametrize("words", ["nonsense", "ftp://example.com/x", ""])
async def test_a_feed_added_wrongly_shows_how_it_is_added(bot: RunningBot, words: str) -> None:
    text = (await bot.known(1001).say(f"/addfeed {words}".strip()))["text"]
    assert "For example: /addfeed https://example.com/feed.xml technology en" in text
    assert "/subscribe" not in text


async def test_inline_words_share_a_story_card(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    found = await reader.call("inline", chat=reader.id, query="surgeon")
    assert html.unescape(found["results"][0]["title"]) == TECHNOLOGY.headlines[3]
    chosen = await reader.call(
        "choose", chat=reader.id, query="surgeon", result_id=found["results"][0]["id"]
    )
    assert TECHNOLOGY.headlines[3] in chosen["message"]["text"]
    shared = await reader.call("inline", chat=reader.id, query=f"story:{found['results'][0]['id']}")
    assert len(shared["results"]) == 1
    nothing = await reader.call("inline", chat=reader.id, query="story:zzzzzzzzzzzz")
    assert nothing["results"] == []


async def test_the_menus_beside_the_message_field_are_published(bot: RunningBot) -> None:
    scopes = {
        call["parameters"]["scope"]["type"]
        if isinstance(call["parameters"]["scope"], dict)
        else call["parameters"]["scope"]
        for call in await bot.requests("setMyCommands")
    }
    assert len(scopes) == 5
