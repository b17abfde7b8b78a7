"""The bot menu beside the message field, from the table of commands (Bot API, setMyCommands)."""

import logging
from collections.abc import Iterable

from bot.messenger.commands import Audience, CommandScope
from bot.messenger.telegram import Messenger
from bot.models.identifiers import Address, UserId
from handlers.table import Menu, menu

log = logging.getLogger(__name__)


async def publish_menus(messenger: Messenger, operators: Iterable[UserId]) -> None:
    """Show each audience its commands. What Telegram refuses is logged: nothing depends on it.

    An operator who has not yet opened the private chat gets the ordinary menu until a restart.
    """
    wanted = [
        (CommandScope(Audience.EVERYONE), Menu.GROUPS),
        (CommandScope(Audience.PRIVATE), Menu.PRIVATE),
        (CommandScope(Audience.GROUPS), Menu.GROUPS),
        (CommandScope(Audience.GROUP_ADMINS), Menu.GROUP_ADMINS),
        *((CommandScope(Audience.CHAT, Address(user)), Menu.OPERATORS) for user in operators),
    ]
    for scope, place in wanted:
        outcome = await messenger.set_commands(menu(place), scope=scope)
        if not outcome.accepted:
            log.warning("no menu for %s: %s", scope.audience, outcome.sentence)
