"""The one table of what a Bot API server's refusals mean, and what to do about each.

No requests here. Texts are matched case-insensitively, because python-telegram-bot capitalises
them; the order of classes matters, because BadRequest and TimedOut are NetworkErrors.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.errors import NewsflashError
from bot.messenger.transport import DroppedError, NotTelegramError, NotWrittenError
from bot.models.identifiers import Address, MessageId


class Action(StrEnum):
    """What a caller does next."""

    ACCEPTED = "accepted"
    WAIT = "wait"
    """429: after retry_after; the chat's pause."""
    PAUSE = "pause"
    """The chat cannot be written to until something changes there."""
    MOVE = "move"
    """The group became a supergroup: the same again at moved_to."""
    SAME = "same"
    """An edit that changes nothing: done."""
    GONE = "gone"
    """The message, query or reply's target is no longer there: done."""
    PLAIN = "plain"
    """Formatting, preview or a button was refused: once more as plain text."""
    RETRY = "retry"
    """Certainly without effect, or harmless to repeat: again later."""
    UNCERTAIN = "uncertain"
    """May have taken effect: again later, and counted."""
    CLOSED = "closed"
    """The forum topic is closed or deleted."""
    BURY = "bury"
    """Refused for good: kept where operators see it."""
    STOP = "stop"
    """The token is not valid: nothing can be sent at all."""


class Operation(StrEnum):
    """Which kind of request was refused."""

    SEND = "send"
    EDIT = "edit"
    DELETE = "delete"
    ANSWER = "answer"
    """Of a callback or inline query."""
    ASK = "ask"
    """Changes nothing, or nothing that repeating would double."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request."""

    action: Action
    message_id: MessageId | None = None
    """Of the message sent or edited, when accepted."""
    retry_after: timedelta | None = None
    moved_to: Address | None = None
    sentence: str = ""
    """Why not, for a person."""

    @property
    def accepted(self) -> bool:
        """It took effect."""
        return self.action is Action.ACCEPTED


class RefusedError(NewsflashError):
    """A question to Telegram that got no answer; str() says why, outcome says what to do."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.sentence)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table."""

    pattern: str
    action: Action
    sentence: str
    operations: frozenset[Operation] = frozenset(Operation)


_EDITS = frozenset({Operation.EDIT, Operation.DELETE})
TEXT_MOST = 500
"""Characters of a server's own words."""
DEFAULT_WAIT = timedelta(seconds=1)
"""When a server floods without saying for how long."""

FORBIDDEN: tuple[Rule, ...] = (
    Rule("blocked by the user", Action.PAUSE, "The person blocked the bot."),
    Rule("user is deactivated", Action.PAUSE, "The person's account is deleted."),
    Rule("initiate conversation", Action.PAUSE, "The person has not started the bot."),
    Rule("kicked", Action.PAUSE, "The bot was removed from the chat."),
    Rule("not a member", Action.PAUSE, "The bot is not in the chat."),
    Rule("was deleted", Action.PAUSE, "The group was deleted."),
    Rule("", Action.PAUSE, "Telegram forbids writing to this chat."),
)
"""403. All of them last until somebody changes something in the chat."""

BAD_REQUEST: tuple[Rule, ...] = (
    Rule("message is not modified", Action.SAME, "The message already reads so."),
    Rule("query is too old|query_id_invalid", Action.GONE, "The press is too old to be answered."),
    Rule(
        r"message to be replied not found|replied message not found",
        Action.GONE,
        "The message to reply to is gone.",
    ),
    Rule(
        r"message to \w+ not found|message can't be (edited|deleted)|message_id_invalid"
        r"|message identifier is not specified|message_author_required",
        Action.GONE,
        "The message is no longer there or can no longer be changed.",
        _EDITS,
    ),
    Rule(
        r"message thread not found|topic_(closed|deleted|id_invalid)|topic (is )?closed",
        Action.CLOSED,
        "The topic is closed or deleted.",
    ),
    Rule("too many requests", Action.WAIT, "Telegram asked to slow down."),
    Rule(
        r"can't parse (entities|message text)|entity_|entities_too_long|unsupported parse_mode"
        r"|wrong http url|webpage_|can't parse inline keyboard|inline keyboard button"
        r"|button_(url|data|type)\w*_invalid|reply markup is too long|can't parse link preview"
        r"|can't parse [\w ]*json object|at least one chat type must be allowed"
        r"|failed to get http url content|wrong type of the web page content"
        r"|wrong (remote )?file identifier|image_process_failed|photo_invalid",
        Action.PLAIN,
        "Telegram did not take the formatting, the preview, the picture or a button.",
    ),
    Rule(
        r"chat not found|peer_id_invalid|chat_id is empty|channel_(private|invalid)|user not found",
        Action.PAUSE,
        "The chat is not found.",
    ),
    Rule(
        r"need administrator rights|not enough rights|have no (write access|rights)|no rights to"
        r"|chat_(write_forbidden|admin_required|restricted|send_\w+_forbidden)|user_banned_in"
        r"|right_forbidden",
        Action.PAUSE,
        "The bot may not write in this chat.",
    ),
    Rule(
        r"user_is_blocked|input_user_deactivated|bot is not a member|bot was kicked",
        Action.PAUSE,
        "The bot cannot write to this chat.",
    ),
    Rule(r"group chat was (deactivated|deleted)", Action.PAUSE, "The group was deleted."),
    Rule("upgraded to a supergroup", Action.PAUSE, "The group became a supergroup elsewhere."),
    Rule(r"(message|caption|text) is too long", Action.BURY, "The message is too long."),
    Rule(r"text is empty|must be non-empty", Action.BURY, "The message is empty."),
)
"""400. What stands in no row is refused for good."""


def classify(error: TelegramError, operation: Operation) -> Outcome:
    """What a refused or failed request means.

    Repeating an edit, a deletion or a question does no harm, so that only a send is uncertain.
    """
    # python-telegram-bot appends an answer that it could not read, such as a proxy's whole page.
    text = _readable(error.message.partition(". Parsing the server response ")[0])
    match error:
        case RetryAfter():
            wait = error.retry_after
            after = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
            return Outcome(Action.WAIT, retry_after=after, sentence=_flood(after))
        case ChatMigrated():
            moved = Address(error.new_chat_id)
            return Outcome(Action.MOVE, moved_to=moved, sentence="The group became a supergroup.")
        case InvalidToken() | EndPointNotFound():
            return _not_found(error)
        case Conflict():
            return Outcome(Action.RETRY, sentence=_conflict(text))
        case Forbidden():
            return _look_up(FORBIDDEN, text, operation)
        case BadRequest():
            return _look_up(BAD_REQUEST, text, operation)
        case TimedOut() | DroppedError() | NotTelegramError(status=HTTPStatus.GATEWAY_TIMEOUT):
            return Outcome(_again(operation), sentence=text)
        case NotWrittenError() | NotTelegramError():
            return Outcome(Action.RETRY, sentence=text)
        case NetworkError():
            return _network(text, operation)
    # An answer that could not be read: the request itself was carried out.
    return Outcome(_again(operation), sentence=text)


def _readable(text: str) -> str:
    """What can be kept and shown: no halves of surrogate pairs, and of no more than a few lines."""
    return text.encode("utf-8", "replace").decode()[:TEXT_MOST]


def _look_up(table: tuple[Rule, ...], text: str, operation: Operation) -> Outcome:
    for rule in table:
        if operation in rule.operations and re.search(rule.pattern, text, re.IGNORECASE):
            after = DEFAULT_WAIT if rule.action is Action.WAIT else None
            return Outcome(
                rule.action, retry_after=after, sentence=f"{rule.sentence} (Telegram: {text})"
            )
    return Outcome(Action.BURY, sentence=f"Telegram refused it. (Telegram: {text})")


def _not_found(error: TelegramError) -> Outcome:
    """401 and 404: python-telegram-bot hides which behind one class, the cause keeps the text."""
    cause = error.__cause__
    text = _readable(cause.message if isinstance(cause, TelegramError) else error.message)
    if "method not found" in text.casefold():
        return Outcome(Action.BURY, sentence=f"This Bot API server is too old. ({text})")
    return Outcome(
        Action.STOP, sentence=f"The token is not valid: check BOT_TOKEN. (Telegram: {text})"
    )


def _network(text: str, operation: Operation) -> Outcome:
    lowered = text.casefold()
    if "too many requests" in lowered:
        return Outcome(Action.WAIT, retry_after=DEFAULT_WAIT, sentence=_flood(DEFAULT_WAIT))
    if "too large" in lowered:
        return Outcome(Action.BURY, sentence=f"The message is too large. (Telegram: {text})")
    if "gateway time" in lowered:
        return Outcome(_again(operation), sentence=text)
    return Outcome(Action.RETRY, sentence=f"The Bot API server failed: {text}")


def _conflict(text: str) -> str:
    if "webhook" in text.casefold():
        return "A webhook is set, so that polling gets nothing; it is removed at start."
    return f"Another process polls with the same token; only one may. (Telegram: {text})"


def _flood(after: timedelta) -> str:
    return f"Telegram asked to wait {after.total_seconds():.0f} s."


def _again(operation: Operation) -> Action:
    return Action.UNCERTAIN if operation is Operation.SEND else Action.RETRY
