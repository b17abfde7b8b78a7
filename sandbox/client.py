"""The chat client's HTTP interface (`/client/...`): JSON in and out, and a stream of events.

Thin: reads the request, calls sandbox.actions, standing or inline, and puts the outcome in words.
Errors are answered as `{"error": sentence}`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import orjson
from aiohttp import web

from sandbox import actions, standing
from sandbox.client_state import describe_state
from sandbox.inline import Inline
from sandbox.orders import Order, read_order, read_query
from sandbox.values import JsonObject, Mistake, Refusal
from sandbox.world import World

KEEP_ALIVE_SECONDS = 15.0
PAGE_LIMIT = 200

Handler = Callable[[Order], JsonObject | Awaitable[JsonObject]]


class Client:
    """The interface for one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._inline = Inline(world)

    def add_routes(self, app: web.Application) -> None:
        """Mount everything under `/client/`."""
        app.router.add_get("/client/events", self._events)
        shown: dict[str, Handler] = {
            "people": self._people,
            "state": self._state,
            "messages": self._messages,
        }
        for path, handler in shown.items():
            app.router.add_get(f"/client/{path}", _answering(handler, read_query))
        done: dict[str, Handler] = {
            "send": self._send,
            "edit": self._edit,
            "press": self._press,
            "start": self._start,
            "inline": self._search,
            "choose": self._choose,
            "member": self._member,
            "block": self._block,
            "migrate": self._migrate,
            "delete": self._delete,
            "topic": self._topic,
            "read": self._read,
        }
        for path, handler in done.items():
            app.router.add_post(f"/client/{path}", _answering(handler, read_order))

    def _people(self, _order: Order) -> JsonObject:
        return {"people": [person.user() for person in self._world.people.values()]}

    def _state(self, order: Order) -> JsonObject:
        return describe_state(self._world, actions.find_person(self._world, order.number("user")))

    def _messages(self, order: Order) -> JsonObject:
        chat = actions.find_joined_chat(self._world, order.number("user"), order.number("chat"))
        limit = max(1, min(PAGE_LIMIT, order.number("limit", 60)))
        before = order.number("before", 0) or None
        return {"messages": [message.for_client() for message in chat.newest(limit, before)]}

    def _send(self, order: Order) -> JsonObject:
        person_id, chat_id = order.number("user"), order.number("chat")
        document = order.table("document")
        if document:
            message = actions.send_document(
                self._world,
                person_id,
                chat_id,
                str(document.get("file_name") or "file"),
                str(document.get("content") or "").encode(),
                str(document.get("mime_type") or "application/octet-stream"),
                order.text("text", ""),
                order.number("thread", 0) or None,
            )
        else:
            message = actions.send(
                self._world,
                person_id,
                chat_id,
                order.text("text"),
                thread=order.number("thread", 0) or None,
                reply_to=order.number("reply_to", 0) or None,
                anonymous=order.flag("anonymous"),
            )
        return {"message": message.for_client()}

    def _edit(self, order: Order) -> JsonObject:
        place = order.number("user"), order.number("chat"), order.number("message_id")
        message = actions.edit(self._world, *place, order.text("text"))
        return {"message": message.for_client()}

    async def _press(self, order: Order) -> JsonObject:
        place = order.number("user"), order.number("chat"), order.number("message_id")
        return await actions.press(self._world, *place, order.number("row"), order.number("column"))

    def _start(self, order: Order) -> JsonObject:
        message = actions.start(self._world, order.number("user"), order.text("payload", ""))
        return {"message": message.for_client()}

    async def _search(self, order: Order) -> JsonObject:
        return await self._inline.search(
            order.number("user"),
            order.number("chat"),
            order.text("query", ""),
            order.text("offset", ""),
        )

    def _choose(self, order: Order) -> JsonObject:
        message = self._inline.choose(
            order.number("user"),
            order.number("chat"),
            order.text("query", ""),
            order.text("result_id"),
            order.number("thread", 0) or None,
        )
        return {"message": message.for_client()}

    def _member(self, order: Order) -> JsonObject:
        bot = self._world.bot.id
        target = bot if order.value("target") == "bot" else order.number("target")
        given = order.table("rights") if order.value("rights") is not None else None
        rights = None if given is None else {name: bool(value) for name, value in given.items()}
        standing.change_member(
            self._world,
            order.number("user"),
            order.number("chat"),
            target,
            order.text("status"),
            rights,
        )
        return {"ok": True}

    def _block(self, order: Order) -> JsonObject:
        standing.block(self._world, order.number("user"), order.flag("blocked"))
        return {"ok": True}

    def _migrate(self, order: Order) -> JsonObject:
        new = standing.migrate(self._world, order.number("chat"))
        return {"chat": new.id}

    def _delete(self, order: Order) -> JsonObject:
        place = order.number("user"), order.number("chat"), order.number("message_id")
        actions.delete(self._world, *place)
        return {"ok": True}

    def _topic(self, order: Order) -> JsonObject:
        closed = order.flag("closed") if order.value("closed") is not None else None
        standing.change_topic(
            self._world,
            order.number("chat"),
            order.number("thread"),
            closed,
            order.flag("deleted"),
        )
        return {"ok": True}

    def _read(self, order: Order) -> JsonObject:
        standing.read(self._world, order.number("user"), order.number("chat"))
        return {"ok": True}

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events of one person until the client or the server goes."""
        try:
            order = await read_query(request)
            person = actions.find_person(self._world, order.number("user"))
        except Mistake as mistake:
            return _mistaken(mistake)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        with self._world.events.listening(person.id) as queue:
            await response.prepare(request)
            with suppress(ConnectionError):
                await response.write(b": connected\n\n")
                await _stream(response, queue)
        return response


async def _stream(response: web.StreamResponse, queue: asyncio.Queue[JsonObject]) -> None:
    while True:
        try:
            async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                event = await queue.get()
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        if not event:
            return
        await response.write(b"data: " + orjson.dumps(event) + b"\n\n")


def _answering(
    handler: Handler, read: Callable[[web.Request], Awaitable[Order]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A route that answers a handler's outcome, or its mistake, as JSON."""

    async def route(request: web.Request) -> web.StreamResponse:
        try:
            outcome = handler(await read(request))
            if not isinstance(outcome, dict):
                outcome = await outcome
        except Mistake as mistake:
            return _mistaken(mistake)
        except Refusal as refusal:
            return _mistaken(Mistake(refusal.description, refusal.code))
        return web.Response(body=orjson.dumps(outcome), content_type="application/json")

    return route


def _mistaken(mistake: Mistake) -> web.Response:
    return web.json_response({"error": mistake.sentence}, status=mistake.status)
