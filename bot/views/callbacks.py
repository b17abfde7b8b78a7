"""What buttons and deep links carry, built and read in one place.

Data is `verb:argument:argument`, at most 64 bytes (Bot API, InlineKeyboardButton); the last
argument takes what remains, colons included. A menu that acts on another chat (a channel seen
from a private chat) puts that chat's address in front: `-1001234567890/list:0`.
All of it comes back from strangers: reading never raises and returns None for what was not built
here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from bot.models.identifiers import Address, StoryId
from bot.models.subscriptions import Subscription, SubscriptionKind

DATA_BYTES = 64
_STORY = re.compile(r"[0-9a-z]{1,16}")
_NUMBER = re.compile(r"[0-9]{1,5}")
_TARGET = re.compile(r"(-?[1-9][0-9]{0,18})/(.*)", re.DOTALL)
_LIST = re.compile(r"list_(-[1-9][0-9]{0,18})_([0-9a-f]{16})")
_SHARE = re.compile(r"story:([0-9a-z]{1,16})")


class Verb(StrEnum):
    """What a press asks for; beside each, its arguments."""

    READ = "read"
    """<story>:<page>"""
    SOURCES = "sources"
    """<story>:<page>"""
    RELATED = "related"
    """<story>"""
    WHY = "why"
    """<story>"""
    MORE = "more"
    """<story>: show the second row of buttons."""
    LESS = "less"
    """<story>: hide it."""
    LATEST = "latest"
    """<page>:<filter>"""
    BREAKING = "breaking"
    """<page>"""
    SEARCH = "search"
    """<page>:<token>"""
    LIST = "list"
    """<page>"""
    PAGE = "page"
    """<page>: of the stories that the message itself lists."""
    TOPICS = "topics"
    """Open the subscribe menu."""
    SUBSCRIBE = "sub"
    """<kind>:<mode>:<value>: the state wanted, so that a press done twice is done once; mode is
    "all" or "breaking", with "end-" before it to switch that off."""
    UNSUBSCRIBE = "unsub"
    """<token of the subscription>:<page of the list>"""
    OFF = "off"
    """What /start began, off again; its [Turn off]."""
    ON = "on"
    """The defaults again."""
    SETTINGS = "settings"
    """<page>"""
    SET = "set"
    """<setting>:<value>"""
    FEEDS = "feeds"
    """<page>: operators' health page."""
    LETTERS = "letters"
    """<page>: operators' dead letters."""
    LETTER = "letter"
    """<page of the list>:<chat>:<thread>:<story>: one of them."""
    REPLAY = "replay"
    """As LETTER: raise its story again."""
    FORGET = "forget"
    """As LETTER: drop it."""
    ASK_ALL = "askall"
    """<"replay" or "forget">:<page of the list>: of all letters; asks first."""
    ALL_LETTERS = "allletters"
    """<"replay" or "forget">:<ms>: all letters buried until then."""
    END_TOPIC = "endtopic"
    """<thread>: end what a closed forum topic gets."""


@dataclass(frozen=True, slots=True)
class Press:
    """A button's data as read; every argument is already of the form that its verb needs."""

    verb: Verb
    arguments: tuple[str, ...] = ()
    target: Address | None = None
    """The chat to act on, when it is not the one that holds the button."""

    @property
    def story(self) -> StoryId:
        """The story meant (READ, SOURCES, RELATED, WHY, MORE, LESS)."""
        return StoryId(self.arguments[0])

    @property
    def page(self) -> int:
        """The page meant, from 0: of a list, a bundle, or what opened from a story."""
        if self.verb in _PAGE_FIRST:
            return int(self.arguments[0])
        return int(self.arguments[1]) if len(self.arguments) > 1 else 0


_PAGE_FIRST = frozenset(
    {
        Verb.LATEST,
        Verb.BREAKING,
        Verb.SEARCH,
        Verb.LIST,
        Verb.PAGE,
        Verb.FEEDS,
        Verb.LETTERS,
        Verb.LETTER,
        Verb.REPLAY,
        Verb.FORGET,
    }
)


def build(verb: Verb, *arguments: str | int, target: Address | None = None) -> str:
    """Callback data; ValueError when it would exceed 64 bytes or could not be read back."""
    data = ":".join((verb, *(str(argument) for argument in arguments)))
    if target is not None:
        data = f"{target}/{data}"
    if len(data.encode("utf-8")) > DATA_BYTES or parse(data) is None:
        raise ValueError(f"not callback data: {data!r}")
    return data


def parse(data: str) -> Press | None:
    """Read callback data; None when it was not built here."""
    target: Address | None = None
    found = _TARGET.fullmatch(data)
    if found:
        target, data = Address(int(found[1])), found[2]
    name, _, rest = data.partition(":")
    verb = _VERBS.get(name)
    if verb is None:
        return None
    checks = _ARGUMENTS[verb]
    arguments = tuple(rest.split(":", len(checks) - 1)) if checks and rest else ()
    if not checks and rest:
        return None
    required = len(checks) - _OPTIONAL.get(verb, 0)
    if not required <= len(arguments) <= len(checks):
        return None
    if not all(check(value) for check, value in zip(checks, arguments, strict=False)):
        return None
    return Press(verb, arguments, target)


def subscription_token(subscription: Subscription) -> str:
    """16 hexadecimal digits that stand for a subscription in a button of its own chat."""
    return blake2b(subscription.key.encode("utf-8", "replace"), digest_size=8).hexdigest()


def deep_link(bot_username: str, verb: Verb, story: StoryId) -> str:
    """Opens the private chat at a story: `https://t.me/<bot>?start=read_<story>`."""
    return f"https://t.me/{bot_username}?start={verb}_{story}"


def parse_start(payload: str) -> Press | None:
    """Read the payload of /start; None for an ordinary start."""
    name, _, story = payload.partition("_")
    if name not in _DEEP or not _story(story):
        return None
    return Press(Verb(name), (story,))


@dataclass(frozen=True, slots=True)
class ListLink:
    """A channel's list, as the button under it names it."""

    channel: Address
    token: str
    """16 hexadecimal digits."""


def list_link(bot_username: str, link: ListLink) -> str:
    """Opens a channel's list in the private chat of who presses."""
    return f"https://t.me/{bot_username}?start=list_{link.channel}_{link.token}"


def parse_list_start(payload: str) -> ListLink | None:
    """Read the payload of /start; None when it names no list."""
    found = _LIST.fullmatch(payload)
    return ListLink(Address(int(found[1])), found[2]) if found else None


def share_query(story: StoryId) -> str:
    """The inline query of a story's Share button."""
    return f"story:{story}"


def parse_share(query: str) -> StoryId | None:
    """The story that an inline query names, if it is a Share button's."""
    found = _SHARE.fullmatch(query.strip())
    return StoryId(found[1]) if found else None


def _story(value: str) -> bool:
    return _STORY.fullmatch(value) is not None


def _number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def _token(value: str) -> bool:
    return re.fullmatch(r"[0-9A-Za-z_-]{1,32}", value) is not None


def _anything(value: str) -> bool:
    return value.isprintable()


def _kind(value: str) -> bool:
    return value in _KINDS


def _mode(value: str) -> bool:
    return value in {"all", "breaking", "end-all", "end-breaking"}


def _deed(value: str) -> bool:
    return value in {"replay", "forget"}


def _long_number(value: str) -> bool:
    return re.fullmatch(r"[0-9]{1,15}", value) is not None


def _chat(value: str) -> bool:
    return re.fullmatch(r"-?[1-9][0-9]{0,15}", value) is not None


_LETTER = (_number, _chat, _long_number, _story)
_VERBS = {str(verb): verb for verb in Verb}
_KINDS = frozenset(str(kind) for kind in SubscriptionKind)
_ARGUMENTS: dict[Verb, tuple[Callable[[str], bool], ...]] = {
    Verb.READ: (_story, _number),
    Verb.SOURCES: (_story, _number),
    Verb.RELATED: (_story,),
    Verb.WHY: (_story,),
    Verb.MORE: (_story,),
    Verb.LESS: (_story,),
    Verb.LATEST: (_number, _anything),
    Verb.BREAKING: (_number,),
    Verb.SEARCH: (_number, _token),
    Verb.LIST: (_number,),
    Verb.PAGE: (_number,),
    Verb.TOPICS: (),
    Verb.SUBSCRIBE: (_kind, _mode, _anything),
    Verb.UNSUBSCRIBE: (_token, _number),
    Verb.OFF: (),
    Verb.ON: (),
    Verb.SETTINGS: (_token,),
    Verb.SET: (_token, _anything),
    Verb.FEEDS: (_number,),
    Verb.LETTERS: (_number,),
    Verb.LETTER: _LETTER,
    Verb.REPLAY: _LETTER,
    Verb.FORGET: _LETTER,
    Verb.ASK_ALL: (_deed, _number),
    Verb.ALL_LETTERS: (_deed, _long_number),
    Verb.END_TOPIC: (_long_number,),
}
_OPTIONAL = {
    Verb.READ: 1,
    Verb.SOURCES: 1,
    Verb.LATEST: 1,
    Verb.SUBSCRIBE: 1,
    Verb.UNSUBSCRIBE: 1,
    Verb.SETTINGS: 1,
    Verb.SET: 1,
}
_DEEP = frozenset({Verb.READ, Verb.SOURCES, Verb.RELATED, Verb.WHY})
