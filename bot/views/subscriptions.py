"""What a chat asked for: the menu, the list, and the sentences after a change."""

from collections.abc import Collection, Sequence

from bot.models.identifiers import Address, Topic
from bot.models.messages import Button, View
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.views.callbacks import Verb, build, subscription_token
from bot.views.html import Builder, Rich, bold, clean, cut, plain, quoted
from bot.views.pages import page_count, paging_row
from bot.views.reading import reason_text

Choice = tuple[SubscriptionKind, str, bool]
"""Kind, value, and whether breaking only."""

LIST_SIZE = 8
BUTTON_UNITS = 40
CHOSEN = "✓ "
TOPIC_NAMES = {
    Topic.WORLD: "World",
    Topic.UKRAINE: "Ukraine",
    Topic.EUROPE: "Europe",
    Topic.BUSINESS: "Business",
    Topic.TECHNOLOGY: "Technology",
    Topic.SCIENCE: "Science",
    Topic.SPORT: "Sport",
    Topic.CULTURE: "Culture",
}


def subscribe_view(
    subscriptions: Sequence[Subscription],
    *,
    target: Address | None = None,
    title: str = "",
) -> View:
    """The menu: everything, breaking only, and each topic to switch on or off.

    `subscriptions`: those of this chat and forum topic. `title`: what to call the place acted on.
    `target`: its address, when it is not this chat.
    """
    chosen = {(each.kind, each.value, each.breaking_only) for each in subscriptions}
    text = Builder()
    text.add(bold(quoted(f"What should {_place(title)} get?")))
    text.add(
        plain("Press to switch on or off. Ordinary stories arrive silently, breaking ones ring."),
        before="\n\n",
    )
    text.add(
        plain(
            "By name: /subscribe followed by a source or a feed's address, "
            "for example: /subscribe https://example.com/feed.xml"
        ),
        before="\n\n",
    )

    topics = [
        _switch(TOPIC_NAMES[topic], (SubscriptionKind.TOPIC, topic, False), chosen, target)
        for topic in Topic
    ]
    rows: list[tuple[Button, ...]] = [
        (
            _switch("Breaking only", (SubscriptionKind.ALL, "", True), chosen, target),
            _switch("Everything", (SubscriptionKind.ALL, "", False), chosen, target),
        ),
        *(tuple(topics[place : place + 2]) for place in range(0, len(topics), 2)),
        (Button("Subscriptions", build(Verb.LIST, 0, target=target)),),
    ]
    return View(text.html, tuple(rows))


def list_view(
    subscriptions: Sequence[Subscription],
    *,
    page: int = 0,
    unread: Collection[str] = (),
    elsewhere: int = 0,
    target: Address | None = None,
    title: str = "",
) -> View:
    """What a chat is subscribed to, each with a button that ends it. Order as given.

    `unread`: keys of those whose feed is polled no more. `elsewhere`: how many the other topics of
    the same forum have.
    """
    pages = page_count(len(subscriptions), LIST_SIZE)
    number = min(max(page, 0), pages - 1)
    shown = subscriptions[number * LIST_SIZE : (number + 1) * LIST_SIZE]
    text = Builder()
    text.add(bold(quoted(f"Subscriptions of {_place(title)}", 200)))
    if not shown:
        none = "None yet. /subscribe opens the menu; /subscribe breaking starts alerts."
        text.add(plain(none), before="\n\n")
    elif pages > 1:
        text.add(plain(f"page {number + 1} of {pages}"))
    for place, each in enumerate(shown, start=number * LIST_SIZE + 1):
        gone = " (no longer read)" if each.key in unread else ""
        text.add(quoted(f"{place}. {sentence_case(reason_text(each))}{gone}", 200))
    if elsewhere:
        others = f"Other topics of this group have {elsewhere}; /list there shows them."
        text.add(plain(others), before="\n\n")
    rows: list[tuple[Button, ...]] = [(_end_button(each, number, target),) for each in shown]
    rows += paging_row(number, pages, lambda to: build(Verb.LIST, to, target=target))
    rows.append((Button("Add topics", build(Verb.TOPICS, target=target)),))
    return View(text.html, tuple(rows))


def _end_button(subscription: Subscription, page: int, target: Address | None) -> Button:
    data = build(Verb.UNSUBSCRIBE, subscription_token(subscription), page, target=target)
    return Button(cut(f"End: {short_label(subscription)}", BUTTON_UNITS), data)


def subscribed_view(
    subscription: Subscription,
    *,
    note: str = "",
    target: Address | None = None,
    title: str = "",
) -> View:
    """What was just switched on, and how to end it. `note`: one more sentence, e.g. of the feed."""
    text = Builder()
    text.add(_outcome(f"{_place(title)} now gets", subscription))
    text.add(plain("Stories that arrive from now on are sent; /latest shows earlier ones."))
    text.add(plain(note, 400))
    token = subscription_token(subscription)
    buttons = (
        Button("End it", build(Verb.UNSUBSCRIBE, token, 0, target=target)),
        Button("Subscriptions", build(Verb.LIST, 0, target=target)),
    )
    return View(text.html, (buttons,))


def unsubscribed_view(
    subscription: Subscription,
    *,
    again: str = "",
    target: Address | None = None,
    title: str = "",
) -> View:
    """What was just ended, and how to have it back.

    `again`: the line to type for that, where a button cannot do it.
    """
    text = Builder()
    text.add(_outcome(f"{_place(title)} no longer gets", subscription))
    text.add(plain(f"To have it back: {again}" if again else "", 2_200))
    mode = "breaking" if subscription.breaking_only else "all"
    rows = [(Button("Subscriptions", build(Verb.LIST, 0, target=target)),)]
    if subscription.kind is not SubscriptionKind.SOURCE and not again:
        # A source's name may be too long for a button's data.
        again = build(Verb.SUBSCRIBE, subscription.kind, mode, subscription.value, target=target)
        rows.insert(0, (Button("Subscribe again", again),))
    return View(text.html, tuple(rows))


def short_label(subscription: Subscription) -> str:
    """A subscription in as few words as a button has room for."""
    if subscription.kind is SubscriptionKind.ALL:
        return "Breaking news" if subscription.breaking_only else "Everything"
    label = clean(subscription.label) or clean(subscription.value) or str(subscription.kind)
    return f"{label}, breaking only" if subscription.breaking_only else label


def sentence_case(text: str) -> str:
    """The first letter upper-case, the rest as it is."""
    return text[:1].upper() + text[1:]


def _switch(
    label: str, choice: Choice, chosen: Collection[Choice], target: Address | None
) -> Button:
    kind, value, breaking_only = choice
    mode = "breaking" if breaking_only else "all"
    if choice in chosen:
        return Button(
            f"{CHOSEN}{label}", build(Verb.SUBSCRIBE, kind, f"end-{mode}", value, target=target)
        )
    return Button(label, build(Verb.SUBSCRIBE, kind, mode, value, target=target))


def _place(title: str) -> str:
    return clean(title) or "this chat"


def _outcome(start: str, subscription: Subscription) -> Rich:
    return (
        quoted(sentence_case(start), 200)
        + Rich(" ", 1)
        + bold(quoted(reason_text(subscription), 200))
        + Rich(".", 1)
    )
