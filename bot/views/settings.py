"""The settings menu and its sub-menus, each an edit of the same message.

A press carries SET with a setting's name and a value that setting_presses.py reads.
"""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from functools import partial

from bot.models.chats import Settings
from bot.models.identifiers import Address, Language, Topic
from bot.models.messages import Button, View
from bot.views.callbacks import Verb, build
from bot.views.chats import hours_text, languages_text
from bot.views.html import Builder, bold, clean, plain, quoted
from bot.views.setting_presses import RINGS, Setting
from bot.views.subscriptions import CHOSEN, TOPIC_NAMES
from bot.views.zones import (
    LANGUAGES,
    ZONES,
    is_language,
    language_order,
    own_name,
    zone_text,
)

LANGUAGES_SHOWN = 60
"""Buttons; a message has at most 100 (Bot API)."""
QUIET = (
    ("2230-0730", "22:30 to 07:30"),
    ("2300-0700", "23:00 to 07:00"),
    ("2100-0900", "21:00 to 09:00"),
    ("0000-0800", "00:00 to 08:00"),
)


class SettingsPage(StrEnum):
    """The menu and its sub-menus; the argument of a SETTINGS press."""

    MAIN = "main"
    LANGUAGES = "languages"
    ZONE = "zone"
    QUIET = "quiet"
    RINGS = "rings"
    MUTED = "muted"


_HOME = {
    Setting.LANGUAGE: SettingsPage.LANGUAGES,
    Setting.ZONE: SettingsPage.ZONE,
    Setting.QUIET: SettingsPage.QUIET,
    Setting.HOURS: SettingsPage.QUIET,
    Setting.RINGS: SettingsPage.RINGS,
    Setting.PREVIEWS: SettingsPage.MAIN,
    Setting.MUTED: SettingsPage.MUTED,
}


def settings_view(
    settings: Settings,
    page: SettingsPage = SettingsPage.MAIN,
    *,
    languages: Collection[Language] = (),
    target: Address | None = None,
    title: str = "",
    note: str = "",
) -> View:
    """One page of the menu. `target` and `title`: the chat acted on, when it is not this one.

    `languages`: those in which there is news, () while that is not known. `note`: a sentence on
    what was just done.
    """
    draw: dict[SettingsPage, Callable[[Settings, Address | None], Drawn]] = {
        SettingsPage.MAIN: _main,
        SettingsPage.LANGUAGES: partial(_languages, languages),
        SettingsPage.ZONE: _zones,
        SettingsPage.QUIET: _quiet,
        SettingsPage.RINGS: _rings,
        SettingsPage.MUTED: _muted,
    }
    heading, sentence, rows = draw[page](settings, target)
    text = Builder()
    text.add(bold(quoted(f"{heading}: {title}" if clean(title) else heading, 200)))
    text.add(plain(note, 400), before="\n\n")
    text.add(plain(sentence, 1_500, lines=True), before="\n\n")
    if page is not SettingsPage.MAIN:
        rows = [*rows, (_open("« Back", SettingsPage.MAIN, target),)]
    return View(text.html, tuple(rows))


def page_after(setting: Setting) -> SettingsPage:
    """The page to show after a change."""
    return _HOME[setting]


def parse_page(argument: str) -> SettingsPage | None:
    """A SETTINGS press's page; None for an unknown one, MAIN for none."""
    return _PAGES.get(argument or SettingsPage.MAIN)


Rows = list[tuple[Button, ...]]
Drawn = tuple[str, str, Rows]


def _main(settings: Settings, target: Address | None) -> Drawn:
    quiet = hours_text(settings) if settings.quiet else "off"
    muted = ", ".join(TOPIC_NAMES[topic] for topic in settings.muted_topics) or "none"
    previews = "on" if settings.previews else "off"
    sentence = (
        f"News in: {languages_text(settings)}\nTime zone: {zone_text(settings.timezone)}\n"
        f"Quiet hours: {quiet}\nAlerts that ring: {_rings_text(settings.rings_a_day)}\n"
        f"Alerts leave out: {muted}\nPictures: {previews}"
    )
    rows: Rows = [
        (
            _open("News languages", SettingsPage.LANGUAGES, target),
            _open("Time zone", SettingsPage.ZONE, target),
        ),
        (
            _open("Quiet hours", SettingsPage.QUIET, target),
            _open("Rings a day", SettingsPage.RINGS, target),
        ),
        (
            _open("Left out of alerts", SettingsPage.MUTED, target),
            _set(
                "Pictures: turn off" if settings.previews else "Pictures: turn on",
                Setting.PREVIEWS,
                "off" if settings.previews else "on",
                target,
            ),
        ),
    ]
    return "Settings", sentence, rows


def _languages(
    available: Collection[Language], settings: Settings, target: Address | None
) -> Drawn:
    chosen = settings.news_languages
    offered = {*available, *chosen} if available else {code for code, _ in LANGUAGES}
    offered = {code for code in offered if is_language(code)}
    buttons = [
        _switch(own_name(code), Setting.LANGUAGE, code, code in chosen, target)
        for code in sorted(offered, key=language_order)[:LANGUAGES_SHOWN]
    ]
    sentence = (
        "Stories by topic, and everything, come in these languages; none chosen means all. "
        "A source or feed chosen by name always comes."
    )
    return "News languages", sentence, _rows(buttons, 2)


def _zones(settings: Settings, target: Address | None) -> Drawn:
    buttons = [
        _set(_mark(city, zone == settings.timezone), Setting.ZONE, zone, target)
        for zone, city in ZONES
    ]
    sentence = (
        f"Times are shown for {zone_text(settings.timezone)}.\n"
        "Another one by name, for example: /settings zone Europe/Kyiv"
    )
    return "Time zone", sentence, _rows(buttons, 3)


def _quiet(settings: Settings, target: Address | None) -> Drawn:
    now = f"{settings.quiet_from:%H%M}-{settings.quiet_until:%H%M}" if settings.quiet else "off"
    buttons = [
        _set(_mark(text, now == value), Setting.HOURS, value, target) for value, text in QUIET
    ]
    buttons.append(_set(_mark("No quiet hours", not settings.quiet), Setting.QUIET, "off", target))
    sentence = (
        "In quiet hours everything still arrives, silently.\n"
        "Other hours, for example: /settings quiet 23:30-06:00"
    )
    return "Quiet hours", sentence, _rows(buttons, 2)


def _rings(settings: Settings, target: Address | None) -> Drawn:
    buttons = [
        _set(_mark(str(count), count == settings.rings_a_day), Setting.RINGS, str(count), target)
        for count in RINGS
    ]
    sentence = "How many breaking stories a day may ring. Later ones arrive silently."
    return "Rings a day", sentence, _rows(buttons, 5)


def _muted(settings: Settings, target: Address | None) -> Drawn:
    buttons = [
        _switch(TOPIC_NAMES[topic], Setting.MUTED, topic, topic in settings.muted_topics, target)
        for topic in Topic
    ]
    sentence = (
        "Breaking news leaves out the marked topics. A topic, source or feed that was chosen by "
        "name comes all the same."
    )
    return "Left out of alerts", sentence, _rows(buttons, 2)


def _mark(text: str, chosen: bool) -> str:
    return f"{CHOSEN}{text}" if chosen else text


def _open(text: str, page: SettingsPage, target: Address | None) -> Button:
    return Button(text, build(Verb.SETTINGS, page, target=target))


def _set(text: str, setting: Setting, value: str, target: Address | None) -> Button:
    return Button(text, build(Verb.SET, setting, value, target=target))


def _switch(
    text: str, setting: Setting, value: str, chosen: bool, target: Address | None
) -> Button:
    return _set(_mark(text, chosen), setting, f"{value}:{'off' if chosen else 'on'}", target)


def _rows(buttons: Sequence[Button], width: int) -> Rows:
    return [tuple(buttons[place : place + width]) for place in range(0, len(buttons), width)]


def _rings_text(count: int) -> str:
    return "none" if count == 0 else f"{count} a day"


_PAGES = {str(page): page for page in SettingsPage}
