"""Which addresses Telegram accepts in links and buttons, and how it writes them back.

Observation: TDLib takes http, https, tg and ton links, adds a missing scheme and path, and wants
a dot in the host, so `localhost` is refused. Rule: the same, judged by TDLib itself when it is
installed (a bad `href` vanishes from its answer), else by the pattern below.
"""

import re
from functools import lru_cache
from html import escape

from sandbox import tdlib

_ADDRESS = re.compile(
    r"(?:(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*)://)?(?P<user>[^/?#@\s]*@)?"
    r"(?P<host>[^/?#:@\s<>\"]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?(?P<rest>[/?#].*)?"
)
_SCHEMES = frozenset({"http", "https"})
_INNER_SCHEMES = ("tg://", "ton://", "tonsite://")


@lru_cache(maxsize=10_000)
def checked_link(address: str) -> str | None:
    """The address as Telegram stores it, or None where it refuses it."""
    if not address.strip() or "\0" in address:
        return None
    if tdlib.available:
        marked = f'<a href="{escape(address)}">x</a>'
        entities = tdlib.parse(marked, "html")[1]
        if entities and entities[0]["type"] == "text_mention":
            return address
        return entities[0]["url"] if entities else None
    return checked_without_tdlib(address.strip())


def checked_without_tdlib(address: str) -> str | None:
    """The same by a pattern, for where the package `tdjson` is missing."""
    if address.lower().startswith(_INNER_SCHEMES):
        return address
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    scheme = (match["scheme"] or "http").lower()
    host = match["host"].lower()
    named = "." in host.strip(".") or host.startswith("[")
    if scheme not in _SCHEMES or not named or not 1 <= int(match["port"] or 1) <= 65_535:
        return None
    port = f":{match['port']}" if match["port"] else ""
    rest = (match["rest"] or "/").replace(" ", "%20")
    slash = "" if rest.startswith("/") else "/"
    return f"{scheme}://{match['user'] or ''}{host}{port}{slash}{rest}"
