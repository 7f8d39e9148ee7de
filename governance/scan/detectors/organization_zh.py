"""Organizations in Chinese texts: a word for a kind of organization, and back from it over the words that can name one.

A kind alone (公司, 该医院, 上市公司) names nobody.
"""

from __future__ import annotations

from functools import cache

from governance.scan.detectors.chinese.gazetteer import gazetteer
from governance.scan.detectors.chinese.segments import (
    LONGEST,
    TWO_HAN,
    Segments,
    is_han,
    part_of_speech,
    simplified,
)
from governance.scan.detectors.reading import Place, ReadingDetector
from governance.scan.lexicon_zh import NamesZh, names_zh, organizations_zh

_PIECE = 4_096
_FURTHEST = 14
_SHORT = 4
_SURE, _LIKELY, _WEAK = 72, 58, 40
_NAMING = frozenset("njbxslgizafe")
"""Parts of speech, by first letter, that may stand in a name."""


_PROPER = frozenset({"ns", "nr", "nz", "nt", "j", ""})
"""Parts of speech, by two letters, of words that name one thing; none for words that no dictionary holds."""
_PLAIN = frozenset("大小新老总分子母各某本该一二两三四五六七八九十几多家个·()-&")


@cache
def _words() -> str:
    """An RE2 expression of every kind and every famous name, in simplified and traditional characters."""
    variants: dict[str, str] = {}
    for traditional, plain in names_zh().simplified.items():
        variants[plain] = variants.get(plain, plain) + chr(traditional)
    words = organizations_zh()
    every = (word for pattern in (words.kinds, words.famous) for word in pattern.pattern.split("|"))
    return "|".join("".join(f"[{variants[sign]}]" if sign in variants else sign for sign in word) for word in every)


def organizations_in(text: str) -> list[Place]:
    """(start, end, score) of the organizations in one text, in order, none across another."""
    tables = names_zh()
    plain = simplified(text)
    found: list[Place] = []
    for low in range(0, len(plain), _PIECE):
        piece = plain[low : low + _PIECE]
        found.extend((low + start, low + end, score) for start, end, score in _in_piece(piece, tables))
    return found


def _in_piece(text: str, tables: NamesZh) -> list[tuple[int, int, int]]:
    words = organizations_zh()
    matches = list(words.kinds.finditer(text))
    famous = [(*match.span(), _LIKELY) for match in words.famous.finditer(text)]
    if not matches and not famous:
        return []
    segments, behind = Segments(text), 0
    found: list[tuple[int, int, int]] = []
    for match in matches:
        if match.end() <= behind or _goes_on(segments, match.end()):
            continue
        start = begin_of_name(segments, match.start(), behind, tables)
        end = _with_branch(text, match.end())
        if not is_proper(segments, start, match.start()):
            continue
        if score := _score(text[start : match.start()], match[0], clean=segments.at(start) is not None):
            found.append((start, end, score))
            behind = end
    covered = {place for start, end, _ in found for place in range(start, end)}
    alone = (each for each in famous if segments.at(each[0]) and segments.before(each[1]))
    return sorted([*found, *(each for each in alone if covered.isdisjoint(range(each[0], each[1])))])


def begin_of_name(segments: Segments, anchor: int, behind: int, tables: NamesZh) -> int:
    """Back from the kind of an organization or a place over the words that can name one; not before `behind`."""
    text = segments.text
    place = anchor
    while place > behind and segments.at(place) is None:
        place -= 1
    while place > max(behind, anchor - _FURTHEST):
        word = segments.before(place)
        if word is None or place - len(word) < behind or not _may_name(word, tables):
            break
        place -= len(word)
    while place < anchor and text[place] in "·-—&.,、() ":
        place += 1
    return place


def _may_name(word: str, tables: NamesZh) -> bool:
    words = organizations_zh()
    if word in words.stops or word in tables.words.roles or word in tables.words.verbs:
        return False
    if word in words.inside or word in words.naming or word in gazetteer().names:
        return True
    if word in "()·-&" or (word.isascii() and word.isalpha()):
        return True
    if not all(map(is_han, word)):
        return False
    if len(word) == 1:
        return word not in tables.words.before and word not in tables.words.behind and word not in tables.words.lists
    tag = part_of_speech(word)
    return tag[:1] in _NAMING or tag == "vn" or not tag


def is_proper(segments: Segments, start: int, end: int) -> bool:
    """Whether something between names one organization or place and not a kind of them."""
    place = start
    while place < end:
        word = segments.at(place)
        if word is None:
            return True
        if word in organizations_zh().naming:
            return True
        if word in gazetteer().names or part_of_speech(word)[:2] in _PROPER or (len(word) == 1 and word not in _PLAIN):
            return True
        if word.isascii() and word.isalpha():
            return True
        place += len(word)
    return False


def _goes_on(segments: Segments, end: int) -> bool:
    """Whether the kind is only the beginning of a longer word: 公司法, 部分, 局面."""
    return end < len(segments.text) and is_han(segments.text[end]) and segments.before(end) is None


def _with_branch(text: str, end: int) -> int:
    """A branch or department behind an organization belongs to it."""
    branch = organizations_zh().branch.match(text, end)
    return branch.end() if branch else end


def _score(named: str, kind: str, *, clean: bool) -> int:
    words = organizations_zh()
    bare = named.strip("()·-& ")
    if len(bare) < (2 if kind not in words.weak else 3) or bare in words.generic:
        return 0
    if kind in words.weak:
        return _LIKELY if clean and len(bare) >= _SHORT else _WEAK
    return _SURE if clean else _LIKELY


ORGANIZATION_ZH = ReadingDetector(
    name="organization_zh",
    entity="ORGANIZATION",
    rules=lambda: ((_words(),), organizations_in),
    foreign=True,
    longest=LONGEST,
    prefilter=TWO_HAN,
)
"""An address that another detector explains as a whole is no organization."""
