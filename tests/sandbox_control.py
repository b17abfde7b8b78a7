"""What a test orders of a running sandbox, and asks it about, over its `/sandbox` endpoints."""

from typing import Any

import aiohttp

from sandbox import Sandbox

Json = dict[str, Any]


async def bot_requests(session: aiohttp.ClientSession, sandbox: Sandbox, method: str) -> list[Json]:
    """What the bot asked of the Bot API so far, in order."""
    url = f"{sandbox.base_url}/sandbox/requests"
    async with session.get(url, params={"method": method}) as response:
        answer: Any = await response.json()
    return list(answer["requests"] if isinstance(answer, dict) else answer)


async def order_fault(session: aiohttp.ClientSession, sandbox: Sandbox, **fields: object) -> None:
    """Let the Bot API fail."""
    url = f"{sandbox.base_url}/sandbox/fault"
    async with session.post(url, json=fields) as response:
        assert response.status == 200, await response.text()


async def clear_faults(session: aiohttp.ClientSession, sandbox: Sandbox) -> None:
    """Let the Bot API work again."""
    async with session.delete(f"{sandbox.base_url}/sandbox/fault") as response:
        assert response.status == 200
