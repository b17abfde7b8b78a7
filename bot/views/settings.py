"""The settings menu and its sub-menus, each an edit of the same message.

A press carries SET with a setting's name and a value that parse_change() checks.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import time
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.models.chats import Settings
from bot.models.identifiers import Address, Language, Topic
from bot.models.messages import Button, View
from bot.views.callbacks import Verb, build
from bot.views.chats import hours_text, languages_text
from bot.views.html import Builder, bold, clean, plain, quoted
from bot.views.subscriptions import CHOSEN, TOPIC_NAMES
from bot.views.zones import LANGUAGES, ZONES

RINGS = (0, 1, 2, 4, 8)
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


class Setting(StrEnum):
    """What a SET press changes."""

    LANGUAGE = "language"
    """Toggle one news language."""
    ZONE = "zone"
    QUIET = "quiet"
    """ "on" or "off"."""
    HOURS = "hours"
    """ "HHMM-HHMM"."""
    RINGS = "rings"
    PREVIEWS = "previews"
    MUTED = "muted"
    """Toggle one topic."""


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
    target: Address | None = None,
    title: str = "",
    note: str = "",
) -> View:
    """One page of the menu. `target` and `title`: the chat acted on, when it is not this one.

    `note`: a sentence on what was just done.
    """
    draw = {
        SettingsPage.MAIN: _main,
        SettingsPage.LANGUAGES: _languages,
        SettingsPage.ZONE: _zones,
        SettingsPage.QUIET: _quiet,
        SettingsPage.RINGS: _rings,
        SettingsPage.MUTED: _muted,
    }[page]
    heading, sentence, rows = draw(settings, target)
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


def change(settings: Settings, setting: str, value: str) -> Settings | None:
    """The settings after a SET press; None when the press is not one of this menu's.

    The time zone may be any IANA name, the hours any HHMM-HHMM, so that a command can use this too.
    """
    maker = _CHANGES.get(setting)
    return maker(settings, value) if maker is not None else None


Rows = list[tuple[Button, ...]]
Drawn = tuple[str, str, Rows]


def _main(settings: Settings, target: Address | None) -> Drawn:
    quiet = hours_text(settings) if settings.quiet else "off"
    muted = ", ".join(TOPIC_NAMES[topic] for topic in settings.muted_topics) or "none"
    previews = "on" if settings.previews else "off"
    sentence = (
        f"News in: {languages_text(settings)}\nTime zone: {settings.timezone}\n"
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


def _languages(settings: Settings, target: Address | None) -> Drawn:
    buttons = [
        _set(_mark(name, code in settings.news_languages), Setting.LANGUAGE, code, target)
        for code, name in LANGUAGES
    ]
    sentence = (
        "Stories by topic, and everything, come in these languages; none chosen means all. "
        "A source or feed chosen by name always comes."
    )
    return "News languages", sentence, _rows(buttons, 3)


def _zones(settings: Settings, target: Address | None) -> Drawn:
    buttons = [
        _set(_mark(city, zone == settings.timezone), Setting.ZONE, zone, target)
        for zone, city in ZONES
    ]
    sentence = (
        f"Times are shown for {settings.timezone}.\n"
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
        _set(
            _mark(TOPIC_NAMES[topic], topic in settings.muted_topics), Setting.MUTED, topic, target
        )
        for topic in Topic
    ]
    sentence = "Breaking alerts over everything leave out the marked topics."
    return "Left out of alerts", sentence, _rows(buttons, 2)


def _mark(text: str, chosen: bool) -> str:
    return f"{CHOSEN}{text}" if chosen else text


def _open(text: str, page: SettingsPage, target: Address | None) -> Button:
    return Button(text, build(Verb.SETTINGS, page, target=target))


def _set(text: str, setting: Setting, value: str, target: Address | None) -> Button:
    return Button(text, build(Verb.SET, setting, value, target=target))


def _rows(buttons: Sequence[Button], width: int) -> Rows:
    return [tuple(buttons[place : place + width]) for place in range(0, len(buttons), width)]


def _rings_text(count: int) -> str:
    return "none" if count == 0 else f"{count} a day"


def _set_language(settings: Settings, value: str) -> Settings | None:
    if value not in {code for code, _ in LANGUAGES}:
        return None
    code, chosen = Language(value), settings.news_languages
    kept = tuple(each for each in chosen if each != code)
    return replace(settings, news_languages=kept if code in chosen else (*chosen, code))


def _set_zone(settings: Settings, value: str) -> Settings | None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return replace(settings, timezone=value)


def _set_quiet(settings: Settings, value: str) -> Settings | None:
    return replace(settings, quiet=value == "on") if value in {"on", "off"} else None


def _set_hours(settings: Settings, value: str) -> Settings | None:
    start, _, end = value.replace(":", "").partition("-")
    try:
        from_, until = (time(int(part[:2]), int(part[2:])) for part in (start, end))
    except ValueError:
        return None
    if len(start) != 4 or len(end) != 4 or from_ == until:
        return None
    return replace(settings, quiet=True, quiet_from=from_, quiet_until=until)


def _set_rings(settings: Settings, value: str) -> Settings | None:
    return replace(settings, rings_a_day=int(value)) if value in map(str, RINGS) else None


def _set_previews(settings: Settings, value: str) -> Settings | None:
    return replace(settings, previews=value == "on") if value in {"on", "off"} else None


def _set_muted(settings: Settings, value: str) -> Settings | None:
    topic = next((each for each in Topic if each == value), None)
    if topic is None:
        return None
    kept = tuple(each for each in settings.muted_topics if each != topic)
    changed = kept if topic in settings.muted_topics else (*settings.muted_topics, topic)
    return replace(settings, muted_topics=changed)


_PAGES = {str(page): page for page in SettingsPage}
_CHANGES: dict[str, Callable[[Settings, str], Settings | None]] = {
    Setting.LANGUAGE: _set_language,
    Setting.ZONE: _set_zone,
    Setting.QUIET: _set_quiet,
    Setting.HOURS: _set_hours,
    Setting.RINGS: _set_rings,
    Setting.PREVIEWS: _set_previews,
    Setting.MUTED: _set_muted,
}
