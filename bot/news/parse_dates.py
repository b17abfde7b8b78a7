"""Dates as feeds write them, to aware UTC datetimes. Whether a date is credible is decided where
entries enter the wire (bot.news.entries).

Observation: besides RFC 822 and RFC 3339 feeds carry localised names, "24:00", zones that RFC 822
does not know and Unix time. Rule: year, month, day and time are looked for in their usual orders,
names of months by their first letters in the languages listed here, zones by name or offset.
What this does not read is given to feedparser's own readers. Known exception: dates in figures
with the day first and slashes ("02/11/2026") are ambiguous and not read.
"""

import re
from datetime import UTC, datetime, timedelta

_MONTHS = (
    "jan ene янв січ styczeń sty ocak oca gen sausio tammi",
    "feb fév fev févr лют фев luty lut şub helmi vas",
    "mar mär mrz mrt март бер marzec maa kov",
    "apr avr abr апр кві kwi nis huhti bal",
    "may mai mei maj мая май трав тра maggio mag mayıs touko geg",
    "jun juin giu июн чер cze haz kesä bir",
    "jul juil lug июл лип lip tem heinä lie",
    "aug août aou ago авг сер sie ağu elo rugp",
    "sep set сен вер wrz eyl syys rugs",
    "oct okt ott out окт жов paź eki loka spa",
    "nov ноя лис lis kas marras lap",
    "dec dez déc dic дек гру gru ara joulu gruo",
)
_MONTH_OF = {
    name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()
}
_ZONES = {
    "utc": 0, "gmt": 0, "ut": 0, "z": 0, "wet": 0, "west": 60, "ist": 330, "bst": 60,
    "cet": 60, "mez": 60, "cest": 120, "mesz": 120, "eet": 120, "eest": 180, "msk": 180,
    "msd": 240, "sast": 120, "jst": 540, "kst": 540, "hkt": 480, "sgt": 480, "pkt": 300,
    "aest": 600, "aedt": 660, "acst": 570, "awst": 480, "nzst": 720, "nzdt": 780,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "brt": -180, "art": -180,
}  # fmt: skip
_TIME = r"(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
_ZONE = r"(?:\s*(?P<sign>[+-])(?P<zh>\d{2}):?(?P<zm>\d{2})?|\s*\(?(?P<zone>[A-Za-z]{1,5})\b)?"
_PATTERNS = (
    re.compile(
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
        r"(?:[T\s]+" + _TIME + _ZONE + ")?"
    ),
    re.compile(
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.|º)?[\s-]+(?:de\s+)?(?P<month>[^\W\d_]{3,12})\.?,?[\s-]+"
        r"(?:de\s+)?(?P<year>\d{4}|\d{2})\b(?:г\.|р\.|,|\s|T|um|at|à|о|в)*(?:"
        + _TIME
        + _ZONE
        + ")?"
    ),
    re.compile(
        r"(?P<year>\d{4})[-\s.]+(?P<month>[^\W\d_]{3,12})\.?[-\s]+(?P<day>\d{1,2})"
        r"(?:[T\s,]*" + _TIME + _ZONE + ")?"
    ),
    re.compile(
        r"(?P<month>[^\W\d_]{3,12})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
        r"(?:,|\s|at)*(?:" + _TIME + r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?" + _ZONE + ")?"
    ),
)
_UNIX = re.compile(r"\d{9,10}(?:\d{3})?")
_LONGEST = 100


def parse_date(raw: str) -> datetime | None:
    """The moment meant, in UTC; None when it cannot be read. A zone that is not named, not known
    or out of range (beyond -12:00 to +14:00) is taken for UTC."""
    raw = raw.strip()[:_LONGEST]
    if _UNIX.fullmatch(raw):
        seconds = int(raw) / (1000 if len(raw) > 10 else 1)
        return datetime.fromtimestamp(seconds, UTC)
    for pattern in _PATTERNS:
        found = pattern.search(raw)
        if found is not None:
            return _moment(found)
    return None


def _moment(found: re.Match[str]) -> datetime | None:
    parts = found.groupdict()
    month = _month(parts["month"])
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        year += 2000 if year < 70 else 1900
    hour = int(parts["hour"] or 0)
    half = (parts.get("half") or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        day = datetime(year, month, int(parts["day"]), tzinfo=UTC)
        # "24:00" and a leap second are the next day's or minute's beginning.
        moment = day + timedelta(
            hours=hour, minutes=int(parts["minute"] or 0), seconds=int(parts["second"] or 0)
        )
        return moment - _offset(parts) if hour <= 24 else None
    except (ValueError, OverflowError):
        return None


def _month(name: str) -> int:
    if name.isdigit():
        return int(name)
    name = name.lower()
    for length in range(min(len(name), 7), 2, -1):
        if name[:length] in _MONTH_OF:
            return _MONTH_OF[name[:length]]
    return 0


def _offset(parts: dict[str, str | None]) -> timedelta:
    if parts["sign"]:
        minutes = int(parts["zh"] or 0) * 60 + int(parts["zm"] or 0)
        minutes = -minutes if parts["sign"] == "-" else minutes
        return timedelta(minutes=minutes if -720 <= minutes <= 840 else 0)
    return timedelta(minutes=_ZONES.get((parts["zone"] or "").lower(), 0))
