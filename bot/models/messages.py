"""A rendered message, before Telegram: HTML text, buttons, preview."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Button:
    """Exactly one of data, url, share is set; data takes 64 bytes (InlineKeyboardButton)."""

    text: str
    data: str = ""
    url: str = ""
    share: str | None = None
    """An inline query to share into another chat."""


@dataclass(frozen=True, slots=True)
class Preview:
    """Bot API LinkPreviewOptions."""

    url: str
    large: bool = True
    above: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """A message within all of Telegram's limits by construction."""

    text: str
    """Telegram HTML; at most 4096 UTF-16 units after parsing."""
    buttons: tuple[tuple[Button, ...], ...] = ()
    preview: Preview | None = None
    """None: previews are disabled."""
