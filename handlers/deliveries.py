"""Dead letters for operators (/buried), and what an admin does about a closed forum topic."""

from bot.errors import RequestError
from bot.models.identifiers import ChatId, StoryId, ThreadId
from bot.models.messages import View
from bot.services.dead_letters import Deed
from bot.services.services import Services
from bot.views.callbacks import Press
from bot.views.deliveries import confirm_view, letter_view, letters_view, topic_ended_view
from handlers.requests import Answer, Request

NOT_HERE = "Dead letters name other chats: send /buried in a private chat with me."


async def buried(request: Request, services: Services) -> tuple[View, ...]:
    """List what was given up, newest first."""
    if not request.private:
        raise RequestError(NOT_HERE)
    return (await _page(request, services, 0),)


async def letters_pressed(press: Press, request: Request, services: Services) -> Answer:
    """Turn to a page."""
    return Answer(edit=await _page(request, services, press.page))


async def letter_pressed(press: Press, request: Request, services: Services) -> Answer:
    """Open a letter in the list's place."""
    view = letter_view(
        await services.letters.show(*_place(press)),
        page=press.page,
        now=services.clock.now(),
        timezone=request.chat.settings.timezone,
    )
    return Answer(edit=view)


async def replay_pressed(press: Press, request: Request, services: Services) -> Answer:
    """Let a story go out again; then the list."""
    text = await services.letters.replay(*_place(press))
    return Answer(edit=await _page(request, services, press.page), text=text)


async def forget_pressed(press: Press, request: Request, services: Services) -> Answer:
    """Drop a letter; then the list."""
    text = await services.letters.forget(*_place(press))
    return Answer(edit=await _page(request, services, press.page), text=text)


async def ask_all_pressed(press: Press, _request: Request, services: Services) -> Answer:
    """Ask before all letters are replayed or forgotten."""
    count, until = await services.letters.count_all()
    if not count:
        raise RequestError("There is none any more.")
    replay = Deed(press.arguments[0]) is Deed.REPLAY
    return Answer(edit=confirm_view(count, replay=replay, until=until, page=press.page))


async def all_letters_pressed(press: Press, request: Request, services: Services) -> Answer:
    """Replay or forget all that the question was about."""
    text = await services.letters.do_all(Deed(press.arguments[0]), int(press.arguments[1]))
    return Answer(edit=await _page(request, services, 0), text=text)


async def end_topic_pressed(press: Press, request: Request, services: Services) -> Answer:
    """End what a closed or deleted forum topic of this group got."""
    thread = ThreadId(int(press.arguments[0]))
    standing = await services.subscriptions.of(request.subject, thread)
    await services.subscriptions.remove(standing)
    return Answer(edit=topic_ended_view(len(standing)))


async def _page(request: Request, services: Services, number: int) -> View:
    page = await services.letters.page(number)
    return letters_view(page, now=services.clock.now(), timezone=request.chat.settings.timezone)


def _place(press: Press) -> tuple[ChatId, ThreadId, StoryId]:
    _, chat, thread, story = press.arguments
    return ChatId(int(chat)), ThreadId(int(thread)), StoryId(story)
