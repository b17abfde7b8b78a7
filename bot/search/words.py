"""The forms under which a word is indexed and looked up. Pure, but for tantivy's stemmers.

Observation: nobody says in which language a query is, one story has reports in several languages,
and Ukrainian and Polish have no Snowball stemmer. Rule: a word of a report stands as it is without
accents, by its stem in the report's language ("en~elect"), and, in Cyrillic and in languages
without a stemmer, by a light Slavic stem on the common skeleton ("~vibor"), so that вибори finds
выборы. A query's word is looked up in every form that it could have in any language.
Known exception: a light stem keeps sounds that alternate (рука, руці). Rejected: one field and
stemmer per language (every query would name them all), n-grams (they find parts of words).
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from bot.models.identifiers import Language
from bot.news.stopwords import STOP_WORDS
from bot.news.tokens import fold, skeleton

LONGEST_WORD: Final = 40
MOST_WORDS: Final = 16
"""Words of a query that are looked at."""
SHORTEST_PREFIX: Final = 3

_STEMMERS: Final = {
    "ar": "arabic",
    "da": "danish",
    "nl": "dutch",
    "en": "english",
    "fi": "finnish",
    "fr": "french",
    "de": "german",
    "el": "greek",
    "hu": "hungarian",
    "it": "italian",
    "no": "norwegian",
    "nb": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "es": "spanish",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_OWN_ALPHABET: Final = ("ar", "el", "ta")
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_OTHER_ALPHABET = re.compile(r"[^\W\d_a-z\u00c0-\u024f\u1e00-\u1eff]")
# Endings of Slavic nouns, adjectives and verbs as the skeleton writes them, longest first.
_ENDING = re.compile(
    r"(?:ostiami|ovanie|ogo|ego|omu|emu|imi|ami|ovi|evi|oiu|eiu|iami|eniv|ieii"
    r"|ah|ac|am|om|em|im|ih|ic|iv|ov|ev|oi|ei|ii|ui|ia|ie|iu|iem|iom|uu|aa|ou|eu|at|it|ut|et"
    r"|a|e|i|o|u)$"
)
_SHORTEST_LIGHT_STEM: Final = 3


def document_forms(text: str, language: Language) -> Iterable[str]:
    """Every form of every word of a report's text; none contains a space."""
    for word in _spelled(text):
        yield from _document_forms(word, language)


def query_words(text: str) -> list[tuple[str, ...]]:
    """A query's words, each as the forms it may be found under, the exact one first.

    Stop words are left out unless there is nothing else. Any text is understood: signs separate.
    """
    spelled = _spelled(text)[:MOST_WORDS]
    meant = [word for word in spelled if fold(word) not in STOP_WORDS] or spelled
    return [_query_forms(word) for word in dict.fromkeys(meant)]


def prefix_pattern(word: str) -> str:
    """A regular expression for exact forms that begin with a word; "" for too short a word."""
    return f"{re.escape(word)}[^~]*" if len(word) >= SHORTEST_PREFIX else ""


def light_stem(word: str) -> str:
    """A folded word on the skeleton without a Slavic ending, at least three letters long."""
    bare = skeleton(word)
    ending = _ENDING.search(bare, _SHORTEST_LIGHT_STEM)
    return bare[: ending.start()] if ending else bare


def _spelled(text: str) -> list[str]:
    """Words in lower case with their accents; pairs of signs where no spaces are written."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _UNSPACED.search(word):
            found.extend(first + second for first, second in pairwise(word))
            if len(word) == 1:
                found.append(word)
        else:
            found.append(word[:LONGEST_WORD])
    return found


@lru_cache(maxsize=65536)
def _document_forms(word: str, language: Language) -> tuple[str, ...]:
    forms = [fold(word)]
    if language in _STEMMERS:
        forms.append(f"{language}~{_stem(word, language)}")
    if language not in _STEMMERS or _CYRILLIC.search(word):
        forms.append(f"~{light_stem(fold(word))}")
    return tuple(form for form in forms if form)


@lru_cache(maxsize=4096)
def _query_forms(word: str) -> tuple[str, ...]:
    cyrillic = bool(_CYRILLIC.search(word))
    latin = not _OTHER_ALPHABET.search(word)
    languages = [
        language
        for language in _STEMMERS
        if (language == "ru" if cyrillic else latin or language in _OWN_ALPHABET)
    ]
    stems = (f"{language}~{_stem(word, Language(language))}" for language in languages)
    return tuple(dict.fromkeys((fold(word) or word, *stems, f"~{light_stem(fold(word))}")))


def _stem(word: str, language: Language) -> str:
    stems = _analyzer(language).analyze(word)
    return fold(stems[0]) if stems else fold(word)


@lru_cache(maxsize=len(_STEMMERS))
def _analyzer(language: Language) -> TextAnalyzer:
    stemmer = Filter.stemmer(_STEMMERS[language])
    return TextAnalyzerBuilder(Tokenizer.raw()).filter(stemmer).build()
