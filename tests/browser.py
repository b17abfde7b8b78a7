"""A real headless Chromium for the tests of web pages, and what they measure in it.

Use it with `pytest_plugins = ("tests.browser",)` and the fixture `open_page`. Where no Chromium is
installed these tests are skipped; with CI=true in the environment they fail instead, so that a
build can never be green without having looked at the page.
"""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest
from playwright.async_api import Browser, Page, async_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CONTRAST = Path(__file__).with_name("contrast.js")


class OpenPage(Protocol):
    """Opens an address in a browser context of its own."""

    async def __call__(
        self, address: str, *, dark: bool = False, phone: bool = False, still: bool = False
    ) -> Page:
        """The loaded page; `still` asks for reduced motion."""


def chromium_path() -> str:
    """The machine's Chromium; without one the test is skipped, or fails under CI=true."""
    found = shutil.which("chromium") or shutil.which("chromium", path="/usr/bin")
    if found:
        return found
    reason = "there is no chromium on PATH (Debian: apt install chromium)"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI=true forbids skipping")
    pytest.skip(reason)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium for one test."""
    path = chromium_path()
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield launched
        finally:
            await launched.close()


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Opens pages; afterwards fails if a script on one of them threw or was refused."""
    complaints: list[str] = []

    async def opened(
        address: str, *, dark: bool = False, phone: bool = False, still: bool = False
    ) -> Page:
        context = await browser.new_context(
            color_scheme="dark" if dark else "light",
            viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 800},
            has_touch=phone,
            reduced_motion="reduce" if still else "no-preference",
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(address)
        return page

    yield opened
    assert complaints == []


async def contrast_failures(page: Page) -> list[str]:
    """Each visible text whose contrast is below WCAG 2.2 AA (4.5, large text 3), in words."""
    found: list[str] = await page.evaluate(CONTRAST.read_text(encoding="utf-8"))
    return found
