"""The sandbox's world: people, chats and one bot, and the few changes everything is made of.

A change here stores, tells the chat clients, and queues the bot's update. Who may do what, and in
which words it is refused, is decided by the callers (methods_* for the bot, actions for people).
Everything is in memory and belongs to one event loop.
"""

import itertools
import time
from collections import OrderedDict
from collections.abc import Callable

from sandbox.chats import GENERAL_TOPIC, Chat, Message, Topic
from sandbox.events import Events
from sandbox.files import Files
from sandbox.hearing import hears
from sandbox.people import BotAccount, Member, Person, all_rights, describe_member
from sandbox.previews import Previews
from sandbox.profile import Profile
from sandbox.queries import Queries
from sandbox.updates import Updates
from sandbox.values import JsonObject

DEFAULT_TOKEN = "1000000001:SANDBOX"
INLINE_MESSAGES_KEPT = 10_000


class World:
    """Everybody and everything in the sandbox; `clock` gives epoch seconds."""

    def __init__(self, token: str = DEFAULT_TOKEN, clock: Callable[[], float] = time.time) -> None:
        identifier = int(token.split(":", 1)[0])
        self.bot = BotAccount(identifier, "NewsflashSandboxBot", "Newsflash", token)
        self.clock = clock
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.usernames: dict[str, int] = {}
        self.profile = Profile()
        self.updates = Updates()
        self.events = Events()
        self.previews = Previews()
        self.files = Files()
        self.queries = Queries(clock)
        self.inline_messages: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._shared_ids = itertools.count(1)
        self._group_ids = itertools.count(4_000_001)
        self._supergroup_ids = itertools.count(1_000_000_001)

    def add_person(
        self,
        person_id: int,
        first_name: str,
        username: str | None = None,
        language_code: str | None = "en",
        started: bool = False,
    ) -> Person:
        """A new person; `started` opens the private chat with the bot."""
        person = Person(person_id, first_name, username, language_code)
        self.people[person_id] = person
        if started:
            self.open_private_chat(person)
        return person

    def add_chat(
        self,
        kind: str,
        title: str,
        creator_id: int,
        *,
        username: str | None = None,
        is_forum: bool = False,
        bot: Member | None = None,
    ) -> Chat:
        """A new group, supergroup or channel; the bot joins with the given standing, if any."""
        if kind == "group":
            chat_id = -next(self._group_ids)
        else:
            chat_id = -1_000_000_000_000 - next(self._supergroup_ids)
        chat = Chat(chat_id, kind, title, username, is_forum)
        chat.members[creator_id] = Member("creator")
        if bot is not None:
            chat.members[self.bot.id] = bot
        if is_forum:
            chat.topics[GENERAL_TOPIC] = Topic(GENERAL_TOPIC, "General")
            chat.last_message_id = GENERAL_TOPIC
        self._register(chat)
        return chat

    def open_private_chat(self, person: Person) -> Chat:
        """The person's private chat with the bot, opened when there is none."""
        person.started = True
        chat = self.chats.get(person.id)
        if chat is None:
            chat = Chat(person.id, "private", person.first_name, person.username)
            chat.members[person.id] = Member("member")
            chat.members[self.bot.id] = Member("member")
            self._register(chat)
        return chat

    def _register(self, chat: Chat) -> None:
        self.chats[chat.id] = chat
        if chat.username and chat.kind in ("supergroup", "channel"):
            self.usernames[chat.username.lower()] = chat.id

    def administrator(self, kind: str, **changes: bool) -> Member:
        """An administrator with every right of the chat's kind, but for the changes."""
        return Member("administrator", all_rights(kind) | changes)

    def user(self, account_id: int) -> JsonObject:
        """The User object of a person or of the bot."""
        if account_id == self.bot.id:
            return self.bot.user()
        person = self.people.get(account_id)
        if person is None:
            return {"id": account_id, "is_bot": False, "first_name": ""}
        return person.user()

    def next_message_id(self, chat: Chat) -> int:
        """The next id: one series for private chats and basic groups, one per other chat."""
        if chat.kind in ("private", "group"):
            return next(self._shared_ids)
        chat.last_message_id += 1
        return chat.last_message_id

    def post(self, chat: Chat, sender_id: int, content: JsonObject, **extra: object) -> Message:
        """Store a message and tell the chat clients; `content` completes the Message object.

        `extra` are the fields of sandbox.chats.Message that only the sandbox knows.
        """
        now = self.clock()
        message_id = self.next_message_id(chat)
        payload = {"message_id": message_id, "chat": chat.brief, "date": int(now)} | content
        message = Message(message_id, chat.id, sender_id, now, payload)
        for name, value in extra.items():
            setattr(message, name, value)
        chat.keep(message)
        if sender_id != self.bot.id:
            chat.read[sender_id] = chat.arrived
        self.events.message("message", chat, message)
        return message

    def replace(self, chat: Chat, message: Message, payload: JsonObject) -> None:
        """Give a message new content and tell the chat clients."""
        message.payload = payload
        self.events.message("edited", chat, message)

    def remove(self, chat: Chat, message_id: int) -> None:
        """Delete a message and tell the chat clients."""
        if chat.messages.pop(message_id, None) is not None:
            if message_id in chat.pinned:
                chat.pinned.remove(message_id)
            self.events.deleted(chat, message_id)

    def announce(self, chat: Chat, message: Message, edited: bool = False) -> None:
        """Queue a person's message for the bot, if the bot is allowed to hear it."""
        if not hears(self.bot, chat, message):
            return
        kind = "channel_post" if chat.kind == "channel" else "message"
        kind = f"edited_{kind}" if edited else kind
        self.updates.put(kind, message.payload, f"chat:{chat.id}")

    def remember_inline(self, inline_message_id: str, chat_id: int, message_id: int) -> None:
        """Keep where a message sent through inline mode stands, so that the bot can edit it."""
        self.inline_messages[inline_message_id] = (chat_id, message_id)
        if len(self.inline_messages) > INLINE_MESSAGES_KEPT:
            self.inline_messages.popitem(last=False)

    def change_member(self, chat: Chat, actor_id: int, account_id: int, member: Member) -> None:
        """Change somebody's standing and queue my_chat_member or chat_member for the bot."""
        before = chat.member(account_id)
        chat.members[account_id] = member
        user = self.user(account_id)
        change = {
            "chat": chat.brief,
            "from": self.user(actor_id),
            "date": int(self.clock()),
            "old_chat_member": describe_member(user, before, chat.kind),
            "new_chat_member": describe_member(user, member, chat.kind),
        }
        if account_id == self.bot.id:
            self.updates.put("my_chat_member", change, f"chat:{chat.id}")
        elif chat.member(self.bot.id).administers:
            self.updates.put("chat_member", change, f"chat:{chat.id}")

    def set_blocked(self, person: Person, blocked: bool) -> None:
        """Block or unblock the bot in a person's private chat."""
        person.blocked_bot = blocked
        member = Member("kicked" if blocked else "member")
        self.change_member(self.chats[person.id], person.id, self.bot.id, member)
