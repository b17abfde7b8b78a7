"""The world that a newcomer finds: three people, one bot, and a chat of every kind."""

import time
from collections.abc import Callable

from sandbox.chats import Topic
from sandbox.people import Member
from sandbox.world import World

ALEX, OLENA, MAX = 1001, 1002, 1003


def default_world(clock: Callable[[], float] = time.time) -> World:
    """Alex with a private chat, a supergroup, a forum, a basic group and a channel."""
    world = World(clock=clock)
    world.add_person(ALEX, "Alex Newcomer", "alex_newcomer", "en", started=True)
    world.add_person(OLENA, "Olena Admin", "olena_admin", "uk")
    world.add_person(MAX, "Max Member", "max_member", "de")
    newsroom = world.add_chat("supergroup", "Newsroom", ALEX, bot=world.administrator("supergroup"))
    newsroom.members[OLENA] = world.administrator("supergroup")
    newsroom.members[MAX] = Member("member")
    _add_forum(world)
    world.add_chat("group", "Old friends", ALEX, bot=Member("member"))
    _add_channel(world)
    return world


def _add_forum(world: World) -> None:
    forum = world.add_chat(
        "supergroup",
        "Newsdesk Forum",
        ALEX,
        is_forum=True,
        bot=world.administrator("supergroup"),
    )
    forum.members[MAX] = Member("member")
    for name in ("World", "Technology"):
        content = {
            "from": world.user(ALEX),
            "forum_topic_created": {"name": name, "icon_color": 7322096},
            "is_topic_message": True,
            "message_thread_id": forum.last_message_id + 1,
        }
        opened = world.post(forum, ALEX, content)
        forum.topics[opened.id] = Topic(opened.id, name)


def _add_channel(world: World) -> None:
    rights = {
        "can_manage_chat": True,
        "can_post_messages": True,
        "can_edit_messages": True,
        "can_delete_messages": True,
    }
    bot = Member("administrator", rights)
    daily = world.add_chat("channel", "Daily Wire", ALEX, username="daily_wire", bot=bot)
    daily.members[MAX] = Member("member")
