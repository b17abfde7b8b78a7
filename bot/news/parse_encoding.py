"""Bytes of a document to text. Only characters are decided here, not what they mean.

Observation: declarations lie (windows-1251 bytes declared UTF-8, UTF-8 declared UTF-16), one bad
byte in UTF-8 makes a trusting parser read everything as windows-1252. Rule, first that fits: byte
order mark; valid UTF-8, whatever is declared; UTF-16 by its zero bytes; mostly valid UTF-8, with
replacement; the HTTP charset; the XML declaration; Cyrillic by its runs of high bytes;
windows-1252. Labels mean what the WHATWG Encoding Standard says they mean. Known exception:
seven-bit encodings with escapes (ISO-2022-JP) are valid UTF-8 and are believed when declared.
Rejected: statistical detection (a dependency; on hundreds of real feeds it repaired one and
spoiled one).
"""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ALIASES = {
    "latin1": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "us-ascii": "cp1252",
    "ascii": "cp1252", "l1": "cp1252", "x-cp1252": "cp1252",
    "iso-8859-9": "cp1254", "latin5": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "korean": "cp949",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "chinese": "gb18030",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs",
    "iso-8859-8-i": "iso-8859-8", "x-mac-cyrillic": "mac-cyrillic", "macintosh": "mac-roman",
    "windows-874": "cp874", "koi8": "koi8-r", "koi8-ru": "koi8-u",
}  # fmt: skip
# Codecs that only translate characters: others (idna, punycode, unicode_escape) have tricks.
_PLAIN = frozenset(
    [
        *(f"cp{page}" for page in (866, 874, 932, 949, *range(1250, 1259))),
        *(f"iso8859-{part}" for part in range(2, 17)),
        *("koi8-r", "koi8-u", "mac-cyrillic", "mac-roman", "big5hkscs", "gb18030", "hz"),
        *("euc_jp", "iso2022_jp", "utf-8", "utf-16", "utf-16-le", "utf-16-be"),
    ]
)
_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w:.-]+)", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"<\?xml[^<>]{0,200}?encoding\s*=\s*[\"']([\w:.-]+)", re.IGNORECASE)
_CYRILLIC_RUN = re.compile(rb"[\xa8\xaa\xaf\xb2-\xb4\xb8\xba\xbf\xc0-\xff]{3,}")
_HIGH = re.compile(rb"[\x80-\xff]")
_ESCAPE = b"\x1b"
_SAMPLE = 65_536


def codec_named(label: str) -> str:
    """The codec for an encoding label; "" for unknown and for unsafe ones."""
    label = label.strip().lower()
    try:
        name = codecs.lookup(_ALIASES.get(label, label)).name
    except (LookupError, ValueError):
        return ""
    return name if name in _PLAIN else ""


def _by_mark(body: bytes) -> str | None:
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    head = body[:4]
    if head[:1] == b"<" and head[1:2] == b"\0":
        return body.decode("utf-16-le", "replace")
    if head[:2] == b"\0<":
        return body.decode("utf-16-be", "replace")
    return None


def _as_utf8(body: bytes) -> str | None:
    """The text if it is UTF-8 with at most one bad place for ten good characters."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    return text if good >= 10 * bad else None


def _guessed(body: bytes) -> str:
    """Cyrillic text is runs of high bytes; in western text they stand alone between letters."""
    high = len(_HIGH.findall(body))
    in_runs = sum(len(run) for run in _CYRILLIC_RUN.findall(body))
    return "cp1251" if high and in_runs >= 0.6 * high else "cp1252"


def decode(body: bytes, content_type: str = "") -> str:
    """Decode a document; never raises. `content_type` is the HTTP header, "" when unknown."""
    marked = _by_mark(body)
    if marked is not None:
        return marked.lstrip("\ufeff")
    from_http = _HTTP_CHARSET.search(content_type)
    from_xml = _XML_CHARSET.search(body[:2048])
    labels = [from_http.group(1)] if from_http else []
    labels += [from_xml.group(1).decode("ascii")] if from_xml else []
    declared = [codec for codec in map(codec_named, labels) if codec]
    if _ESCAPE in body and declared[:1] in (["iso2022_jp"], ["hz"]):
        return body.decode(declared[0], "replace")
    text = _as_utf8(body)
    if text is not None:
        return text.lstrip("\ufeff")
    for codec in declared:
        if codec.startswith("utf-"):
            continue
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            if codec == declared[-1]:
                return body.decode(codec, "replace")
    return body.decode(_guessed(body[:_SAMPLE]), "replace")
