"""What the words after /subscribe and /unsubscribe mean, before anything is looked up.

Pure. Observation: people type topics, sources and addresses alike, with and without "breaking"
before or after them. Rule: the words "breaking" and "all" are reserved, an address is recognised
by its scheme, a topic by its name, and what is left names a source. A source whose name ends in
"breaking" is preferred over the mode when it exists (see `SubscriptionService`). Rejected: flags
such as --breaking, which nobody types on a telephone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import RequestError
from bot.models.identifiers import Topic
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.news.identity import feed_id
from bot.views.reading import reason_text
from bot.views.subscriptions import short_label

SUBSCRIBE_EXAMPLE = "/subscribe https://example.com/feed.xml"
ADDRESS_LIMIT = 2048
_BREAKING = "breaking"
_ALL = frozenset({"all", "everything"})
_SCHEME = re.compile(
    r"(?:feed:)?[a-z][a-z0-9+.-]{1,20}://|(?:javascript|data|file|mailto):", re.IGNORECASE
)
_BARE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::[0-9]{1,5})?(?:[/?]\S*)?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription asked for in words."""

    kind: SubscriptionKind
    value: str
    """An address, a topic, a source's name as typed, or "" for everything."""
    breaking_only: bool
    typed: str = ""
    """The whole of the words, for sources whose names contain "breaking"."""


def read_wanted(words: str) -> Wanted:
    """Understand the words; they must not be empty. Raises RequestError with an example."""
    typed = " ".join(words.split())
    subject, breaking_only = _without_mode(typed)
    folded = subject.casefold()
    if not subject or folded in _ALL:
        return Wanted(SubscriptionKind.ALL, "", breaking_only)
    if _SCHEME.match(subject):
        return Wanted(SubscriptionKind.FEED, read_address(subject), breaking_only, typed)
    if folded in set(Topic):
        return Wanted(SubscriptionKind.TOPIC, folded, breaking_only, typed)
    return Wanted(SubscriptionKind.SOURCE, subject.strip("\"'“”«»"), breaking_only, typed)


def _without_mode(typed: str) -> tuple[str, bool]:
    """Take "breaking" off either end."""
    parts = typed.split(" ")
    if parts[-1].casefold() == _BREAKING:
        return " ".join(parts[:-1]), True
    if parts[0].casefold() == _BREAKING:
        return " ".join(parts[1:]), True
    return typed, False


def read_address(text: str, *, example: str = SUBSCRIBE_EXAMPLE) -> str:
    """Return a feed's address as it is stored; RequestError when no http(s) feed can be there.

    `example`: the line that shows how it is written.
    """
    address = re.sub(r"^feed:(?://)?(?=https?://)", "", text.strip(), flags=re.IGNORECASE)
    address = re.sub(r"^feed://", "https://", address, flags=re.IGNORECASE)
    if len(address) > ADDRESS_LIMIT:
        raise RequestError(f"That address is longer than {ADDRESS_LIMIT} characters.")
    try:
        parts = urlsplit(address)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable or any(character.isspace() or ord(character) < 32 for character in address):
        raise RequestError(
            f"A feed's address starts with http:// or https://. For example: {example}"
        )
    if parts.username or parts.password:
        raise RequestError("An address with a name or a password in it cannot be used.")
    return address


def bare_address(name: str) -> str:
    """Return `https://…` for a name that looks like a host with an optional path; "" for others."""
    return f"https://{name}" if _BARE_HOST.fullmatch(name) and len(name) < 1000 else ""


def named(standing: Sequence[Subscription], words: str) -> tuple[Subscription, ...]:
    """Find the subscriptions that words name: as they were made, or as /list shows them.

    "all" is every one; a number is the place in the list, whose order `standing` has.
    """
    typed = " ".join(words.split())
    folded = typed.lower()
    if folded == "all":
        return tuple(standing)
    shown = tuple(each for each in standing if folded in _names(each))
    if shown:
        return shown
    if re.fullmatch(r"[1-9][0-9]{0,3}\.?", folded):
        place = int(folded.rstrip("."))
        return tuple(standing[place - 1 : place])
    return _as_made(standing, typed)


def _names(subscription: Subscription) -> tuple[str, ...]:
    """What the list, its buttons and the answers call it, in lower case."""
    mode = " breaking" if subscription.breaking_only else ""
    label = subscription.label
    if subscription.kind is SubscriptionKind.ALL:
        label = _BREAKING if subscription.breaking_only else "everything"
        mode = ""
    names = (label, f"{label}{mode}", reason_text(subscription), short_label(subscription))
    return tuple(name.lower() for name in names)


def _as_made(standing: Sequence[Subscription], typed: str) -> tuple[Subscription, ...]:
    wanted = read_wanted(typed)
    values = {wanted.value.lower(), wanted.typed.lower()}
    if wanted.kind is SubscriptionKind.FEED:
        values = {feed_id(wanted.value)}
    elif address := bare_address(wanted.value):
        values.add(feed_id(address))
    return tuple(
        each for each in standing if each.kind is not SubscriptionKind.ALL and each.value in values
    )
