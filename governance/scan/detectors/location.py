"""Countries, regions and towns in texts in Latin letters: big ones by name, others where a text speaks of a place.

A town of the long list needs a word like `in` before it (`moved from Katowice`); a name that no list knows needs more:
`lives in`, `the city of`, `I'm in`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from governance.scan.detectors.address_pieces import TOWN
from governance.scan.detectors.address_tail import bare_name
from governance.scan.detectors.reading import Place, Reader, ReadingDetector
from governance.scan.lexicon import NEWEST
from governance.scan.lexicon_latin import COMMON, GIVEN, NEVER, ORDINARY, PLACE, WORD, bare, latin_lexicon
from governance.scan.listed import either, phrases, towns
from policies.pack_loader import load_pack

_SCORE = 55
_SHORT, _REACH, _MOST_WORDS = 3, 32, 4
_WORDS = re.compile(r"[^\W\d_]+")
_STATE = re.compile(r"(?:Democratic )?(?:Republic|Kingdom) of (?:the )?$")
_LEADING = "in|from|to|near|around|outside|at|via|visit|visited|visiting"
"""What leads to a town."""
_TOWARDS = re.compile(rf"(?<![\w@])(?i:{_LEADING}) (?P<town>{TOWN})")
_BEFORE = (
    "in ",
    "from ",
    "to ",
    "near ",
    "at ",
    "of ",
    "visit ",
    "visiting ",
    "visited ",
    "country: ",
    "city: ",
    "in the ",
)
"""What stands before a place whose name is first of all that of a person or a thing."""


@cache
def _rules() -> tuple[tuple[str, ...], Reader]:
    """Raises PackError when the pack is wrong."""
    body = load_pack("addresses_latin", NEWEST).body
    doubtful = frozenset(name.lower() for name in phrases(body["not_alone"]))
    names = [*phrases(body["countries"]), *phrases(body["cities"]), *phrases(body["regions"])]
    names = [name for name in names if len(name) > _SHORT or name.isupper()]
    by_first: dict[str, list[str]] = {}
    for name in sorted((name.lower() for name in names), key=len, reverse=True):
        by_first.setdefault(_first(name), []).append(name)
    told = either(phrases(body["places_told"]))
    announced = re.compile(rf"(?<!\w)(?i:{told}):? (?:the )?(?P<town>{TOWN})")

    def read(text: str) -> Iterator[Place]:
        found = [*_listed(text, by_first, doubtful), *_towns(text), *_told(text, announced)]
        behind = 0
        for start, end in sorted(found, key=lambda each: (each[0], -each[1])):
            if start >= behind:
                behind = end
                yield start, end, _SCORE

    prefilters = (
        rf"(?i)(?:^|[^a-z]){either(names)}",
        rf"(?i:{told}):? (?:the )?\p{{Lu}}",
        rf"(?:^|[^\pL])(?i:{_LEADING}) \p{{Lu}}\p{{Ll}}{{2}}",
    )
    return prefilters, read


def _listed(text: str, by_first: Mapping[str, list[str]], doubtful: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Countries, regions and big cities, wherever they stand."""
    small, lower, place = text.islower(), text.lower(), 0
    for match in _WORDS.finditer(text) if len(lower) == len(text) else ():
        start = match.start()
        for name in by_first.get(match[0].lower(), ()) if start >= place else ():
            if lower.startswith(name, start) and _stands(text, start, start + len(name), small=small):
                if name not in doubtful or lower[max(0, start - _REACH) : start].endswith(_BEFORE):
                    place = start + len(name)
                    state = _STATE.search(text, max(0, start - _REACH), start)
                    yield state.start() if state else start, place
                break


def _towns(text: str) -> Iterator[tuple[int, int]]:
    """Towns of the long list behind a word that leads to a place."""
    (known, _), flags = towns(), latin_lexicon().flags
    for match in _TOWARDS.finditer(text):
        start, end = match.span("town")
        words = text[start:end].split(" ")
        for count in range(min(len(words), _MOST_WORDS), 0, -1):
            name = bare_name(" ".join(words[:count]))
            if name in known and _stands(text, start, start + len(" ".join(words[:count])), small=False):
                flag = flags.get(name, 0)
                if not flag & (WORD | ORDINARY | NEVER | COMMON | GIVEN) and count == len(words):
                    yield start, end
                break


def _told(text: str, announced: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Names that no list knows, where the words before speak of a place."""
    flags = latin_lexicon().flags
    for match in announced.finditer(text):
        start, end = match.span("town")
        known = [flags.get(bare(word), 0) for word in re.split(r"[ -]", text[start:end])]
        if any(flag & (ORDINARY | NEVER) and not flag & PLACE for flag in (known[0], known[-1])):
            continue
        if len(known) == 1 and known[0] & COMMON and not known[0] & PLACE:
            continue
        numbered = text[end : end + 2].strip().isdigit() and bare_name(text[start:end]) not in towns()[0]
        if not numbered and _stands(text, start, end, small=False):
            yield start, end


def _first(name: str) -> str:
    match = _WORDS.match(name)
    return match[0] if match else name


def _stands(text: str, start: int, end: int, *, small: bool) -> bool:
    """Whether a name stands by itself, written as the text writes names."""
    if text[start].islower() and not small:
        return False
    if end - start <= _SHORT and not text[start:end].isupper():
        return False
    before, behind = text[start - 1 : start], text[end : end + 2]
    if before.isalnum() or before in ("@", "/", "-", "_", "#") or behind[:1].isalnum() or behind[:1] in ("@", "_", "-"):
        return False
    return not (behind[:1] == "." and behind[1:].isalnum())


LOCATION = ReadingDetector(name="location", entity="LOCATION", rules=_rules)
