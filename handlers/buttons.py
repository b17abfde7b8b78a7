"""What a press on a button does, by its verb. Pages turn in place, stories open as messages."""

from collections.abc import Awaitable, Callable

from bot.errors import RequestError
from bot.models.chats import ChatKind
from bot.models.subscriptions import SubscriptionKind
from bot.services.services import Services
from bot.views.callbacks import Press, Verb, subscription_token
from bot.views.chats import off_view, start_view
from bot.views.reading import reason_text
from bot.views.setting_presses import Setting
from bot.views.settings import page_after, parse_page, settings_view
from bot.views.subscriptions import sentence_case, subscribed_view
from handlers.deliveries import (
    NOT_HERE,
    all_letters_pressed,
    ask_all_pressed,
    end_topic_pressed,
    forget_pressed,
    letter_pressed,
    letters_pressed,
    replay_pressed,
)
from handlers.feeds import health_page
from handlers.reading import opened, unfolded
from handlers.requests import Answer, Request
from handlers.stories import breaking_page, found_page, latest_page
from handlers.subscriptions import menu, page

CHANGES = frozenset(
    {
        Verb.TOPICS,
        Verb.SUBSCRIBE,
        Verb.UNSUBSCRIBE,
        Verb.OFF,
        Verb.ON,
        Verb.SETTINGS,
        Verb.SET,
        Verb.END_TOPIC,
    }
)
"""For a group's or channel's admins only."""
LETTERS = frozenset(
    {
        Verb.LETTERS,
        Verb.LETTER,
        Verb.REPLAY,
        Verb.FORGET,
        Verb.ASK_ALL,
        Verb.ALL_LETTERS,
    }
)
"""For operators, in private chats: they name other chats."""
OPENED = frozenset({Verb.READ, Verb.SOURCES, Verb.RELATED, Verb.WHY, Verb.MORE, Verb.LESS})
"""Act in private chats only: a subscriber's press must not spam everyone."""
TURNS = frozenset({Verb.LATEST, Verb.BREAKING, Verb.SEARCH, Verb.LIST, Verb.PAGE})
"""Anyone may press these in a group: they get a part of its edits."""
STILL = (
    "A channel's list does not turn its pages. /latest in a private chat with me shows what is new."
)
STALE = "This button is from an older menu. Send /help for the commands."


async def pressed(press: Press, request: Request, services: Services) -> Answer:
    """Check who presses, then do it. Raises RequestError with a sentence for a notice."""
    if press.verb in CHANGES or press.target is not None:
        await services.access.require_change(request.subject, request.actor)
    if press.verb in (Verb.SUBSCRIBE, Verb.ON):
        services.access.require_subscriber(request.actor)
    if press.verb is Verb.FEEDS or press.verb in LETTERS:
        services.access.require_operator(request.actor)
    if press.verb in LETTERS and not request.private:
        raise RequestError(NOT_HERE)
    if press.verb in OPENED and not request.private:
        raise RequestError(f"Open it in a private chat with @{services.bot_username}.")
    if press.verb is Verb.PAGE and request.chat.kind is ChatKind.CHANNEL:
        raise RequestError(STILL)
    if not request.private:
        # Before anything is done: a page that cannot be shown must not count as turned.
        await services.replies.admit(request.chat, anyone=press.verb in TURNS)
    return await _PRESSES[press.verb](press, request, services)


async def _open(press: Press, request: Request, services: Services) -> Answer:
    view = await opened(press, request, services)
    # Only the opened message's own paging buttons carry a page.
    return Answer(edit=view) if len(press.arguments) > 1 else Answer(send=view)


async def _unfold(press: Press, request: Request, services: Services) -> Answer:
    expanded = press.verb is Verb.MORE
    return Answer(edit=await unfolded(press, request, services, expanded=expanded))


async def _latest(press: Press, request: Request, services: Services) -> Answer:
    code = press.arguments[1] if len(press.arguments) > 1 else ""
    shelf = await services.stories.shelf_of(request.subject, code)
    return Answer(edit=await latest_page(request, services, shelf, press.page))


async def _breaking(press: Press, request: Request, services: Services) -> Answer:
    return Answer(edit=await breaking_page(request, services, press.page))


async def _search(press: Press, request: Request, services: Services) -> Answer:
    found = await services.stories.search_again(request.subject, press.arguments[1], press.page)
    return Answer(edit=found_page(request, services, found))


async def _page(press: Press, request: Request, services: Services) -> Answer:
    if request.message is None:
        raise RequestError(STALE)
    return Answer(edit=await services.bundles.turn(request.chat, request.message, press.page))


async def _list(press: Press, request: Request, services: Services) -> Answer:
    return Answer(edit=await page(request, services, press.page))


async def _topics(_press: Press, request: Request, services: Services) -> Answer:
    return Answer(edit=await menu(request, services))


async def _switch(press: Press, request: Request, services: Services) -> Answer:
    """Bring about the state that the button names; once it stands, nothing more."""
    kind, mode = SubscriptionKind(press.arguments[0]), press.arguments[1]
    value = press.arguments[2] if len(press.arguments) > 2 else ""
    where = (request.subject, request.subject_thread, kind, value)
    breaking_only = mode.removeprefix("end-") == "breaking"
    if mode.startswith("end-"):
        ended = await services.subscriptions.end(*where, breaking_only=breaking_only)
        text = f"{sentence_case(reason_text(ended))}: off" if ended else "That was off already."
        return Answer(edit=await menu(request, services), text=text)
    done = (await services.subscriptions.begin(*where, breaking_only=breaking_only)).subscription
    if kind in (SubscriptionKind.FEED, SubscriptionKind.SOURCE):
        return Answer(edit=subscribed_view(done, target=request.target, title=request.place))
    text = f"{sentence_case(reason_text(done))}: on"
    return Answer(edit=await menu(request, services), text=text)


async def _unsubscribe(press: Press, request: Request, services: Services) -> Answer:
    standing = await services.subscriptions.of(request.subject, request.subject_thread)
    gone = [each for each in standing if subscription_token(each) == press.arguments[0]]
    await services.subscriptions.remove(gone)
    text = f"Ended: {reason_text(gone[0])}" if gone else "That had ended already."
    return Answer(edit=await page(request, services, press.page), text=text)


async def _off(_press: Press, request: Request, services: Services) -> Answer:
    """End what /start began; what was chosen beside it is not lost to a press on an old message."""
    standing = await services.subscriptions.of(request.subject, request.subject_thread)
    begun = [each for each in standing if each.kind is SubscriptionKind.ALL]
    await services.subscriptions.remove(begun)
    return Answer(edit=off_view(others=len(standing) - len(begun)))


async def _on(_press: Press, request: Request, services: Services) -> Answer:
    await services.subscriptions.put(
        request.subject, request.subject_thread, SubscriptionKind.ALL, "", breaking_only=True
    )
    return Answer(edit=start_view(request.subject.settings, headlines=False))


async def _settings(press: Press, request: Request, services: Services) -> Answer:
    shown = parse_page(press.arguments[0] if press.arguments else "")
    if shown is None:
        raise RequestError(STALE)
    return Answer(
        edit=settings_view(
            request.subject.settings,
            shown,
            languages=await services.chats.languages(),
            target=request.target,
            title=request.title,
        )
    )


async def _set(press: Press, request: Request, services: Services) -> Answer:
    name, value = press.arguments[0], press.arguments[1] if len(press.arguments) > 1 else ""
    chat = await services.chats.press(request.subject, name, value)
    shown = page_after(Setting(name))
    return Answer(
        edit=settings_view(
            chat.settings,
            shown,
            languages=await services.chats.languages(),
            target=request.target,
            title=request.title,
        )
    )


async def _feeds(press: Press, request: Request, services: Services) -> Answer:
    return Answer(edit=await health_page(request, services, press.page))


_PRESSES: dict[Verb, Callable[[Press, Request, Services], Awaitable[Answer]]] = {
    Verb.READ: _open,
    Verb.SOURCES: _open,
    Verb.RELATED: _open,
    Verb.WHY: _open,
    Verb.MORE: _unfold,
    Verb.LESS: _unfold,
    Verb.LATEST: _latest,
    Verb.BREAKING: _breaking,
    Verb.SEARCH: _search,
    Verb.LIST: _list,
    Verb.PAGE: _page,
    Verb.TOPICS: _topics,
    Verb.SUBSCRIBE: _switch,
    Verb.UNSUBSCRIBE: _unsubscribe,
    Verb.OFF: _off,
    Verb.ON: _on,
    Verb.SETTINGS: _settings,
    Verb.SET: _set,
    Verb.FEEDS: _feeds,
    Verb.LETTERS: letters_pressed,
    Verb.LETTER: letter_pressed,
    Verb.REPLAY: replay_pressed,
    Verb.FORGET: forget_pressed,
    Verb.ASK_ALL: ask_all_pressed,
    Verb.ALL_LETTERS: all_letters_pressed,
    Verb.END_TOPIC: end_topic_pressed,
}
