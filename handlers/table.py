"""The one table of commands: what each does, for whom, with an example.

Dispatch, the bot menu (setMyCommands) and /help all read it; its order is theirs.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from bot.models.messages import View
from bot.services.services import Services
from bot.views.chats import help_view
from handlers import chats, deliveries, feeds, stories, subscriptions
from handlers.requests import Request


class Who(Enum):
    """Whom a command is for."""

    EVERYONE = "everyone"
    ADMINS = "admins"
    """In groups and channels their admins; in a private chat its person."""
    OPERATORS = "operators"


class Menu(Enum):
    """Where the bot menu differs (Bot API, BotCommandScope)."""

    PRIVATE = "all_private_chats"
    GROUPS = "all_group_chats"
    GROUP_ADMINS = "all_chat_administrators"
    OPERATORS = "chat"
    """Each operator's private chat."""


Handler = Callable[[Request, Services], Awaitable[tuple[View, ...]]]

_READERS = frozenset({Menu.PRIVATE, Menu.GROUPS, Menu.GROUP_ADMINS, Menu.OPERATORS})
_CHANGERS = frozenset({Menu.PRIVATE, Menu.GROUP_ADMINS, Menu.OPERATORS})
_OPERATORS = frozenset({Menu.OPERATORS})


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table."""

    name: str
    handler: Handler
    description: str
    """At most 256 characters (Bot API, BotCommand)."""
    example: str
    """A whole line to type; "" where the bare command says it all."""
    who: Who
    menus: frozenset[Menu]


async def help_command(request: Request, services: Services) -> tuple[View, ...]:
    """List what this person may do."""
    operator = services.access.is_operator(request.actor)
    rows = _rows(COMMANDS, operators=False)
    further = _rows(COMMANDS, operators=True) if operator and request.private else []
    note = "In a private chat a feed's address alone subscribes to it."
    if request.private:
        note += " A channel that you run: name it first, for example /subscribe @channel breaking."
    return (help_view(rows, further, note=note),)


def _rows(commands: tuple[Command, ...], *, operators: bool) -> list[tuple[str, str, str]]:
    return [
        (command.name, command.description, command.example)
        for command in commands
        if (command.who is Who.OPERATORS) == operators
    ]


COMMANDS: tuple[Command, ...] = (
    Command(
        "latest",
        stories.latest,
        "The newest stories, of a topic or a source if you name one",
        "/latest technology",
        Who.EVERYONE,
        _READERS,
    ),
    Command("breaking", stories.breaking, "What is or was breaking", "", Who.EVERYONE, _READERS),
    Command(
        "search",
        stories.search,
        "Find stories by their words",
        "/search election",
        Who.EVERYONE,
        _READERS,
    ),
    Command(
        "subscribe",
        subscriptions.subscribe,
        "Get stories: breaking, all, a topic, a source or a feed's address",
        "/subscribe https://example.com/feed.xml",
        Who.ADMINS,
        _CHANGERS,
    ),
    Command(
        "unsubscribe",
        subscriptions.unsubscribe,
        "End a subscription, or all of them",
        "/unsubscribe technology",
        Who.ADMINS,
        _CHANGERS,
    ),
    Command(
        "list",
        subscriptions.list_subscriptions,
        "What this chat gets",
        "",
        Who.EVERYONE,
        _READERS,
    ),
    Command(
        "settings",
        chats.settings,
        "Languages, time zone, quiet hours, rings, pictures",
        "/settings timezone Europe/Kyiv",
        Who.ADMINS,
        _CHANGERS,
    ),
    Command("status", chats.status, "Is news flowing?", "", Who.EVERYONE, _CHANGERS),
    Command("help", help_command, "All commands", "", Who.EVERYONE, _READERS),
    Command("start", chats.start, "Begin, or begin again", "", Who.EVERYONE, frozenset()),
    Command("feeds", feeds.list_feeds, "Health of all feeds", "", Who.OPERATORS, _OPERATORS),
    Command(
        "addfeed",
        feeds.add_feed,
        "Poll a feed for everyone: address, topic, language",
        "/addfeed https://example.com/feed.xml technology en",
        Who.OPERATORS,
        _OPERATORS,
    ),
    Command(
        "removefeed",
        feeds.remove_feed,
        "Stop polling a feed",
        "/removefeed https://example.com/feed.xml",
        Who.OPERATORS,
        _OPERATORS,
    ),
    Command(
        "flash",
        stories.flash,
        "Make a story breaking: in reply to it, or by its link",
        "/flash https://example.com/article",
        Who.OPERATORS,
        _OPERATORS,
    ),
    Command(
        "buried",
        deliveries.buried,
        "Stories that could not be delivered, and why; send them again or forget them",
        "",
        Who.OPERATORS,
        _OPERATORS,
    ),
)

BY_NAME: dict[str, Command] = {command.name: command for command in COMMANDS}


def menu(place: Menu) -> tuple[tuple[str, str], ...]:
    """(name, description) of the commands that the bot menu shows at a place, in order."""
    return tuple(
        (command.name, command.description) for command in COMMANDS if place in command.menus
    )
