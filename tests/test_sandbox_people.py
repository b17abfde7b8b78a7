"""What people do in the sandbox through the chat client, and what the bot hears of it."""

import asyncio
import json
from typing import Any

import aiohttp
from telegram import InlineQueryResultArticle, InputTextMessageContent, Update

from tests.sandbox_telegram import ALEX, MAX, OLENA, Telegram, running, telegram
from tests.waiting import eventually

__all__ = ["telegram"]


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Press", **button}]]}


def article(identifier: str, **extra: Any) -> dict[str, Any]:
    content = {"message_text": f"<b>{identifier}</b>", "parse_mode": "HTML"}
    return {
        "type": "article",
        "id": identifier,
        "title": identifier,
        "input_message_content": content,
        **extra,
    }


async def test_the_first_look(telegram: Telegram) -> None:
    people = (await telegram.get("/client/people"))["people"]
    assert [person["id"] for person in people] == [ALEX, OLENA, MAX]
    state = await telegram.get("/client/state", user=ALEX)
    chats = {chat["title"]: chat for chat in state["chats"]}
    assert list(chats) == ["Newsflash", "Newsroom", "Newsdesk Forum", "Old friends", "Daily Wire"]
    topics = [topic["name"] for topic in chats["Newsdesk Forum"]["topics"]]
    assert topics == ["General", "World", "Technology"]
    assert state["bot"]["username"] == "NewsflashSandboxBot"
    state = await telegram.get("/client/state", user=MAX)
    roles = {chat["title"]: (chat["role"], chat["can_post"]) for chat in state["chats"]}
    assert roles["Daily Wire"] == ("subscriber", False)
    assert roles["Newsroom"] == ("member", True)
    async with telegram.session.get("/client/state", params={"user": 5}) as response:
        assert response.status == 404
        assert "error" in await response.json()


async def test_start_opens_the_private_chat(telegram: Telegram) -> None:
    sent = await telegram.person("start", user=OLENA, payload="story_5")
    assert sent["message"]["text"] == "/start story_5"
    (update,) = await telegram.updates()
    assert update["message"]["from"]["language_code"] == "uk"
    assert await telegram.call("sendMessage", chat_id=OLENA, text="Hello")


async def test_a_callback_is_answered_once(telegram: Telegram) -> None:
    sent = await telegram.call(
        "sendMessage", chat_id=ALEX, text="x", reply_markup=keyboard(callback_data="go:1")
    )
    number = sent["message_id"]
    query, outcome = await telegram.pressed(ALEX, ALEX, number, text="Done", show_alert=True)
    assert outcome == {"answer": {"text": "Done", "show_alert": True}}
    assert (query["data"], query["message"]["message_id"]) == ("go:1", number)
    too_late = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    again = await telegram.refusal("answerCallbackQuery", callback_query_id=query["id"])
    assert again == too_late
    assert (
        await telegram.refusal("answerCallbackQuery", callback_query_id="1", text="x" * 201)
        == "Bad Request: MESSAGE_TOO_LONG"
    )


async def test_buttons_that_do_not_ask_the_bot(telegram: Telegram) -> None:
    for button, outcome in (
        ({"url": "https://e.org"}, {"open_url": "https://e.org/"}),
        (
            {"switch_inline_query": "flood"},
            {"switch_inline": {"query": "flood", "current_chat": False}},
        ),
        (
            {"switch_inline_query_current_chat": ""},
            {"switch_inline": {"query": "", "current_chat": True}},
        ),
        ({"copy_text": {"text": "copied"}}, {"copy_text": "copied"}),
    ):
        sent = await telegram.call(
            "sendMessage", chat_id=ALEX, text="x", reply_markup=keyboard(**button)
        )
        place = {"user": ALEX, "chat": ALEX, "message_id": sent["message_id"], "row": 0}
        assert await telegram.person("press", **place, column=0) == {"answer": None, **outcome}
        status, _ = await telegram.mistake("press", **place, column=1)
        assert status == 404


async def searched(telegram: Telegram, results: list[dict[str, Any]], **answer: Any) -> Any:
    """A search by Max in the newsroom, answered with these results."""
    newsroom = telegram.chat_id("Newsroom")
    search = asyncio.create_task(telegram.person("inline", user=MAX, chat=newsroom, query="flood"))
    (update,) = await telegram.updates()
    query = update["inline_query"]
    assert (query["query"], query["offset"], query["chat_type"]) == ("flood", "", "supergroup")
    await telegram.call("answerInlineQuery", inline_query_id=query["id"], results=results, **answer)
    return await search


async def test_an_inline_result_is_posted_and_can_be_edited(telegram: Telegram) -> None:
    newsroom = telegram.chat_id("Newsroom")
    results = [article("one", reply_markup=keyboard(callback_data="x")), article("two")]
    found = await searched(telegram, results, next_offset="2")
    assert [result["title"] for result in found["results"]] == ["one", "two"]
    assert found["next_offset"] == "2"
    again = await telegram.person("inline", user=ALEX, chat=ALEX, query="flood")
    assert again == found, "kept for the cache time"
    choice = {"user": MAX, "chat": newsroom, "query": "flood", "result_id": "one"}
    posted = (await telegram.person("choose", **choice))["message"]
    assert (posted["text"], posted["via_bot"]["is_bot"]) == ("one", True)
    message, chosen = await telegram.updates()
    assert message["message"]["via_bot"]["id"] == telegram.world.bot.id
    inline_id = chosen["chosen_inline_result"]["inline_message_id"]
    assert await telegram.call("editMessageText", inline_message_id=inline_id, text="new") is True
    buttons = keyboard(callback_data="y")
    await telegram.call("editMessageReplyMarkup", inline_message_id=inline_id, reply_markup=buttons)
    query, _ = await telegram.pressed(MAX, newsroom, posted["message_id"])
    assert query["inline_message_id"] == inline_id
    assert "message" not in query


async def test_inline_answers_are_checked(telegram: Telegram) -> None:
    for answer, description in (
        ({"results": [article(str(n)) for n in range(51)]}, "RESULTS_TOO_MUCH"),
        ({"results": [article("a"), article("a")]}, "RESULT_ID_DUPLICATE"),
        ({"results": [article("x" * 65)]}, "RESULT_ID_INVALID"),
        ({"results": [], "next_offset": "x" * 65}, "NEXT_OFFSET_INVALID"),
        (
            {"results": [], "button": {"text": "x", "start_parameter": ""}},
            "can't use empty start_parameter",
        ),
        (
            {"results": [], "button": {"text": "x", "start_parameter": "a b"}},
            "unallowed characters in start_parameter are used",
        ),
        (
            {"results": []},
            "query is too old and response timeout expired or query ID is invalid",
        ),
    ):
        refused = await telegram.refusal("answerInlineQuery", inline_query_id="1", **answer)
        assert refused == f"Bad Request: {description}"


async def test_python_telegram_bot_answers_inline(telegram: Telegram) -> None:
    async with telegram.bot() as bot:
        search = asyncio.create_task(
            telegram.person("inline", user=ALEX, chat=ALEX, query="x", offset="3")
        )
        (update,) = await bot.get_updates(timeout=5)
        assert update.inline_query is not None
        content = InputTextMessageContent("Text")
        result = InlineQueryResultArticle("1", "Title", content)
        assert await update.inline_query.answer([result], is_personal=True)
        assert (await search)["results"][0]["title"] == "Title"


async def test_standing_becomes_updates(telegram: Telegram) -> None:
    newsroom = telegram.chat_id("Newsroom")
    act = {"user": ALEX, "chat": newsroom}
    await telegram.person("member", **act, target="bot", status="kicked")
    await telegram.person("member", **act, target="bot", status="administrator")
    await telegram.person("member", **act, target=MAX, status="left")
    await telegram.person("block", user=ALEX, blocked=True)
    await telegram.person("start", user=ALEX)
    raw = await telegram.updates()
    async with telegram.bot() as bot:
        updates = [Update.de_json(update, bot) for update in raw]
    changes = [update.my_chat_member for update in updates if update.my_chat_member]
    statuses = [
        (change.old_chat_member.status, change.new_chat_member.status) for change in changes
    ]
    assert statuses == [
        ("administrator", "kicked"),
        ("kicked", "administrator"),
        ("member", "kicked"),
        ("kicked", "member"),
    ]
    messages = [update.message for update in updates if update.message]
    assert messages[0].new_chat_members[0].id == telegram.world.bot.id
    assert messages[1].left_chat_member is not None
    assert messages[1].left_chat_member.id == MAX
    assert messages[2].text == "/start"
    status, _ = await telegram.mistake(
        "member", user=MAX, chat=newsroom, target="bot", status="left"
    )
    assert status == 403


async def test_an_upgrade_names_both_ids(telegram: Telegram) -> None:
    friends = telegram.chat_id("Old friends")
    new = (await telegram.person("migrate", chat=friends))["chat"]
    _, envelope = await telegram.raw("sendMessage", chat_id=friends, text="x")
    assert envelope == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": new},
    }
    leaving, arriving = await telegram.updates()
    assert leaving["message"]["migrate_to_chat_id"] == new
    assert arriving["message"]["migrate_from_chat_id"] == friends
    assert await telegram.call("sendMessage", chat_id=new, text="x")
    state = await telegram.get("/client/state", user=ALEX)
    assert [chat["type"] for chat in state["chats"] if chat["title"] == "Old friends"] == [
        "supergroup"
    ]


async def test_anonymous_administrators(telegram: Telegram) -> None:
    newsroom = telegram.chat_id("Newsroom")
    said = {"chat": newsroom, "text": "/list", "anonymous": True}
    await telegram.person("send", user=OLENA, **said)
    (update,) = await telegram.updates()
    message = update["message"]
    assert message["from"]["username"] == "GroupAnonymousBot"
    assert message["sender_chat"]["id"] == newsroom
    status, _ = await telegram.mistake("send", user=MAX, **said)
    assert status == 403


async def test_a_message_in_a_topic_answers_its_first_one(telegram: Telegram) -> None:
    forum = telegram.chat_id("Newsdesk Forum")
    thread = max(telegram.world.chats[forum].topics)
    await telegram.person("send", user=MAX, chat=forum, thread=thread, text="/list")
    (update,) = await telegram.updates()
    message = update["message"]
    assert message["message_thread_id"] == thread
    assert message["reply_to_message"]["forum_topic_created"]["name"] == "Technology"
    await telegram.person("topic", chat=forum, thread=thread, closed=True)
    status, _ = await telegram.mistake("send", user=MAX, chat=forum, thread=thread, text="x")
    assert status == 403


async def test_a_document_reaches_the_bot_with_its_bytes(telegram: Telegram) -> None:
    document = {"file_name": "feeds.opml", "content": "<opml/>", "mime_type": "text/x-opml"}
    await telegram.person("send", user=ALEX, chat=ALEX, text="/import", document=document)
    (update,) = await telegram.updates()
    message = update["message"]
    assert message["caption_entities"][0]["type"] == "bot_command"
    file = await telegram.call("getFile", file_id=message["document"]["file_id"])
    path = f"/file/bot{telegram.sandbox.token}/{file['file_path']}"
    async with telegram.session.get(path) as response:
        assert await response.read() == b"<opml/>"


async def next_event(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """The next event of a stream, comments passed over."""
    async with asyncio.timeout(10):
        while True:
            line = await response.content.readline()
            if line.startswith(b"data: "):
                event: dict[str, Any] = json.loads(line[6:])
                return event


async def test_events_as_they_happen(telegram: Telegram) -> None:
    async with telegram.session.get("/client/events", params={"user": ALEX}) as events:
        assert events.content_type == "text/event-stream"
        await eventually(telegram.world.events.connected)
        telegram.world.previews.register("https://e.org/a", {"title": "A flood", "image": "i.png"})
        sent = await telegram.call(
            "sendMessage", chat_id=ALEX, text="https://e.org/a", disable_notification=True
        )
        event = await next_event(events)
        assert (event["type"], event["chat_id"]) == ("message", ALEX)
        assert event["message"]["silent"] is True
        assert event["message"]["preview"]["title"] == "A flood"
        assert event["message"]["preview"]["site"] == "e.org"
        place = {"chat_id": ALEX, "message_id": sent["message_id"]}
        options = {"is_disabled": True}
        await telegram.call("editMessageText", **place, text="x", link_preview_options=options)
        event = await next_event(events)
        assert (event["type"], event["message"]["preview"]) == ("edited", None)
        await telegram.call("sendChatAction", chat_id=ALEX, action="typing")
        assert (await next_event(events))["type"] == "typing"
        await telegram.call("deleteMessage", **place)
        event = await next_event(events)
        assert (event["type"], event["message_id"]) == ("deleted", sent["message_id"])
        await telegram.call("setMyCommands", commands=[])
        assert (await next_event(events))["type"] == "commands"
        friends = telegram.chat_id("Old friends")
        await telegram.person("migrate", chat=friends)
        kinds = [(await next_event(events))["type"] for _ in range(3)]
        assert kinds == ["message", "message", "chat"]


async def test_scrolling_back_and_reading(telegram: Telegram) -> None:
    for number in range(70):
        await telegram.call("sendMessage", chat_id=ALEX, text=str(number))
    chat = (await telegram.get("/client/state", user=ALEX))["chats"][0]
    assert (chat["unread"], len(chat["messages"])) == (70, 60)
    before = chat["messages"][0]["message_id"]
    query = {"user": ALEX, "chat": ALEX, "before": before, "limit": 5}
    messages = (await telegram.get("/client/messages", **query))["messages"]
    assert [message["text"] for message in messages] == ["5", "6", "7", "8", "9"]
    await telegram.person("read", user=ALEX, chat=ALEX)
    assert (await telegram.get("/client/state", user=ALEX))["chats"][0]["unread"] == 0


async def test_stopping_ends_every_open_request() -> None:
    async with running() as telegram:
        poll = asyncio.create_task(telegram.call("getUpdates", timeout=50))
        events = await telegram.session.get("/client/events", params={"user": ALEX})
        await eventually(telegram.world.events.connected)
        await eventually(lambda: telegram.sandbox.api.journal.counts["getUpdates"])
        await telegram.sandbox.stop()
        assert await poll == []
        await events.read()
