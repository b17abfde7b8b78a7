"""Every refusal of Telegram's table in one run: its chat alone feels it, and comes back.

A whole bot in a process of its own; each refusal strikes one chat once, by order.
"""

from pathlib import Path

from bot.messenger.refusals import Action
from tests.bot_process import Stage, stage
from tests.test_refusals import REFUSED, SEND
from tests.under_fire import (
    ROLES,
    based,
    copies,
    publish,
    reach,
    readers,
    sends,
    subscribe,
    tales,
)
from tests.waiting import eventually

HEALTHY = 10
FORBIDDEN = (
    "bot was blocked by the user",
    "user is deactivated",
    "bot can't initiate conversation with a user",
    "bot was kicked from the supergroup chat",
    "bot is not a member of the channel chat",
    "the group chat was deleted",
)
ABOUT_A_TOPIC = {Action.CLOSED, Action.GONE}
"""What a message into a private chat is never refused with."""
TABLE = [
    *((403, f"Forbidden: {text}", Action.PAUSE) for text in FORBIDDEN),
    *(
        (400, f"Bad Request: {text}", action)
        for operation, text, action in REFUSED
        if operation is SEND and action not in ABOUT_A_TOPIC
    ),
]


async def test_each_refusal_has_its_action_and_touches_no_other_chat(
    tmp_path: Path, redis_url: str
) -> None:
    async with stage(tmp_path, redis_url=redis_url) as scene:
        await scene.bot(*ROLES)
        await eventually(lambda: based(redis_url))
        chats = await readers(scene, len(TABLE) + HEALTHY)
        refused, healthy = dict(zip(chats, TABLE, strict=False)), chats[len(TABLE) :]
        for chat, (code, text, _) in refused.items():
            order = {"kind": "refuse", "error_code": code, "description": text}
            await scene.fault(method="sendMessage", chat_id=chat, **order)
        told = tales(5)
        first = publish(scene, told)
        await reach(scene, healthy, first)
        await eventually(lambda: not scene.sandbox.api.faults.described())
        asked = {chat: len(sends(scene, chat)) for chat in refused}
        second = publish(scene, told)
        paused = [chat for chat, (_, _, action) in refused.items() if action is Action.PAUSE]
        others = [chat for chat in chats if chat not in paused]
        await reach(scene, others, second)
        # Paused is not asked again; buried is only what was refused; the rest has both.
        assert all(len(sends(scene, chat)) == asked[chat] for chat in paused)
        sent_again = [
            chat
            for chat, (_, _, action) in refused.items()
            if action in (Action.PLAIN, Action.WAIT)
        ]
        await reach(scene, sent_again, first)
        buried = [chat for chat, (_, _, action) in refused.items() if action is Action.BURY]
        assert not any(copies(scene, chat, first)[0] for chat in buried)
        await come_back(scene, paused)
        third = publish(scene, told)
        await reach(scene, chats, third)
        everything = [*first, *second, *third]
        assert {count for chat in chats for count in copies(scene, chat, everything)} <= {0, 1}


async def come_back(scene: Stage, chats: list[int]) -> None:
    """Whoever writes to the bot can be written to."""
    before = {chat: len(sends(scene, chat)) for chat in chats}
    for chat in chats:
        await subscribe(scene, chat, chat)
    await eventually(lambda: all(len(sends(scene, chat)) > before[chat] for chat in chats))
