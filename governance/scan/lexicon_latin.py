"""The word lists and weights behind names in Latin letters: `names_latin.yaml` and `names_latin.txt`, parsed once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from governance.scan.lexicon import NEWEST
from governance.scan.listed import phrases
from policies.errors import PackError
from policies.pack_loader import load_pack

COMMON = 1
"""A frequent given name."""
GIVEN = 2
"""A given name."""
SURNAME = 4
"""A surname."""
WORD = 8
"""A word of the language too."""
ORDINARY = 16
"""A frequent word of the language."""
NEVER = 32
"""Not part of a person's name, whatever else it is."""
PLACE = 64
"""A place too."""
COMMON_SURNAME = 128
"""A frequent surname."""
NAME = COMMON | GIVEN | SURNAME
"""Any kind of name."""

_SECTIONS = {
    "common_given": COMMON | GIVEN,
    "given": GIVEN,
    "common_surnames": COMMON_SURNAME | SURNAME,
    "surnames": SURNAME,
    "ordinary_words": WORD | ORDINARY,
    "rarer_words": WORD,
}
_BARE = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_MARKS = str.maketrans(dict.fromkeys(map(ord, "'’`´.")))


@dataclass(frozen=True, slots=True)
class LatinLexicon:
    """What is known of words in Latin letters."""

    flags: dict[str, int]
    """What a bare word can be: the flags of this module, joined."""
    forms: dict[str, int]
    """The score of a sequence, by the letters of its first and last part."""
    context: dict[str, int]
    """What each kind of surroundings adds."""
    before: dict[str, str]
    """A word or phrase before a name, and the kind of surroundings it makes."""
    before_last: frozenset[str]
    """The last words of these phrases."""
    after: frozenset[str]
    """Words behind a name that speak of a person."""
    kills: frozenset[str]
    """Words behind a name that make it something else."""
    suffixes: frozenset[str]
    """Endings of a full name."""
    particles: frozenset[str]
    """Lower-case parts between given name and surname."""
    surname_ends: tuple[str, ...]
    """Ends of surnames."""
    place_phrases: frozenset[str]
    """Places of several words, bare and parted by one space."""


def bare(word: str) -> str:
    """A word in lower case without accents, apostrophes and dots, as the lists have it."""
    lower = word.lower()
    if lower.isascii():
        return lower if lower.isalpha() else lower.translate(_MARKS)
    decomposed = unicodedata.normalize("NFKD", lower.translate(_BARE).translate(_MARKS))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


@cache
def latin_lexicon() -> LatinLexicon:
    """The newest edition. Raises PackError when the pack is wrong."""
    body = load_pack("names_latin", NEWEST).body
    flags = _name_flags()
    _mark(flags, body["never"].split(), NEVER)
    _mark(flags, body["places"].split(), PLACE)
    before = {phrase: kind for kind, text in body["before"].items() for phrase in _words_or_phrases(text)}
    return LatinLexicon(
        flags=flags,
        forms=dict(body["forms"]),
        context=dict(body["context"]),
        before=before,
        before_last=frozenset(phrase.rsplit(" ", 1)[-1] for phrase in before),
        after=frozenset(body["after"].split()),
        kills=frozenset(body["kills"].split()),
        suffixes=frozenset(body["suffixes"].split()),
        particles=frozenset(body["particles"].split()),
        surname_ends=tuple(body["surname_ends"].split()),
        place_phrases=frozenset(_words_or_phrases(body["place_phrases"])),
    )


def _name_flags() -> dict[str, int]:
    text = resources.files("policies").joinpath("packs", "names_latin.txt").read_text(encoding="utf-8")
    flags: dict[str, int] = {}
    for section in text.split("\n[")[1:]:
        title, _, words = section.partition("]\n")
        if title not in _SECTIONS:
            raise PackError(
                "names_latin.txt",
                found=f"a section `{title}`",
                expected=", ".join(_SECTIONS),
                next_step="mend the head of the section",
            )
        _mark(flags, words.split(), _SECTIONS[title])
    return flags


def _mark(flags: dict[str, int], words: Iterable[str], flag: int) -> None:
    marked = set(words)
    both = marked & flags.keys()
    flags.update(dict.fromkeys(marked - both, flag))
    for word in both:
        flags[word] |= flag


def _words_or_phrases(text: str) -> list[str]:
    """Words parted by spaces, or phrases parted by `|` when the text begins with one."""
    return phrases(text) if text.startswith("|") else text.split()
