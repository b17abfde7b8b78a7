"""The messenger: what the product asks of Telegram, each as one request and one outcome.

No pace (the queue keeps it), no retries (the queue decides), no rendering. Sends, edits and
updates stay raw dictionaries: decoding a Message costs more than its request. The method names in
lower case are deliberate: python-telegram-bot warns at each call of one that it knows.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, TypeVar

from telegram import Bot, BotCommand, ChatFullInfo, Update
from telegram.error import Conflict, TelegramError

from bot.messenger.commands import CommandScope, telegram_scope
from bot.messenger.inline import InlineResult, telegram_article
from bot.messenger.members import ChatFacts, MemberRole, belongs, may_post
from bot.messenger.refusals import Action, Operation, Outcome, RefusedError, classify
from bot.messenger.requests import Json, edit_body, keyboard, send_body
from bot.models.chats import ChatKind
from bot.models.identifiers import Address, Language, MessageId, ThreadId, UserId
from bot.models.messages import Button, View
from bot.views.html import clean, cut

ALLOWED_UPDATES = (
    "message",
    "channel_post",
    "callback_query",
    "inline_query",
    "chosen_inline_result",
    "my_chat_member",
)
POLL = timedelta(seconds=50)
"""The longest that a Bot API server waits (telegram-bot-api, Client.cpp)."""
POLL_GRACE = 10.0
"""Seconds beyond the poll before the connection counts as dead."""
ANSWER_UNITS = 200
"""Bot API, answerCallbackQuery."""
EVERYWHERE = CommandScope()
ANY_LANGUAGE = Language("")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """Bot API, WebhookInfo."""

    url: str
    """"" while updates wait for polling."""
    pending: int
    """Updates not delivered yet."""
    last_error: str
    """Why the last delivery that failed did; "" for none since it was set."""


class ConflictError(RefusedError):
    """Telegram gives the updates to another program, or to a webhook."""


class Messenger:
    """One bot at one Bot API server. An async context manager: the bot is known inside."""

    def __init__(self, bot: Bot, *, paid_broadcast: bool = False) -> None:
        """`paid_broadcast`: messages above the free rate may be charged. Answers too: pushes use
        up what is free.
        """
        self._bot = bot
        self._paid_broadcast = paid_broadcast

    async def __aenter__(self) -> Self:
        """Open connections and learn who the bot is; RefusedError when Telegram says no."""
        try:
            await self._bot.initialize()
        except TelegramError as error:
            await self._bot.shutdown()
            # The error itself spells the token out (python-telegram-bot, Bot.initialize).
            raise RefusedError(classify(error, Operation.ASK)) from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._bot.shutdown()

    @property
    def username(self) -> str:
        """The bot's, without "@"."""
        return self._bot.username

    @property
    def id(self) -> UserId:
        """The bot's."""
        return UserId(self._bot.id)

    async def send(
        self,
        address: Address,
        thread: ThreadId,
        view: View,
        *,
        silent: bool,
        reply_to: MessageId | None = None,
        plain: bool = False,
    ) -> Outcome:
        """Send a view; `plain` as text that no formatting, preview or link button can spoil."""
        body = send_body(
            address,
            thread,
            view,
            silent=silent,
            reply_to=reply_to,
            plain=plain,
            paid=self._paid_broadcast,
        )
        return await self._write("sendmessage", body, Operation.SEND)

    async def edit(
        self, address: Address, message_id: MessageId, view: View, *, plain: bool = False
    ) -> Outcome:
        """Make a message read like a view; SAME when it already does."""
        body = edit_body(address, message_id, view, plain=plain)
        return await self._write("editmessagetext", body, Operation.EDIT)

    async def edit_buttons(
        self, address: Address, message_id: MessageId, buttons: Sequence[Sequence[Button]]
    ) -> Outcome:
        """Change a message's buttons alone."""
        body: Json = {"chat_id": address, "message_id": message_id}
        body["reply_markup"] = keyboard(buttons)
        return await self._write("editmessagereplymarkup", body, Operation.EDIT)

    async def delete(self, address: Address, message_id: MessageId) -> Outcome:
        """Delete a message; GONE when it is not there or too old."""
        return await self._do(
            self._bot.delete_message(chat_id=address, message_id=message_id), Operation.DELETE
        )

    async def answer_callback(
        self, query_id: str, text: str = "", *, alert: bool = False, url: str = ""
    ) -> Outcome:
        """Answer a press, which ends the button's waiting; the text is cut at 200 characters."""
        answer = self._bot.answer_callback_query(
            query_id,
            text=cut(clean(text), ANSWER_UNITS) or None,
            show_alert=alert or None,
            url=url or None,
        )
        return await self._do(answer, Operation.ANSWER)

    async def answer_inline(
        self,
        query_id: str,
        results: Sequence[InlineResult],
        *,
        next_offset: str = "",
        keep: timedelta = timedelta(seconds=30),
        personal: bool = True,
    ) -> Outcome:
        """Answer an inline query with at most 50 results; `keep`: how long Telegram may."""
        articles = [telegram_article(result) for result in results[:50]]
        answer = self._bot.answer_inline_query(
            query_id,
            articles,
            cache_time=int(keep.total_seconds()),
            is_personal=personal,
            next_offset=next_offset,
        )
        return await self._do(answer, Operation.ANSWER)

    async def set_commands(
        self,
        commands: Sequence[tuple[str, str]],
        *,
        scope: CommandScope = EVERYWHERE,
        language: Language = ANY_LANGUAGE,
    ) -> Outcome:
        """Show (command, description) pairs to an audience; no language: to all others."""
        return await self._do(
            self._bot.set_my_commands(
                [BotCommand(name, description) for name, description in commands],
                scope=telegram_scope(scope),
                language_code=language or None,
            ),
            Operation.ASK,
        )

    async def member(self, address: Address, user: UserId) -> MemberRole:
        """Who somebody is in a chat; RefusedError when Telegram does not tell."""
        found = await self._ask(self._bot.get_chat_member(address, user))
        return MemberRole(found.status)

    async def belongs(self, address: Address, user: UserId) -> bool:
        """Whether somebody is in a chat; RefusedError when Telegram does not tell."""
        return belongs(await self._ask(self._bot.get_chat_member(address, user)))

    async def can_post(self, address: Address, kind: ChatKind) -> bool:
        """Whether the bot itself may write there; RefusedError when Telegram does not tell."""
        if kind is ChatKind.PRIVATE:
            return True
        return may_post(await self._ask(self._bot.get_chat_member(address, self.id)), kind)

    async def chat(self, reference: Address | str) -> ChatFacts:
        """What a chat is, by its id or "@username"; RefusedError when there is none."""
        return _facts(await self._ask(self._bot.get_chat(reference)))

    async def get_updates(
        self,
        offset: int | None,
        *,
        timeout: timedelta = POLL,
        limit: int = 100,
        allowed: Sequence[str] = ALLOWED_UPDATES,
    ) -> tuple[dict[str, Any], ...]:
        """Wait for updates, as Telegram wrote them; asking from `offset` confirms all before it.

        ConflictError when another program asks with the same token, or a webhook is set;
        RefusedError otherwise carries what to do.
        """
        seconds = int(timeout.total_seconds())
        body: Json = {"timeout": seconds, "limit": limit, "allowed_updates": list(allowed)}
        if offset is not None:
            body["offset"] = offset
        found = await self._ask(
            self._bot.do_api_request("getupdates", body, read_timeout=seconds + POLL_GRACE)
        )
        return tuple(update for update in found if isinstance(update, dict))

    def decode(self, update: Mapping[str, Any]) -> Update:
        """An update as python-telegram-bot's object."""
        return Update.de_json(dict(update), self._bot)

    async def set_webhook(
        self, url: str, secret: str, *, allowed: Sequence[str] = ALLOWED_UPDATES
    ) -> Outcome:
        """Have updates sent to an address."""
        return await self._do(
            self._bot.set_webhook(url, allowed_updates=list(allowed), secret_token=secret or None),
            Operation.ASK,
        )

    async def webhook(self) -> WebhookFacts:
        """What Telegram knows of the webhook; RefusedError when it does not tell."""
        found = await self._ask(self._bot.get_webhook_info())
        return WebhookFacts(found.url, found.pending_update_count, found.last_error_message or "")

    async def delete_webhook(self) -> Outcome:
        """Have updates wait for polling; pending ones stay."""
        return await self._do(self._bot.delete_webhook(), Operation.ASK)

    async def _write(self, method: str, body: Json, operation: Operation) -> Outcome:
        try:
            result = await self._bot.do_api_request(method, body)
        except TelegramError as error:
            return classify(error, operation)
        message_id = result.get("message_id") if isinstance(result, dict) else None
        return Outcome(
            Action.ACCEPTED, MessageId(message_id) if isinstance(message_id, int) else None
        )

    async def _do(self, request: Awaitable[object], operation: Operation) -> Outcome:
        try:
            await request
        except TelegramError as error:
            return classify(error, operation)
        return Outcome(Action.ACCEPTED)

    async def _ask(self, request: Awaitable[Value]) -> Value:
        try:
            return await request
        except Conflict as error:
            raise ConflictError(classify(error, Operation.ASK)) from error
        except TelegramError as error:
            raise RefusedError(classify(error, Operation.ASK)) from error


def _facts(chat: ChatFullInfo) -> ChatFacts:
    title = chat.title or chat.full_name or ""
    return ChatFacts(
        Address(chat.id), ChatKind(chat.type), title, chat.username or "", bool(chat.is_forum)
    )
