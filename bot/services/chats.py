"""Chats as they come and go, and their settings.

Who may change them is `bot.services.access`'s; what they asked for, `bot.services.subscriptions`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.errors import RequestError
from bot.models.chats import Chat, ChatKind, Settings
from bot.models.identifiers import Address, ChatId, Language, ThreadId
from bot.services.closed_topics import leave_alone, reopened
from bot.services.feeds import FeedService
from bot.services.settings import change_settings
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.views.setting_presses import change as pressed_change

ENGLISH = Language("en")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A chat as an update shows it."""

    address: Address
    kind: ChatKind
    title: str
    username: str
    language: Language
    """Of the person who wrote, pressed or added the bot; "" for nobody in particular. It gives a
    new chat its defaults: a group or channel most likely speaks as who brought the bot there.
    """


NO_TIMEZONE = "UTC"
"""What TIMEZONE is when the operator named none."""
USUAL_TIMEZONES = {
    Language("uk"): "Europe/Kyiv",
    Language("ru"): "Europe/Moscow",
    Language("de"): "Europe/Berlin",
    Language("fr"): "Europe/Paris",
    Language("es"): "Europe/Madrid",
    Language("it"): "Europe/Rome",
    Language("pl"): "Europe/Warsaw",
    Language("nl"): "Europe/Amsterdam",
    Language("cs"): "Europe/Prague",
    Language("tr"): "Europe/Istanbul",
}


class ChatService:
    """Verbs over chats."""

    def __init__(
        self,
        store: ChatStore,
        feeds: FeedService,
        clock: Clock,
        *,
        language: Language,
        timezone: str,
    ) -> None:
        self._store = store
        self._feeds = feeds
        self._clock = clock
        self._language = language
        self._timezone = timezone

    async def seen(self, sighting: Sighting) -> Chat:
        """Return the chat of a sighting, made with the defaults at the first one.

        A new title or name is kept, and a paused chat that speaks again is reachable again.
        """
        known = await self._store.by_address(sighting.address)
        if known is None:
            return await self._welcome(sighting)
        changed = await self._store.change(known.id, lambda chat: _shown(chat, sighting))
        # None: it was paused for long, and purged at this very moment.
        return changed or await self._welcome(sighting)

    async def _welcome(self, sighting: Sighting) -> Chat:
        chat = await self._imagined(sighting)
        await self._store.save(chat)
        return chat

    async def _imagined(self, sighting: Sighting) -> Chat:
        return Chat(
            id=ChatId(sighting.address),
            address=sighting.address,
            kind=sighting.kind,
            title=sighting.title,
            settings=await self._defaults(sighting.language),
            created=self._clock.now(),
            username=sighting.username,
        )

    async def reader(self, sighting: Sighting) -> Chat:
        """Return a person's private chat, or one with the defaults that is not kept."""
        return await self._store.by_address(sighting.address) or await self._imagined(sighting)

    async def _defaults(self, language: Language) -> Settings:
        """News in the person's language where there is any, else in English, else in the bot's."""
        there_is = await self._feeds.languages()
        spoken = language or self._language
        news = next((each for each in (spoken, ENGLISH) if each in there_is), self._language)
        return Settings(
            language=spoken, news_languages=(news,), timezone=self._timezone_for(language)
        )

    def _timezone_for(self, language: Language) -> str:
        """Where most speakers of a language live, unless the operator named a time zone.

        Observation: Telegram tells a person's language, not the place, and quiet hours by UTC
        ring Kyiv awake. Known exception: English, spoken everywhere. /settings corrects it.
        """
        if self._timezone != NO_TIMEZONE:
            return self._timezone
        return USUAL_TIMEZONES.get(language, self._timezone)

    async def get(self, address: Address) -> Chat | None:
        """Return a chat that is known; None for a stranger."""
        return await self._store.by_address(address)

    async def change(self, chat: Chat, words: str) -> Chat:
        """Apply `<setting> <value>`. Raises RequestError with an example."""
        available = await self._feeds.languages()
        return await self._change(
            chat, lambda settings: change_settings(settings, words, available)
        )

    async def press(self, chat: Chat, setting: str, value: str) -> Chat:
        """Do what a button of the settings menu says. Raises RequestError for a stale one."""
        return await self._change(chat, lambda settings: _pressed(settings, setting, value))

    async def _change(self, chat: Chat, change: Callable[[Settings], Settings]) -> Chat:
        """Change the newest settings, whoever else changes them meanwhile."""
        changed = await self._store.change(
            chat.id, lambda newest: replace(newest, settings=change(newest.settings))
        )
        return changed or chat

    async def paused(self, sighting: Sighting, reason: str) -> None:
        """Send nothing there any more; subscriptions stay for the day it comes back."""
        known = await self._store.by_address(sighting.address)
        if known is not None:
            await self._store.pause(known.id, reason)

    async def resumed(self, sighting: Sighting) -> None:
        """The bot may write there (again)."""
        await self.seen(sighting)

    async def moved(self, old: Address, new: Address) -> None:
        """A group became a supergroup: the same chat under another address. Repeatable."""
        known = await self._store.by_address(old)
        if known is not None and known.address != new:
            await self._store.move(known.id, new)

    async def topic_reopened(self, address: Address, thread: ThreadId) -> None:
        """A forum topic was opened again: its news goes on."""
        known = await self._store.by_address(address)
        if known is not None:
            await reopened(self._store, known.id, thread)

    async def heard_in(self, chat: Chat, thread: ThreadId) -> None:
        """Somebody asks something in a topic: one that was left alone is tried again. It may be
        closed still, because admins write there all the same; that is not told a second time.
        """
        now = self._clock.now()
        if chat.leaves_alone(thread, now):
            await leave_alone(self._store, chat.id, thread, now)

    async def languages(self) -> tuple[Language, ...]:
        """Languages in which there is news."""
        return await self._feeds.languages()


def _shown(chat: Chat, sighting: Sighting) -> Chat:
    """Take over what an update shows of a chat; who speaks is reachable."""
    return replace(
        chat,
        kind=sighting.kind,
        title=sighting.title or chat.title,
        username=sighting.username,
        paused="",
        paused_since=None,
    )


def _pressed(settings: Settings, setting: str, value: str) -> Settings:
    changed = pressed_change(settings, setting, value)
    if changed is None:
        raise RequestError("This button is from an older menu. Send /settings for the new one.")
    return changed
