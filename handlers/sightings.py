"""Telegram's objects read into the product's values: chats, people, topics, replied-to stories."""

from collections.abc import Iterator

import telegram

from bot.models.chats import ChatKind
from bot.models.identifiers import NO_THREAD, Address, Language, StoryId, ThreadId, UserId
from bot.services.access import Actor
from bot.services.chats import Sighting
from bot.views.callbacks import parse, parse_start


def sighting(chat: telegram.Chat, user: telegram.User | None = None) -> Sighting:
    """Read a chat, and the language of the person by whom it came to the bot's notice."""
    return Sighting(
        address=Address(chat.id),
        kind=ChatKind(chat.type),
        title=chat.title or chat.effective_name or "",
        username=chat.username or "",
        language=language(user.language_code if user is not None else None),
    )


def language(tag: str | None) -> Language:
    """Return the two-letter code of an IETF language tag (Bot API, User.language_code); "" else."""
    code = (tag or "").split("-")[0].lower()
    return Language(code if len(code) == 2 and code.isascii() and code.isalpha() else "")


def actor_of(message: telegram.Message) -> Actor:
    """Tell who speaks: a person, or the chat itself (an anonymous admin, a channel's post)."""
    if message.sender_chat is not None:
        # Somebody may also speak as a channel of his own; that is nobody here.
        return Actor(user=None, as_chat=message.sender_chat.id == message.chat.id)
    user = message.from_user
    return person(user) if user is not None else Actor(user=None)


def person(user: telegram.User) -> Actor:
    """Read a person."""
    return Actor(user=UserId(user.id))


def thread_of(message: telegram.MaybeInaccessibleMessage | None) -> ThreadId:
    """Return the forum topic of a message.

    Replies outside of forums carry a thread id too; only `is_topic_message` tells a topic.
    """
    if isinstance(message, telegram.Message) and message.is_topic_message:
        return ThreadId(message.message_thread_id or NO_THREAD)
    return NO_THREAD


def replied_story(message: telegram.Message, bot_username: str) -> StoryId | None:
    """Return the story of the bot's own message that this one replies to, by its buttons."""
    replied = message.reply_to_message
    if replied is None or replied.reply_markup is None:
        return None
    for button in _buttons(replied.reply_markup):
        press = parse(str(button.callback_data)) if button.callback_data else None
        payload = (button.url or "").partition(f"t.me/{bot_username}?start=")[2]
        press = press or (parse_start(payload) if payload else None)
        if press is not None and press.verb in ("read", "sources", "related"):
            return press.story
    return None


def _buttons(markup: telegram.InlineKeyboardMarkup) -> Iterator[telegram.InlineKeyboardButton]:
    for row in markup.inline_keyboard:
        yield from row
