"""Long bundles show one page at a time: the others are read as a reader would, by pressing.

A page changes the message in place, so that what stood there before has to be kept.
"""

from collections.abc import Iterator
from contextlib import suppress

import aiohttp

from benchmarks.soak_ledger import BUNDLE
from benchmarks.soak_stage import Stage, Target, until
from sandbox.chats import Message

SHOW_MORE = "Show more"
PRESS_AGAIN = 3.0
PRESSES = 22
"""A group's share of presses is free again after a minute."""
TURN_SECONDS = 30.0
Place = tuple[int, int]
"""Chat and message."""


class Pages:
    """The pages that were turned."""

    def __init__(self, scene: Stage) -> None:
        self._scene = scene
        self._turned: dict[Place, list[str]] = {}

    def text(self, message: Message) -> str:
        """Everything that a message shows, on all pages that were turned."""
        now = str(message.payload.get("text", ""))
        return "\n".join([*self._turned.get((message.chat_id, message.id), ()), now])

    def folded(self) -> list[tuple[Target, Message]]:
        """Bundles with pages that nobody has looked at."""
        return [
            (target, message)
            for target in self._scene.targets
            for message in self._scene.stories(target)
            if BUNDLE.match(str(message.payload.get("text", ""))) and any(_more(message))
        ]

    async def unfold(self) -> None:
        """Turn all pages of all bundles. Raises RuntimeError where a page does not come."""
        async with aiohttp.ClientSession() as session:
            for target, message in self.folded():
                while found := next(_more(message), None):
                    await self._turn(session, target, message, found)

    async def _turn(
        self,
        session: aiohttp.ClientSession,
        target: Target,
        message: Message,
        button: tuple[int, int],
    ) -> None:
        shown = message.payload
        self._turned.setdefault((message.chat_id, message.id), []).append(str(shown.get("text")))
        order = {"user": target.person, "chat": target.chat, "message_id": message.id}
        place = dict(zip(("row", "column"), button, strict=True))
        url = f"{self._scene.sandbox.base_url}/client/press"
        # Who presses before the bot has noted its own message, or in a group where many press, is
        # told to try later.
        for patience in (*(PRESS_AGAIN,) * PRESSES, TURN_SECONDS):
            async with session.post(url, json=order | place) as pressed:
                pressed.raise_for_status()
            with suppress(RuntimeError):
                return await until(lambda: message.payload is not shown, patience, "a page")
        raise RuntimeError(f"A page of message {message.id} does not come.")


def _more(message: Message) -> Iterator[tuple[int, int]]:
    """Where the button stands that turns to the next page."""
    keyboard = message.payload.get("reply_markup", {}).get("inline_keyboard", [])
    for row, buttons in enumerate(keyboard):
        for column, button in enumerate(buttons):
            if button["text"].startswith(SHOW_MORE):
                yield row, column
