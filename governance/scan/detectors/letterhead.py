"""Organizations in the heads of letters: the line between a person's line and the street.

    Ms. Anna Smith
    Sales manager
    Golden Helix
    12 Baker Street

The line right above the street is taken, where a person's name stands one line or two above it. A line that is itself a
name, a place, a job or a sentence is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from governance.scan.detectors.address import places
from governance.scan.detectors.address_grammar import Grammar, grammar
from governance.scan.detectors.reading import Place, Reader, ReadingDetector
from governance.scan.lexicon import NEWEST
from governance.scan.lexicon_latin import COMMON, GIVEN, NEVER, ORDINARY, PLACE, SURNAME, bare, latin_lexicon
from policies.pack_loader import load_pack

_SCORE = 79
"""Where it stands says more than that its words look like a name."""
_STREET_REACH = 120
_SIGNS = " \t>?*-"
_LINE = re.compile(r"[^\n]+")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_HEAD = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-Ž0-9][^\n:;!?@#/\\|=<>]{1,48}[\w.)]")
_PERSON = re.compile(r"(?:[^\W\d_][\w'’-]*\.? ){1,4}[^\W\d_][\w'’-]*\.?,?")
_SMALL = frozenset(("of", "the", "and", "de", "des", "du", "der", "für", "for", "n", "di", "da", "do", "&"))
_MOST_WORDS = 7
_PREFILTER = r"\n[^\n]+\n"


@cache
def _rules() -> tuple[tuple[str, ...], Reader]:
    jobs = frozenset(load_pack("value_sets", NEWEST).body["last_words"]["JOB_TITLE"].replace(",", " ").split())
    rules = grammar()

    def read(text: str) -> Iterator[Place]:
        lines = [_bare(text, match) for match in _LINE.finditer(text)]
        for place in range(1, len(lines) - 1):
            above = lines[max(0, place - 2) : place]
            start, end = lines[place]
            if (
                _is_name(text[start:end], jobs)
                and any(_is_person(text[low:high]) for low, high in above)
                and _is_street(text, lines[place + 1], rules)
            ):
                yield start, end, _SCORE

    return (_PREFILTER,), read


def _bare(text: str, line: re.Match[str]) -> tuple[int, int]:
    """Where a line begins and ends without blanks and signs of quotation."""
    start = line.start() + len(line[0]) - len(line[0].lstrip(_SIGNS))
    return start, max(start, line.start() + len(text[line.start() : line.end()].rstrip()))


def _is_name(line: str, jobs: Iterable[str]) -> bool:
    """Whether a line is written as the name of an organization, and is no person, place or job."""
    words = [each.lower().strip(".,") for each in line.split()]
    if not _HEAD.fullmatch(line) or not 1 <= len(words) <= _MOST_WORDS or words[-1] in jobs:
        return False
    if any(word[0].islower() and word.strip(".,'") not in _SMALL for word in line.split() if word[0].isalpha()):
        return False
    flags = [_flags(word) for word in words]
    if len(words) == 1 and flags[0] & (NEVER | ORDINARY | PLACE | COMMON):
        return False
    return not all(each & (NEVER | PLACE) for each in flags) and not _is_person(line)


def _is_person(line: str) -> bool:
    """Whether a line is a name: a title or a given name, and no more than five words."""
    words = line.split()
    if not _PERSON.fullmatch(line) or len(words) < 2:
        return False
    titled = latin_lexicon().before.get(words[0].lower()) == "title"
    first, last = _flags(words[titled]), _flags(words[-1])
    if not all(word[0].isupper() or word in latin_lexicon().particles for word in words):
        return False
    return titled or bool(first & (GIVEN | COMMON) and not first & ORDINARY and (last & SURNAME or not last))


def _is_street(text: str, line: tuple[int, int], rules: Grammar) -> bool:
    """Whether an address begins with a line."""
    start, end = line
    return any(place == 0 for place, _, _ in places(text[start : max(end, start + _STREET_REACH)], rules))


def _flags(word: str) -> int:
    return latin_lexicon().flags.get(bare(word.strip(".,")), 0)


LETTERHEAD = ReadingDetector(name="letterhead", entity="ORGANIZATION", rules=_rules, digits=1)
