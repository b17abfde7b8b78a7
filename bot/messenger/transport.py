"""aiohttp behind python-telegram-bot's public BaseRequest.

Observation: httpx costs ten times the processor time of aiohttp for one message, and form bodies
twice that of JSON. Rule: aiohttp, one JSON body written by orjson; multipart only with files.
Whether a failed request may have reached Telegram decides if repeating it can double a message,
so failures before writing (NotWrittenError) and after it (TimedOut, DroppedError) are told apart.
What is ambiguous counts as written: a keep-alive connection that closed under the request.
Only a Bot API envelope ({"ok": false, "description": ...}) is Telegram's word. A proxy's own page,
whatever its status says, is NotTelegramError: it must neither pause a chat nor stop the bot.
Rejected: Bot's private _post, which saves nothing measurable.
"""

import json
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast

import aiohttp
import orjson
from telegram.error import BadRequest, NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
"""With CONNECT_SECONDS the whole request's deadline of 20 s, within a delivery's lease of 30 s."""
UPLOAD_SECONDS = 60.0
CONNECTIONS = 128
DNS_SECONDS = 300
KEEP_ALIVE_SECONDS = 30.0

_DOCUMENTED = {
    name.lower(): name
    for name in ("sendMessage", "editMessageText", "editMessageReplyMarkup", "getUpdates")
}

Timeout = Any
"""float, None, or BaseRequest.DEFAULT_NONE, whose type python-telegram-bot keeps to itself."""


class NotWrittenError(NetworkError):
    """No byte reached the server: repeating is safe."""


class DroppedError(NetworkError):
    """The connection ended after writing and before a whole answer: repeating may double."""


class NotTelegramError(NetworkError):
    """Something on the way answered in the Bot API server's place."""

    def __init__(self, status: int) -> None:
        try:
            shown = f"{status} {HTTPStatus(status).phrase}"
        except ValueError:
            shown = str(status)
        super().__init__(f"Something other than a Bot API server answered: {shown}")
        self.status = status


class AiohttpRequest(BaseRequest):
    """One pool of connections. Usable after initialize(), and again after shutdown()."""

    __slots__ = ("_connect", "_connections", "_read", "_session")

    def __init__(
        self,
        *,
        connections: int = CONNECTIONS,
        connect_timeout: float = CONNECT_SECONDS,
        read_timeout: float = READ_SECONDS,
    ) -> None:
        self._connections = connections
        self._connect = connect_timeout
        self._read = read_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for an answer when a call does not say."""
        return self._read

    async def initialize(self) -> None:
        """Open the pool."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections,
                    ttl_dns_cache=DNS_SECONDS,
                    keepalive_timeout=KEEP_ALIVE_SECONDS,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        """Close the pool."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        write_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        connect_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        pool_timeout: Timeout = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """One request; status and body.

        Raises NotWrittenError, DroppedError, TimedOut or NotTelegramError.

        A pool's queue is part of connecting; the write timeout matters only for files; their sum
        bounds the whole, so that a server which trickles cannot hold a request.
        """
        del pool_timeout
        if self._session is None:
            raise NotWrittenError("The connection pool is closed.")
        uploads = request_data is not None and request_data.contains_files
        timeout = _timeout(
            connect=_given(connect_timeout, self._connect),
            read=_given(read_timeout, self._read),
            write=_given(write_timeout, UPLOAD_SECONDS) if uploads else 0.0,
        )
        status, body = await _exchange(self._session, method, url, request_data, timeout)
        if not 200 <= status <= 299 and not _refusal(body):
            raise NotTelegramError(status)
        return status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; TelegramError unless it has the Bot API's form."""
        try:
            answer = orjson.loads(payload)
        except orjson.JSONDecodeError:
            # The standard library accepts what orjson refuses: halves of surrogate pairs. Not
            # through BaseRequest, which logs a proxy's page of HTML as an error with a traceback.
            answer = _loaded(payload)
        if not isinstance(answer, dict) or not answer.keys() & {"result", "description"}:
            raise TelegramError("Invalid server response")
        return answer


async def _exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    data: RequestData | None,
    timeout: aiohttp.ClientTimeout,
) -> tuple[int, bytes]:
    body, headers = _body(data)
    try:
        async with session.request(
            method,
            _parsed(url),
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=timeout,
        ) as response:
            return response.status, await response.read()
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotWrittenError(f"No connection to the Bot API server: {error}") from error
    except TimeoutError as error:
        raise TimedOut("The Bot API server did not answer in time.") from error
    except aiohttp.ClientConnectionError as error:
        raise DroppedError(f"The connection ended without an answer: {error!r}") from error
    except aiohttp.ClientPayloadError as error:
        raise DroppedError("The connection ended within the answer.") from error


def _refusal(body: bytes) -> bool:
    """Whether it is a refusal in the Bot API's envelope."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(answer, dict) or answer.get("ok") is not False:
        return False
    return isinstance(answer.get("description"), str)


def _loaded(payload: bytes) -> object:
    try:
        return json.loads(payload.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise TelegramError("Invalid server response") from error


def _given(value: Timeout, default: float) -> float | None:
    return default if value is BaseRequest.DEFAULT_NONE else cast(float | None, value)


def _timeout(
    *, connect: float | None, read: float | None, write: float | None
) -> aiohttp.ClientTimeout:
    endless = connect is None or read is None or write is None
    return aiohttp.ClientTimeout(
        total=None if endless else (connect or 0.0) + (read or 0.0) + (write or 0.0),
        connect=connect,
        # While a file is written nothing is read, for as long as it takes.
        sock_read=read if write == 0.0 else None,
    )


def _body(data: RequestData | None) -> tuple[bytes | aiohttp.FormData | None, dict[str, str]]:
    if data is None:
        return None, {}
    if not data.contains_files:
        try:
            return orjson.dumps(data.parameters), {"Content-Type": "application/json"}
        except TypeError as error:
            # Never accepted, however often it is repeated: half a surrogate pair in a text.
            raise BadRequest(f"The request cannot be written as JSON: {error}") from error
    form = aiohttp.FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, content_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=content_type)
    return form, {}


@lru_cache(maxsize=128)
def _parsed(url: str) -> URL:
    """The address to ask. Parsing costs as much as writing the body, and a bot has few of them.

    python-telegram-bot warns on every raw call whose method is written as documented, so those
    are made in lower case; Telegram ignores the case, other Bot API servers may not.
    """
    head, slash, name = url.rpartition("/")
    return URL(f"{head}{slash}{_DOCUMENTED.get(name, name)}")
