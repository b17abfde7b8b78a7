"""The one command that is answered while Redis is away: /status."""

import telegram

from bot.errors import FullError, StoreError
from bot.models.identifiers import Address, MessageId
from bot.services.outages import OutageReplies
from bot.views.outages import outage_view
from handlers.invocations import read_invocation
from handlers.sightings import thread_of

ANSWERED = "status"


async def answer_without_store(
    update: telegram.Update, error: StoreError, replies: OutageReplies, bot_username: str
) -> bool:
    """Whether the update is the command and was answered."""
    message = update.message or update.channel_post
    if message is None or not message.text or message.is_automatic_forward:
        return False
    invocation = read_invocation(message.text)
    if invocation is None or invocation.name != ANSWERED or not invocation.is_for(bot_username):
        return False
    private = message.chat.type == telegram.Chat.PRIVATE
    return await replies.answer(
        Address(message.chat.id),
        thread_of(message),
        outage_view(full=isinstance(error, FullError)),
        reply_to=None if private else MessageId(message.message_id),
    )
