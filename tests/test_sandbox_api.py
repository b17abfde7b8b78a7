"""The sandbox's Bot API: envelope, arguments, and Telegram's refusals word for word."""

import json
from typing import Any

import aiohttp
import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken

from tests.sandbox_telegram import ALEX, MAX, OLENA, Telegram, telegram

__all__ = ["telegram"]

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are "
    "exactly the same as a current content and reply markup of the message"
)


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Press", **button}]]}


async def test_arguments_come_from_query_form_parts_and_json(telegram: Telegram) -> None:
    path = f"/bot{telegram.sandbox.token}/SENDmessage"
    plain = {"chat_id": str(ALEX), "text": "Hello & é"}
    parts = aiohttp.FormData(plain)
    parts.add_field("extra", b"x", filename="x.bin")
    requests: list[dict[str, Any]] = [
        {"method": "GET", "params": plain},
        {"method": "POST", "data": plain},
        {"method": "POST", "data": parts},
        {"method": "POST", "json": {"chat_id": ALEX, "text": "Hello & é", "unknown": [1]}},
    ]
    for request in requests:
        async with telegram.session.request(url=path, **request) as response:
            answer = await response.json()
        assert answer["ok"] is True, request
        assert answer["result"]["text"] == "Hello & é"
        assert answer["result"]["from"]["is_bot"] is True


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        ("/bot1000000001:SANDBOX/noSuchMethod", 404, "Not Found: method not found"),
        ("/bot1000000001:SANDBOX", 404, "Not Found"),
        ("/bot1000000001:OTHER/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 401, "Unauthorized: invalid token specified"),
        ("/bot0123:abc/getMe", 401, "Unauthorized: invalid token specified"),
    ],
)
async def test_unknown_tokens_and_methods(
    telegram: Telegram, path: str, status: int, description: str
) -> None:
    async with telegram.session.get(path) as response:
        envelope = await response.json()
    assert response.status == status
    assert envelope == {"ok": False, "error_code": status, "description": description}


@pytest.mark.parametrize(
    ("arguments", "description"),
    [
        ({"text": "x"}, "Bad Request: chat_id is empty"),
        ({"chat_id": 77, "text": "x"}, "Bad Request: chat not found"),
        ({"chat_id": "@nobody_here", "text": "x"}, "Bad Request: chat not found"),
        ({"chat_id": ALEX}, "Bad Request: message text is empty"),
        ({"chat_id": ALEX, "text": " \n "}, "Bad Request: text must be non-empty"),
        ({"chat_id": ALEX, "text": "x" * 4097}, "Bad Request: message is too long"),
        ({"chat_id": ALEX, "text": "x" * 32_769}, "Bad Request: text is too long"),
        ({"chat_id": ALEX, "text": "x", "parse_mode": "BB"}, "Bad Request: unsupported parse_mode"),
        (
            {"chat_id": ALEX, "text": "<p>x</p>", "parse_mode": "HTML"},
            'Bad Request: can\'t parse entities: Unsupported start tag "p" at byte offset 0',
        ),
        (
            {"chat_id": ALEX, "text": "<b>x", "parse_mode": "html"},
            "Bad Request: can't parse entities: Can't find end tag corresponding to start tag "
            '"b"',
        ),
        (
            {"chat_id": ALEX, "text": "<b><i>x</b></i>", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Unmatched end tag at byte offset 7, expected "
            '"</i>", found "</b>"',
        ),
        (
            {"chat_id": ALEX, "text": "x", "reply_parameters": {"message_id": 99}},
            "Bad Request: message to be replied not found",
        ),
        (
            {"chat_id": ALEX, "text": "x", "message_thread_id": 5},
            "Bad Request: message thread not found",
        ),
        (
            {"chat_id": OLENA, "text": "x"},
            "Forbidden: bot can't initiate conversation with a user",
        ),
        (
            {"chat_id": ALEX, "text": "x", "reply_markup": "{"},
            "Bad Request: can't parse reply keyboard markup JSON object",
        ),
        (
            {"chat_id": ALEX, "text": "x", "reply_markup": keyboard(callback_data="x" * 65)},
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            {"chat_id": ALEX, "text": "x", "reply_markup": keyboard(callback_data="é" * 33)},
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            {"chat_id": ALEX, "text": "x", "reply_markup": keyboard(url="http://localhost:80/")},
            "Bad Request: inline keyboard button URL 'http://localhost:80/' is invalid: "
            "Wrong HTTP URL",
        ),
        (
            {"chat_id": ALEX, "text": "x", "reply_markup": keyboard()},
            "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the "
            "inline keyboard",
        ),
        (
            {
                "chat_id": ALEX,
                "text": "x",
                "reply_markup": keyboard(web_app={"url": "http://e.org"}),
            },
            "Bad Request: inline keyboard button Web App URL 'http://e.org' is invalid: "
            "Only HTTPS links are allowed",
        ),
        (
            {"chat_id": ALEX, "text": "x", "reply_markup": keyboard(text="", callback_data="x")},
            "Bad Request: inline keyboard button text must be non-empty",
        ),
        (
            {
                "chat_id": ALEX,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101},
            },
            "Bad Request: reply markup is too long",
        ),
    ],
)
async def test_send_refusals(
    telegram: Telegram, arguments: dict[str, Any], description: str
) -> None:
    assert await telegram.refusal("sendMessage", **arguments) == description


async def test_characters_are_counted_after_parsing(telegram: Telegram) -> None:
    text = "<b>" + "😀" * 4096 + "</b>"
    message = await telegram.call("sendMessage", chat_id=ALEX, text=text, parse_mode="HTML")
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 8192}]


async def test_an_edit_must_change_text_or_buttons(telegram: Telegram) -> None:
    sent = await telegram.call(
        "sendMessage", chat_id=ALEX, text="One", reply_markup=keyboard(callback_data="a")
    )
    place = {"chat_id": ALEX, "message_id": sent["message_id"]}
    same = {**place, "text": "One ", "reply_markup": keyboard(callback_data="a")}
    assert await telegram.refusal("editMessageText", **same) == NOT_MODIFIED
    other = keyboard(callback_data="b")
    edited = await telegram.call("editMessageText", **(same | {"reply_markup": other}))
    assert edited["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "b"
    assert "edit_date" not in edited
    told = await telegram.call("editMessageText", **(same | {"text": "Two", "reply_markup": other}))
    assert told["edit_date"] >= told["date"]
    arguments = {**place, "reply_markup": other}
    assert await telegram.refusal("editMessageReplyMarkup", **arguments) == NOT_MODIFIED
    without = await telegram.call("editMessageReplyMarkup", **place)
    assert "reply_markup" not in without


async def test_edits_and_deletions_of_what_is_not_the_bots(telegram: Telegram) -> None:
    gone = {"chat_id": ALEX, "message_id": 999}
    assert (
        await telegram.refusal("editMessageText", **gone, text="x")
        == "Bad Request: message to edit not found"
    )
    assert (
        await telegram.refusal("deleteMessage", **gone)
        == "Bad Request: message to delete not found"
    )
    sent = await telegram.person("send", user=ALEX, chat=ALEX, text="mine")
    place = {"chat_id": ALEX, "message_id": sent["message"]["message_id"]}
    assert (
        await telegram.refusal("editMessageText", **place, text="x")
        == "Bad Request: message can't be edited"
    )
    assert await telegram.call("deleteMessage", **place) is True
    friends = telegram.chat_id("Old friends")
    sent = await telegram.person("send", user=ALEX, chat=friends, text="mine")
    place = {"chat_id": friends, "message_id": sent["message"]["message_id"]}
    assert (
        await telegram.refusal("deleteMessage", **place)
        == "Bad Request: message can't be deleted for everyone"
    )
    numbers = [place["message_id"], 12_345]
    assert await telegram.call("deleteMessages", chat_id=friends, message_ids=numbers) is True
    assert place["message_id"] in telegram.world.chats[friends].messages


async def test_a_message_with_a_reply_keyboard_cannot_be_edited(telegram: Telegram) -> None:
    markup = {"keyboard": [[{"text": "Yes"}]]}
    sent = await telegram.call("sendMessage", chat_id=ALEX, text="Well?", reply_markup=markup)
    place = {"chat_id": ALEX, "message_id": sent["message_id"]}
    assert (
        await telegram.refusal("editMessageText", **place, text="x")
        == "Bad Request: message can't be edited"
    )


async def test_rights_in_groups_and_channels(telegram: Telegram) -> None:
    newsroom, daily = telegram.chat_id("Newsroom"), telegram.chat_id("Daily Wire")
    member = {"user": ALEX, "chat": newsroom, "target": "bot"}
    await telegram.person("member", **member, status="restricted", rights={})
    assert (
        await telegram.refusal("sendMessage", chat_id=newsroom, text="x")
        == "Bad Request: not enough rights to send text messages to the chat"
    )
    await telegram.person("member", **member, status="kicked")
    assert (
        await telegram.refusal("sendMessage", chat_id=newsroom, text="x")
        == "Forbidden: bot was kicked from the supergroup chat"
    )
    await telegram.person("member", **member, status="left")
    assert (
        await telegram.refusal("sendMessage", chat_id=newsroom, text="x")
        == "Forbidden: bot is not a member of the supergroup chat"
    )
    await telegram.person(
        "member", user=ALEX, chat=daily, target="bot", status="administrator", rights={}
    )
    assert (
        await telegram.refusal("sendMessage", chat_id="@Daily_Wire", text="x")
        == "Bad Request: need administrator rights in the channel chat"
    )


async def test_topics(telegram: Telegram) -> None:
    forum = telegram.chat_id("Newsdesk Forum")
    chat = telegram.world.chats[forum]
    world = next(thread for thread, topic in chat.topics.items() if topic.name == "World")
    inside = {"chat_id": forum, "text": "x", "message_thread_id": world}
    sent = await telegram.call("sendMessage", **inside)
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (world, True)
    general = await telegram.call("sendMessage", chat_id=forum, text="x")
    assert "message_thread_id" not in general
    missing = inside | {"message_thread_id": 1}
    assert (
        await telegram.refusal("sendMessage", **missing) == "Bad Request: message thread not found"
    )
    rights = {"can_manage_topics": False}
    await telegram.person(
        "member", user=ALEX, chat=forum, target="bot", status="administrator", rights=rights
    )
    await telegram.person("topic", chat=forum, thread=world, closed=True)
    assert await telegram.refusal("sendMessage", **inside) == "Bad Request: TOPIC_CLOSED"
    await telegram.person("topic", chat=forum, thread=world, deleted=True)
    assert (
        await telegram.refusal("sendMessage", **inside) == "Bad Request: message thread not found"
    )


async def test_pictures_by_address(telegram: Telegram) -> None:
    url = "https://pictures.example.org/flood.jpg"
    photo = {"chat_id": ALEX, "photo": url, "caption": "<b>Flood</b>", "parse_mode": "HTML"}
    sent = await telegram.call("sendPhoto", **photo)
    assert sent["caption_entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    place = {"chat_id": ALEX, "message_id": sent["message_id"]}
    edited = await telegram.call("editMessageCaption", **place, caption="Rain")
    assert edited["caption"] == "Rain"
    assert (
        await telegram.refusal("editMessageText", **place, text="x")
        == "Bad Request: there is no text in the message to edit"
    )
    for wrong, description in (
        ({"photo": "http://localhost/x.jpg"}, "wrong HTTP URL specified"),
        ({"photo": "nonsense"}, "wrong file identifier/HTTP URL specified"),
        ({"caption": "x" * 1025}, "message caption is too long"),
    ):
        assert (
            await telegram.refusal("sendPhoto", **(photo | wrong)) == f"Bad Request: {description}"
        )
    state = await telegram.get("/client/state", user=ALEX)
    assert state["chats"][0]["messages"][-1]["photo_url"] == url


async def test_python_telegram_bot_reads_every_result(telegram: Telegram) -> None:
    forum, daily = telegram.chat_id("Newsdesk Forum"), telegram.chat_id("Daily Wire")
    async with telegram.bot() as bot:
        assert bot.username == "NewsflashSandboxBot"
        button = InlineKeyboardMarkup([[InlineKeyboardButton("Go", url="https://e.org")]])
        message = await bot.send_message("@daily_wire", "<i>x</i>", "HTML", reply_markup=button)
        assert message.sender_chat is not None
        assert message.sender_chat.id == daily
        assert await message.pin() is True
        assert (await bot.get_chat(daily)).pinned_message == message
        for chat in telegram.world.chats.values():
            assert (await bot.get_chat(chat.id)).id == chat.id
            assert (await bot.get_chat_member(chat.id, bot.id)).user.id == bot.id
            if chat.kind != "private":
                administrators = await bot.get_chat_administrators(chat.id)
                assert any(member.user.id == ALEX for member in administrators)
        assert await bot.get_chat_member_count(daily) == 3
        topic = await bot.create_forum_topic(forum, "Sport")
        assert topic.name == "Sport"
        assert await bot.send_chat_action(ALEX, "typing")
        document = await bot.send_document(ALEX, b"<opml/>", filename="feeds.opml")
        assert document.document is not None
        file = await bot.get_file(document.document.file_id)
        assert bytes(await file.download_as_bytearray()) == b"<opml/>"
        assert (await bot.copy_message(ALEX, daily, message.message_id)).message_id
        assert (await bot.forward_message(ALEX, daily, message.message_id)).forward_origin


async def test_python_telegram_bot_raises_what_it_should(telegram: Telegram) -> None:
    friends = telegram.chat_id("Old friends")
    migrated = await telegram.person("migrate", chat=friends)
    async with telegram.bot() as bot:
        with pytest.raises(ChatMigrated) as upgraded:
            await bot.send_message(friends, "x")
        assert upgraded.value.new_chat_id == migrated["chat"]
        await telegram.person("block", user=ALEX, blocked=True)
        with pytest.raises(Forbidden, match="blocked by the user"):
            await bot.send_message(ALEX, "x")
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.get_chat(OLENA)
        telegram.world.bot.token = "1000000001:CHANGED"
        with pytest.raises(InvalidToken):
            await bot.get_me()


async def test_profile_and_commands_by_scope_and_language(telegram: Telegram) -> None:
    newsroom = telegram.chat_id("Newsroom")
    async with telegram.bot() as bot:
        await bot.set_my_commands([("start", "Begin"), ("help", "Help")])
        await bot.set_my_commands([("start", "Починаємо")], language_code="uk")
        scope = {"type": "chat_administrators", "chat_id": newsroom}
        await telegram.call(
            "setMyCommands",
            commands=json.dumps([{"command": "mute", "description": "Mute"}]),
            scope=json.dumps(scope),
        )
        assert [command.command for command in await bot.get_my_commands()] == ["start", "help"]
        await bot.set_my_name("Newsflash UA", language_code="uk")
        await bot.set_my_description("All the news")
        await bot.set_my_short_description("News")
        assert (await bot.get_my_name("uk")).name == "Newsflash UA"
        assert (await bot.get_my_description()).description == "All the news"
        assert (await bot.get_my_short_description()).short_description == "News"
        await bot.set_chat_menu_button()
    await telegram.person("start", user=OLENA)
    state = await telegram.get("/client/state", user=OLENA)
    assert state["bot"]["first_name"] == "Newsflash UA"
    assert state["bot"]["commands"][0]["description"] == "Починаємо"
    assert state["bot"]["menu_commands_by_chat"][str(newsroom)][0]["command"] == "mute"
    state = await telegram.get("/client/state", user=MAX)
    assert state["bot"]["menu_commands_by_chat"][str(newsroom)][0]["command"] == "start"
    assert (
        await telegram.refusal("setMyCommands", commands=[{"command": "A", "description": "x"}])
        == "Bad Request: BOT_COMMAND_INVALID"
    )
    assert await telegram.call("deleteMyCommands") is True
    assert await telegram.call("getMyCommands") == []
