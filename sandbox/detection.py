"""Finding links, commands, mentions and hashtags in plain text, when TDLib is not installed.

The rule: Telegram marks these by itself. Known exceptions: TDLib knows every top-level domain and
phone numbers, this module takes any name with a dot whose last label is two or more letters only
when a scheme or `www.` introduces it. Offsets are in UTF-16 units.
"""

import re

from sandbox.values import JsonObject

_PATTERN = re.compile(
    r"(?P<url>(?:https?://|www\.)[^\s<>\"«»]+[^\s<>\"«».,:;!?)\]'])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w/@>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/@])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z][A-Za-z0-9_]{2,31})(?!\w)"
    r"|(?<![\w#])(?P<hashtag>#\w*[^\W\d]\w*)"
)


def detect(text: str) -> list[JsonObject]:
    """The entities of a plain text, in order."""
    found = []
    for match in _PATTERN.finditer(text):
        kind = match.lastgroup
        if kind is not None:
            offset = units(text[: match.start(kind)])
            length = units(match.group(kind))
            found.append({"type": kind, "offset": offset, "length": length})
    return found


def units(text: str) -> int:
    """The length of a text in UTF-16 code units, in which Telegram counts offsets."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
