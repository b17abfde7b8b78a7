"""The table of refusals: every row, the order of classes, and texts as Telegram writes them."""

from datetime import timedelta

import pytest
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

from bot.messenger.refusals import (
    BAD_REQUEST,
    FORBIDDEN,
    Action,
    Operation,
    classify,
)
from bot.messenger.transport import DroppedError, NotTelegramError, NotWrittenError
from bot.models.identifiers import Address

SEND, EDIT, DELETE, ANSWER = Operation.SEND, Operation.EDIT, Operation.DELETE, Operation.ANSWER

REFUSED: list[tuple[Operation, str, Action]] = [
    (
        EDIT,
        "message is not modified: specified new message content and reply markup are exactly the "
        "same as a current content and reply markup of the message",
        Action.SAME,
    ),
    (EDIT, "message to edit not found", Action.GONE),
    (EDIT, "message can't be edited", Action.GONE),
    (EDIT, "MESSAGE_ID_INVALID", Action.GONE),
    (EDIT, "MESSAGE_AUTHOR_REQUIRED", Action.GONE),
    (DELETE, "message to delete not found", Action.GONE),
    (DELETE, "message can't be deleted for everyone", Action.GONE),
    (SEND, "message to be replied not found", Action.GONE),
    (
        ANSWER,
        "query is too old and response timeout expired or query ID is invalid",
        Action.GONE,
    ),
    (SEND, "message thread not found", Action.CLOSED),
    (SEND, "TOPIC_CLOSED", Action.CLOSED),
    (SEND, "TOPIC_DELETED", Action.CLOSED),
    (SEND, 'can\'t parse entities: Unsupported start tag "p" at byte offset 0', Action.PLAIN),
    (SEND, "unsupported parse_mode", Action.PLAIN),
    (SEND, "inline keyboard button URL 'x' is invalid: Wrong HTTP URL", Action.PLAIN),
    (SEND, "BUTTON_DATA_INVALID", Action.PLAIN),
    (SEND, "BUTTON_URL_INVALID", Action.PLAIN),
    (SEND, "WEBPAGE_CURL_FAILED", Action.PLAIN),
    (SEND, "wrong HTTP URL specified", Action.PLAIN),
    (SEND, "reply markup is too long", Action.PLAIN),
    (SEND, "can't parse reply keyboard markup JSON object", Action.PLAIN),
    (SEND, "can't parse link preview options JSON object", Action.PLAIN),
    (SEND, "can't parse inline keyboard button: Text buttons are unallowed", Action.PLAIN),
    (SEND, "inline keyboard button text must be non-empty", Action.PLAIN),
    (SEND, "at least one chat type must be allowed", Action.PLAIN),
    (SEND, "failed to get HTTP URL content", Action.PLAIN),
    (SEND, "wrong type of the web page content", Action.PLAIN),
    (SEND, "wrong file identifier/HTTP URL specified", Action.PLAIN),
    (SEND, "wrong remote file identifier specified: Wrong padding length", Action.PLAIN),
    (SEND, "IMAGE_PROCESS_FAILED", Action.PLAIN),
    (SEND, "PHOTO_INVALID_DIMENSIONS", Action.PLAIN),
    (SEND, "chat not found", Action.PAUSE),
    (SEND, "chat_id is empty", Action.PAUSE),
    (SEND, "not enough rights to send photos to the chat", Action.PAUSE),
    (SEND, "PEER_ID_INVALID", Action.PAUSE),
    (SEND, "need administrator rights in the channel chat", Action.PAUSE),
    (SEND, "not enough rights to send text messages to the chat", Action.PAUSE),
    (SEND, "have no write access to the chat", Action.PAUSE),
    (SEND, "CHAT_WRITE_FORBIDDEN", Action.PAUSE),
    (SEND, "CHAT_ADMIN_REQUIRED", Action.PAUSE),
    (SEND, "CHAT_RESTRICTED", Action.PAUSE),
    (SEND, "CHAT_SEND_PLAIN_FORBIDDEN", Action.PAUSE),
    (SEND, "group chat was upgraded to a supergroup chat", Action.PAUSE),
    (SEND, "USER_IS_BLOCKED", Action.PAUSE),
    (SEND, "group chat was deactivated", Action.PAUSE),
    (SEND, "too many requests", Action.WAIT),
    (SEND, "message is too long", Action.BURY),
    (SEND, "text is too long", Action.BURY),
    (SEND, "message text is empty", Action.BURY),
    (SEND, "text must be non-empty", Action.BURY),
    (SEND, "something that nobody has seen before", Action.BURY),
]


@pytest.mark.parametrize(("operation", "description", "action"), REFUSED)
@pytest.mark.parametrize("write", [str, str.capitalize, str.upper])
def test_every_400(operation: Operation, description: str, action: Action, write: object) -> None:
    assert callable(write)
    error = BadRequest(str(write(f"Bad Request: {description}")))
    outcome = classify(error, operation)
    assert outcome.action is action
    assert description.casefold() in outcome.sentence.casefold()
    assert (outcome.retry_after is not None) is (action is Action.WAIT)
    assert not outcome.accepted


def test_every_row_of_the_table_is_reached_by_a_known_text() -> None:
    reached = {
        classify(BadRequest(f"Bad Request: {text}"), operation).sentence.partition(" (")[0]
        for operation, text, _ in REFUSED
    }
    assert {row.sentence for row in BAD_REQUEST} <= reached


@pytest.mark.parametrize(
    "description",
    [
        "bot was blocked by the user",
        "user is deactivated",
        "bot can't initiate conversation with a user",
        "bot was kicked from the supergroup chat",
        "bot is not a member of the channel chat",
        "the group chat was deleted",
        "never heard of",
    ],
)
def test_every_403_pauses_the_chat_with_a_sentence(description: str) -> None:
    outcome = classify(Forbidden(f"Forbidden: {description}"), SEND)
    assert outcome.action is Action.PAUSE
    assert outcome.sentence.endswith(f"(Telegram: Forbidden: {description})")
    assert len({row.sentence for row in FORBIDDEN}) == len(FORBIDDEN)


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
@pytest.mark.parametrize("seconds", [7, timedelta(seconds=7)])
def test_429_waits_as_long_as_told(seconds: int | timedelta) -> None:
    outcome = classify(RetryAfter(seconds), SEND)
    assert (outcome.action, outcome.retry_after) == (Action.WAIT, timedelta(seconds=7))


@pytest.mark.parametrize("error", [NetworkError, BadRequest])
def test_429_without_a_number_waits_a_little(error: type[TelegramError]) -> None:
    outcome = classify(error("Too Many Requests: slow down"), SEND)
    assert outcome.action is Action.WAIT
    assert outcome.retry_after is not None


def test_a_group_that_moved_says_where_to() -> None:
    outcome = classify(ChatMigrated(-1001234567890), SEND)
    assert (outcome.action, outcome.moved_to) == (Action.MOVE, Address(-1001234567890))


def test_a_revoked_token_stops_everything() -> None:
    assert classify(InvalidToken("Unauthorized"), SEND).action is Action.STOP
    hidden = EndPointNotFound("Endpoint 'sendmessage' not found in Bot API")
    hidden.__cause__ = InvalidToken("Unauthorized")
    outcome = classify(hidden, SEND)
    assert outcome.action is Action.STOP
    assert "BOT_TOKEN" in outcome.sentence
    assert "Unauthorized" in outcome.sentence


def test_a_server_without_the_method_is_too_old_and_nothing_stops() -> None:
    hidden = EndPointNotFound("Endpoint 'sendmessage' not found in Bot API")
    hidden.__cause__ = InvalidToken("Not Found: method not found")
    assert classify(hidden, SEND).action is Action.BURY


@pytest.mark.parametrize(
    ("description", "word"),
    [
        ("Conflict: terminated by other getUpdates request", "Another process"),
        ("Conflict: can't use getUpdates method while webhook is active", "webhook"),
    ],
)
def test_a_conflict_is_tried_again(description: str, word: str) -> None:
    outcome = classify(Conflict(description), Operation.ASK)
    assert outcome.action is Action.RETRY
    assert word in outcome.sentence


@pytest.mark.parametrize(
    ("error", "sending", "editing"),
    [
        (NotWrittenError("refused"), Action.RETRY, Action.RETRY),
        (TimedOut("slow"), Action.UNCERTAIN, Action.RETRY),
        (DroppedError("cut"), Action.UNCERTAIN, Action.RETRY),
        (NetworkError("Internal Server Error: sic"), Action.RETRY, Action.RETRY),
        (NetworkError("Bad Gateway"), Action.RETRY, Action.RETRY),
        (NetworkError("Gateway Timeout (504)"), Action.UNCERTAIN, Action.RETRY),
        (NotTelegramError(403), Action.RETRY, Action.RETRY),
        (NotTelegramError(404), Action.RETRY, Action.RETRY),
        (NotTelegramError(502), Action.RETRY, Action.RETRY),
        (NotTelegramError(504), Action.UNCERTAIN, Action.RETRY),
        (NotTelegramError(799), Action.RETRY, Action.RETRY),
        (NetworkError("Request Entity Too Large"), Action.BURY, Action.BURY),
        (TelegramError("Invalid server response"), Action.UNCERTAIN, Action.RETRY),
    ],
)
def test_what_may_have_happened_is_told_from_what_did_not(
    error: TelegramError, sending: Action, editing: Action
) -> None:
    assert classify(error, SEND).action is sending
    assert classify(error, EDIT).action is editing
    assert classify(error, SEND).sentence


def test_a_missing_message_matters_only_to_an_edit() -> None:
    """A send's text "message to copy not found" must not count as done."""
    assert classify(BadRequest("Bad Request: message to copy not found"), SEND).action is (
        Action.BURY
    )


def test_a_servers_words_can_always_be_kept_and_shown() -> None:
    for code in (BadRequest, Forbidden, NetworkError, InvalidToken):
        outcome = classify(code(f"half \ud83d {'and much more ' * 1_000}"), SEND)
        outcome.sentence.encode()
        assert len(outcome.sentence) < 700


def test_a_proxys_page_is_neither_read_nor_repeated() -> None:
    page = "<html>too many requests, too large, gateway time</html>"
    error = NetworkError(f"Bad Gateway (502). Parsing the server response b'{page}' failed")
    outcome = classify(error, SEND)
    assert outcome.action is Action.RETRY
    assert outcome.sentence == "The Bot API server failed: Bad Gateway (502)"
