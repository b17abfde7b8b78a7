"""Subscriptions in a chat's own words: made, replaced, listed, removed.

Who may do it is `bot.services.access`'s; who gets a story is `bot.news.matching`'s.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.errors import RequestError
from bot.models.chats import Chat
from bot.models.feeds import Feed
from bot.models.identifiers import FeedId, ThreadId, Topic, UserId
from bot.models.stories import Report, Story
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.news.matching import wanted as wanted_report
from bot.services.feeds import FeedService
from bot.services.wanted import SUBSCRIBE_EXAMPLE, Wanted, bare_address, named, read_wanted
from bot.store.clock import Clock
from bot.store.subscriptions import SubscriptionStore


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What /subscribe did."""

    subscription: Subscription
    before: Subscription | None
    """The subscription that stood for the same subject; equal to the new one if nothing changed."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What /unsubscribe did."""

    subscriptions: tuple[Subscription, ...]
    forgotten: tuple[Feed, ...]
    """Feeds that are no longer polled, because nobody else follows them."""


GONE = "That is no longer here. /subscribe shows what there is."


class SubscriptionService:
    """Verbs over the subscriptions of a chat or of one of its forum topics."""

    def __init__(self, store: SubscriptionStore, feeds: FeedService, clock: Clock) -> None:
        self._store = store
        self._feeds = feeds
        self._clock = clock

    async def of(self, chat: Chat, thread: ThreadId) -> tuple[Subscription, ...]:
        """List a target's subscriptions: everything, topics, sources, feeds, each by name."""
        found = [each for each in await self._store.of(chat.id) if each.thread == thread]
        return tuple(sorted(found, key=lambda each: (_ORDER[each.kind], each.label.lower())))

    async def elsewhere(self, chat: Chat, thread: ThreadId) -> int:
        """Count the subscriptions that a forum's other topics have."""
        return sum(each.thread != thread for each in await self._store.of(chat.id))

    async def subscribe(
        self, chat: Chat, thread: ThreadId, words: str, *, by: UserId | None
    ) -> Subscribed:
        """Do what the words ask for. Raises RequestError or FeedError with a sentence."""
        wanted = read_wanted(words)
        if wanted.kind is SubscriptionKind.ALL:
            return await self.put(chat, thread, wanted.kind, "", breaking_only=wanted.breaking_only)
        if wanted.kind is SubscriptionKind.TOPIC:
            return await self.put(
                chat, thread, wanted.kind, wanted.value, breaking_only=wanted.breaking_only
            )
        if wanted.kind is SubscriptionKind.FEED:
            return await self._subscribe_feed(chat, thread, wanted, by)
        return await self._subscribe_source(chat, thread, wanted, by)

    async def put(
        self,
        chat: Chat,
        thread: ThreadId,
        kind: SubscriptionKind,
        value: str,
        *,
        breaking_only: bool,
        label: str = "",
    ) -> Subscribed:
        """Make a subscription, replacing the one of the same subject.

        One that changes nothing keeps the time since when it stands. Raises RequestError when the
        chat has too many.
        """
        new = Subscription(
            chat=chat.id,
            thread=thread,
            kind=kind,
            value=value,
            label=label or _label(kind, value, breaking_only),
            breaking_only=breaking_only,
            since=self._clock.now(),
        )
        standing = await self._store.of(chat.id)
        before = next((each for each in standing if each.key == new.key), None)
        if before is not None and replace(new, since=before.since) == before:
            return Subscribed(before, before)
        await self._store.add(new)
        return Subscribed(new, before)

    async def end(
        self,
        chat: Chat,
        thread: ThreadId,
        kind: SubscriptionKind,
        value: str,
        *,
        breaking_only: bool,
    ) -> Subscription | None:
        """Switch a menu's subscription off; None when it does not stand in just that mode."""
        for each in await self.of(chat, thread):
            if (each.kind, each.value, each.breaking_only) == (kind, value, breaking_only):
                await self.remove([each])
                return each
        return None

    async def begin(
        self,
        chat: Chat,
        thread: ThreadId,
        kind: SubscriptionKind,
        value: str,
        *,
        breaking_only: bool,
    ) -> Subscribed:
        """Switch a menu's subscription on, or to another mode.

        Raises RequestError when the button names what is no longer there.
        """
        label = await self._label_of(kind, value)
        done = await self.put(chat, thread, kind, value, breaking_only=breaking_only, label=label)
        if kind is SubscriptionKind.FEED and await self._feeds.get(FeedId(value)) is None:
            # Its last other subscriber left at this very moment.
            await self.remove([done.subscription])
            raise RequestError(GONE)
        return done

    async def _label_of(self, kind: SubscriptionKind, value: str) -> str:
        """Check what a button names; "" where the kind and mode say it all."""
        if kind is SubscriptionKind.ALL and not value:
            return ""
        if kind is SubscriptionKind.TOPIC and value in set(Topic):
            return ""
        if kind is SubscriptionKind.FEED:
            label = next((feed.title for feed in await self._feeds.named(value)), "")
        else:
            titles = await self._feeds.titles()
            label = next((title for title in titles if title.lower() == value), "")
        if not label:
            raise RequestError(GONE)
        return label

    async def report(self, chat: Chat, thread: ThreadId, story: Story) -> Report | None:
        """Return the report of a story that the target's subscriptions match; None without."""
        standing = await self._store.of(chat.id)
        return wanted_report(story, standing, chat.settings, thread=thread)

    async def reasons(self, chat: Chat, thread: ThreadId, story: Story) -> tuple[Subscription, ...]:
        """Return the target's subscriptions that match a story."""
        return tuple(
            each
            for each in await self.of(chat, thread)
            if wanted_report(story, (each,), chat.settings, thread=thread) is not None
        )

    async def unsubscribe(self, chat: Chat, thread: ThreadId, words: str) -> Ended:
        """Remove what the words name, "all" being every one. Raises RequestError if nothing is."""
        standing = await self.of(chat, thread)
        gone = named(standing, words)
        if not gone:
            raise RequestError(
                "There is no such subscription here; /list shows those there are. "
                "For example: /unsubscribe technology"
                if standing
                else "There is no subscription here. To make one, send for example: "
                "/subscribe breaking"
            )
        return Ended(gone, await self.remove(gone))

    async def remove(self, subscriptions: Iterable[Subscription]) -> tuple[Feed, ...]:
        """Remove subscriptions; those already gone are no error.

        Feeds that strangers added and nobody follows any more are no longer polled; the answer.
        """
        forgotten: list[Feed] = []
        for each in subscriptions:
            await self._store.remove(each.chat, each.key)
            forgotten += await self.let_go([each])
        return tuple(forgotten)

    async def let_go(self, ended: Iterable[Subscription]) -> tuple[Feed, ...]:
        """Stop polling the strangers' feeds of subscriptions that ended, where nobody else
        follows them.
        """
        feeds = [each.value for each in ended if each.kind is SubscriptionKind.FEED]
        forgotten = [await self._let_go(FeedId(feed)) for feed in feeds]
        return tuple(feed for feed in forgotten if feed is not None)

    async def followers(self, feed: Feed) -> int:
        """Count the chats and topics that chose a feed by its address or its button."""
        return await self._store.targets(_rule(feed.id))

    async def unread(self, subscriptions: Iterable[Subscription]) -> frozenset[str]:
        """Return the keys of those whose feed is polled no more: an operator removed it."""
        chosen = [each for each in subscriptions if each.kind is SubscriptionKind.FEED]
        polled = {feed.id for feed in await self._feeds.all()} if chosen else set()
        return frozenset(each.key for each in chosen if each.value not in polled)

    async def _let_go(self, feed_id: FeedId) -> Feed | None:
        """Stop polling a stranger's feed that nobody follows; None where it goes on."""
        if await self._store.targets(_rule(feed_id)):
            return None
        feed = await self._feeds.forget(feed_id)
        if feed is not None and await self._store.targets(_rule(feed_id)):
            # Somebody subscribed between the question and the removal.
            await self._feeds.keep(feed)
            return None
        return feed

    async def _subscribe_feed(
        self, chat: Chat, thread: ThreadId, wanted: Wanted, by: UserId | None
    ) -> Subscribed:
        feed = await self._feeds.ensure(wanted.value, by=by)
        try:
            done = await self.put(
                chat,
                thread,
                SubscriptionKind.FEED,
                feed.id,
                breaking_only=wanted.breaking_only,
                label=feed.title,
            )
        except RequestError:
            await self._let_go(feed.id)
            raise
        # Its last other subscriber may have left meanwhile.
        await self._feeds.keep(feed)
        return done

    async def _subscribe_source(
        self, chat: Chat, thread: ThreadId, wanted: Wanted, by: UserId | None
    ) -> Subscribed:
        """Prefer a source whose whole name was typed, "breaking" included, over the mode."""
        whole = await self._feeds.source(wanted.typed) if wanted.breaking_only else ""
        title = whole or await self._feeds.source(wanted.value)
        if not title:
            address = bare_address(wanted.value)
            if not address:
                raise RequestError(await self._unknown(wanted.value))
            feed = replace(wanted, kind=SubscriptionKind.FEED, value=address)
            return await self._subscribe_feed(chat, thread, feed, by)
        return await self.put(
            chat,
            thread,
            SubscriptionKind.SOURCE,
            title.lower(),
            breaking_only=wanted.breaking_only and not whole,
            label=title,
        )

    async def _unknown(self, name: str) -> str:
        near = await self._feeds.similar_names(name)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        shown = name if len(name) <= 60 else f"{name[:59]}…"
        return (
            f"I know no source or topic called “{shown}”.{hint} "
            f"Topics are {', '.join(Topic)}. "
            f"For example: /subscribe technology, or {SUBSCRIBE_EXAMPLE}"
        )


_ORDER = {kind: place for place, kind in enumerate(("all", "topic", "source", "feed"))}


def _label(kind: SubscriptionKind, value: str, breaking_only: bool) -> str:
    if kind is SubscriptionKind.ALL:
        return "Breaking news" if breaking_only else "Everything"
    return value.capitalize()


def _rule(feed: FeedId) -> str:
    return f"{SubscriptionKind.FEED}:{feed}"
