"""TDLib's own text parser as the judge of every view, offline, through the package tdjson.

It is the function that the official Bot API server calls. judge() also checks the limits of the
Bot API that no parser knows: lengths, entities, buttons and their data.
"""

import json
from dataclasses import dataclass

import tdjson

from bot.models.messages import Button, View

tdjson.td_execute(b'{"@type":"setLogVerbosityLevel","new_verbosity_level":0}')

TEXT_UNITS = 4096
TEXT_BYTES = 32_768
ENTITIES = 100
BUTTONS = 100
ROW = 8
DATA_BYTES = 64
OWN_COMMANDS = frozenset({"/latest", "/list", "/search", "/subscribe", "/addfeed"})


class RefusedTextError(AssertionError):
    """Telegram would refuse this text; str() is its own description."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as Telegram shows it."""

    text: str
    entities: tuple[tuple[str, str], ...]
    """(kind, what it covers); of a link (kind, address)."""

    @property
    def links(self) -> tuple[str, ...]:
        """Addresses of the linked words, in order."""
        return tuple(value for kind, value in self.entities if kind == "textEntityTypeTextUrl")

    @property
    def bold(self) -> tuple[str, ...]:
        """What stands in bold, in order."""
        return tuple(value for kind, value in self.entities if kind == "textEntityTypeBold")


def read(html: str) -> Shown:
    """Parse Telegram HTML; RefusedTextError when Telegram would refuse it."""
    request = {
        "@type": "parseTextEntities",
        "text": html,
        "parse_mode": {"@type": "textParseModeHTML"},
    }
    answer = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"")
    if answer["@type"] == "error":
        raise RefusedTextError(f"{answer['message']}: {html!r}")
    text = answer["text"]
    wide = text.encode("utf-16-le", "surrogatepass")
    found = []
    for entity in answer["entities"]:
        start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
        covered = wide[start:end].decode("utf-16-le")
        found.append((entity["type"]["@type"], entity["type"].get("url", covered)))
    return Shown(text, tuple(found))


def judge(view: View) -> Shown:
    """Assert that Telegram accepts a view whole; return what a reader sees."""
    assert len(view.text.encode()) <= TEXT_BYTES
    shown = read(view.text)
    assert shown.text.strip()
    assert units(shown.text) <= TEXT_UNITS
    assert len(shown.entities) <= ENTITIES
    assert len(shown.links) == view.text.count("<a href="), "a link was dropped"
    assert sum(len(row) for row in view.buttons) <= BUTTONS
    for row in view.buttons:
        assert 1 <= len(row) <= ROW
        for button in row:
            judge_button(button)
    if view.preview is not None:
        assert accepts_link(view.preview.url)
    return shown


def judge_quoted(view: View) -> Shown:
    """As judge(), and nobody is mentioned by what others wrote; commands are only our own."""
    shown = judge(view)
    request = {"@type": "getTextEntities", "text": shown.text}
    answer = json.loads(tdjson.td_execute(json.dumps(request).encode()) or b"")
    wide = shown.text.encode("utf-16-le")
    for entity in answer["entities"]:
        start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
        covered = wide[start:end].decode("utf-16-le")
        assert entity["type"]["@type"] != "textEntityTypeMention", covered
        if entity["type"]["@type"] == "textEntityTypeBotCommand":
            assert covered in OWN_COMMANDS
    return shown


def judge_button(button: Button) -> None:
    """Assert that Telegram accepts a button."""
    assert button.text.strip()
    button.text.encode()
    assert units(button.text) <= 128
    assert [bool(button.data), bool(button.url), button.share is not None].count(True) == 1
    if button.data:
        assert 1 <= len(button.data.encode()) <= DATA_BYTES
    if button.url:
        assert accepts_link(button.url)


def accepts_link(url: str) -> bool:
    """Tell whether TDLib takes an address for a link; it drops what it does not."""
    escaped = url.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return len(read(f'<a href="{escaped}">x</a>').entities) == 1


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
