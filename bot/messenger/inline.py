"""Answers to inline queries: a view as something to send into any chat."""

from dataclasses import dataclass

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
)

from bot.models.messages import Button, View
from bot.views.html import clean, cut

ROW_UNITS = 200
"""More is never shown in the list."""


@dataclass(frozen=True, slots=True)
class InlineResult:
    """One row of the list that the person sees while typing."""

    id: str
    """1 to 64 bytes, unique in the answer."""
    title: str
    description: str
    view: View
    """What is sent when it is chosen. Buttons with data do not work there; links do."""
    thumbnail: str = ""
    """An http(s) address, or ""."""


def telegram_article(result: InlineResult) -> InlineQueryResultArticle:
    """The result as python-telegram-bot knows it."""
    preview = result.view.preview
    options = (
        LinkPreviewOptions(
            url=preview.url, prefer_large_media=preview.large, show_above_text=preview.above
        )
        if preview is not None
        else LinkPreviewOptions(is_disabled=True)
    )
    rows = [[_button(button) for button in row] for row in result.view.buttons if row]
    return InlineQueryResultArticle(
        id=result.id,
        title=cut(clean(result.title), ROW_UNITS) or "…",
        description=cut(clean(result.description), ROW_UNITS),
        thumbnail_url=result.thumbnail or None,
        input_message_content=InputTextMessageContent(
            result.view.text, parse_mode="HTML", link_preview_options=options
        ),
        reply_markup=InlineKeyboardMarkup(rows) if rows else None,
    )


def _button(button: Button) -> InlineKeyboardButton:
    if button.share is not None:
        return InlineKeyboardButton(button.text, switch_inline_query=button.share)
    if button.url:
        return InlineKeyboardButton(button.text, url=button.url)
    return InlineKeyboardButton(button.text, callback_data=button.data)
