"""Countries, regions and big cities in texts in Latin letters, from a small list; a model knows the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from governance.scan.detectors.reading import Place, Reader, ReadingDetector
from governance.scan.lexicon import NEWEST
from policies.pack_loader import load_pack

_SCORE = 55
_SHORT, _REACH = 3, 32
_WORDS = re.compile(r"[^\W\d_]+")
_STATE = re.compile(r"(?:Democratic )?(?:Republic|Kingdom) of (?:the )?$")
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


@cache
def _rules() -> tuple[tuple[str, ...], Reader]:
    """Raises PackError when the pack is wrong."""
    body = load_pack("addresses_latin", NEWEST).body
    doubtful = frozenset(name.lower() for name in _phrases(body["not_alone"]))
    names = [*_phrases(body["countries"]), *_phrases(body["cities"]), *_phrases(body["regions"])]
    names = [name for name in names if len(name) > _SHORT or name.isupper()]
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    by_first: dict[str, list[str]] = {}
    for name in sorted((name.lower() for name in names), key=len, reverse=True):
        by_first.setdefault(_first(name), []).append(name)

    def read(text: str) -> Iterator[Place]:
        small, lower, place = text.islower(), text.lower(), 0
        for match in _WORDS.finditer(text) if len(lower) == len(text) else ():
            start = match.start()
            for name in by_first.get(match[0].lower(), ()) if start >= place else ():
                if lower.startswith(name, start) and _stands(text, start, start + len(name), small=small):
                    if name not in doubtful or lower[max(0, start - _REACH) : start].endswith(_BEFORE):
                        place = start + len(name)
                        state = _STATE.search(text, max(0, start - _REACH), start)
                        yield state.start() if state else start, place, _SCORE
                    break

    return (rf"(?i)(?:^|[^a-z])(?:{either})",), read


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


def _phrases(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.split("|") if phrase.strip()]


LOCATION = ReadingDetector(name="location", entity="LOCATION", rules=_rules)
