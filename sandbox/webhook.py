"""Delivering updates to the bot's webhook over HTTP, as Telegram does.

Rules (tdlib/telegram-bot-api, WebhookActor.cpp): in order within a lane (a chat, or a person's
queries), lanes side by side up to max_connections; a 2xx answer is done, anything else is retried
at once and then after 2, 4, ... seconds, or after its Retry-After; a JSON answer that names a
method is carried out. As in the local mode of Telegram's server, plain HTTP and any port will do.
Left out: removal of a webhook that answers 410 for 23 hours.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import orjson

from sandbox.updates import Update, Updates
from sandbox.values import JsonObject

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LONGEST_PAUSE = 60.0
REQUEST_SECONDS = 60.0
_NOT_EXECUTED = ("get", "setwebhook", "deletewebhook", "close", "logout")

Execute = Callable[[str, JsonObject], Awaitable[object]]


class Webhook:
    """The webhook, open while `url` is set; `execute` runs the methods that answers name."""

    def __init__(self, updates: Updates, clock: Callable[[], float], execute: Execute) -> None:
        self.url = ""
        self._updates = updates
        self._clock = clock
        self._execute = execute
        self._secret = ""
        self._connections = 40
        self._session: aiohttp.ClientSession | None = None
        self._free = asyncio.Semaphore(self._connections)
        self._lanes: dict[str, deque[Update]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._last_error: tuple[int, str] | None = None

    async def open(self, url: str, secret: str, connections: int) -> None:
        """Deliver to an address from now on, what is pending first."""
        await self.close()
        self.url, self._secret, self._connections = url, secret, connections
        self._free = asyncio.Semaphore(connections)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
            connector=aiohttp.TCPConnector(limit=connections, ssl=False),
        )
        self._updates.listener = self._accept
        for update in list(self._updates.pending.values()):
            self._accept(update)

    async def close(self) -> None:
        """Stop delivering; what was not confirmed stays pending."""
        self.url = ""
        self._updates.listener = None
        self._last_error = None
        self._lanes.clear()
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def described(self) -> JsonObject:
        """The Bot API's WebhookInfo object."""
        info: JsonObject = {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.pending),
        }
        if self.url:
            info["max_connections"] = self._connections
            info["ip_address"] = "127.0.0.1"
        if self._last_error is not None:
            info["last_error_date"], info["last_error_message"] = self._last_error
        return info

    def _accept(self, update: Update) -> None:
        lane = self._lanes.get(update.lane)
        if lane is not None:
            lane.append(update)
            return
        self._lanes[update.lane] = deque([update])
        worker = asyncio.get_running_loop().create_task(self._deliver_lane(update.lane))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _deliver_lane(self, name: str) -> None:
        lane = self._lanes[name]
        while lane:
            update = lane[0]
            await self._deliver(update)
            self._updates.confirm(update.id)
            lane.popleft()
        if self._lanes.get(name) is lane:
            del self._lanes[name]

    async def _deliver(self, update: Update) -> None:
        """Post an update until it is taken."""
        pause = 0.0
        while True:
            async with self._free:
                wait = await self._post(update)
            if wait is None:
                return
            await asyncio.sleep(wait or pause)
            pause = min(LONGEST_PAUSE, pause * 2 or 2.0)

    async def _post(self, update: Update) -> float | None:
        """Post once: None when taken, else the seconds that the answer asks to wait (or 0)."""
        if self._session is None:
            raise asyncio.CancelledError
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers[SECRET_HEADER] = self._secret
        body = orjson.dumps(update.body)
        try:
            async with self._session.post(self.url, data=body, headers=headers) as response:
                answer = await response.read()
                if 200 <= response.status < 300:
                    await self._obey(answer)
                    return None
                self._fail(f"Wrong response from the webhook: {response.status} {response.reason}")
                return _retry_after(response.headers.get("Retry-After"))
        except (aiohttp.ClientError, TimeoutError) as error:
            self._fail(f"Connection failed: {error}")
            return 0.0

    def _fail(self, reason: str) -> None:
        self._last_error = (int(self._clock()), reason)

    async def _obey(self, answer: bytes) -> None:
        """Carry out the method that an answer names, if it is one that may be."""
        if not answer.lstrip().startswith(b"{"):
            return
        with contextlib.suppress(orjson.JSONDecodeError):
            order: Any = orjson.loads(answer)
            method = str(order.pop("method", "")) if isinstance(order, dict) else ""
            if method and not method.lower().startswith(_NOT_EXECUTED):
                await self._execute(method, order)


def _retry_after(header: str | None) -> float:
    try:
        return min(3600.0, max(0.0, float(header or 0)))
    except ValueError:
        return 0.0
