"""The tests' HTTP interface (`/sandbox/...`): order faults, read what the bot asked, audit it."""

from aiohttp import web

from sandbox.api import BotApi
from sandbox.faults import read_fault
from sandbox.orders import read_order, read_query
from sandbox.values import Mistake


class Control:
    """The interface for one Bot API."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    def add_routes(self, app: web.Application) -> None:
        """Mount everything under `/sandbox/`."""
        app.router.add_post("/sandbox/fault", self._add_fault)
        app.router.add_get("/sandbox/fault", self._faults)
        app.router.add_delete("/sandbox/fault", self._clear_faults)
        app.router.add_get("/sandbox/requests", self._requests)
        app.router.add_delete("/sandbox/requests", self._clear_requests)
        app.router.add_get("/sandbox/audit", self._audit)

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            self._api.faults.add(read_fault((await read_order(request)).fields))
        except Mistake as mistake:
            return web.json_response({"error": mistake.sentence}, status=mistake.status)
        return web.json_response({"ok": True})

    async def _faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": self._api.faults.described()})

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._api.faults.clear(request.query.get("name"))
        return web.json_response({"ok": True})

    async def _requests(self, request: web.Request) -> web.Response:
        try:
            order = await read_query(request)
            chat_id = order.number("chat") if order.value("chat") else None
        except Mistake as mistake:
            return web.json_response({"error": mistake.sentence}, status=mistake.status)
        method = order.text("method", "") or None
        return web.json_response({"requests": self._api.journal.find(method, chat_id)})

    async def _clear_requests(self, _request: web.Request) -> web.Response:
        self._api.journal.clear()
        return web.json_response({"ok": True})

    async def _audit(self, _request: web.Request) -> web.Response:
        journal = self._api.journal
        audit = self._api.limits.audit()
        audit["requests"] = dict(journal.counts)
        audit["errors"] = dict(journal.errors)
        audit["enforced"] = self._api.limits.enforce
        return web.json_response(audit)
