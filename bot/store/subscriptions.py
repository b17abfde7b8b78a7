"""What each chat asked for, and the index from a rule to its targets; one transaction each."""

from collections.abc import Iterable

from bot.errors import RequestError
from bot.models.identifiers import ChatId
from bot.models.subscriptions import Subscription
from bot.store import keys
from bot.store.client import Database
from bot.store.documents import dump, load

CAP = 200


class SubscriptionStore:
    """Subscriptions of chats and forum topics."""

    def __init__(self, database: Database, *, cap: int = CAP) -> None:
        """`cap`: subscriptions in one chat."""
        self._database = database
        self._cap = cap

    async def add(self, subscription: Subscription) -> bool:
        """Keep a subscription; one of the same key and another mode is replaced.

        False when it stands already: it then keeps matching from when it was made. Raises
        RequestError when the chat has too many.
        """
        chat = subscription.chat
        plain = subscription.rule.removeprefix("breaking:")
        other = plain if subscription.breaking_only else f"breaking:{plain}"
        shard = keys.chat_shard(chat)
        outcome = await self._database.script("subscription_add")(
            [
                keys.subscriptions(chat),
                keys.wants(shard, subscription.rule),
                keys.wants(shard, other),
            ],
            [
                subscription.key,
                dump(subscription),
                f"{chat}:{subscription.thread}",
                chat,
                self._cap,
            ],
        )
        if outcome < 0:
            raise RequestError(
                f"This chat follows {self._cap} things already. Drop one with /unsubscribe first."
            )
        return bool(outcome)

    async def remove(self, chat: ChatId, key: str) -> bool:
        """Drop a subscription by its key; False when there is none."""
        thread, _, named = key.partition(":")
        kind, _, value = named.partition(":")
        rule = f"{kind}:{value}" if value else kind
        shard = keys.chat_shard(chat)
        outcome = await self._database.script("subscription_remove")(
            [
                keys.subscriptions(chat),
                keys.wants(shard, rule),
                keys.wants(shard, f"breaking:{rule}"),
            ],
            [key, f"{chat}:{thread}"],
        )
        return bool(outcome)

    async def targets(self, rule: str) -> int:
        """How many chats and topics follow a rule ("feed:<id>"), the breaking-only ones too."""
        batch = self._database.batch()
        for shard in range(keys.CHAT_SHARDS):
            for each in (rule, f"breaking:{rule}"):
                batch.command("ZCARD", keys.wants(shard, each))
        return sum(await batch.run())

    async def remove_all(self, chat: ChatId) -> int:
        """Drop every subscription of a chat; answers how many there were."""
        removed = 0
        for subscription in await self.of(chat):
            removed += await self.remove(chat, subscription.key)
        return removed

    async def of(self, chat: ChatId) -> tuple[Subscription, ...]:
        """A chat's subscriptions, oldest first."""
        documents = await self._database.command("HVALS", keys.subscriptions(chat))
        return in_order(load(Subscription, document) for document in documents)


def in_order(subscriptions: Iterable[Subscription]) -> tuple[Subscription, ...]:
    """Oldest first."""
    return tuple(sorted(subscriptions, key=lambda each: (each.since, each.key)))
