"""The Bot API over HTTP: from a request to a method's answer in Telegram's envelope.

Also the place where ordered faults strike, and where every call is written into the journal.
"""

import asyncio
from collections.abc import Callable
from inspect import isawaitable

import orjson
from aiohttp import web

from sandbox import (
    methods_answers,
    methods_chats,
    methods_edit,
    methods_profile,
    methods_send,
    methods_updates,
)
from sandbox.access import Call, chat_id_of
from sandbox.arguments import Arguments, read_arguments
from sandbox.faults import Faults
from sandbox.journal import Entry, Journal
from sandbox.limits import Limits, flood
from sandbox.values import Described, JsonObject, Refusal
from sandbox.webhook import Webhook
from sandbox.world import World

METHODS: dict[str, tuple[str, Callable[[Call], object]]] = {
    name.lower(): (name, method)
    for module in (
        methods_send,
        methods_edit,
        methods_updates,
        methods_answers,
        methods_chats,
        methods_profile,
    )
    for name, method in module.METHODS.items()
}

_PAGE = "<html><head><title>Bad gateway</title></head><body>nginx</body></html>"
"""What a proxy answers in the place of the Bot API."""


class BotApi:
    """One bot's API; `add_routes` puts it on an application."""

    def __init__(self, world: World, limits: Limits) -> None:
        self.world = world
        self.limits = limits
        self.faults = Faults()
        self.journal = Journal()
        self.webhook = Webhook(world.updates, world.clock, self._execute)

    def add_routes(self, app: web.Application) -> None:
        """Mount `/bot<token>/<method>` and `/file/bot<token>/<path>`."""
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        app.router.add_route("*", "/bot{rest:.*}", _not_found)
        app.router.add_get("/file/bot{token}/{path:.+}", self._serve_file)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request.match_info["token"])
            named = METHODS.get(request.match_info["method"].lower())
            if named is None:
                raise Refusal(404, "Not Found: method not found")
            arguments = await read_arguments(request)
        except Refusal as refusal:
            return _refused(refusal)
        entry = Entry(
            named[0],
            chat_id_of(self.world, arguments.values.get("chat_id")),
            self.world.clock(),
            arguments.values,
        )
        entry.caller = request.host
        self.journal.add(entry)
        try:
            return await self._carry_out(named[1], entry, arguments, request)
        finally:
            entry.answered = self.world.clock()

    async def _carry_out(
        self,
        method: Callable[[Call], object],
        entry: Entry,
        arguments: Arguments,
        request: web.Request,
    ) -> web.StreamResponse:
        """The answer of a call, with what befalls it before and after its effect."""
        broken = await self._strike("before", entry, request)
        if broken is not None:
            return broken
        response = await self._answer(method, entry, arguments)
        took_effect = entry.ok
        broken = await self._strike("after", entry, request)
        if broken is None:
            return response
        entry.lost = took_effect
        return broken

    def _check_token(self, token: str) -> None:
        if ":" not in token or token.startswith("0") or len(token) > 80:
            raise Refusal(401, "Unauthorized: invalid token specified")
        if token != self.world.bot.token:
            raise Refusal(401, "Unauthorized")

    async def _answer(
        self, method: Callable[[Call], object], entry: Entry, arguments: Arguments
    ) -> web.Response:
        call = Call(self.world, self.limits, self.webhook, arguments)
        try:
            result = method(call)
            if isawaitable(result):
                result = await result
        except Refusal as refusal:
            self._note(entry, refusal)
            return _refused(refusal)
        if isinstance(result, dict):
            entry.message_id = result.get("message_id")
        if isinstance(result, Described):
            envelope = {"ok": True, "result": result.result, "description": result.description}
        else:
            envelope = {"ok": True, "result": result}
        return web.Response(body=orjson.dumps(envelope), content_type="application/json")

    def _note(self, entry: Entry, refusal: Refusal) -> None:
        entry.ok = False
        entry.error_code = refusal.code
        entry.description = refusal.description
        self.journal.errors[refusal.description] += 1

    async def _strike(
        self, when: str, entry: Entry, request: web.Request
    ) -> web.StreamResponse | None:
        """Carry out the orders for this call; None where it goes on as if nothing were wrong."""
        struck = self.faults.take(entry.method.lower(), entry.chat_id, when)
        entry.fault = struck.kind or entry.fault
        if struck.seconds:
            await asyncio.sleep(struck.seconds)
        fault = struck.fault
        if fault is None:
            return None
        if fault.kind == "drop":
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if fault.kind == "page":
            return web.Response(
                status=fault.error_code, text=_PAGE, content_type="text/html", charset="utf-8"
            )
        if fault.kind == "flood":
            refusal = flood(fault.retry_after)
        else:
            refusal = Refusal(fault.error_code, fault.description, fault.parameters)
        self._note(entry, refusal)
        return _refused(refusal)

    async def _execute(self, method: str, values: JsonObject) -> object:
        """Run a method that the webhook's answer names; its refusal is only written down."""
        named = METHODS.get(method.lower())
        if named is None:
            return None
        arguments = Arguments(values)
        entry = Entry(
            named[0],
            chat_id_of(self.world, arguments.values.get("chat_id")),
            self.world.clock(),
            values,
        )
        self.journal.add(entry)
        return await self._answer(named[1], entry, arguments)

    async def _serve_file(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.world.bot.token:
            return _refused(Refusal(401, "Unauthorized"))
        stored = self.world.files.by_path(request.match_info["path"])
        if stored is None or stored.address is not None:
            return _refused(Refusal(404, "Not Found"))
        return web.Response(body=stored.content, content_type="application/octet-stream")


async def _not_found(_request: web.Request) -> web.Response:
    return _refused(Refusal(404, "Not Found"))


def _refused(refusal: Refusal) -> web.Response:
    envelope: JsonObject = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    headers = {}
    if refusal.parameters:
        envelope["parameters"] = refusal.parameters
        if "retry_after" in refusal.parameters:
            headers["Retry-After"] = str(refusal.parameters["retry_after"])
    return web.Response(
        status=refusal.code,
        body=orjson.dumps(envelope),
        content_type="application/json",
        headers=headers,
    )
