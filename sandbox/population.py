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
    forum = world.add_chat(
        "supergroup",
        "Newsdesk Forum",
        ALEX,
        is_forum=True,
        bot=world.administrator("supergroup"),
    )
    forum.members[MAX] = Member("member")
    for name in ("World", "Technology"):
        opened = world.post(
            forum,
            ALEX,
            {
                "from": world.user(ALEX),
                "forum_topic_created": {"name": name, "icon_color": 7322096},
                "is_topic_message": True,
            },
        )
        opened.payload["message_thread_id"] = opened.id
        forum.topics[opened.id] = Topic(opened.id, name)
    world.add_chat("group", "Old friends", ALEX, bot=Member("member"))
    daily = world.add_chat(
        "channel",
        "Daily Wire",
        ALEX,
        username="daily_wire",
        bot=Member(
            "administrator",
            {
                "can_manage_chat": True,
                "can_post_messages": True,
                "can_edit_messages": True,
                "can_delete_messages": True,
            },
        ),
    )
    daily.members[MAX] = Member("member")
    return world
