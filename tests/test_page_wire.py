"""A newcomer at the web page, in real headless Chromium, against the whole bot on a quiet wire."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from bot.store import keys
from bot.store.feeds import FeedStore
from sandbox.population import ALEX
from tests.bot_process import Stage, looking_at, stage
from tests.browser import OpenPage
from tests.waiting import eventually

BRIDGE = "Rope bridge of Altenau reopens after nine winters"
BRIDGE_LEDE = "The rope bridge of Altenau carries walkers again after nine winters of repairs."
BRIDGE_TOLD_AGAIN = "Rope bridge of Altenau reopens after ten winters"
DAM = "Dam failure floods Kherson suburbs, 12,000 evacuated overnight"
DAM_LEDE = "Water rose two metres after the eastern wall of the dam gave way near Kherson."
DAM_AGAIN = "Kherson suburbs flooded as dam fails, 12,000 evacuated"
DAM_AGAIN_LEDE = "Kherson's eastern dam wall gave way at night and the water rose by two metres."
DAM_MORE = "12,000 evacuated after dam failure floods suburbs of Kherson"
DAM_MORE_LEDE = "The eastern wall of the dam near Kherson gave way overnight, officials said."
CHANGED = """(text) => {
  window.changedTo = new Promise((resolve) => {
    const seen = () => {
      const found = [...document.querySelectorAll(".changed")];
      if (found.some((node) => node.textContent.includes(text))) resolve(true);
    };
    const watched = { subtree: true, childList: true, attributes: true };
    new MutationObserver(seen).observe(document.querySelector("[role=log]"), watched);
  });
}"""
"""Notices that the page marks a message as changed once it says something new."""


@asynccontextmanager
async def newcomer(folder: Path, redis_url: str, open_page: OpenPage) -> AsyncIterator["Newcomer"]:
    """A bot whose feeds had their first poll, and somebody who opens the page and presses Start."""
    async with stage(folder, redis_url=redis_url) as scene:
        scene.wire.fill()
        await scene.bot()
        await eventually(lambda: settled(redis_url))
        page = await open_page(scene.sandbox.base_url)
        await expect(page.locator("#client")).to_have_attribute("data-connected", "true")
        someone = Newcomer(scene, page)
        await page.get_by_test_id("start").click()
        await expect(someone.message("Breaking news in English is on.")).to_be_visible()
        yield someone


async def settled(url: str) -> bool:
    """Every feed had its first poll, and what it brought is placed."""
    async with looking_at(url) as database:
        states = await FeedStore(database).states()
        if not states or not all(state.baseline_done for state in states.values()):
            return False
        batch = database.batch()
        for shard in range(keys.FEED_SHARDS):
            batch.command("XLEN", keys.entries(shard))
        return not any(await batch.run())


class Newcomer:
    """What a person does at the page, and sees there."""

    def __init__(self, scene: Stage, page: Page) -> None:
        self.scene, self.page = scene, page

    def message(self, text: str | re.Pattern[str]) -> Locator:
        """The bot's messages in the open chat that say this."""
        return self.page.locator("article.message.other").filter(has_text=text)

    async def say(self, text: str) -> None:
        """Write a message."""
        await self.page.get_by_test_id("composer").fill(text)
        await self.page.get_by_test_id("send").click()

    async def press(self, message: Locator, label: str | re.Pattern[str]) -> None:
        """Press the button of a message."""
        await message.get_by_test_id("button").filter(has_text=label).click()

    async def subscribe_to_everything(self) -> None:
        """By buttons alone, from the greeting."""
        greeting = self.message("Breaking news in English is on.")
        await self.press(greeting, "Topics")
        menu = self.message("What should this chat get?")
        await expect(menu.get_by_test_id("button").filter(has_text="✓")).to_have_text(
            "✓ Breaking only"
        )
        await self.press(menu, "Everything")
        await expect(self.page.get_by_test_id("toast")).to_contain_text("Everything: on")
        await expect(menu.get_by_test_id("button").filter(has_text="✓ Everything")).to_be_visible()

    async def never_quiet(self) -> None:
        """Whatever the hour at which the test runs."""
        await self.say("/settings quiet off")
        await expect(self.message("Quiet hours: off")).to_be_visible()


async def id_of(message: Locator) -> str:
    """What names a message in the page for as long as it stands."""
    found = await message.get_attribute("data-testid")
    assert found is not None
    return found


async def test_start_subscribe_by_buttons_a_push_and_its_edit(
    tmp_path: Path, redis_url: str, open_page: OpenPage
) -> None:
    async with newcomer(tmp_path, redis_url, open_page) as someone:
        page, scene = someone.page, someone.scene
        headlines = someone.message(re.compile(r"1\. .*2\. .*3\. ", re.DOTALL))
        await expect(headlines.get_by_test_id("sound")).to_have_attribute("aria-label", "silent")
        await someone.subscribe_to_everything()

        slug = scene.publish("meridian", BRIDGE, BRIDGE_LEDE)
        pushed = page.get_by_test_id(await id_of(someone.message(BRIDGE)))
        await expect(pushed.get_by_test_id("sound")).to_have_attribute("aria-label", "silent")
        await expect(pushed.locator("strong a")).to_have_text(BRIDGE)
        await expect(pushed.get_by_test_id("preview")).to_contain_text("The Meridian Post")
        await expect(pushed.get_by_test_id("edited")).to_have_count(0)

        await page.evaluate(CHANGED, "ten winters")
        scene.wire.update("meridian", slug, title=BRIDGE_TOLD_AGAIN)
        await expect(pushed.locator("strong a")).to_have_text(BRIDGE_TOLD_AGAIN)
        await expect(pushed).to_contain_text("(Updated ")
        await expect(pushed.get_by_test_id("edited")).to_contain_text("edited")
        assert await page.evaluate("window.changedTo")
        await expect(someone.message("rope bridge of Altenau")).to_have_count(1)


async def test_a_breaking_story_rings_wherever_one_is(
    tmp_path: Path, redis_url: str, open_page: OpenPage
) -> None:
    async with newcomer(tmp_path, redis_url, open_page) as someone:
        page, scene = someone.page, someone.scene
        await someone.never_quiet()
        # The defaults of a newcomer bring breaking stories only.
        scene.publish("meridian", BRIDGE, BRIDGE_LEDE)
        newsroom = next(
            chat.id for chat in scene.sandbox.world.chats.values() if chat.title == "Newsroom"
        )
        await page.get_by_test_id(f"chat-{newsroom}").click()
        await expect(page.get_by_test_id("chat-name")).to_have_text("Newsroom")

        scene.publish("harbour", DAM, DAM_LEDE)
        scene.publish("meridian", DAM_AGAIN, DAM_AGAIN_LEDE)
        scene.publish("continental", DAM_MORE, DAM_MORE_LEDE)
        toast = page.get_by_test_id("toast").filter(has_text="🔴 Breaking: ")
        await expect(toast).to_be_visible(timeout=20_000)
        unread = page.get_by_test_id(f"chat-{ALEX}").get_by_test_id("unread")
        await expect(unread).to_contain_text("1")

        await toast.locator(".toast-body").click()
        await expect(page.get_by_test_id("chat-name")).to_have_text("Newsflash")
        rang = someone.message("🔴 Breaking: ").last
        await expect(rang.get_by_test_id("sound")).to_have_attribute("aria-label", "with sound")
        await expect(unread).to_have_count(0)
        await expect(someone.message("rope bridge of Altenau")).to_have_count(0)


async def test_latest_pages_in_place_and_a_story_opens(
    tmp_path: Path, redis_url: str, open_page: OpenPage
) -> None:
    async with newcomer(tmp_path, redis_url, open_page) as someone:
        page = someone.page
        await someone.say("/latest")
        first = someone.message("Latest stories")
        await expect(first).to_contain_text("page 1 of")
        latest = page.get_by_test_id(await id_of(first))
        shown = await latest.get_by_test_id("text").inner_text()

        await someone.press(latest, "Show more")
        await expect(latest).to_contain_text("page 2 of")
        assert set(headlines_of(await latest.get_by_test_id("text").inner_text())).isdisjoint(
            headlines_of(shown)
        )
        await someone.press(latest, "« Newer")
        await expect(latest).to_contain_text("page 1 of")
        assert await latest.get_by_test_id("text").inner_text() == shown
        await expect(someone.message("Latest stories")).to_have_count(1)

        await someone.subscribe_to_everything()
        someone.scene.publish("meridian", BRIDGE, BRIDGE_LEDE)
        story = page.get_by_test_id(await id_of(someone.message(BRIDGE_LEDE)))
        await someone.press(story, "Read")
        read = someone.message("Continue at The Meridian Post")
        await expect(read).to_contain_text(BRIDGE)
        await expect(
            read.get_by_role("link", name="Continue at The Meridian Post").last
        ).to_have_attribute("href", re.compile(r"/wire/meridian/rope-bridge-of-altenau"))
        await someone.press(story, "1 source")
        await expect(someone.message("Reported by 1 source")).to_contain_text("The Meridian Post")


def headlines_of(text: str) -> list[str]:
    """The numbered headlines of a list, without their numbers."""
    return re.findall(r"^\d+\.\s*(.+)$", text, re.MULTILINE)
