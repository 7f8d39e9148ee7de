"""Foreign names in Chinese characters: 迈克尔·乔丹 by its dot, 詹姆斯 by its characters and what stands beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from governance.scan.detectors.chinese.segments import Segments, is_han, part_of_speech
from governance.scan.detectors.chinese.surroundings import left_of, right_of
from governance.scan.lexicon_zh import NamesZh, names_zh

_HAN = r"[\u4e00-\u9fff]"
DOTS = "·•・‧∙⋅"
_ENDINGS = frozenset({"尼亚", "利亚", "西亚", "里亚", "斯坦"})
_MAY = 0
"""A character of this weight may stand in a dotted name."""
_NEVER = -9
_ODD = -3
"""What a character that writes no foreign name weighs in a dotted one."""
RUN = 2
"""A character of this weight makes a run."""
_MEAN = -1
"""A dotted name's characters weigh this on average at least."""
_PART = 5
"""A part of a dotted name that stands free may have so many characters of any kind."""


def runs(text: str) -> list[tuple[int, int]]:
    """Maximal runs of three to nine characters that write foreign names."""
    return [match.span() for match in _run().finditer(text)]


def in_runs(run: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The run and what is left of it without one character before and two behind."""
    first, last = run
    seen = {(start, end) for start in (first, first + 1) for end in (last, last - 1, last - 2) if end - start >= 3}
    return iter(sorted(seen))


def weigh(segments: Segments, start: int, end: int, run: tuple[int, int], tables: NamesZh) -> int:
    """Log odds times 100 that a part of a run is a name."""
    weights, words = tables.foreign, tables.words
    keys = ["base", left_of(segments, start, words), right_of(segments, end, words), _inside(segments, start, end)]
    keys.append(_ending(segments.text[start:end], tables))
    keys.extend(["trimmed_left"] * (start > run[0]) + ["trimmed_right"] * (end < run[1]))
    mean = sum(tables.transliteration.get(sign, -4) for sign in segments.text[start:end]) / (end - start)
    total = sum(weights.get(key, 0) for key in keys)
    return round(total + weights["characters"] * mean + weights["length"] * min(end - start, 6))


def dotted(segments: Segments, tables: NamesZh) -> Iterator[tuple[int, int]]:
    """Names in parts with dots between: 迈克尔·乔丹, 买买提·艾山, 约翰·F·肯尼迪."""
    for match in _DOTTED.finditer(segments.text) if _DOT.search(segments.text) else ():
        start, end = _trimmed(segments, match.start(), match.end(), tables)
        if start < end and any(dot in segments.text[start:end] for dot in DOTS):
            yield start, end


def _trimmed(segments: Segments, start: int, end: int, tables: NamesZh) -> tuple[int, int]:
    """A dotted place without the words before and behind that write no foreign name."""
    text = segments.text
    dots = _joined(segments, [place for place in range(start, end) if text[place] in DOTS])
    start = max(start, dots[0] - 2 * _PART)
    low, high = dots[0], dots[-1] + 1
    if _edge(segments, start, tables) and _may_be_part(segments, start, low):
        low = start
    while low > start and tables.transliteration.get(text[low - 1], _NEVER) >= _MAY:
        low -= 1
    while end > high + 1 and (text[end - 1] in tables.words.verbs or text[end - 1] in tables.words.behind):
        end -= 1
    if _may_be_part(segments, high, end):
        high = end
    while high < end and (more := _more(segments, high, end, tables)):
        high += more
    whole = text[low] not in DOTS and text[high - 1] not in DOTS
    signs = [sign for sign in text[low:high] if is_han(sign)]
    mean = sum(tables.transliteration.get(sign, _ODD) for sign in signs) / (len(signs) or 1)
    return (low, high) if whole and mean >= _MEAN else (start, start)


def _more(segments: Segments, place: int, end: int, tables: NamesZh) -> int:
    """How many characters behind a dotted name belong to it: a name of the dictionary, or one that may."""
    word = segments.at(place) or ""
    if len(word) > 1 and place + len(word) <= end and part_of_speech(word)[:2] == "nr":
        return len(word)
    return int(tables.transliteration.get(segments.text[place], _NEVER) >= _MAY)


def _joined(segments: Segments, dots: list[int]) -> list[int]:
    """The last dots of a run that have one part between each other."""
    kept = dots[-1:]
    for place in reversed(dots[:-1]):
        if not _may_be_part(segments, place + 1, kept[0]):
            break
        kept.insert(0, place)
    return kept


def _may_be_part(segments: Segments, start: int, end: int) -> bool:
    """Whether all between a dot and an edge may be one part: short, and without a common word."""
    if not 0 < end - start <= _PART:
        return False
    words, place = names_zh().words, start
    small = words.before | words.behind | words.lists
    while place < end:
        word = segments.at(place)
        if word is None or (len(word) > 1 and part_of_speech(word)[:2] != "nr") or word in small:
            return False
        place += len(word)
    return True


def _edge(segments: Segments, start: int, tables: NamesZh) -> bool:
    left = left_of(segments, start, tables.words)
    return left in ("left_start", "left_sign", "left_announcing", "left_field", "left_role", "left_colon", "left_list")


def _inside(segments: Segments, start: int, end: int) -> str:
    word = segments.at(start)
    if word is not None and start + len(word) == end:
        tag = part_of_speech(word)[:3]
        return f"inside_{tag}" if tag[:2] in ("nr", "ns", "nz", "nt") else "inside_word"
    if word is None:
        return "parts_across"
    worst, place = 0, start
    while place < end:
        word = segments.at(place) or segments.text[place]
        place += len(word)
        if place > end:
            return "parts_across" if not worst else "parts_across_words" if worst == 1 else "parts_across_places"
        tag = part_of_speech(word)[:2] if len(word) > 1 else "nr"
        worst = 2 if tag == "ns" else max(worst, int(tag != "nr"))
    return ("parts", "parts_words", "parts_places")[worst]


def _ending(text: str, tables: NamesZh) -> str:
    if text[-1] in tables.words.place_endings:
        return "ends_like_place"
    return "ends_like_country" if text[-2:] in _ENDINGS else "ends_like_neither"


_DOT = re.compile(f"[{DOTS}]")
_DOTTED = re.compile(rf"(?:{_HAN}{{1,10}}|[A-Z])(?:[{DOTS}](?:{_HAN}{{1,10}}|[A-Z]))+")


@cache
def _run() -> re.Pattern[str]:
    known = names_zh().transliteration
    return re.compile(f"[{''.join(sorted(sign for sign, weight in known.items() if weight >= RUN))}]{{3,9}}")
