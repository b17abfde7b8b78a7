"""Story messages rendered once for the many chats that get the same one. No I/O.

What a view depends on is in the key: the version of the story, the report that leads it, the
chat's zone, kind and wish for pictures; and of the time the minute, because a date stands beside
a time that is not of today.
"""

from collections import OrderedDict
from datetime import datetime

from bot.models.chats import Chat, ChatKind
from bot.models.identifiers import EntryId, StoryId
from bot.models.messages import View
from bot.models.stories import Report, Story
from bot.views.stories import story_view

KEPT_MOST = 1000

Key = tuple[StoryId, int, tuple[EntryId, ...], EntryId, str, bool, bool, datetime]


class Renderings:
    """Of one process."""

    def __init__(self, *, bot_username: str) -> None:
        self._bot_username = bot_username
        self._views: OrderedDict[Key, View] = OrderedDict()

    def story(self, chat: Chat, story: Story, report: Report, *, now: datetime) -> View:
        """The message of a story in a chat, as the report tells it."""
        settings, private = chat.settings, chat.kind is ChatKind.PRIVATE
        key: Key = (
            story.id,
            story.version,
            # A chat that does not see every report sees another story of the same version.
            tuple(each.entry for each in story.reports),
            report.entry,
            settings.timezone,
            private,
            settings.previews,
            now.replace(second=0, microsecond=0),
        )
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = story_view(
                story,
                report,
                now=now,
                timezone=settings.timezone,
                bot_username=self._bot_username,
                private=private,
                previews=settings.previews,
            )
            while len(self._views) > KEPT_MOST:
                self._views.popitem(last=False)
        return view
