"""The messenger over real HTTP, against the sandbox's strict Bot API and a broken server."""

import asyncio
import json
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from telegram import InputFile
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest

from bot.messenger.bots import create_bot
from bot.messenger.commands import Audience, CommandScope, telegram_scope
from bot.messenger.inline import InlineResult
from bot.messenger.members import MemberRole
from bot.messenger.refusals import Action, RefusedError
from bot.messenger.telegram import Messenger
from bot.messenger.transport import AiohttpRequest, DroppedError, NotWrittenError
from bot.models.chats import ChatKind
from bot.models.identifiers import NO_THREAD, Address, Language, MessageId, ThreadId, UserId
from bot.models.messages import Button, Preview, View
from bot.views.stories import story_view
from tests.sandbox_telegram import ALEX, MAX, OLENA, Telegram, telegram
from tests.view_samples import BOT, NOW, ZONE, report, story

__all__ = ["telegram"]

TOKEN = "1000000001:SANDBOX"
PRIVATE = Address(ALEX)
HELLO = View("<b>Hello</b> &amp; <i>good day</i>")


@asynccontextmanager
async def at(url: str, *, read_timeout: float = 15) -> AsyncIterator[Messenger]:
    async with Messenger(create_bot(TOKEN, url, read_timeout=read_timeout)) as found:
        yield found


@pytest.fixture
async def messenger(telegram: Telegram) -> AsyncIterator[Messenger]:
    async with at(telegram.sandbox.base_url) as found:
        yield found


def address(telegram: Telegram, title: str) -> Address:
    return Address(telegram.chat_id(title))


async def last(telegram: Telegram, chat: int, user: int = ALEX) -> dict[str, Any]:
    """The newest message of a chat, as a person sees it."""
    page = await telegram.get("/client/messages", user=user, chat=chat, limit=1)
    found: dict[str, Any] = page["messages"][-1]
    return found


async def say(messenger: Messenger, to: Address, view: View = HELLO, **more: Any) -> Any:
    return await messenger.send(to, NO_THREAD, view, silent=True, **more)


# Sending, editing, deleting


async def test_the_bot_knows_itself(messenger: Messenger) -> None:
    assert messenger.username == BOT
    assert messenger.id == 1000000001


async def test_a_story_arrives_with_preview_buttons_and_without_a_sound(
    telegram: Telegram, messenger: Messenger
) -> None:
    of = story(report(link="https://example.com/a?b=1&c=2"), breaking=True)
    view = story_view(
        of, of.lead_report, timezone=ZONE, now=NOW, bot_username=BOT, private=True, expanded=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = await messenger.send(PRIVATE, NO_THREAD, view, silent=True)
    assert outcome.action is Action.ACCEPTED
    message = await last(telegram, ALEX)
    assert message["message_id"] == outcome.message_id
    assert message["text"].startswith("🔴 Breaking: Dam failure floods")
    assert message["silent"] is True
    assert message["link_preview_options"] == {
        "url": "https://example.com/a?b=1&c=2",
        "prefer_large_media": True,
        "show_above_text": True,
    }
    rows = message["reply_markup"]["inline_keyboard"]
    assert [[button["text"] for button in row] for row in rows] == [
        ["Read", "1 source"],
        ["Related", "Share", "Why", "Less"],
    ]
    assert rows[1][1]["switch_inline_query"] == f"story:{of.id}"


async def test_a_ring_makes_a_sound_and_replies(telegram: Telegram, messenger: Messenger) -> None:
    first = await say(messenger, PRIVATE)
    outcome = await messenger.send(
        PRIVATE, NO_THREAD, HELLO, silent=False, reply_to=first.message_id
    )
    message = await last(telegram, ALEX)
    assert outcome.accepted
    assert message["silent"] is False
    assert message["reply_to_message"]["message_id"] == first.message_id


async def test_a_reply_to_a_message_that_is_gone_is_sent_all_the_same(
    messenger: Messenger,
) -> None:
    assert (await say(messenger, PRIVATE, reply_to=MessageId(99_999))).accepted


async def test_a_message_goes_to_its_topic(telegram: Telegram, messenger: Messenger) -> None:
    forum = address(telegram, "Newsdesk Forum")
    thread = ThreadId(max(telegram.world.chats[forum].topics))
    assert (await messenger.send(forum, thread, HELLO, silent=True)).accepted
    assert (await last(telegram, forum))["message_thread_id"] == thread


async def test_an_edit_changes_text_and_buttons_and_the_same_again_is_done(
    telegram: Telegram, messenger: Messenger
) -> None:
    sent = await say(messenger, PRIVATE)
    changed = View("<b>Changed</b>", ((Button("Read", "read:a1"),),))
    outcome = await messenger.edit(PRIVATE, sent.message_id, changed)
    assert (outcome.action, outcome.message_id) == (Action.ACCEPTED, sent.message_id)
    assert (await last(telegram, ALEX))["text"] == "Changed"
    again = await messenger.edit(PRIVATE, sent.message_id, changed)
    assert again.action is Action.SAME


async def test_buttons_change_alone(telegram: Telegram, messenger: Messenger) -> None:
    sent = await say(messenger, PRIVATE)
    rows = ((Button("A", "more:a1"), Button("B", url="https://example.com")),)
    assert (await messenger.edit_buttons(PRIVATE, sent.message_id, rows)).accepted
    message = await last(telegram, ALEX)
    assert message["text"] == "Hello & good day"
    assert len(message["reply_markup"]["inline_keyboard"][0]) == 2


async def test_what_is_gone_is_gone(messenger: Messenger) -> None:
    sent = await say(messenger, PRIVATE)
    assert (await messenger.delete(PRIVATE, sent.message_id)).accepted
    assert (await messenger.delete(PRIVATE, sent.message_id)).action is Action.GONE
    assert (await messenger.edit(PRIVATE, sent.message_id, HELLO)).action is Action.GONE


async def test_what_telegram_cannot_parse_goes_as_plain_text(
    telegram: Telegram, messenger: Messenger
) -> None:
    broken = View(
        "<b>Fish &amp; chips</p>",
        ((Button("Read", "read:a1"), Button("Web", url="http://localhost/")),),
        Preview("https://example.com"),
    )
    assert (await say(messenger, PRIVATE, broken)).action is Action.PLAIN
    assert (await say(messenger, PRIVATE, broken, plain=True)).accepted
    message = await last(telegram, ALEX)
    assert message["text"] == "Fish & chips"
    assert message["reply_markup"]["inline_keyboard"] == [
        [{"text": "Read", "callback_data": "read:a1"}]
    ]
    assert message["preview"] is None


# Refusals that the sandbox earns by itself


async def test_who_never_started_or_blocked_the_bot_is_paused(
    telegram: Telegram, messenger: Messenger
) -> None:
    never = await say(messenger, Address(OLENA))
    assert never.action is Action.PAUSE
    await telegram.person("block", user=ALEX, blocked=True)
    blocked = await say(messenger, PRIVATE)
    assert blocked.action is Action.PAUSE
    assert "blocked the bot" in blocked.sentence


async def test_a_chat_that_does_not_exist_is_paused(messenger: Messenger) -> None:
    assert (await say(messenger, Address(-100999))).action is Action.PAUSE


async def test_a_group_without_the_bot_is_paused(telegram: Telegram, messenger: Messenger) -> None:
    group = address(telegram, "Newsroom")
    await telegram.person("member", user=ALEX, chat=group, target="bot", status="kicked")
    outcome = await say(messenger, group)
    assert outcome.action is Action.PAUSE
    assert "removed from the chat" in outcome.sentence


async def test_a_channel_without_the_right_to_post_is_paused(
    telegram: Telegram, messenger: Messenger
) -> None:
    channel = address(telegram, "Daily Wire")
    assert await messenger.can_post(channel, ChatKind.CHANNEL)
    await telegram.person(
        "member",
        user=ALEX,
        chat=channel,
        target="bot",
        status="administrator",
        rights={"can_post_messages": False},
    )
    assert not await messenger.can_post(channel, ChatKind.CHANNEL)
    assert (await say(messenger, channel)).action is Action.PAUSE


async def test_a_group_that_became_a_supergroup_says_where_it_is(
    telegram: Telegram, messenger: Messenger
) -> None:
    group = address(telegram, "Old friends")
    await telegram.person("migrate", user=ALEX, chat=group)
    outcome = await say(messenger, group)
    assert outcome.action is Action.MOVE
    assert outcome.moved_to is not None
    assert (await say(messenger, outcome.moved_to)).accepted


async def test_a_topic_that_closed_or_went_is_closed(
    telegram: Telegram, messenger: Messenger
) -> None:
    forum = address(telegram, "Newsdesk Forum")
    thread = ThreadId(max(telegram.world.chats[forum].topics))
    await telegram.person("topic", user=ALEX, chat=forum, thread=thread, deleted=True)
    outcome = await messenger.send(forum, thread, HELLO, silent=True)
    assert outcome.action is Action.CLOSED
    nowhere = await messenger.send(forum, ThreadId(99_999), HELLO, silent=True)
    assert nowhere.action is Action.CLOSED


async def test_an_empty_or_endless_message_is_buried(messenger: Messenger) -> None:
    assert (await say(messenger, PRIVATE, View(" "))).action is Action.BURY
    assert (await say(messenger, PRIVATE, View("x" * 4_097))).action is Action.BURY
    half = await say(messenger, PRIVATE, View("half a pair \ud83d"))
    assert half.action is Action.BURY


async def test_an_old_press_is_gone(messenger: Messenger) -> None:
    assert (await messenger.answer_callback("123456", "Too late")).action is Action.GONE


async def test_a_wrong_token_stops(telegram: Telegram) -> None:
    bot = create_bot("1000000001:OTHER", telegram.sandbox.base_url)
    with pytest.raises(RefusedError, match="BOT_TOKEN") as refused:
        async with Messenger(bot):
            pass
    assert "OTHER" not in "".join(traceback.format_exception(refused.value))
    assert refused.value.outcome.action is Action.STOP


# Faults before and after the effect


async def received(telegram: Telegram) -> int:
    page = await telegram.get("/client/messages", user=ALEX, chat=ALEX, limit=60)
    return len(page["messages"])


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_dropped_connection_is_uncertain_for_a_send(
    telegram: Telegram, messenger: Messenger, when: str
) -> None:
    before = await received(telegram)
    await telegram.control("fault", method="sendMessage", kind="drop", when=when, times=1)
    assert (await say(messenger, PRIVATE)).action is Action.UNCERTAIN
    assert await received(telegram) == before + (when == "after")
    assert (await say(messenger, PRIVATE)).accepted


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_slow_answer_is_uncertain_for_a_send_and_not_for_an_edit(
    telegram: Telegram, when: str
) -> None:
    async with at(telegram.sandbox.base_url, read_timeout=0.3) as messenger:
        sent = await say(messenger, PRIVATE)
        await telegram.control("fault", kind="slow", when=when, times=2, seconds=30)
        slow = await say(messenger, PRIVATE)
        assert slow.action is Action.UNCERTAIN
        edited = await messenger.edit(PRIVATE, sent.message_id, View("Other"))
        assert edited.action is Action.RETRY


async def test_a_flood_says_how_long(telegram: Telegram, messenger: Messenger) -> None:
    await telegram.control("fault", kind="flood", times=1, retry_after=17)
    outcome = await say(messenger, PRIVATE)
    assert (outcome.action, outcome.retry_after) == (Action.WAIT, timedelta(seconds=17))


@pytest.mark.parametrize(
    ("code", "description", "action"),
    [
        (500, "Internal Server Error: sorry", Action.RETRY),
        (502, "Bad Gateway", Action.RETRY),
        (401, "Unauthorized", Action.STOP),
        (403, "Forbidden: user is deactivated", Action.PAUSE),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", Action.PAUSE),
        (400, "Bad Request: BUTTON_DATA_INVALID", Action.PLAIN),
        (400, "Bad Request: TOPIC_CLOSED", Action.CLOSED),
        (400, "Bad Request: never seen", Action.BURY),
        (413, "Request Entity Too Large", Action.BURY),
    ],
)
async def test_refusals_arrive_as_actions(
    telegram: Telegram, messenger: Messenger, code: int, description: str, action: Action
) -> None:
    await telegram.control(
        "fault", kind="refuse", times=1, error_code=code, description=description
    )
    outcome = await say(messenger, PRIVATE)
    assert outcome.action is action
    assert outcome.sentence


async def test_no_server_is_certain_to_have_done_nothing(
    telegram: Telegram, messenger: Messenger
) -> None:
    await telegram.sandbox.stop()
    outcome = await say(messenger, PRIVATE)
    # A kept connection may end under the request; a new one is refused before writing.
    assert outcome.action in {Action.RETRY, Action.UNCERTAIN}
    assert (await say(messenger, PRIVATE)).action is Action.RETRY


# Updates, presses, inline, commands, members


async def test_updates_wait_arrive_raw_and_are_confirmed(
    telegram: Telegram, messenger: Messenger
) -> None:
    waiting = asyncio.create_task(messenger.get_updates(None, timeout=timedelta(seconds=20)))
    await telegram.person("send", user=ALEX, chat=ALEX, text="/latest")
    (update,) = await waiting
    assert json.loads(json.dumps(update)) == update
    decoded = messenger.decode(update)
    assert decoded.message is not None
    assert decoded.message.text == "/latest"
    rest = await messenger.get_updates(update["update_id"] + 1, timeout=timedelta())
    assert rest == ()


async def test_polling_while_a_webhook_is_set_is_a_conflict(messenger: Messenger) -> None:
    assert (await messenger.set_webhook("https://example.com/telegram", "s")).accepted
    with pytest.raises(RefusedError, match="webhook") as refused:
        await messenger.get_updates(None, timeout=timedelta())
    assert refused.value.outcome.action is Action.RETRY
    assert (await messenger.delete_webhook()).accepted
    assert await messenger.get_updates(None, timeout=timedelta()) == ()


async def test_a_press_is_answered(telegram: Telegram, messenger: Messenger) -> None:
    sent = await say(messenger, PRIVATE, View("Press", ((Button("Read", "read:a1"),),)))
    press = asyncio.create_task(
        telegram.person("press", user=ALEX, chat=ALEX, message_id=sent.message_id, row=0, column=0)
    )
    (update,) = await messenger.get_updates(None, timeout=timedelta(seconds=20))
    query = messenger.decode(update).callback_query
    assert query is not None
    assert query.data == "read:a1"
    answered = await messenger.answer_callback(query.id, "x" * 300, alert=True)
    assert answered.accepted
    assert (await press)["answer"] == {"text": "x" * 199 + "…", "show_alert": True}
    twice = await messenger.answer_callback(query.id)
    assert twice.action is Action.GONE


async def test_an_inline_query_is_answered_with_a_story(
    telegram: Telegram, messenger: Messenger
) -> None:
    asking = asyncio.create_task(telegram.person("inline", user=ALEX, chat=ALEX, query="dam"))
    (update,) = await messenger.get_updates(None, timeout=timedelta(seconds=20))
    query = messenger.decode(update).inline_query
    assert query is not None
    view = View(
        "<b>Dam</b>",
        ((Button("Read", url=f"https://t.me/{BOT}?start=read_a1"),),),
        Preview("https://example.com"),
    )
    results = [InlineResult("a1", "Dam", "Example Times", view, "https://example.com/p.jpg")]
    assert (await messenger.answer_inline(query.id, results, next_offset="1")).accepted
    found = await asking
    assert found["next_offset"] == "1"
    assert found["results"][0]["title"] == "Dam"


async def test_commands_differ_by_audience_and_language(
    telegram: Telegram, messenger: Messenger
) -> None:
    scopes = [
        CommandScope(),
        CommandScope(Audience.PRIVATE),
        CommandScope(Audience.GROUPS),
        CommandScope(Audience.GROUP_ADMINS),
        CommandScope(Audience.CHAT, PRIVATE),
        CommandScope(Audience.CHAT_ADMINS, address(telegram, "Newsroom")),
    ]
    for scope in scopes:
        outcome = await messenger.set_commands([("latest", "What is new")], scope=scope)
        assert outcome.accepted, outcome.sentence
    ukrainian = [("latest", "Що нового")]
    assert (await messenger.set_commands(ukrainian, language=Language("uk"))).accepted
    found = await telegram.call("getMyCommands", language_code="uk")
    assert found == [{"command": "latest", "description": "Що нового"}]
    with pytest.raises(ValueError, match="needs a chat"):
        telegram_scope(CommandScope(Audience.CHAT))


async def test_members_have_roles_and_strangers_none(
    telegram: Telegram, messenger: Messenger
) -> None:
    group = address(telegram, "Newsroom")
    assert await messenger.member(group, UserId(ALEX)) is MemberRole.CREATOR
    assert (await messenger.member(group, UserId(OLENA))).is_admin
    assert not (await messenger.member(group, UserId(MAX))).is_admin
    assert await messenger.can_post(group, ChatKind.SUPERGROUP)
    assert await messenger.can_post(PRIVATE, ChatKind.PRIVATE)
    with pytest.raises(RefusedError) as refused:
        await messenger.member(Address(-100999), UserId(ALEX))
    assert refused.value.outcome.action is Action.PAUSE


async def test_a_chat_is_found_by_id_or_name(telegram: Telegram, messenger: Messenger) -> None:
    channel = await messenger.chat("@daily_wire")
    assert channel.address == address(telegram, "Daily Wire")
    assert (channel.kind, channel.title) == (ChatKind.CHANNEL, "Daily Wire")
    assert (await messenger.chat(PRIVATE)).title == "Alex Newcomer"
    with pytest.raises(RefusedError):
        await messenger.chat("@nobody_here")


# The transport alone


@asynccontextmanager
async def serving(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """A server that answers everything in one way."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("body", [b"not json", b"[]", b"{}", b"\xff\xfe", b'{"ok":true}'])
async def test_an_answer_that_is_none_is_uncertain(body: bytes) -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.path.casefold().endswith("/getme"):
            me = {"id": 1, "is_bot": True, "first_name": "x", "username": "x"}
            return web.json_response({"ok": True, "result": me})
        return web.Response(body=body)

    async with serving(handle) as url, at(url) as messenger:
        assert (await say(messenger, PRIVATE)).action is Action.UNCERTAIN


async def test_half_an_answer_is_a_dropped_one() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"ok":')
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serving(handle) as url, AiohttpRequest() as request:
        with pytest.raises(DroppedError):
            await request.post(f"{url}/bot1:a/sendMessage")


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"[1]", b"[" * 99_999])
def test_a_proxys_page_is_refused_quietly(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(TelegramError, match="Invalid server response"):
        AiohttpRequest.parse_json_payload(body)
    assert not caplog.records


def test_half_surrogates_in_an_answer_are_read() -> None:
    answer = AiohttpRequest.parse_json_payload(b'{"ok":true,"result":"\\ud83d"}')
    assert answer["result"] == "\ud83d"


async def test_a_closed_pool_never_writes_and_opens_again() -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": True})

    request = AiohttpRequest()
    async with serving(handle) as url:
        with pytest.raises(NotWrittenError):
            await request.post(f"{url}/bot1:a/close")
        for _ in range(2):
            await request.initialize()
            await request.initialize()
            assert await request.post(f"{url}/bot1:a/close") is True
            await request.shutdown()
            await request.shutdown()


async def test_a_full_pool_never_writes() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def handle(_: web.Request) -> web.Response:
        entered.set()
        await leave.wait()
        return web.json_response({"ok": True, "result": True})

    async with (
        serving(handle) as url,
        AiohttpRequest(connections=1, connect_timeout=0.2, read_timeout=30) as request,
    ):
        first = asyncio.create_task(request.post(f"{url}/bot1:a/close"))
        await entered.wait()
        with pytest.raises(NotWrittenError):
            await request.post(f"{url}/bot1:a/close")
        leave.set()
        assert await first is True


async def test_a_server_that_hangs_times_out_and_a_call_may_wait_longer() -> None:
    leave = asyncio.Event()

    async def handle(_: web.Request) -> web.Response:
        await leave.wait()
        return web.json_response({"ok": True, "result": True})

    async with serving(handle) as url, AiohttpRequest(read_timeout=0.2) as request:
        with pytest.raises(TimedOut):
            await request.post(f"{url}/bot1:a/close")
        patient = asyncio.create_task(request.post(f"{url}/bot1:a/close", read_timeout=None))
        with pytest.raises(TimedOut):
            await request.post(f"{url}/bot1:a/close")
        assert not patient.done()
        leave.set()
        assert await patient is True


async def test_json_without_files_and_parts_with_them() -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    async def handle(request: web.Request) -> web.Response:
        if request.content_type == "application/json":
            seen.append((request.content_type, await request.json()))
        else:
            seen.append((request.content_type, dict(await request.post())))
        result = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}
        return web.json_response({"ok": True, "result": result})

    async with serving(handle) as url:
        bot = create_bot(TOKEN, url)
        request: BaseRequest = bot.request
        await request.initialize()
        await bot.send_message(1, "é", disable_notification=True)
        document = InputFile(b"<opml/>", filename="feeds.opml")
        await bot.send_document(1, document, caption="Feeds", parse_mode="HTML")
        await request.shutdown()
    (kind, plain), (parts_kind, parts) = seen
    assert kind == "application/json"
    assert plain == {"chat_id": 1, "text": "é", "disable_notification": True}
    assert parts_kind == "multipart/form-data"
    assert (parts["chat_id"], parts["caption"]) == ("1", "Feeds")
    document_part = next(part for part in parts.values() if isinstance(part, web.FileField))
    assert document_part.filename == "feeds.opml"


async def test_files_come_from_the_same_server() -> None:
    async def handle(request: web.Request) -> web.Response:
        assert request.path == f"/file/bot{TOKEN}/documents/feeds.opml"
        return web.Response(body=b"<opml/>")

    async with serving(handle) as url:
        bot = create_bot(TOKEN, f"{url}/")
        await bot.request.initialize()
        assert await bot.request.retrieve(f"{bot.base_file_url}/documents/feeds.opml") == b"<opml/>"
        await bot.request.shutdown()


async def test_no_error_tells_the_token() -> None:
    async with AiohttpRequest(connect_timeout=0.5) as request:
        with pytest.raises(NetworkError) as error:
            await request.post(f"http://127.0.0.1:9/bot{TOKEN}/getMe")
    assert TOKEN not in str(error.value)
