"""Words of a title or lede as terms that can be compared across spellings and alphabets.

Here lives everything that turns text into comparable words: folding, the common Latin skeleton,
numbers, stop words. Weighing and comparing terms is bot.news.similarity; HTML never gets here.

Observation: in one family of languages a story is told with the same stems in different endings,
and Russian, Ukrainian and transliterated addresses write the same names in different letters.
Rule: fold case and accents, map Cyrillic and Latin letter by letter to one skeleton, collapse
digraphs and doubled letters, cut words to five characters, keep numbers whole.
Known exceptions: Ukrainian г is g here but h in official transliteration; names that are translated
rather than transliterated (Москва, Moscow) stay apart.
Rejected: stemmers and lemmatisers. They separate same stories no better than the prefix of five and
need a dictionary for every language.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Final
from zlib import crc32

from bot.news.stopwords import STOP_WORDS

PREFIX: Final = 5
LEAD_CHARACTERS: Final = 300
"""Of a lede that count for similarity; more changes nothing measurable."""
MAXIMUM_TERMS: Final = 120
"""Of one text: a bound for hostile input that real titles and ledes never reach."""

_WORD = re.compile(r"\d+(?:[.,]\d+)+(?![^\W_])|[^\W_]+")
# An ordinary space parts thousands only before "000": "May 19 100 people" has two numbers.
_SPACED_THOUSANDS = re.compile(r"(?<=\d)(?:[\u00a0\u202f\u2009](?=\d{3}(?!\d))| (?=000(?!\d)))")
_THOUSANDS = re.compile(r"\d{1,3}(?:[,.]\d{3})+")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")

_SKELETON_OF_LETTER: Final = str.maketrans(
    {
        **dict(zip("абвгґдезийклмнопрстуфхцчшщ", "abvggdeziiklmnoprstufhccss", strict=True)),
        **dict(zip("ыэюяєіј", "ieuaeij", strict=True)),
        **{"ж": "z", "ь": "", "ъ": "", "ђ": "d", "љ": "l", "њ": "n", "ћ": "c", "џ": "d"},
        **{"ў": "u", "ё": "e", "ї": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "t"},
        **{"æ": "e", "œ": "e", "ı": "i", "ŋ": "n"},
    }
)
# Longest first: "shch" must not be read as "sh" and "ch".
_DIGRAPH = re.compile(r"shch|sch|zh|kh|sh|ch|ts|ph|ck|qu|y[aeou]|j[aeou]|[yjwqx]")
_SKELETON_OF_DIGRAPH: Final = {
    **{"shch": "s", "sch": "s", "zh": "z", "kh": "h", "sh": "s", "ch": "c", "ts": "c", "ph": "f"},
    **{"ck": "k", "qu": "k", "ya": "a", "ye": "e", "yo": "e", "yu": "u"},
    **{"ja": "a", "je": "e", "jo": "e", "ju": "u"},
    **{"y": "i", "j": "i", "w": "v", "q": "k", "x": "ks"},
}


class _WithoutMarks(dict[int, int | None]):
    """A table for str.translate that learns which signs are combining marks."""

    def __missing__(self, sign: int) -> int | None:
        self[sign] = None if unicodedata.combining(chr(sign)) else sign
        return self[sign]


_WITHOUT_MARKS: Final = _WithoutMarks()


def fold(text: str) -> str:
    """Lower case without accents, in compatibility form (NFKD): Ё as е, Й as и, ß as ss."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).casefold().translate(_WITHOUT_MARKS)


def words(text: str) -> list[str]:
    """The folded words of a text in order; numbers without thousands separators, 3,5 as 3.5."""
    joined = fold(_SPACED_THOUSANDS.sub(",", text))
    return [_number(word) if word[0].isdigit() else word for word in _WORD.findall(joined)]


def normal_form(text: str) -> str:
    """What is left of a text without case, accents, punctuation and spacing."""
    return " ".join(words(text))


@lru_cache(maxsize=65536)
def skeleton(word: str) -> str:
    """A folded word in the letters that all spellings share, uncut."""
    latin = word.translate(_SKELETON_OF_LETTER)
    plain = _DIGRAPH.sub(lambda match: _SKELETON_OF_DIGRAPH[match[0]], latin)
    return "".join(letter for letter, _ in groupby(plain))


def terms(of_words: Iterable[str]) -> list[str]:
    """Comparable terms of words, each once, in order of first appearance, at most 120."""
    found: dict[str, None] = {}
    for word in of_words:
        for term in _terms_of(word):
            found.setdefault(term)
        if len(found) >= MAXIMUM_TERMS:
            break
    return list(found)[:MAXIMUM_TERMS]


def term_ids(found: Iterable[str]) -> "array[int]":
    """32-bit prints of terms, each once: a tenth of the memory of strings, the same everywhere."""
    return array("I", dict.fromkeys(crc32(term.encode()) for term in found))


def numbers(of_words: Iterable[str]) -> frozenset[str]:
    """The numbers among a title's words that can tell two events apart: all but years."""
    return frozenset(
        word for word in of_words if _DIGITS.fullmatch(word) and not _YEAR.fullmatch(word)
    )


def is_cyrillic(text: str) -> bool:
    """Whether most letters are Cyrillic: words are counted apart for the two families."""
    letters = sum(letter.isalpha() for letter in text)
    return 2 * len(_CYRILLIC.findall(text)) > letters


def _number(word: str) -> str:
    if _THOUSANDS.fullmatch(word):
        return re.sub(r"\D", "", word)
    return word.replace(",", ".")


@lru_cache(maxsize=65536)
def _terms_of(word: str) -> tuple[str, ...]:
    if word[0].isdigit():
        return (word[:16],)
    if word in STOP_WORDS:
        return ()
    if _UNSPACED.search(word):
        # No spaces to cut at: overlapping pairs of signs stand for words.
        return tuple(first + second for first, second in pairwise(word)) or (word,)
    term = skeleton(word)[:PREFIX]
    return (term,) if len(term) > 1 else ()
