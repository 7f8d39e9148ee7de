"""Chinese names: a surname and one or two characters, weighed by characters, segments and what stands beside.

What stands beside is looked at last, and only where it can still turn the scale: characters and segments alone leave
out four candidates of five.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from governance.scan.detectors.chinese.segments import Segments, is_han, part_of_speech
from governance.scan.detectors.chinese.surroundings import left_of, right_of
from governance.scan.lexicon_zh import NamesZh


class Candidate(NamedTuple):
    """A place that may be a name."""

    start: int
    """Where the surname begins."""
    end: int
    """One behind the given name."""
    family: int
    """How many characters the surname has."""
    weight: int
    """What the characters alone weigh: log odds times 100."""


IMPOSSIBLE = -1_000
"""The weight of what cannot be a name."""
_BEYOND_HELP = -375
"""Nothing beside a candidate makes up for less."""
LEAST = _BEYOND_HELP - 110
"""A candidate whose characters weigh less is none: an inside of single characters weighs 110 at most."""
BARRED = -6
"""No given name begins with a character that weighs so little."""
MOST_GIVEN, LEAST_GIVEN, NEVER = 12, -8, -9
"""No given name proves more or less than this; one that weighs less than the last is none."""
_THREE = 3
_DOUBLE = 8
"""What a surname of two characters weighs, in half nats."""
BEFORE_NAMES = frozenset({"left_announcing", "left_field", "left_role", "left_list", "left_at", "left_like_role"})
BEHIND_NAMES = frozenset({"right_title", "right_verb", "right_colon", "right_list"})
FREE_LEFT = frozenset({"left_start", "left_sign", "left_list", "left_announcing", "left_field", "left_role"})
FREE_RIGHT = frozenset({"right_end", "right_sign", "right_list", "right_colon"})


def candidates(text: str, single: Iterable[Candidate], doubled: Iterable[int], tables: NamesZh) -> list[Candidate]:
    """What may be names by the characters alone, in order: those with a surname of two characters are made here."""
    found = [each for place in doubled for each in _with_double(text, place, tables)]
    taken = {place + 1 for place in doubled if _double(text, place, tables)}
    polite = tables.words.titles  # 陈美小姐 is no 陈美小
    found.extend(
        each
        for each in single
        if each.start not in taken
        and (each.end - each.start < _THREE or text[each.end - 1 : each.end + 1] not in polite)
    )
    return sorted(found)


def _double(text: str, place: int, tables: NamesZh) -> bool:
    """Whether a character that may begin a given name follows a surname of two characters."""
    sign = text[place + 2 : place + 3]
    return bool(sign) and is_han(sign) and tables.given_first.get(sign, 0) > BARRED


def _with_double(text: str, start: int, tables: NamesZh) -> Iterator[Candidate]:
    """A surname of two characters with one or two characters behind."""
    if not _double(text, start, tables):
        return
    first, last, weights, end = tables.given_first, tables.given_last, tables.native, start + 2
    head, low = weights["surname"] * _DOUBLE + weights["surname_double"] + weights["base"], first.get(text[end], 0)
    weight = head + weights["given_one"] + weights["given"] * _capped((low + last.get(text[end], 0)) // 2)
    if weight >= LEAST:
        yield Candidate(start, end + 1, 2, weight)
    if end + 1 < len(text) and is_han(text[end + 1]) and text[end + 1 : end + 3] not in tables.words.titles:
        weight = head + weights["given_two"] + weights["given"] * _capped(low + last.get(text[end + 1], 0))
        if weight >= LEAST:
            yield Candidate(start, end + 2, 2, weight)


def weigh(segments: Segments, candidate: Candidate, tables: NamesZh, run: tuple[int, int] | None) -> int:
    """Log odds times 100 that a candidate is a name; `run` is the foreign word it lies in."""
    start, end, _, weight = candidate
    weights = tables.native
    weight += weights.get(inside(segments, candidate), 0)
    if run is not None and (run[0] < start or run[1] > end):
        weight += weights["in_foreign_word"]
    if weight < _BEYOND_HELP:
        return IMPOSSIBLE
    left, right = left_of(segments, start, tables.words), right_of(segments, end, tables.words)
    weight += weights.get(left, 0) + weights.get(right, 0)
    if left in BEFORE_NAMES and right in BEHIND_NAMES:
        weight += weights["both_sides"]
    if left in FREE_LEFT and right in FREE_RIGHT:
        weight += weights["stands_alone"]
    if end - start > 2 and segments.text[start + 1] in tables.words.short_titles:
        weight += weights["begins_with_title"]
    return weight + _odd_ends(segments.text[start], segments.text[end - 1], tables)


def inside(segments: Segments, candidate: Candidate) -> str:
    """How the segments see the inside of a candidate, as a key of the weights."""
    start, end, family, _ = candidate
    word = segments.at(start)
    if word is None or start + len(word) > end:
        return "inside_across"
    if start + len(word) == end:
        tag = part_of_speech(word)
        return "inside_name" if tag == "nr" else "inside_foreign_name" if tag[:2] == "nr" else "inside_word"
    if len(word) > 1 and len(word) != family:
        return "inside_name_and" if part_of_speech(word)[:2] == "nr" else "inside_word_and"
    second = segments.at(start + len(word))
    if second is None or start + len(word) + len(second) > end:
        return "inside_loose_end"
    if len(second) == 1 or start + len(word) + len(second) < end:
        return "inside_singles"
    return "inside_surname_and_name" if part_of_speech(second)[:2] == "nr" else "inside_surname_and_word"


def _capped(weight: int) -> int:
    """A given name that weighs less than -9 is none; no given name proves more than 12."""
    return -99 if weight < NEVER else max(LEAST_GIVEN, min(MOST_GIVEN, weight))


def _odd_ends(first: str, last: str, tables: NamesZh) -> int:
    words, weights = tables.words, tables.native
    weight = 0
    if last in words.behind or last in words.verbs or last in words.lists:
        weight += weights["ends_with_small"]
    if first in words.before or first in words.lists:
        weight += weights["begins_with_small"]
    return weight + (weights["ends_like_place"] if last in words.place_endings else 0)
