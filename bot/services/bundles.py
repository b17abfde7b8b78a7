"""Bundles: several ordinary stories in one silent message that changes as a whole.

Which stories go together is decided in bot.news.bundles; what stands on a page is
bot.services.bundle_pages.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import StoreError
from bot.messenger.refusals import Action
from bot.models.chats import Chat, ChatKind
from bot.models.deliveries import SentRecord
from bot.models.identifiers import MessageId, StoryId
from bot.models.messages import View
from bot.models.stories import Report, Story
from bot.news.bundles import Place, in_bundle_order, missed_since
from bot.news.deliveries import Decision
from bot.services.bundle_pages import BundlePages, in_pages, list_token, on_shown_page
from bot.services.delivery_results import (
    ENDS_EDIT,
    NEVER_AGAIN,
    Result,
    alerted,
    done,
    sent_record,
    view_print,
)
from bot.services.paced_requests import PacedRequests
from bot.services.refused_deliveries import RefusedDeliveries
from bot.store.clock import Clock
from bot.store.messages import MessageStore, MessageStories
from bot.views.bundles import bundle_page_size

log = logging.getLogger(__name__)

Shown = Sequence[tuple[Story, Report]]


class Bundles:
    """For one process. No request begins after `before`: TooLateError then."""

    def __init__(
        self,
        messages: MessageStore,
        pages: BundlePages,
        requests: PacedRequests,
        refusals: RefusedDeliveries,
        clock: Clock,
    ) -> None:
        self._messages = messages
        self._pages = pages
        self._requests = requests
        self._refusals = refusals
        self._clock = clock

    async def send(
        self,
        chat: Chat,
        decisions: Sequence[Decision],
        stories: Mapping[StoryId, Story],
        before: datetime,
    ) -> Result:
        """Send several ordinary stories of one topic as one silent message."""
        now = self._clock.now()
        sound, broken = self._sound(chat, decisions, stories)
        failed = await self._refusals.broken(chat, [one.item for one in broken])
        if not sound:
            return failed
        ordered = in_bundle_order(sound, stories, now=now)
        listed = MessageStories(
            sound[0].item.thread,
            tuple(story.id for story, _ in ordered),
            since=missed_since(sound),
            address=chat.address,
        )
        view = self._pages.view(chat, ordered[: bundle_page_size(len(ordered))], listed)
        outcome = await self._requests.send(chat, listed.thread, view, silent=True, before=before)
        message_id = outcome.message_id
        if message_id is None:
            items = [one.item for one in sound]
            return await self._refusals.refused(chat, items, outcome, view=view)
        await self._remember(chat, message_id, replace(listed, view_print=view_print(view)))
        records = {
            one.item: sent_record(
                chat.address, message_id, stories[one.item.story], view, now, bundle=True
            )
            for one in sound
        }
        settled = (done(item, stories[item.story], record) for item, record in records.items())
        return Result((*settled, *failed.settlements))

    async def edit(
        self,
        chat: Chat,
        decisions: Sequence[Decision],
        stories: Mapping[StoryId, Story],
        sent: Mapping[Place, SentRecord],
        before: datetime,
    ) -> Result:
        """Show the page that stands there as its stories are now: one edit for all of them."""
        first = sent[_place(decisions[0])]
        message_id = first.message_id
        moved = first.address not in (None, chat.address)
        listed = None if moved else await self._messages.get(chat.id, message_id)
        for _ in range(2):
            view = await self._changed(chat, listed)
            if listed is None or view is None:
                break
            outcome = await self._requests.edit(chat, message_id, view, before=before)
            if outcome.action not in ENDS_EDIT:
                items = [one.item for one in decisions]
                return await self._refusals.refused(chat, items, outcome, view=view)
            shown = listed
            gone = outcome.action is Action.GONE
            listed = await self._edited(chat, message_id, view, gone=gone)
            if gone or listed is None or listed.page == shown.page:
                break
            # A reader turned the page meanwhile: it must not be turned back.
        settled = []
        for one in decisions:
            story, record = stories[one.item.story], sent[_place(one)]
            told = replace(record, version=story.version, alerted=alerted(story, record))
            settled.append(done(one.item, story, told))
        return Result(tuple(settled))

    async def again(self, chat: Chat, sent: SentRecord) -> View | None:
        """The message as its stories are now; None when it shows that already, or when nobody
        knows what else it shows.
        """
        return await self._changed(chat, await self._messages.get(chat.id, sent.message_id))

    async def marked(self, chat: Chat, sent: SentRecord, view: View) -> None:
        """Note what stands there after an edit that is not counted: the same again is no change."""
        await self._note(
            chat, sent.message_id, lambda newest: replace(newest, view_print=view_print(view))
        )

    async def as_listed(
        self, chat: Chat, sent: Mapping[Place, SentRecord], stories: Mapping[StoryId, Story]
    ) -> dict[Place, SentRecord]:
        """Sent records as edits must be decided by: those of a bundle by its message as a whole.

        What stands on another page than the shown one is told as it is now: pages are rendered
        when they are turned to. `stories` by the ids in the places.
        """
        found = dict(sent)
        ids = {record.message_id for record in sent.values() if record.bundle}
        messages = {each: await self._messages.get(chat.id, each) for each in sorted(ids)}
        for place, record in sent.items():
            listed = messages.get(record.message_id) if record.bundle else None
            story = stories.get(place[1])
            if listed is None or story is None or listed.address not in (None, record.address):
                continue
            hidden = on_shown_page(listed, story) is False
            found[place] = replace(
                record,
                version=max(record.version, story.version) if hidden else record.version,
                edits=listed.edits,
                edited_at=listed.edited_at,
            )
        return found

    async def _changed(self, chat: Chat, listed: MessageStories | None) -> View | None:
        if listed is None or listed.address not in (None, chat.address):
            return None
        view = await self._pages.now(chat, listed)
        return None if view_print(view) == listed.view_print else view

    async def _remember(self, chat: Chat, message_id: MessageId, listed: MessageStories) -> None:
        try:
            await self._messages.save(chat.id, message_id, listed)
            if chat.kind is ChatKind.CHANNEL and in_pages(listed):
                await self._messages.publish(chat.id, list_token(chat.id, listed), listed)
        except StoreError as error:
            # It was sent: that must be recorded in any case. It can never be changed then.
            log.warning("a bundle in chat %s will not change: %s", chat.id, error)

    async def _edited(
        self, chat: Chat, message_id: MessageId, view: View, *, gone: bool
    ) -> MessageStories | None:
        def edited(newest: MessageStories) -> MessageStories:
            return replace(
                newest,
                edits=NEVER_AGAIN if gone else newest.edits + 1,
                edited_at=self._clock.now(),
                view_print=view_print(view),
            )

        return await self._note(chat, message_id, edited)

    async def _note(
        self,
        chat: Chat,
        message_id: MessageId,
        change: Callable[[MessageStories], MessageStories],
    ) -> MessageStories | None:
        try:
            return await self._messages.change(chat.id, message_id, change)
        except StoreError as error:
            log.warning("an edit of a bundle in chat %s was not noted: %s", chat.id, error)
            return None

    def _sound(
        self, chat: Chat, decisions: Sequence[Decision], stories: Mapping[StoryId, Story]
    ) -> tuple[list[Decision], list[Decision]]:
        """(those that can be rendered, those that cannot): one must not take the others along."""
        sound: list[Decision] = []
        broken: list[Decision] = []
        for one in decisions:
            try:
                self._rendered(chat, one, stories)
            except Exception:
                log.exception("story %s cannot be listed in chat %s", one.item.story, chat.id)
                broken.append(one)
            else:
                sound.append(one)
        return sound, broken

    def _rendered(
        self, chat: Chat, decision: Decision, stories: Mapping[StoryId, Story]
    ) -> View | None:
        story, report = stories[decision.item.story], decision.report
        listed = MessageStories(decision.item.thread, (story.id,))
        return self._pages.view(chat, [(story, report)], listed) if report else None


def _place(decision: Decision) -> Place:
    return decision.item.thread, decision.item.story
