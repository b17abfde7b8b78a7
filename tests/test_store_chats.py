"""Chats, their addresses through upgrades, their subscriptions and the rule index."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import RequestError
from bot.models.chats import Chat, ChatKind
from bot.models.identifiers import Address, ChatId, ThreadId
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.store import keys
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.subscriptions import SubscriptionStore
from tests.store_values import NOON, a_chat, a_subscription

GROUP, SUPERGROUP = ChatId(-42), Address(-1001234567890)


@pytest.fixture
def chats(database: Database) -> ChatStore:
    return ChatStore(database)


@pytest.fixture
def subscriptions(database: Database) -> SubscriptionStore:
    return SubscriptionStore(database)


async def targets(database: Database, rule: str, chat: int = 42) -> dict[str, float]:
    name = keys.wants(keys.chat_shard(ChatId(chat)), rule)
    answer = await database.command("ZRANGE", name, 0, -1, "WITHSCORES")
    return {answer[at].decode(): float(answer[at + 1]) for at in range(0, len(answer), 2)}


async def test_a_chat_is_kept(chats: ChatStore) -> None:
    assert await chats.get(ChatId(42)) is None
    assert await chats.by_address(Address(42)) is None
    await chats.save(a_chat())
    assert await chats.get(ChatId(42)) == a_chat()
    assert await chats.by_address(Address(42)) == a_chat()


async def test_every_chat_is_found(chats: ChatStore) -> None:
    for number in range(1, 200):
        await chats.save(a_chat(number))
    assert {chat.id async for chat in chats.all()} == set(range(1, 200))
    assert await chats.count() == 199


async def test_a_chat_is_paused_with_a_reason_and_resumed(chats: ChatStore) -> None:
    assert await chats.pause(ChatId(42), "Gone.") is None
    await chats.save(a_chat())
    paused = await chats.pause(ChatId(42), "The bot was blocked.")
    assert paused is not None
    assert paused.paused_since is not None
    assert paused == await chats.get(ChatId(42))
    assert replace(paused, paused_since=None) == a_chat(paused="The bot was blocked.")
    again = await chats.pause(ChatId(42), "The account is gone.")
    assert again == replace(paused, paused="The account is gone.")
    assert await chats.resume(ChatId(42)) == a_chat() == await chats.get(ChatId(42))


async def test_changes_at_the_same_time_are_all_kept(chats: ChatStore) -> None:
    await chats.save(a_chat(title=""))

    def longer(chat: Chat) -> Chat:
        return replace(chat, title=chat.title + "x")

    await asyncio.gather(*(chats.change(ChatId(42), longer) for _ in range(8)))
    changed = await chats.get(ChatId(42))
    assert changed is not None
    assert changed.title == "xxxxxxxx"


async def test_an_upgraded_group_is_the_same_chat_at_a_new_address(chats: ChatStore) -> None:
    await chats.save(a_chat(GROUP))
    for _ in range(2):
        moved = await chats.move(GROUP, SUPERGROUP)
        assert moved == a_chat(GROUP, address=SUPERGROUP, kind=ChatKind.SUPERGROUP)
    assert await chats.resolve(SUPERGROUP) == GROUP
    assert await chats.by_address(SUPERGROUP) == moved
    assert await chats.resolve(Address(GROUP)) == GROUP
    assert await chats.by_address(Address(GROUP)) == moved


async def test_an_interrupted_upgrade_completes_itself(
    database: Database, chats: ChatStore
) -> None:
    await chats.save(a_chat(GROUP))
    shard = keys.chat_shard(ChatId(SUPERGROUP))
    await database.script("chat_alias")(
        [keys.chats(shard), keys.chat_aliases(shard)], [SUPERGROUP, GROUP]
    )
    found = await chats.by_address(SUPERGROUP)
    assert found == a_chat(GROUP, address=SUPERGROUP, kind=ChatKind.SUPERGROUP)
    assert await chats.get(GROUP) == found


async def test_a_record_made_before_the_upgrade_was_known_goes(chats: ChatStore) -> None:
    await chats.save(a_chat(GROUP))
    await chats.save(a_chat(SUPERGROUP))
    await chats.move(GROUP, SUPERGROUP)
    assert [chat.id async for chat in chats.all()] == [GROUP]


async def test_moving_an_unknown_chat_only_remembers_the_address(chats: ChatStore) -> None:
    assert await chats.move(GROUP, SUPERGROUP) is None
    assert await chats.resolve(SUPERGROUP) == GROUP
    assert await chats.by_address(SUPERGROUP) is None


async def test_moving_to_where_it_is_changes_nothing(chats: ChatStore) -> None:
    await chats.save(a_chat(GROUP))
    assert await chats.move(GROUP, Address(GROUP)) == a_chat(GROUP)
    assert await chats.resolve(Address(GROUP)) == GROUP


async def test_a_subscription_is_found_by_its_chat_and_its_rule(
    database: Database, subscriptions: SubscriptionStore
) -> None:
    assert await subscriptions.add(a_subscription())
    assert await subscriptions.of(ChatId(42)) == (a_subscription(),)
    assert await targets(database, "topic:world") == {"42:0": 42.0}


async def test_a_subscription_made_again_matches_from_when_it_was_made(
    subscriptions: SubscriptionStore,
) -> None:
    await subscriptions.add(a_subscription())
    assert not await subscriptions.add(a_subscription(since=NOON + timedelta(hours=1)))
    assert await subscriptions.of(ChatId(42)) == (a_subscription(),)


async def test_another_mode_replaces(database: Database, subscriptions: SubscriptionStore) -> None:
    await subscriptions.add(a_subscription())
    only_breaking = a_subscription(breaking_only=True, since=NOON + timedelta(hours=1))
    assert await subscriptions.add(only_breaking)
    assert await subscriptions.of(ChatId(42)) == (only_breaking,)
    assert await targets(database, "topic:world") == {}
    assert await targets(database, "breaking:topic:world") == {"42:0": 42.0}


async def test_topics_of_a_forum_subscribe_apart(
    database: Database, subscriptions: SubscriptionStore
) -> None:
    await subscriptions.add(a_subscription())
    await subscriptions.add(a_subscription(thread=ThreadId(5), breaking_only=True))
    assert await targets(database, "topic:world") == {"42:0": 42.0}
    assert await targets(database, "breaking:topic:world") == {"42:5": 42.0}
    assert await subscriptions.remove(ChatId(42), "5:topic:world")
    assert await targets(database, "topic:world") == {"42:0": 42.0}
    assert await targets(database, "breaking:topic:world") == {}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SubscriptionKind.ALL, ""),
        (SubscriptionKind.SOURCE, "example: the {daily} news"),
        (SubscriptionKind.FEED, "0123456789abcdef"),
    ],
)
@pytest.mark.parametrize("breaking_only", [True, False])
async def test_a_subscription_leaves_nothing(
    database: Database,
    subscriptions: SubscriptionStore,
    kind: SubscriptionKind,
    value: str,
    breaking_only: bool,
) -> None:
    subscription = a_subscription(kind=kind, value=value, breaking_only=breaking_only)
    await subscriptions.add(subscription)
    assert await targets(database, subscription.rule) == {"42:0": 42.0}
    await database.command("CONFIG SET", "maxmemory", "1")
    assert await subscriptions.remove(ChatId(42), subscription.key)
    assert not await subscriptions.remove(ChatId(42), subscription.key)
    assert await database.command("KEYS", "*") == []


async def test_a_chat_has_a_limit(database: Database) -> None:
    subscriptions = SubscriptionStore(database, cap=2)
    for value in ("world", "sport"):
        await subscriptions.add(a_subscription(value=value))
    with pytest.raises(RequestError, match="follows 2 things"):
        await subscriptions.add(a_subscription(value="culture"))
    assert await subscriptions.add(a_subscription(value="sport", breaking_only=True))
    assert await subscriptions.remove_all(ChatId(42)) == 2
    assert await subscriptions.of(ChatId(42)) == ()
    assert await database.command("KEYS", "*") == []


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["add", "remove"]),
            st.sampled_from([41, 42]),
            st.sampled_from([0, 5]),
            st.sampled_from(["", "world", "sport"]),
            st.booleans(),
        ),
        max_size=20,
    )
)
async def test_the_rule_index_always_says_what_the_chats_say(
    database: Database, steps: list[tuple[str, int, int, str, bool]]
) -> None:
    await database.command("FLUSHALL")
    subscriptions = SubscriptionStore(database)
    expected: dict[tuple[int, str], Subscription] = {}
    for step, chat, thread, value, breaking_only in steps:
        subscription = a_subscription(
            chat,
            thread=ThreadId(thread),
            kind=SubscriptionKind.TOPIC if value else SubscriptionKind.ALL,
            value=value,
            breaking_only=breaking_only,
        )
        place = (chat, subscription.key)
        if step == "add":
            assert await subscriptions.add(subscription) == (expected.get(place) != subscription)
            expected[place] = subscription
        else:
            removed = await subscriptions.remove(subscription.chat, subscription.key)
            assert removed == (expected.pop(place, None) is not None)
    for chat in (41, 42):
        of_chat = {each for (owner, _), each in expected.items() if owner == chat}
        assert set(await subscriptions.of(ChatId(chat))) == of_chat
        for topic in ("all", "topic:world", "topic:sport"):
            for rule in (topic, f"breaking:{topic}"):
                wanted = {f"{chat}:{each.thread}" for each in of_chat if each.rule == rule}
                found = await targets(database, rule, chat)
                assert {name for name in found if name.startswith(f"{chat}:")} == wanted
