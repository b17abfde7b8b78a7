"""What was published and what arrived: latencies, losses, repeats and their causes, missing edits.

A repeat is judged by the request that made the earlier message. Its answer may not have been noted
by the bot because its process was killed while the request was under way, or because the answer
was lost by order after the effect. Any other repeat is a broken promise.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

LISTED = re.compile(r"^\d+\.\s*(.+)$", re.MULTILINE)
BUNDLE = re.compile(r"(?:While you were away: )?\d+ (?:new )?(?:story|stories)\b.*")
MARK = "🔴 Breaking: "
NOTED_WITHIN = 0.25
"""Seconds from an answer until the bot has it in Redis, on a busy machine."""
HEARD_WITHIN = 0.25
"""Seconds from a request's last byte until the server notes it: it may come after its sender."""
DEADLINE = 20.0
"""Seconds after which the bot waits for no answer."""


@dataclass(slots=True)
class Published:
    """One story: its title, when a feed first had it, and what its message must say in the end."""

    title: str
    at: float
    steady: bool
    """Published while nothing disturbed the bot."""
    final: str = ""
    """A part of the text of its last edit; "" where there was none."""


@dataclass(frozen=True, slots=True)
class Event:
    """Processes were killed, or stopped."""

    at: float
    killed: bool
    callers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sending:
    """The request that made a message."""

    caller: str
    asked: float
    answered: float | None
    """None: not yet."""
    lost: bool
    """By order the caller was not told of the effect."""

    def under_way(self, event: Event) -> bool:
        """Whether its sender ended before it can be sure to have noted the answer."""
        if self.caller not in event.callers or event.at < self.asked - HEARD_WITHIN:
            return False
        return self.answered is None or event.at <= self.answered + NOTED_WITHIN

    @property
    def answer_lost(self) -> bool:
        """The bot could not know of the effect."""
        late = self.answered is not None and self.answered - self.asked >= DEADLINE
        return self.lost or late


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it reads now."""

    id: int
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One chat or topic: its messages, and the requests that made them, by message id."""

    name: str
    messages: Sequence[Arrived]
    sendings: Mapping[int, Sending]


@dataclass(frozen=True, slots=True)
class Findings:
    """Over all chats and topics and stories."""

    deliveries: int
    lost: int
    repeats: Mapping[str, int]
    """By cause: kill, stop, lost answer, unexplained."""
    edits_expected: int
    without_edit: tuple[tuple[str, int], ...]
    """Stories whose last edit is missing, and in how many chats."""
    latencies: tuple[float, ...]
    """Seconds from publication to arrival, of stories published in peace, ascending."""
    missing: tuple[str, ...]
    """A sentence for each loss."""
    unexplained: tuple[str, ...]
    """A sentence for each repeat without cause, or by a stop."""

    @property
    def edits_missing(self) -> int:
        """Over all chats."""
        return sum(count for _, count in self.without_edit)

    def percentile(self, share: float) -> float:
        """A latency, by nearest rank."""
        if not self.latencies:
            return 0.0
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


@dataclass(slots=True)
class _Count:
    deliveries: int = 0
    lost: int = 0
    edits_expected: int = 0
    repeats: Counter[str] = field(default_factory=Counter)
    without_edit: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)


class Ledger:
    """Stories in order of publication, and what happened to the bot."""

    def __init__(self) -> None:
        self.stories: dict[str, Published] = {}
        self.events: list[Event] = []

    def publish(self, title: str, at: float, *, steady: bool) -> None:
        """Note a story; titles are unique."""
        self.stories[title] = Published(title, at, steady)

    def findings(self, mailboxes: Sequence[Mailbox]) -> Findings:
        """Compare what was published with what stands in every mailbox."""
        count = _Count()
        for mailbox in mailboxes:
            self._judge(mailbox, count)
        return Findings(
            deliveries=count.deliveries,
            lost=count.lost,
            repeats=dict(count.repeats),
            edits_expected=count.edits_expected,
            without_edit=tuple((+count.without_edit).most_common()),
            latencies=tuple(sorted(count.latencies)),
            missing=tuple(count.missing),
            unexplained=tuple(count.unexplained),
        )

    def under_way(self, mailboxes: Sequence[Mailbox]) -> int:
        """Requests whose sender was killed before it can be sure to have noted the answer."""
        killed = [event for event in self.events if event.killed]
        return sum(
            any(sending.under_way(event) for event in killed)
            for mailbox in mailboxes
            for sending in mailbox.sendings.values()
        )

    def _judge(self, mailbox: Mailbox, count: _Count) -> None:
        arrivals = arrivals_of(mailbox.messages)
        repeated: dict[int, str] = {}
        for title, story in self.stories.items():
            messages = arrivals.get(title, [])
            count.deliveries += bool(messages)
            if not messages:
                count.lost += 1
                count.missing.append(f"{title!r} of {story.at:.3f} in {mailbox.name}")
            if messages and story.steady:
                count.latencies.append(messages[0].at - story.at)
            for earlier, later in pairwise(messages):
                cause = self._cause(mailbox.sendings.get(earlier.id))
                # One request that is repeated may carry several stories.
                if earlier.id not in repeated and cause in ("stop", "unexplained"):
                    count.unexplained.append(_sentence(title, earlier, later, mailbox))
                repeated[earlier.id] = cause
        count.repeats.update(repeated.values())
        self._count_edits(mailbox.messages, count)

    def _cause(self, sending: Sending | None) -> str:
        """Why the bot could not know that it had sent this."""
        if sending is None:
            return "unexplained"
        if sending.answer_lost:
            return "lost answer"
        hit = [event for event in self.events if sending.under_way(event)]
        if not hit:
            return "unexplained"
        return "kill" if any(event.killed for event in hit) else "stop"

    def _count_edits(self, messages: Sequence[Arrived], count: _Count) -> None:
        """How many edits single messages should show in the end; those that do not are counted.

        Of a message that was repeated one is edited: the other was sent by a process that was
        killed before it could note it, and may have come later.
        """
        copies: dict[str, list[str]] = {}
        for message in messages:
            copies.setdefault(_title(message.text), []).append(message.text)
        for title, texts in copies.items():
            story = self.stories.get(title)
            if story is not None and story.final:
                count.edits_expected += 1
                count.without_edit[title] += not any(story.final in text for text in texts)


def arrivals_of(messages: Sequence[Arrived]) -> dict[str, list[Arrived]]:
    """The messages by which each title arrived, alone or in a bundle."""
    found: dict[str, list[Arrived]] = {}
    for message in messages:
        first = _title(message.text)
        titles = LISTED.findall(message.text) if BUNDLE.fullmatch(first) else [first]
        for title in titles:
            found.setdefault(title.removeprefix(MARK), []).append(message)
    return found


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix(MARK)


def _sentence(title: str, earlier: Arrived, later: Arrived, mailbox: Mailbox) -> str:
    first, second = mailbox.sendings.get(earlier.id), mailbox.sendings.get(later.id)
    return f"{title!r}: {earlier.at:.3f} by {first}, again {later.at:.3f} by {second}"
