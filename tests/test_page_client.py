"""The sandbox's web page in a real headless Chromium, against the real sandbox server.

Messages are posted through the Bot API by plain HTTP; no part of the bot takes part.
"""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from sandbox.population import ALEX, MAX, OLENA
from sandbox.previews import PREVIEWS
from sandbox.server import Sandbox
from tests.browser import OpenPage, contrast_failures

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><rect width="2" height="1"/></svg>'
)
WITH_PICTURE = "https://example-times.test/dam"
WITHOUT_PICTURE = "https://example-times.test/bank"
HIGHLIGHT = """() => {
  window.highlighted = new Promise((resolve) => {
    const seen = () => document.querySelector(".changed") && resolve(true);
    const watched = { subtree: true, childList: true, attributes: true };
    new MutationObserver(seen).observe(document.querySelector("[role=log]"), watched);
  });
}"""


class Pictures:
    """A part of the sandbox that has one picture and registers two preview cards."""

    def add_routes(self, app: web.Application) -> None:
        """Serve the picture, and register a card that has it and one whose picture is gone."""
        app.router.add_get("/pictures/dam.svg", self._picture)
        card = {"site": "Example Times", "title": "Dam fails", "description": "Water rose."}
        app[PREVIEWS].register(WITH_PICTURE, card | {"image": "/pictures/dam.svg"})
        app[PREVIEWS].register(WITHOUT_PICTURE, card | {"image": "/pictures/gone.svg"})

    async def _picture(self, _request: web.Request) -> web.Response:
        return web.Response(text=DRAWING, content_type="image/svg+xml")


@dataclass(slots=True)
class Bot:
    """The Bot API by plain HTTP."""

    session: aiohttp.ClientSession
    address: str
    offset: int = 0

    async def call(self, method: str, **parameters: object) -> Any:
        """A method's result; fails with Telegram's words when it is refused."""
        async with self.session.post(f"{self.address}/{method}", json=parameters) as response:
            answer = json.loads(await response.read())
        assert answer["ok"], answer
        return answer["result"]

    async def say(self, text: str, chat: int = ALEX, **parameters: object) -> int:
        """Post a text in HTML; answers the message's id."""
        posted = await self.call(
            "sendMessage", chat_id=chat, text=text, parse_mode="HTML", **parameters
        )
        return int(posted["message_id"])

    async def next_update(self, kind: str) -> Any:
        """The next update of a kind; others are passed over."""
        while True:
            updates = await self.call("getUpdates", offset=self.offset, timeout=10, limit=1)
            assert updates, f"no {kind} came"
            self.offset = updates[0]["update_id"] + 1
            if kind in updates[0]:
                return updates[0][kind]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox with two preview cards."""
    started = Sandbox(enforce_limits=False)
    started.add(Pictures())
    await started.start()
    try:
        yield started
    finally:
        await started.stop()


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    """The sandbox's bot."""
    async with aiohttp.ClientSession() as session:
        yield Bot(session, f"{sandbox.base_url}/bot{sandbox.token}")


def chat_named(sandbox: Sandbox, title: str) -> int:
    return next(chat.id for chat in sandbox.world.chats.values() if chat.title == title)


async def follow(page: Page) -> Page:
    """The page once it follows the sandbox's events."""
    await expect(page.locator("#client")).to_have_attribute("data-connected", "true")
    return page


async def test_formatting(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await follow(await open_page(sandbox.base_url))
    text = (
        "😀 <b>bold</b> <i>italic</i> <u>under</u> <s>struck</s> <b><i>both</i></b>"
        ' <code>code</code> <a href="https://example.org/">link</a>'
        " <tg-spoiler>the end</tg-spoiler> /help"
        '\n<pre><code class="language-python">x &lt; 1</code></pre>'
        "\n<blockquote>quoted</blockquote>\n&lt;img src=x onerror=alert(1)&gt;"
    )
    message = page.get_by_test_id(f"message-{await bot.say(text)}")
    await expect(message.locator("strong").first).to_have_text("bold")
    await expect(message.locator("em").first).to_have_text("italic")
    await expect(message.locator("u")).to_have_text("under")
    await expect(message.locator("s")).to_have_text("struck")
    await expect(message.locator("strong em, em strong")).to_have_text("both")
    await expect(message.locator(".text > span > code")).to_have_text("code")
    await expect(message.get_by_role("link", name="link")).to_have_attribute(
        "href", "https://example.org/"
    )
    await expect(message.locator("pre")).to_have_text("x < 1")
    await expect(message.locator(".listing-head")).to_contain_text("python")
    await expect(message.locator("blockquote")).to_have_text("quoted")
    await expect(message.get_by_test_id("text")).to_contain_text("<img src=x onerror=alert(1)>")
    assert await message.locator(".text img").count() == 0

    hidden = message.get_by_role("button", name="Hidden text")
    await expect(message.locator(".spoiler-content")).not_to_be_visible()
    await hidden.press("Enter")
    await expect(message.locator(".spoiler-content")).to_be_visible()

    await message.get_by_role("button", name="/help").click()
    assert (await bot.next_update("message"))["text"] == "/help"


async def test_long_quote_opens(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await follow(await open_page(sandbox.base_url))
    lines = "\n".join(f"line {number}" for number in range(9))
    long = await bot.say(f"<blockquote expandable>{lines}</blockquote>")
    short = await bot.say("<blockquote expandable>one line</blockquote>")
    toggle = page.get_by_test_id(f"message-{long}").get_by_role("button", name="Show more")
    content = page.get_by_test_id(f"message-{long}").locator(".quote-content")
    await expect(page.get_by_test_id(f"message-{short}").locator(".quote-toggle")).to_be_hidden()
    closed = await content.evaluate("node => node.clientHeight")
    await toggle.click()
    opened = page.get_by_test_id(f"message-{long}").get_by_role("button", name="Show less")
    await expect(opened).to_have_attribute("aria-expanded", "true")
    assert await content.evaluate("node => node.clientHeight") > 2 * closed


async def test_previews(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await follow(await open_page(sandbox.base_url))
    above = await bot.say(
        "<b>Dam fails</b>",
        link_preview_options={"url": WITH_PICTURE, "show_above_text": True},
    )
    gone = await bot.say("Bank", link_preview_options={"url": WITHOUT_PICTURE})
    none = await bot.say(WITH_PICTURE, link_preview_options={"is_disabled": True})

    message = page.get_by_test_id(f"message-{above}")
    card = message.get_by_test_id("preview")
    await expect(card).to_contain_text("Example Times")
    await expect(card).to_have_attribute("href", WITH_PICTURE)
    await expect(card.locator(".loaded img")).to_be_visible()
    card_box, text_box = await card.bounding_box(), await message.locator(".text").bounding_box()
    assert card_box is not None
    assert text_box is not None
    assert card_box["y"] < text_box["y"]

    await expect(page.get_by_test_id(f"message-{gone}").get_by_test_id("preview")).to_contain_text(
        "The picture could not be loaded"
    )
    await expect(page.get_by_test_id(f"message-{none}")).to_be_visible()
    assert await page.get_by_test_id(f"message-{none}").get_by_test_id("preview").count() == 0


async def test_press_is_answered_by_toast_or_alert(
    sandbox: Sandbox, bot: Bot, open_page: OpenPage
) -> None:
    page = await follow(await open_page(sandbox.base_url))
    rows = [[{"text": "Follow", "callback_data": "f"}, {"text": "Why", "callback_data": "w"}]]
    await bot.say("A story", reply_markup={"inline_keyboard": rows})

    await page.get_by_test_id("button").filter(has_text="Follow").click()
    query = await bot.next_update("callback_query")
    assert query["data"] == "f"
    await bot.call("answerCallbackQuery", callback_query_id=query["id"], text="You follow it now")
    await expect(page.get_by_test_id("toast")).to_contain_text("You follow it now")

    await page.get_by_test_id("button").filter(has_text="Why").click()
    query = await bot.next_update("callback_query")
    await bot.call(
        "answerCallbackQuery", callback_query_id=query["id"], text="3 outlets", show_alert=True
    )
    alert = page.get_by_role("dialog")
    await expect(alert).to_contain_text("3 outlets")
    await alert.get_by_role("button", name="OK").click()
    await expect(alert).to_have_count(0)
    await expect(page.get_by_test_id("button").filter(has_text="Why")).to_be_focused()


async def test_an_edit_arrives(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await follow(await open_page(sandbox.base_url))
    rows = [[{"text": "Show more", "callback_data": "more"}]]
    markup = {"inline_keyboard": rows}
    number = await bot.say("page 1", reply_markup=markup)
    message = page.get_by_test_id(f"message-{number}")
    await expect(message.get_by_test_id("edited")).to_have_count(0)
    button = message.get_by_test_id("button")
    await button.focus()
    await page.evaluate(HIGHLIGHT)

    await bot.call(
        "editMessageText", chat_id=ALEX, message_id=number, text="page 2", reply_markup=markup
    )
    await expect(message.get_by_test_id("text")).to_have_text("page 2")
    await expect(message.get_by_test_id("edited")).to_have_text(re.compile(r"edited \d\d:\d\d"))
    await expect(button).to_be_focused()
    assert await page.evaluate("window.highlighted")
    await expect(page.locator(".changed")).to_have_count(0)

    await bot.call("deleteMessage", chat_id=ALEX, message_id=number)
    await expect(message).to_have_count(0)


async def test_silent_and_ringing_are_told_apart(
    sandbox: Sandbox, bot: Bot, open_page: OpenPage
) -> None:
    page = await follow(await open_page(sandbox.base_url, still=True))
    newsroom = chat_named(sandbox, "Newsroom")
    quiet = await bot.say("An ordinary story", disable_notification=True)
    loud = await bot.say("A breaking story")
    sign = page.get_by_test_id(f"message-{quiet}").get_by_test_id("sound")
    await expect(sign).to_have_attribute("aria-label", "silent")
    sign = page.get_by_test_id(f"message-{loud}").get_by_test_id("sound")
    await expect(sign).to_have_attribute("aria-label", "with sound")

    await bot.say("Quietly elsewhere", newsroom, disable_notification=True)
    item = page.get_by_test_id(f"chat-{newsroom}")
    await expect(item.get_by_test_id("unread")).to_contain_text("1")
    await expect(page.get_by_test_id("toast")).to_have_count(0)
    await bot.say("Loudly elsewhere", newsroom)
    await expect(page.get_by_test_id("toast")).to_contain_text("Loudly elsewhere")
    await expect(page).to_have_title("🔔 Loudly elsewhere")

    await page.get_by_test_id("toast").get_by_role("button", name="Loudly elsewhere").click()
    await expect(page.get_by_test_id("chat-name")).to_have_text("Newsroom")
    await expect(item.get_by_test_id("unread")).to_have_count(0)
    await expect(page).to_have_title("Newsflash sandbox")


async def test_keyboard_alone(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    newsroom = chat_named(sandbox, "Newsroom")
    rows = [[{"text": "Read", "callback_data": "read"}]]
    number = await bot.say("A story", newsroom, reply_markup={"inline_keyboard": rows})
    page = await follow(await open_page(sandbox.base_url))
    composer = page.get_by_test_id("composer")
    await expect(composer).to_be_focused()

    await page.keyboard.press("Escape")
    await page.keyboard.press("Home")
    target = page.get_by_test_id(f"chat-{newsroom}")
    for _ in range(await page.locator(".chat").count()):
        if await target.evaluate("node => node === document.activeElement"):
            break
        await page.keyboard.press("ArrowDown")
    await expect(target).to_be_focused()
    outline = await target.evaluate("node => getComputedStyle(node).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("chat-name")).to_have_text("Newsroom")
    await expect(composer).to_be_focused()

    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_test_id("button").filter(has_text="Read")).to_be_focused()
    await page.keyboard.press("Enter")
    query = await bot.next_update("callback_query")
    await bot.call("answerCallbackQuery", callback_query_id=query["id"], text="Here it is")
    await expect(page.get_by_test_id("toast")).to_contain_text("Here it is")

    await page.keyboard.press("Escape")
    await expect(composer).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_test_id(f"message-{number}")).to_be_focused()
    await page.keyboard.press("r")
    await expect(page.locator(".reply-bar")).to_contain_text("Reply to Newsflash")
    await page.keyboard.type("two")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("lines")
    await page.keyboard.press("Enter")
    sent = await bot.next_update("message")
    assert sent["text"] == "two\nlines"
    assert sent["reply_to_message"]["message_id"] == number
    await expect(composer).to_have_value("")


async def test_commands_are_suggested(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    commands = [
        {"command": "latest", "description": "The latest stories"},
        {"command": "list", "description": "What this chat gets"},
        {"command": "help", "description": "What I can do"},
    ]
    await bot.call("setMyCommands", commands=commands)
    page = await follow(await open_page(sandbox.base_url))
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("/l")
    await expect(page.get_by_test_id("suggestion")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(composer).to_have_attribute("aria-activedescendant", "suggestion-1")
    await page.keyboard.press("Enter")
    assert (await bot.next_update("message"))["text"] == "/list"

    await composer.press_sequentially("/la")
    await page.keyboard.press("Tab")
    await expect(composer).to_have_value("/latest ")

    await page.get_by_test_id(f"chat-{chat_named(sandbox, 'Newsroom')}").click()
    await page.get_by_test_id("commands").click()
    await page.get_by_test_id("suggestion").filter(has_text="/help").click()
    assert (await bot.next_update("message"))["text"] == "/help@NewsflashSandboxBot"


async def test_start_and_deep_links(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await follow(await open_page(f"{sandbox.base_url}/?user={OLENA}"))
    await page.get_by_test_id(f"chat-{OLENA}").click()
    await page.get_by_test_id("start").click()
    update = await bot.next_update("message")
    assert update["text"] == "/start"
    assert update["chat"]["id"] == OLENA
    await expect(page.get_by_test_id("start")).to_have_count(0)

    newsroom = chat_named(sandbox, "Newsroom")
    address = "https://t.me/NewsflashSandboxBot?start=read_7"
    rows = [[{"text": "Read", "url": address}]]
    await bot.say("A story", newsroom, reply_markup={"inline_keyboard": rows})
    await page.get_by_test_id(f"chat-{newsroom}").click()
    await page.get_by_test_id("button").filter(has_text="Read").click()
    assert (await bot.next_update("message"))["text"] == "/start read_7"
    await expect(page.get_by_test_id("chat-name")).to_have_text("Newsflash")


async def test_inline_mode(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await follow(await open_page(sandbox.base_url))
    newsroom = chat_named(sandbox, "Newsroom")
    await page.get_by_test_id(f"chat-{newsroom}").click()
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("@NewsflashSandboxBot dam")
    query = await bot.next_update("inline_query")
    while query["query"] != "dam":
        query = await bot.next_update("inline_query")
    results = [
        {
            "type": "article",
            "id": str(number),
            "title": f"Story {number}",
            "description": "Example Times",
            "input_message_content": {"message_text": f"Text of story {number}"},
        }
        for number in range(3)
    ]
    await bot.call("answerInlineQuery", inline_query_id=query["id"], results=results)
    await expect(page.get_by_test_id("suggestion")).to_have_count(3)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    posted = page.locator(".message.own").last
    await expect(posted).to_contain_text("Text of story 1")
    await expect(posted).to_contain_text("via @NewsflashSandboxBot")
    await expect(composer).to_have_value("")


async def test_topics_are_tabs(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await follow(await open_page(sandbox.base_url))
    forum = chat_named(sandbox, "Newsdesk Forum")
    topics = {topic.name: number for number, topic in sandbox.world.chats[forum].topics.items()}
    await page.get_by_test_id(f"chat-{forum}").click()
    await page.get_by_role("tab", name="Technology").click()
    number = await bot.say("A world story", forum, message_thread_id=topics["World"])
    world = page.get_by_role("tab", name="World")
    await expect(world.locator(".unread")).to_contain_text("1")
    await expect(page.get_by_test_id(f"message-{number}")).to_have_count(0)
    await page.get_by_role("tab", name="Technology").press("ArrowLeft")
    await expect(world).to_have_attribute("aria-selected", "true")
    await expect(page.get_by_test_id(f"message-{number}")).to_be_visible()
    await page.get_by_test_id("composer").fill("hello")
    await page.get_by_test_id("send").click()
    assert (await bot.next_update("message"))["message_thread_id"] == topics["World"]


async def test_acting_as_somebody_else(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    await bot.say("A post", chat_named(sandbox, "Daily Wire"))
    page = await follow(await open_page(sandbox.base_url))
    await page.get_by_test_id("person").select_option(str(MAX))
    await page.wait_for_url(f"**/?user={MAX}")
    await follow(page)
    channel = page.get_by_test_id(f"chat-{chat_named(sandbox, 'Daily Wire')}")
    await expect(channel).to_contain_text("subscriber")
    await channel.click()
    await expect(page.get_by_text("Only administrators write in this channel")).to_be_visible()
    await expect(page.get_by_test_id("composer")).to_be_hidden()


async def test_older_messages_load_at_the_top(
    sandbox: Sandbox, bot: Bot, open_page: OpenPage
) -> None:
    for number in range(130):
        await bot.say(f"message number {number}")
    page = await follow(await open_page(sandbox.base_url))
    log = page.get_by_role("log")
    await expect(page.get_by_text("message number 129", exact=True).last).to_be_in_viewport()
    for name in ("message number 60", "message number 10", "message number 0"):
        await log.evaluate("node => { node.scrollTop = 0; }")
        await expect(log.get_by_text(name, exact=True)).to_have_count(1)
    await expect(page.locator("[data-entry]")).to_have_count(130)


async def test_phone_width(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    rows = [[{"text": word, "callback_data": word} for word in ("Read", "3 sources", "Follow")]]
    options = {"url": WITH_PICTURE}
    await bot.say(
        f"A story {'Donaudampfschifffahrt' * 6}",
        reply_markup={"inline_keyboard": rows},
        link_preview_options=options,
    )
    page = await follow(await open_page(sandbox.base_url, phone=True))
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    item = page.get_by_test_id(f"chat-{ALEX}")
    await item.click()
    await expect(item).to_be_hidden()
    await expect(page.get_by_test_id("composer")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    box = await page.get_by_test_id("preview").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    for button in await page.get_by_test_id("button").all():
        size = await button.bounding_box()
        assert size is not None
        assert size["height"] >= 40

    await page.get_by_test_id("back").click()
    await expect(item).to_be_visible()
    await item.click()
    await page.go_back()
    await expect(item).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
async def test_contrast_in_light_and_dark(
    sandbox: Sandbox, bot: Bot, open_page: OpenPage, dark: bool
) -> None:
    rows = [[{"text": "Read", "callback_data": "r"}, {"text": "Open", "url": "https://x.test/"}]]
    await bot.say(
        "<b>Bold</b> <a href='https://x.test/'>link</a> <code>code</code> /help"
        "<blockquote>quoted</blockquote><pre>listing</pre>",
        reply_markup={"inline_keyboard": rows},
        link_preview_options={"url": WITHOUT_PICTURE},
    )
    page = await follow(await open_page(sandbox.base_url, dark=dark, still=True))
    await page.get_by_test_id("composer").fill("/start https://x.test/")
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("composer")).to_have_value("")
    await bot.say("Loudly elsewhere", chat_named(sandbox, "Newsroom"))
    await expect(page.get_by_test_id("toast")).to_be_visible()
    assert await contrast_failures(page) == []
    await page.get_by_test_id("chat-menu").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await contrast_failures(page) == []
    brightness = await page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((a, b) => +a + +b)"
    )
    assert (brightness < 200) is dark


async def test_the_page_asks_nobody_else(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await open_page("about:blank")
    hosts: set[str] = set()
    page.on(
        "request", lambda request: hosts.add(request.url.split("/page/")[0].split("/client")[0])
    )
    await page.goto(sandbox.base_url)
    await follow(page)
    await bot.say("A story", link_preview_options={"url": WITH_PICTURE})
    await expect(page.locator(".loaded img")).to_be_visible()
    assert all(host.startswith(sandbox.base_url) for host in hosts)


async def test_the_log_announces_new_messages_only(
    sandbox: Sandbox, bot: Bot, open_page: OpenPage
) -> None:
    page = await follow(await open_page(sandbox.base_url))
    log = page.get_by_role("log")
    await expect(log).to_have_attribute("aria-live", "polite")
    number = await bot.say("News")
    await expect(log.get_by_test_id(f"message-{number}")).to_be_visible()
    await expect(log.get_by_role("article")).to_have_count(1)


async def test_a_blocked_bot(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    await bot.say("Hello")
    page = await follow(await open_page(sandbox.base_url))
    await page.get_by_test_id("chat-menu").click()
    await page.get_by_role("button", name="Block the bot").click()
    change = await bot.next_update("my_chat_member")
    assert change["new_chat_member"]["status"] == "kicked"
    await expect(page.get_by_text("You have blocked the bot")).to_be_visible()
    await page.get_by_role("button", name="Unblock").click()
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def test_sending_a_file(sandbox: Sandbox, bot: Bot, open_page: OpenPage) -> None:
    page = await follow(await open_page(sandbox.base_url))
    await page.get_by_test_id("composer").fill("/import")
    opml = {"name": "feeds.opml", "mimeType": "text/xml", "buffer": b"<opml/>"}
    await page.get_by_test_id("file").set_input_files(opml)  # type: ignore[arg-type]
    message = await bot.next_update("message")
    assert message["document"]["file_name"] == "feeds.opml"
    assert message["caption"] == "/import"
    await expect(page.locator(".attachment")).to_contain_text("feeds.opml")


async def test_a_restarted_sandbox_is_followed_again(bot: Bot, open_page: OpenPage) -> None:
    first = Sandbox(enforce_limits=False)
    page = await follow(await open_page(await first.start()))
    port = int(first.base_url.rsplit(":", 1)[1])
    first_bot = Bot(bot.session, f"{first.base_url}/bot{first.token}")
    await first_bot.say("Before")
    await expect(page.get_by_role("log")).to_contain_text("Before")
    await first.stop()
    await expect(page.locator("#client")).to_have_class(re.compile("offline"))

    second = Sandbox(enforce_limits=False)
    await second.start(port=port)
    try:
        await first_bot.say("After")
        await expect(page.get_by_role("log")).to_contain_text("After", timeout=20_000)
        await expect(page.get_by_role("log")).not_to_contain_text("Before")
        await expect(page.locator("#client")).not_to_have_class(re.compile("offline"))
    finally:
        await second.stop()
