"""What people are told while the database does not work. Sentences only."""

from bot.models.messages import View
from bot.views.html import Builder, bold, plain


def outage_view(*, full: bool) -> View:
    """The answer to /status without Redis. `full`: it is there, but takes nothing more."""
    text = Builder()
    what = "is full" if full else "does not answer"
    text.add(bold(plain(f"No news just now: the database of this bot {what}.")))
    text.add(
        plain(
            "Nothing is lost. News, and what you send to me meanwhile, wait and go on as soon as "
            "it is back. There is nothing for you to do."
        )
    )
    return View(text.html)
