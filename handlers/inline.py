"""Inline queries: `@bot words` in any chat."""

import telegram

from bot.models.chats import ChatKind
from bot.models.identifiers import Address
from bot.services.chats import Sighting
from bot.services.services import Services
from handlers.sightings import language


async def answer_inline(query: telegram.InlineQuery, services: Services) -> None:
    """Offer stories to share, as the person's own settings show them."""
    person = query.from_user
    reader = await services.chats.reader(
        Sighting(
            address=Address(person.id),
            kind=ChatKind.PRIVATE,
            title=person.full_name,
            username=person.username or "",
            language=language(person.language_code),
        )
    )
    await services.inline.answer(query.id, query.query, query.offset, reader)
