"""Feeds as people name them: adding one by its address, finding, removing, their health.

Polling what was added is `bot.services.polling`'s.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches
from urllib.parse import urlsplit

from bot.errors import FeedError, FeedTrouble, RequestError
from bot.fetch.fetcher import FeedFetcher
from bot.models.feeds import Feed, PollState
from bot.models.identifiers import FeedId, Language, Topic, UserId
from bot.news.identity import feed_id
from bot.services.parsing import ParsingProcess
from bot.services.wanted import read_address
from bot.store.feeds import FeedStore

TITLE_LIMIT = 120
PATIENCE = timedelta(seconds=10)
"""Whatever else the chat asks for waits meanwhile."""
SLOW = "The site did not answer in time. Try again later."
ADD_EXAMPLE = "/addfeed https://example.com/feed.xml technology en"


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """A feed and what its last polls left behind; None before the first."""

    feed: Feed
    state: PollState | None

    @property
    def ill(self) -> bool:
        """True while its polls fail."""
        return self.state is not None and self.state.failures > 0


@dataclass(frozen=True, slots=True)
class Added:
    """A feed that an operator named, as it is polled now."""

    feed: Feed
    before: Feed | None
    """As it was polled already; None for a new one."""


class FeedService:
    """Verbs over the feeds that are polled."""

    def __init__(
        self,
        store: FeedStore,
        fetcher: FeedFetcher,
        parsing: ParsingProcess,
        *,
        patience: timedelta = PATIENCE,
    ) -> None:
        """`patience`: for an address that somebody typed; polls have the fetcher's own limit."""
        self._patience = patience
        self._store = store
        self._fetcher = fetcher
        self._parsing = parsing

    async def ensure(self, address: str, *, by: UserId | None) -> Feed:
        """Return the feed at an address, added first if it is not yet polled.

        A new one is fetched and parsed to prove it a feed, and cannot take the name of a source
        that is there. Raises RequestError for an address that cannot be a feed's, FeedError with
        one sentence for what came back.
        """
        found = await self._at(read_address(address), by)
        feed = found if found.listed else await self._distinct(found)
        await self._keep(feed, found)
        return feed

    async def _at(self, url: str, by: UserId | None) -> Feed:
        return await self._store.get(feed_id(url)) or await self._discover(url, by)

    async def _keep(self, feed: Feed, found: Feed) -> bool:
        """Add a feed, or describe it anew where it differs from what was found; True when new."""
        new = await self._store.add(feed)
        if not new and feed != found:
            await self._store.update(feed)
        return new

    async def keep(self, feed: Feed) -> None:
        """See that a feed is polled; one that is already stays as it is."""
        await self._store.add(feed)

    async def get(self, feed: FeedId) -> Feed | None:
        """Return a feed that is polled; None for another."""
        return await self._store.get(feed)

    async def forget(self, feed: FeedId) -> Feed | None:
        """Stop polling what a stranger added; None where that is not polled or is for everyone."""
        found = await self._store.get(feed)
        if found is None or found.listed:
            return None
        await self._store.remove(feed)
        return found

    async def _discover(self, url: str, by: UserId | None) -> Feed:
        """Read the document once; the feed that it turns out to be, known already or not."""
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                fetched = await self._fetcher.fetch(url)
        except TimeoutError:
            raise FeedError(FeedTrouble.TIMEOUT, SLOW) from None
        parsed = await self._parsing.parse(
            fetched.body, url=fetched.url, content_type=fetched.content_type
        )
        moved = await self._store.get(feed_id(fetched.url))
        if moved is not None:
            return moved
        title = " ".join(parsed.title.split())[:TITLE_LIMIT]
        return Feed(
            id=feed_id(url),
            url=url,
            title=title or urlsplit(url).hostname or url[:TITLE_LIMIT],
            owner="",
            language=parsed.language,
            topic=None,
            site=parsed.site,
            added_by=by,
            listed=False,
        )

    async def _distinct(self, feed: Feed) -> Feed:
        """Name the host too where another feed has that title: sources are chosen by name."""
        taken = [other for other in await self.named(feed.title) if other.id != feed.id]
        if not taken:
            return feed
        return replace(feed, title=f"{feed.title} ({urlsplit(feed.url).hostname})")

    async def add(self, words: str, by: UserId) -> Added:
        """Do `URL [topic] [language]` of an operator, who vouches for the feed and its name.

        RequestError explains what is wrong with the words, FeedError with the feed.
        """
        address, *rest = words.split() or [""]
        topic: Topic | None = None
        language: Language | None = None
        for word in rest:
            folded = word.lower()
            if folded in set(Topic):
                topic = Topic(folded)
            elif len(folded) == 2 and folded.isascii() and folded.isalpha():
                language = Language(folded)
            else:
                topics = ", ".join(Topic)
                raise RequestError(
                    f"“{word}” is neither a topic ({topics}) nor a two-letter language. "
                    f"For example: {ADD_EXAMPLE}"
                )
        if not address:
            raise RequestError(f"Which feed? For example: {ADD_EXAMPLE}")
        found = await self._at(read_address(address, example=ADD_EXAMPLE), by)
        feed = replace(
            found,
            topic=topic or found.topic,
            language=language or found.language,
            listed=True,
        )
        new = await self._keep(feed, found)
        return Added(feed, None if new else found)

    async def remove(self, words: str) -> Feed:
        """Stop polling the feed of that address, id or title. Raises RequestError."""
        example = "For example: /removefeed https://example.com/feed.xml"
        if not words:
            raise RequestError(f"Which feed? Give its address or its exact title. {example}")
        found = await self.named(words)
        if not found:
            raise RequestError(f"No feed has that address or title; /feeds lists them. {example}")
        if len(found) > 1:
            raise RequestError(
                f"{len(found)} feeds have that title; give the address of one. {example}"
            )
        await self._store.remove(found[0].id)
        return found[0]

    async def titles(self) -> tuple[str, ...]:
        """Names of the listed sources, each once, in order."""
        titles = await self._listed_titles()
        return tuple(titles[key] for key in sorted(titles))

    async def all(self) -> list[Feed]:
        """Every feed that is polled."""
        return await self._store.all()

    async def named(self, words: str) -> tuple[Feed, ...]:
        """Feeds of that id, address or title; the title's case is ignored."""
        folded = " ".join(words.split()).lower()
        feeds = await self._store.all()
        exact = tuple(feed for feed in feeds if words in (feed.id, feed.url))
        return exact or tuple(feed for feed in feeds if feed.title.lower() == folded)

    async def _listed_titles(self) -> dict[str, str]:
        """Folded title → title; what a stranger added is nobody else's to find."""
        feeds = await self._store.all()
        return {feed.title.lower(): feed.title for feed in feeds if feed.listed}

    async def source(self, name: str) -> str:
        """Return the title of the source meant by a name; "" when none is.

        The exact title wins; else a name with which exactly one source's title begins.
        """
        folded = " ".join(name.split()).lower()
        titles = await self._listed_titles()
        if folded in titles:
            return titles[folded]
        starting = [title for key, title in titles.items() if key.startswith(folded)]
        return starting[0] if len(starting) == 1 and len(folded) >= 3 else ""

    async def similar_names(self, name: str) -> tuple[str, ...]:
        """Up to three topics or titles that a mistyped name may have meant."""
        titles = {str(topic): topic.capitalize() for topic in Topic}
        titles |= await self._listed_titles()
        near = get_close_matches(name.lower(), titles, n=3, cutoff=0.6)
        holding = [key for key in titles if len(name) >= 3 and name.lower() in key]
        return tuple(titles[key] for key in dict.fromkeys([*near, *sorted(holding)]))[:3]

    async def languages(self) -> tuple[Language, ...]:
        """Languages in which there is news, the ones with most feeds first."""
        feeds = [feed for feed in await self._store.all() if feed.listed]
        counted = Counter(feed.language for feed in feeds if feed.language)
        return tuple(language for language, _ in counted.most_common())

    async def health(self) -> tuple[FeedHealth, ...]:
        """Every feed with its state: the ill ones first, then by title."""
        feeds, states = await asyncio.gather(self._store.all(), self._store.states())
        known = [FeedHealth(feed, states.get(feed.id)) for feed in feeds]
        return tuple(
            sorted(known, key=lambda item: (not item.ill, item.feed.title.lower(), item.feed.url))
        )
