"""A chat's start, help and short notices. Settings are in settings.py."""

from collections.abc import Sequence

from bot.models.chats import Settings
from bot.models.messages import Button, View
from bot.views.callbacks import Verb, build
from bot.views.html import Builder, Rich, bold, plain
from bot.views.zones import language_name

ALERTS_A_DAY = 3
"""Breaking stories a day and language that the rules aim at."""


def start_view(
    settings: Settings, *, alerts_a_day: int = ALERTS_A_DAY, headlines: bool = True
) -> View:
    """What a newcomer has at once, and one press that turns it off.

    `headlines`: whether the current ones come in the next message.
    """
    text = Builder()
    text.add(bold(plain(f"Breaking news in {languages_text(settings)} is on.")))
    text.add(plain(f"About {alerts_a_day} alerts a day{_quiet_text(settings)}."))
    text.add(
        plain(
            "Each story comes once and is updated in place."
            + (" Current headlines follow." if headlines else "")
        ),
        before="\n\n",
    )
    text.add(
        plain("/latest what is new · /search find a story · /help all commands"), before="\n\n"
    )
    return View(text.html, _start_rows(Button("Turn off", build(Verb.OFF))))


def group_start_view(*, channel: bool = False) -> View:
    """A group or channel gets nothing until one of its admins chooses."""
    who = "channel" if channel else "group"
    text = Builder()
    text.add(bold(plain("Newsflash is here and silent.")))
    text.add(plain(f"Nothing is sent to this {who} until one of its admins chooses what."))
    text.add(plain("Admins: the button below, or for example: /subscribe breaking"), before="\n\n")
    return View(text.html, ((Button("Choose topics", build(Verb.TOPICS)),),))


def off_view(*, others: int = 0) -> View:
    """After [Turn off]. `others`: subscriptions that stay, chosen by name."""
    text = Builder()
    if others:
        text.add(bold(plain("Breaking news is off.")))
        stays = "1 other subscription stays" if others == 1 else f"{others} others stay"
        text.add(plain(f"{stays}: /list shows and ends them; /unsubscribe all ends everything."))
    else:
        text.add(bold(plain("Everything is off.")))
        text.add(plain("Nothing is sent until you choose again. /latest and /search still work."))
    return View(text.html, _start_rows(Button("Turn on", build(Verb.ON))))


def help_view(
    commands: Sequence[tuple[str, str, str]],
    operators: Sequence[tuple[str, str, str]] = (),
    *,
    note: str = "",
) -> View:
    """All commands as (command, description, example); the example may be empty.

    `operators`: those that only the people who run the bot have.
    """
    text = Builder()
    text.add(bold(plain("Commands")))
    for each in commands:
        text.add(_command_lines(*each), before="\n\n")
    text.add(plain(note, 400), before="\n\n")
    if operators:
        text.add(bold(plain("For the people who run this bot")), before="\n\n")
    for each in operators:
        text.add(_command_lines(*each), before="\n\n")
    return View(text.html)


def _command_lines(command: str, description: str, example: str) -> Rich:
    name = command if command.startswith("/") else f"/{command}"
    line = plain(f"{name}: {description}", 200)
    return line + Rich("\n", 1) + plain(f"e.g. {example}", 120) if example else line


def notice_view(
    sentence: str, *, title: str = "", buttons: tuple[tuple[Button, ...], ...] = ()
) -> View:
    """A plain answer; what it says is text, never markup."""
    text = Builder()
    text.add(bold(plain(title, 200)))
    text.add(plain(sentence, 3_500, lines=True))
    return View(text.html or "Done.", buttons)


def error_view(sentence: str) -> View:
    """What went wrong, in one sentence with what to do about it."""
    return View(plain(sentence, 3_500, lines=True).html or "Something went wrong. Try again.")


def languages_text(settings: Settings) -> str:
    """ "English", "English and German", "English, German and Polish", "all languages"."""
    names = [language_name(code) for code in settings.news_languages]
    if not names:
        return "all languages"
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def hours_text(settings: Settings) -> str:
    """ "22:30 to 07:30"."""
    return f"{settings.quiet_from:%H:%M} to {settings.quiet_until:%H:%M}"


def _quiet_text(settings: Settings) -> str:
    return f", silent {hours_text(settings)}" if settings.quiet else ""


def _start_rows(switch: Button) -> tuple[tuple[Button, ...], ...]:
    return (
        (Button("Topics", build(Verb.TOPICS)), Button("Language and time", build(Verb.SETTINGS))),
        (switch,),
    )
