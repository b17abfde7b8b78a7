"""Titles of recurring forms: weather, horoscopes, rates, live blogs, round-ups.

Observation: "Weather for 2 May" and "Weather for 3 May" share every word, every outlet has one each
day, and none of them is an event: the true errors of the similarity rule and false alarms of the
breaking rule were mostly these.
Rule: a title is a template when it holds one of the phrases below as whole words, or begins with
one where the word alone would be too common.
Known exceptions: a storm reported as "weather warning" is not meant to be caught and is not.
Rejected: counting how often a form recurs: it needs days of history and calls elections templates.
"""

import re
from typing import Final

from bot.news.tokens import normal_form

_ANYWHERE: Final = (
    # English
    "weather forecast",
    "weather for",
    "weather today",
    "weather tomorrow",
    "horoscope",
    "horoscopes",
    "exchange rate",
    "exchange rates",
    "currency rates",
    "magnetic storm forecast",
    "live blog",
    "live updates",
    "live coverage",
    "as it happened",
    "news digest",
    "news roundup",
    "news round up",
    "news in brief",
    "morning briefing",
    "evening briefing",
    "daily briefing",
    "winning numbers",
    "lottery results",
    "crossword",
    "wordle",
    "sudoku",
    "tv guide",
    "tv listings",
    "photos of the day",
    "photos of the week",
    "in pictures",
    "stock market today",
    # Russian
    "прогноз погоды",
    "погода на",
    "погода в",
    "какая погода",
    "какой будет погода",
    "гороскоп",
    "курс доллара",
    "курс евро",
    "курс валют",
    "курсы валют",
    "магнитные бури",
    "магнитная буря",
    "магнитных бурь",
    "дайджест",
    "онлайн трансляция",
    "прямая трансляция",
    "текстовая трансляция",
    "главное за день",
    "главное за неделю",
    "главное за сутки",
    "итоги дня",
    "итоги недели",
    "лунный календарь",
    # Ukrainian
    "прогноз погоди",
    "погода у",
    "яка погода",
    "якою буде погода",
    "курс долара",
    "курс євро",
    "магнітні бурі",
    "магнітна буря",
    "магнітних бур",
    "онлайн трансляція",
    "пряма трансляція",
    "текстова трансляція",
    "головне за день",
    "головне за тиждень",
    "головне за добу",
    "підсумки дня",
    "підсумки тижня",
    "місячний календар",
    # German
    "wettervorhersage",
    "wetterbericht",
    "das wetter",
    "horoskop",
    "liveticker",
    "live ticker",
    "liveblog",
    "newsblog",
    "newsticker",
    "wechselkurs",
    "lottozahlen",
    "tv programm",
    "presseschau",
    # French
    "prévisions météo",
    "bulletin météo",
    "en direct",
    "taux de change",
    "programme tv",
    "résultats du loto",
    "revue de presse",
    # Spanish
    "pronóstico del tiempo",
    "el tiempo hoy",
    "horóscopo",
    "en vivo",
    "en directo",
    "minuto a minuto",
    "precio del dólar",
    "tipo de cambio",
    # Italian
    "previsioni meteo",
    "previsioni del tempo",
    "oroscopo",
    "in diretta",
    "diretta live",
    "estrazioni lotto",
    # Polish
    "prognoza pogody",
    "relacja na żywo",
    "kurs dolara",
    "kurs euro",
    "kursy walut",
    "wyniki lotto",
)
_AT_START: Final = (
    "weather",
    "live",
    "watch live",
    "погода",
    "онлайн",
    "wetter",
    "météo",
    "meteo",
    "pogoda",
    "na żywo",
    "direct",
    "diretta",
    "directo",
)
# After these a common word at the start is an ordinary sentence, not a heading.
_SENTENCE: Final = ("weather warning", "weather warnings", "weather kills", "live ammunition")


def _alternatives(phrases: tuple[str, ...]) -> str:
    return "|".join(re.escape(normal_form(phrase)) for phrase in phrases)


_TEMPLATE = re.compile(
    rf"\b(?:{_alternatives(_ANYWHERE)})\b"
    rf"|^(?!(?:{_alternatives(_SENTENCE)})\b)(?:{_alternatives(_AT_START)})\b"
)


def is_template(title: str) -> bool:
    """Whether a title is of a recurring form in one of the wire's languages."""
    return is_template_form(normal_form(title))


def is_template_form(form: str) -> bool:
    """`is_template` of a title's normal form."""
    return _TEMPLATE.search(form) is not None
