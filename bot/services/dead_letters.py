"""Operators' work with dead letters: looking, replaying, forgetting.

Replaying raises a letter's story in its chat's pending items again, as fan-out does: what is
pending or was sent meanwhile is recognised by its version and does not go out twice. A letter
goes only after its story was raised, and only if it was not buried anew meanwhile.
"""

from enum import StrEnum

from bot.errors import RequestError
from bot.models.deliveries import DeadLetter, DeliveryClass, EventKind, FanOutEvent, Target
from bot.models.identifiers import ChatId, StoryId, ThreadId
from bot.models.stories import Story
from bot.store.chats import ChatStore
from bot.store.clock import Clock, from_milliseconds
from bot.store.dead_letters import DeadLetterStore
from bot.store.deliveries import DeliveryQueue
from bot.store.fanout import Chunk, FanOutStreams
from bot.store.key_registry import chat_shard
from bot.store.standing import Standing
from bot.store.stories import StoryStore
from bot.views.deliveries import LETTERS_SIZE, LetterPage, ShownLetter, headline_text

AT_ONCE = 2_000
"""Letters that one press works on: a few seconds."""
GONE = "This letter is gone: replayed or forgotten already."
_KINDS = {
    DeliveryClass.BREAKING: EventKind.BREAKING,
    DeliveryClass.CORRECTION: EventKind.CORRECTED,
    DeliveryClass.EDIT: EventKind.CHANGED,
}


class Deed(StrEnum):
    """What is done to all letters, as buttons name it."""

    REPLAY = "replay"
    FORGET = "forget"


class DeadLetterService:
    """Verbs over dead letters. Raises RequestError with a sentence, StoreError without Redis."""

    def __init__(
        self,
        letters: DeadLetterStore,
        standing: Standing,
        chats: ChatStore,
        stories: StoryStore,
        queue: DeliveryQueue,
        streams: FanOutStreams,
        clock: Clock,
    ) -> None:
        self._letters = letters
        self._standing = standing
        self._chats = chats
        self._stories = stories
        self._queue = queue
        self._streams = streams
        self._clock = clock

    async def figures(self) -> tuple[int, int]:
        """Letters kept, and messages of the last week that may have come twice."""
        return (await self._letters.counts()).kept, await self._standing.doubts()

    async def page(self, number: int) -> LetterPage:
        """A page of letters, newest first."""
        counts = await self._letters.counts()
        letters = await self._letters.newest(number * LETTERS_SIZE, LETTERS_SIZE)
        stories = await self._stories.get_many(sorted({letter.story for letter in letters}))
        items = [
            ShownLetter(letter, await self._chats.get(letter.chat), stories.get(letter.story))
            for letter in letters
        ]
        doubts = await self._standing.doubts()
        return LetterPage(tuple(items), number, counts.kept, counts.dropped, doubts)

    async def show(self, chat: ChatId, thread: ThreadId, story: StoryId) -> ShownLetter:
        """One letter."""
        letter = await self._letters.get(chat, thread, story)
        if letter is None:
            raise RequestError(GONE)
        return await self._shown(letter)

    async def replay(self, chat: ChatId, thread: ThreadId, story: StoryId) -> str:
        """Raise the letter's story again; a sentence on what follows."""
        shown = await self.show(chat, thread, story)
        obstacle = self._obstacle(shown)
        if obstacle or shown.story is None:
            raise RequestError(obstacle)
        raised = await self._raise(shown.letter, shown.story)
        await self._letters.remove(shown.letter)
        if raised:
            return f"Goes out again: {headline_text(shown)}"
        return "It was on its way already, or came there meanwhile."

    async def forget(self, chat: ChatId, thread: ThreadId, story: StoryId) -> str:
        """Drop a letter."""
        letter = await self._letters.get(chat, thread, story)
        if letter is None or not await self._letters.remove(letter):
            raise RequestError(GONE)
        return "Forgotten."

    async def count_all(self) -> tuple[int, int]:
        """How many letters there are now, and the moment, in ms, by which "all" is meant."""
        return (await self._letters.counts()).kept, self._clock.now_milliseconds()

    async def do_all(self, deed: Deed, moment: int) -> str:
        """Replay or forget what had been buried until then; a sentence on what was done."""
        until = from_milliseconds(min(moment, self._clock.now_milliseconds()))
        done = stay = 0
        async for letter in self._letters.until(until):
            if done + stay == AT_ONCE:
                return f"{_done_text(deed, done, stay)} There are more: press again."
            if deed is Deed.REPLAY and not await self._replayed(letter):
                stay += 1
            else:
                await self._letters.remove(letter)
                done += 1
        return _done_text(deed, done, stay)

    async def _replayed(self, letter: DeadLetter) -> bool:
        shown = await self._shown(letter)
        if shown.story is None or self._obstacle(shown):
            return False
        try:
            await self._raise(letter, shown.story)
        except RequestError:
            return False
        return True

    async def _shown(self, letter: DeadLetter) -> ShownLetter:
        stories = await self._stories.get_many([letter.story])
        return ShownLetter(letter, await self._chats.get(letter.chat), stories.get(letter.story))

    def _obstacle(self, shown: ShownLetter) -> str:
        """Why its story cannot be raised (a sentence); "" when it can."""
        if shown.chat is None:
            return "The chat is no longer known: this can only be forgotten."
        if shown.story is None:
            return "The story is no longer kept: this can only be forgotten."
        if shown.chat.paused:
            return f"The chat is paused, the letter stays. {shown.chat.paused}"
        if shown.chat.leaves_alone(shown.letter.thread, self._clock.now()):
            return "The topic is closed or deleted, the letter stays."
        return ""

    async def _raise(self, letter: DeadLetter, story: Story) -> bool:
        """True when something is pending now that was not. Raises RequestError when the chat has
        no room for it.
        """
        event = FanOutEvent(
            kind=_KINDS.get(letter.delivery_class, EventKind.NEW),
            stories=story.ids,
            version=story.version,
            rules=("breaking:all" if letter.delivery_class is DeliveryClass.BREAKING else "all",),
            at=self._clock.now(),
        )
        target = Target(letter.chat, letter.thread)
        if await self._streams.raise_in(Chunk(chat_shard(letter.chat), (target,)), event):
            return True
        places = [(letter.thread, each) for each in story.ids]
        waiting = (await self._queue.read(letter.chat)).items
        known = any((item.thread, item.story) in places for item in waiting)
        if known or await self._queue.sent(letter.chat, places):
            return False
        raise RequestError("Too many stories wait for that chat, the letter stays.")


def _done_text(deed: Deed, done: int, stay: int) -> str:
    verb = "Replayed" if deed is Deed.REPLAY else "Forgotten"
    stays = "1 stays" if stay == 1 else f"{stay} stay"
    reason = "the chat cannot get it now, or the story is no longer kept"
    return f"{verb}: {done}." + (f" {stays}: {reason}." if stay else "")
