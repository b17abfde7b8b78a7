"""From an update to its answer: which handler, for whom, and what is said when it fails.

Thin by design: python-telegram-bot's Application is not used, because updates are stored, claimed
per chat and repeated after a crash by this product's own queue. Everybody's text is hostile.
"""

import logging
from dataclasses import replace

import telegram

from bot.errors import BacklogError, FeedError, RequestError
from bot.models.chats import Chat, ChatKind
from bot.models.identifiers import NO_THREAD, Address, MessageId
from bot.services.access import Actor
from bot.services.services import Services
from bot.views.callbacks import Press, parse
from bot.views.chats import error_view
from handlers.buttons import STALE, pressed
from handlers.inline import answer_inline
from handlers.invocations import Invocation, first_address, read_invocation
from handlers.membership import membership_changed
from handlers.requests import Answer, Request
from handlers.sightings import actor_of, person, replied_story, sighting, thread_of
from handlers.table import BY_NAME, Command, Who

log = logging.getLogger(__name__)

HINT = "I understand commands, such as /latest, and feeds' addresses. /help lists everything."
FAILED = "Something went wrong on my side. It is noted; please try again in a minute."
NOTICE_LIMIT = 200
"""Characters of a callback answer (Bot API, answerCallbackQuery)."""
EXPLAINED = (RequestError, FeedError, BacklogError)
"""Errors whose sentence is for the person who asked."""


async def handle(update: telegram.Update, services: Services) -> None:
    """Do whatever an update asks for. Never raises for what a person did; may without Redis."""
    message = update.message or update.channel_post
    if message is not None:
        await _message(message, services)
    elif update.callback_query is not None:
        await _press(update.callback_query, services)
    elif update.inline_query is not None:
        await answer_inline(update.inline_query, services)
    elif update.my_chat_member is not None:
        await membership_changed(update.my_chat_member, services)


async def _message(message: telegram.Message, services: Services) -> None:
    if message.migrate_to_chat_id is not None:
        await services.chats.moved(Address(message.chat.id), Address(message.migrate_to_chat_id))
    elif message.migrate_from_chat_id is not None:
        await services.chats.moved(Address(message.migrate_from_chat_id), Address(message.chat.id))
    elif message.forum_topic_reopened is not None:
        await services.chats.topic_reopened(Address(message.chat.id), thread_of(message))
    elif message.text and not message.is_automatic_forward:
        # A channel's post that Telegram copies into its discussion group was said elsewhere.
        await _text(message, message.text, services)


async def _text(message: telegram.Message, text: str, services: Services) -> None:
    """Do a command, or a sentence in a private chat; in groups other talk is not for the bot."""
    private = message.chat.type == telegram.Chat.PRIVATE
    invocation = _meant(text, private=private)
    if invocation is not None and not invocation.is_for(services.bot_username):
        return
    command = BY_NAME.get(invocation.name) if invocation is not None else None
    if command is None and not private:
        return
    chat = await services.chats.seen(sighting(message.chat, message.from_user))
    await services.chats.heard_in(chat, thread_of(message))
    try:
        if command is None or invocation is None:
            raise RequestError(_unknown(invocation))
        request = await _request(message, chat, command, invocation, services)
        views = await command.handler(request, services)
    except EXPLAINED as error:
        views = (error_view(str(error)),)
    except Exception:
        log.exception("a command failed: %s", invocation.name if invocation else "talk")
        views = (error_view(FAILED),)
    reply_to = None if private else MessageId(message.message_id)
    for view in views:
        await services.replies.send(chat, thread_of(message), view, reply_to=reply_to)
        reply_to = None


def _meant(text: str, *, private: bool) -> Invocation | None:
    """Read a command; in a private chat an address alone is a wish to subscribe to it."""
    invocation = read_invocation(text)
    address = first_address(text) if invocation is None and private else ""
    return Invocation("subscribe", "", "", address) if address else invocation


def _unknown(invocation: Invocation | None) -> str:
    if invocation is None:
        return HINT
    return f"I know no command /{invocation.name}. /help lists those there are."


async def _request(
    message: telegram.Message,
    chat: Chat,
    command: Command,
    invocation: Invocation,
    services: Services,
) -> Request:
    """Resolve the channel that is meant and check who asks. Raises RequestError."""
    actor = actor_of(message)
    if command.who is Who.OPERATORS:
        services.access.require_operator(actor)
    thread = thread_of(message)
    subject, subject_thread = chat, thread
    if invocation.channel:
        subject = await _channel(chat, actor, invocation, services)
        subject_thread = NO_THREAD
    elif command.who is Who.ADMINS:
        await services.access.require_change(chat, actor)
    return Request(
        actor=actor,
        chat=chat,
        thread=thread,
        subject=subject,
        subject_thread=subject_thread,
        arguments=invocation.arguments,
        replied_story=replied_story(message, services.bot_username),
    )


async def _channel(chat: Chat, actor: Actor, invocation: Invocation, services: Services) -> Chat:
    """Find a channel that the person runs and the bot may post in. Raises RequestError."""
    if chat.kind is not ChatKind.PRIVATE:
        raise RequestError(
            "A channel is managed from a private chat with me. "
            f"There, send: /{invocation.name} {invocation.channel} {invocation.arguments}".rstrip()
        )
    found = await services.access.channel(invocation.channel, actor)
    return await services.chats.seen(replace(found, language=chat.settings.language))


async def _press(query: telegram.CallbackQuery, services: Services) -> None:
    """Do a press. Every query is answered, else the button keeps spinning."""
    try:
        answer = await _answer(query, services)
    except EXPLAINED as error:
        answer = Answer(text=str(error), alert=True)
    except Exception:
        log.exception("a press failed: %s", query.data)
        answer = Answer(text=FAILED, alert=True)
    text = answer.text if len(answer.text) <= NOTICE_LIMIT else f"{answer.text[:199]}…"
    await services.replies.answer(query.id, text, alert=answer.alert)


async def _answer(query: telegram.CallbackQuery, services: Services) -> Answer:
    press = parse(query.data or "")
    message = query.message
    if press is None or message is None:
        raise RequestError(STALE)
    chat = await services.chats.seen(sighting(message.chat, query.from_user))
    message_id = MessageId(message.message_id)
    request = await _press_request(press, query, chat, services)
    answer = await pressed(press, request, services)
    if answer.edit is not None:
        await services.replies.edit(chat, message_id, answer.edit, admitted=not request.private)
    if answer.send is not None:
        await services.replies.send(chat, request.thread, answer.send, reply_to=message_id)
    return answer


async def _press_request(
    press: Press, query: telegram.CallbackQuery, chat: Chat, services: Services
) -> Request:
    thread = thread_of(query.message)
    subject, subject_thread = chat, thread
    if press.target is not None:
        found = await services.chats.get(press.target)
        if found is None:
            raise RequestError("I do not know that channel any more.")
        subject, subject_thread = found, NO_THREAD
    elif chat.kind is not ChatKind.PRIVATE and not isinstance(query.message, telegram.Message):
        # Without the message its forum topic is unknown.
        raise RequestError(STALE)
    return Request(
        actor=person(query.from_user),
        chat=chat,
        thread=thread,
        subject=subject,
        subject_thread=subject_thread,
        message=MessageId(query.message.message_id) if query.message else None,
    )
