"""Who may do what where: operators, a chat's admins, channels managed from a private chat.

Observation: the Bot API has no list of chats where somebody is an admin, so each change asks
getChatMember. Rule: changes in groups, topics and channels are its admins' only; a message sent in
the name of the group itself is an anonymous admin's (Bot API, Message.sender_chat); what cannot
be found out counts as no. Exception: an admin who was just dismissed keeps up to 20 seconds.
Rejected: keeping lists of admins, which go stale because chat_member updates need admin rights.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import ForbiddenError, RequestError
from bot.messenger.refusals import RefusedError
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat, ChatKind
from bot.models.identifiers import Address, Language, UserId
from bot.services.chats import Sighting
from bot.store.clock import Clock

YES_LASTS = timedelta(seconds=20)
NO_LASTS = timedelta(seconds=2)
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who speaks or presses."""

    user: UserId | None
    """None: an anonymous admin, or the channel itself."""
    as_chat: bool = False
    """Spoke in the name of the chat that it was said in."""


class AccessService:
    """Answers "may they?", failing closed."""

    def __init__(
        self,
        messenger: Messenger,
        clock: Clock,
        *,
        operators: frozenset[UserId],
        private: bool,
    ) -> None:
        self._messenger = messenger
        self._clock = clock
        self._operators = operators
        self._private = private
        self._remembered: OrderedDict[tuple[Address, UserId], tuple[bool, datetime]] = OrderedDict()

    def is_operator(self, actor: Actor) -> bool:
        """Tell whether this is one of the people who run the bot."""
        return actor.user is not None and actor.user in self._operators

    def may_subscribe(self, actor: Actor) -> bool:
        """Tell whether this person may make subscriptions at all."""
        return not self._private or self.is_operator(actor)

    def require_operator(self, actor: Actor) -> None:
        """Raise ForbiddenError for anybody but an operator."""
        if not self.is_operator(actor):
            raise ForbiddenError("Only the people who run this bot can do that.")

    def require_subscriber(self, actor: Actor) -> None:
        """Raise ForbiddenError where only operators may subscribe."""
        if not self.may_subscribe(actor):
            raise ForbiddenError(
                "This bot is private: only the people who run it can subscribe. "
                "/latest and /search work for everyone."
            )

    async def may_change(self, chat: Chat, actor: Actor) -> bool:
        """Tell whether the actor may change what the chat gets."""
        if chat.kind is ChatKind.PRIVATE:
            return actor.user is not None and int(actor.user) == int(chat.address)
        if actor.as_chat:
            return True
        return actor.user is not None and await self._is_admin(chat.address, actor.user)

    async def require_change(self, chat: Chat, actor: Actor) -> None:
        """Raise ForbiddenError for who may not change what the chat gets."""
        if not await self.may_change(chat, actor):
            place = "channel" if chat.kind is ChatKind.CHANNEL else "group"
            raise ForbiddenError(
                f"Only this {place}'s admins can change what it gets. "
                "To get news yourself, open a private chat with me."
            )

    async def may_read(self, channel: Chat, actor: Actor) -> bool:
        """Tell whether a person may read a channel: its members, and anyone where it is public.

        Whether it still is public is asked: a channel that was made private tells nobody.
        """
        if actor.user is None:
            return False
        if await self._belongs(channel.address, actor.user):
            return True
        if not channel.username:
            return False
        try:
            return bool((await self._messenger.chat(channel.address)).username)
        except RefusedError:
            return False

    async def _belongs(self, address: Address, user: UserId) -> bool:
        try:
            return await self._messenger.belongs(address, user)
        except RefusedError:
            # Telegram does not know strangers: PARTICIPANT_ID_INVALID.
            return False

    async def channel(self, named: str, actor: Actor) -> Sighting:
        """Find the channel of an "@name" or id that the actor runs and the bot may post in.

        Raises RequestError; a stranger is not told whether the bot is there.
        """
        reference = named if named.startswith("@") else Address(int(named))
        try:
            facts = await self._messenger.chat(reference)
        except RefusedError:
            raise RequestError(
                f"I cannot see {named}. Add me to the channel as an admin who may post, "
                "and check its name."
            ) from None
        if facts.kind is not ChatKind.CHANNEL:
            raise RequestError(f"{named} is not a channel. Groups are managed in the group itself.")
        if actor.user is None or not await self._is_admin(facts.address, actor.user):
            raise ForbiddenError(f"Only the admins of {named} can do that.")
        if not await self._may_post(facts.address):
            raise RequestError(
                f"I may not post in {named}. Make me an admin there with the right to post."
            )
        return Sighting(
            facts.address, facts.kind, facts.title, facts.username, language=Language("")
        )

    async def _may_post(self, channel: Address) -> bool:
        try:
            return await self._messenger.can_post(channel, ChatKind.CHANNEL)
        except RefusedError:
            return False

    async def _is_admin(self, address: Address, user: UserId) -> bool:
        now = self._clock.now()
        remembered = self._remembered.get((address, user))
        if remembered is not None and remembered[1] > now:
            return remembered[0]
        try:
            admin = (await self._messenger.member(address, user)).is_admin
        except RefusedError:
            return False
        self._remembered[(address, user)] = (admin, now + (YES_LASTS if admin else NO_LASTS))
        self._remembered.move_to_end((address, user))
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return admin
