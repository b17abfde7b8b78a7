"""Urgent markers that sources write before their titles ("URGENT: …"), for a title in a message.

Observation: agencies put "BREAKING:", "Eilmeldung:", "Срочно:", "⚡️" before a title, and the
message has its own mark.
Rule: a known marker at the start goes when a separator follows it, when brackets or plus signs
hold it, or when it is a sign; again, until none is left. A title that is nothing else stays.
Exception: a live blog's "LIVE:" is not urgency and stays.
Rejected: removing a marker without a separator, which beheads "Breaking Bad actor dies" and
"Flash floods hit Valencia".
"""

import re

_WORDS = (
    "breaking news|breaking|urgent|just in|newsflash|news flash|flash|alert|"
    "eilmeldung|eil|"
    "urgente|última hora|ultima hora|ultim['’]ora|ultimora|última hora|urgência|"
    "терміново|блискавка|увага|срочно|молния|важно|"
    "pilne|z ostatniej chwili|pilné|mimořádně|naliehavé|"
    "son dakika|flaş|"
    "spoed|net binnen|senaste nytt|just nu|siste|kiireellinen|"
    "عاجل|速報|突发|快讯|속보"
)
_SIGNS = "[⚡❗‼🔴🚨⭕🆘\ufe0f]"
_SEPARATOR = r"(?:\s*[:|!/：]+\s*|\s+[-–—]+\s+|\s*[–—]\s*)"
_MARKER = re.compile(
    rf"\s*(?:{_SIGNS}+\s*"
    rf"|(?:{_WORDS}){_SEPARATOR}"
    rf"|[\[(【]\s*(?:{_WORDS})\s*[\])】]{_SEPARATOR}?\s*"
    rf"|\+{{2,3}}\s*(?:{_WORDS})\s*\+{{2,3}}{_SEPARATOR}?\s*"
    rf"|\+{{2,3}}\s*(?:{_WORDS}){_SEPARATOR})",
    re.IGNORECASE,
)
_PLUS_END = re.compile(r"\s*\+{2,3}\s*$")


def strip_marker(title: str) -> str:
    """The title without urgent markers at its start; unchanged when nothing else is in it."""
    rest = title
    while found := _MARKER.match(rest):
        rest = rest[found.end() :]
    rest = _PLUS_END.sub("", rest).strip() if rest != title else title
    return rest or title
