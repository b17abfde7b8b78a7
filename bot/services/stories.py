"""Stories as people ask for them: the latest, found by words, breaking, one of them; /flash.

Placing entries in stories is the desk's; rendering is bot.views'.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bot.errors import RequestError
from bot.models.chats import Chat
from bot.models.entries import Entry
from bot.models.identifiers import Language, StoryId, Topic, UserId
from bot.models.stories import Report, Story
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.news.links import canonical_link
from bot.news.visibility import visible_to
from bot.search.index import SearchIndex
from bot.services.feeds import FeedService
from bot.services.wanted import bare_address
from bot.store.desk import OrderKind, OrderStore
from bot.store.searches import SearchStore
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from bot.views.pages import PAGE_SIZE, Page
from bot.views.reading import RELATED_LIMIT

DEEPEST_PAGE = 50
"""Further back /search is the better way; a page of several languages reads all before it."""
BREAKING_KEPT = 120
"""Stories that /breaking looks back over: a month or so."""
WORDS_LIMIT = 200
_STORY = re.compile(r"[0-9a-z]{1,16}")
QUIET_WORDS = 12
"""Words of a headline that a search for related stories uses."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What /latest shows: everything, a topic or a source."""

    code: str = ""
    """At most 18 characters, for buttons: "", "t:<topic>", "s:<print of the source's title>",
    "f:<feed>"."""
    label: str = ""
    index: str = "all"


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search, and what stands for its words in buttons."""

    page: Page
    words: str
    token: str


class StoryService:
    """Verbs over stories."""

    def __init__(
        self,
        store: StoryStore,
        orders: OrderStore,
        index: SearchIndex,
        searches: SearchStore,
        feeds: FeedService,
        subscriptions: SubscriptionStore,
    ) -> None:
        self._store = store
        self._orders = orders
        self._index = index
        self._searches = searches
        self._feeds = feeds
        self._subscriptions = subscriptions

    async def story(self, story: StoryId) -> Story:
        """Return a story under any id it ever had. Raises RequestError when it is not kept."""
        found = await self._store.get(story)
        if found is None:
            raise RequestError("That story is no longer kept. /latest shows what is new.")
        return found

    async def opened(self, chat: Chat, story: StoryId) -> Story:
        """Return a story as this chat may see it; whole when it only knows the id (a link)."""
        found = await self.story(story)
        return visible_to(found, await self._subscriptions.of(chat.id)) or found

    async def own_shelves(self, chat: Chat) -> tuple[str, ...]:
        """Name the indices and search shelves of feeds and sources that a chat chose by name."""
        return tuple(
            f"{each.kind}:{each.value}"
            for each in await self._subscriptions.of(chat.id)
            if each.kind in (SubscriptionKind.FEED, SubscriptionKind.SOURCE)
        )

    async def entry(self, report: Report) -> Entry | None:
        """Return the entry behind a report, with its text; None when it is not kept."""
        return await self._store.entry(report.entry)

    async def shelf(self, chat: Chat, words: str) -> Shelf:
        """Understand what follows /latest: a topic, a source, a feed that the chat follows.

        Raises RequestError for what is none of them.
        """
        folded = " ".join(words.split()).lower()
        if not folded:
            return Shelf()
        if folded in set(Topic):
            return Shelf(f"t:{folded}", folded.capitalize(), f"topic:{folded}")
        title = await self._feeds.source(folded)
        if title:
            return _source_shelf(title)
        own = [each for each in await self._own_feeds(chat) if each.label.lower() == folded]
        if own:
            return _feed_shelf(own[0])
        near = await self._feeds.similar_names(folded)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise RequestError(
            f"I know no such topic or source.{hint} Topics are {', '.join(Topic)}. "
            "For example: /latest technology"
        )

    async def _own_feeds(self, chat: Chat) -> list[Subscription]:
        standing = await self._subscriptions.of(chat.id)
        return [each for each in standing if each.kind is SubscriptionKind.FEED]

    async def shelf_of(self, chat: Chat, code: str) -> Shelf:
        """Return the shelf that a button names. Raises RequestError when it is gone."""
        kind, _, value = code.partition(":")
        if not code:
            return Shelf()
        if kind == "t" and value in set(Topic):
            return await self.shelf(chat, value)
        for each in await self._own_feeds(chat) if kind == "f" else ():
            if each.value == value:
                return _feed_shelf(each)
        for title in await self._feeds.titles():
            if _source_shelf(title).code == code:
                return _source_shelf(title)
        raise RequestError("That source is no longer here. /latest shows everything.")

    async def latest(self, chat: Chat, shelf: Shelf, number: int) -> Page:
        """Return a page of the newest stories of a shelf.

        Everything and topics are in the chat's languages, or in one that nobody stated;
        everything also holds the feeds and sources that the chat chose by name. A source asked
        for by name shows all.
        """
        codes = chat.settings.news_languages
        if shelf.index == "all":
            everyone = _by_language("language", codes) if codes else ("all",)
            return await self._page(chat, (*everyone, *await self.own_shelves(chat)), number)
        if shelf.code.startswith(("s:", "f:")) or not codes:
            return await self._page(chat, shelf.index, number)
        return await self._page(chat, _by_language(shelf.index, codes), number)

    async def breaking(self, chat: Chat, number: int) -> Page:
        """Return a page of the stories that are or were breaking, in the chat's languages."""
        ids, _ = await self._store.latest("breaking", 0, BREAKING_KEPT)
        codes = (*chat.settings.news_languages, "")
        readable = [
            (story, report)
            for story, report in await self._told(chat, ids)
            if not chat.settings.news_languages or report.language in codes
        ]
        pages = Page((), total=len(readable)).pages
        number = min(number, pages - 1)
        shown = readable[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
        return Page(tuple(shown), number, len(readable))

    async def headlines(self, chat: Chat, count: int) -> tuple[tuple[Story, Report], ...]:
        """Return the newest stories in the chat's languages, for a newcomer."""
        codes = chat.settings.news_languages
        stated = [f"language:{code}" for code in codes] or "all"
        page = await self._page(chat, stated, 0)
        if not page.items:
            page = await self.latest(chat, Shelf(), 0)
        return page.items[:count]

    async def _page(self, chat: Chat, index: str | Sequence[str], number: int) -> Page:
        number = min(number, DEEPEST_PAGE)
        ids, total = await self._store.latest(index, number * PAGE_SIZE, PAGE_SIZE)
        shown = min(total, (DEEPEST_PAGE + 1) * PAGE_SIZE)
        return Page(await self._told(chat, ids), number, shown)

    async def search(self, chat: Chat, words: str, number: int = 0) -> Found:
        """Find stories by words, best first. Raises RequestError without words."""
        sought = " ".join(words.split())[:WORDS_LIMIT]
        if not sought:
            raise RequestError("What shall I search for? For example: /search election")
        ids, total = await self._find(chat, sought, number)
        token = await self._searches.remember(sought)
        return Found(Page(await self._told(chat, ids), number, total), sought, token)

    async def search_again(self, chat: Chat, token: str, number: int) -> Found:
        """Turn the page of an earlier search. Raises RequestError when it is forgotten."""
        words = await self._searches.words(token)
        if words is None:
            raise RequestError("That search is too old to turn its pages. Send it again.")
        return await self.search(chat, words, min(number, DEEPEST_PAGE))

    async def _find(
        self, chat: Chat, words: str, number: int, *, loose: bool = False
    ) -> tuple[Sequence[StoryId], int]:
        return await asyncio.to_thread(
            self._index.search,
            words,
            shelves=await self.own_shelves(chat),
            limit=PAGE_SIZE,
            offset=number * PAGE_SIZE,
            loose=loose,
        )

    async def related(self, chat: Chat, story: Story) -> tuple[tuple[Story, Report], ...]:
        """Return other stories that share a headline's words."""
        words = " ".join(story.lead_report.title.split()[:QUIET_WORDS])
        ids, _ = await self._find(chat, words, 0, loose=True)
        others = [each for each in ids if each not in story.ids]
        return (await self._told(chat, others))[:RELATED_LIMIT]

    async def flash(self, named: str, by: UserId) -> Story:
        """Order the desk to make a story breaking. Raises RequestError when none is meant."""
        story = await self._named(named)
        if story.breaking is not None:
            raise RequestError("That story is breaking already.")
        await self._orders.order(OrderKind.FLASH, story.id, by)
        return story

    async def _named(self, named: str) -> Story:
        """Find a story by its id or by the address of one of its reports."""
        address = named if "://" in named else bare_address(named)
        if not address and not _STORY.fullmatch(named):
            raise RequestError(
                "A story is named by its link, or by a reply to it. "
                "For example: /flash https://example.com/article"
            )
        if not address:
            return await self.story(StoryId(named))
        wanted = canonical_link(address)
        ids, _ = await self._store.latest("all", 0, 2_000)
        for story in (await self._store.get_many(ids)).values():
            if any(canonical_link(report.link) == wanted for report in story.reports):
                return story
        raise RequestError("None of the latest 2,000 stories has that link.")

    async def _told(self, chat: Chat, ids: Iterable[StoryId]) -> tuple[tuple[Story, Report], ...]:
        """Pair stories with the reports that this chat reads; merged stories stand once."""
        stories = await self._store.get_many(ids)
        unique = {story.id: story for story in stories.values()}
        subscriptions = await self._subscriptions.of(chat.id)
        visible = (visible_to(story, subscriptions) for story in unique.values())
        return tuple((story, report_for(story, chat)) for story in visible if story is not None)


def report_for(story: Story, chat: Chat) -> Report:
    """Choose the report of a story that a chat reads: the lead if it can, else in its languages."""
    lead = story.lead_report
    languages: tuple[Language, ...] = chat.settings.news_languages
    if lead.language in languages:
        return lead
    return next((each for each in story.reports if each.language in languages), lead)


def _by_language(prefix: str, codes: Iterable[Language]) -> tuple[str, ...]:
    """Name the indices of languages, and of what nobody stated the language of."""
    return tuple(f"{prefix}:{code}" for code in (*codes, ""))


def _feed_shelf(subscription: Subscription) -> Shelf:
    return Shelf(f"f:{subscription.value}", subscription.label, f"feed:{subscription.value}")


def _source_shelf(title: str) -> Shelf:
    print_of_title = blake2b(title.lower().encode(), digest_size=8).hexdigest()
    return Shelf(f"s:{print_of_title}", title, f"source:{title.lower()}")
