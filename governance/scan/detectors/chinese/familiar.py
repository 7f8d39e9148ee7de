"""Names that stand with a title or in familiar form: 王先生, 陈总, 老李, 小张, 阿明, 小明."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from governance.scan.detectors.chinese.segments import Segments, is_han, part_of_speech
from governance.scan.detectors.chinese.surroundings import left_of, right_of
from governance.scan.lexicon_zh import NamesZh, names_zh

COMMON = 5
"""A surname of at least this weight may stand with a prefix or a short title."""
SURNAME = 3
"""A surname of at least this weight may stand with a long title."""
GIVEN = 3
"""A character of at least this weight may stand behind 阿."""
_OPEN_LEFT = frozenset(
    {
        "left_start",
        "left_sign",
        "left_list",
        "left_announcing",
        "left_field",
        "left_role",
        "left_small",
        "left_at",
        "left_colon",
    }
    | {"left_word_v", "left_short_v", "left_short_p", "left_like_role"}
)
_OPEN_RIGHT = frozenset(
    {"right_end", "right_sign", "right_list", "right_verb", "right_small", "right_colon", "right_title"}
    | {"right_word_v", "right_word_d", "right_short_p", "right_short_d", "right_short_v"}
)
_TITLE_LENGTHS = (4, 3, 2)


def familiar(segments: Segments, tables: NamesZh) -> Iterator[tuple[int, int, int]]:
    """(start, end, score) of each such form."""
    for match in _form().finditer(segments.text):
        make = _prefixed if match[0] in "老小阿" else _titled
        if found := make(segments, match.start(), tables):
            yield found


def _prefixed(segments: Segments, start: int, tables: NamesZh) -> tuple[int, int, int] | None:
    """老王, 小李, 阿明 between two open sides."""
    text, end = segments.text, start + 2
    if end > len(text) or not is_han(text[end - 1]) or not _fits(text[start], text[end - 1], tables):
        return None
    if text[start:end] in tables.words.titles:  # 小姐, 阿姨, 老师
        return None
    word = segments.at(start)
    if word is None or len(word) > 2 or (len(word) == 2 and part_of_speech(word)[:2] != "nr"):
        return None
    return (start, end, 55) if _open(segments, start, end, tables) and segments.before(end) is not None else None


def _fits(prefix: str, sign: str, tables: NamesZh) -> bool:
    if tables.surnames.get(sign, -9) >= COMMON:
        return True
    given = tables.given_last.get(sign, 0) >= GIVEN
    return given and (prefix == "阿" or (prefix == "小" and sign not in tables.words.place_endings))


def _titled(segments: Segments, start: int, tables: NamesZh) -> tuple[int, int, int] | None:
    """王先生, 陈经理, 林总: a surname and a title, whole."""
    text, words = segments.text, tables.words
    if segments.at(start) is None or text[start] in words.before:
        return None
    left = left_of(segments, start, words)
    for length in _TITLE_LENGTHS:
        end = start + 1 + length
        if text[start + 1 : end] in words.titles and (left != "left_short_x" or text[start + 1 : end] in _POLITE):
            return start, end, 62 if text[start + 1 : end] in _POLITE else 55
    if text[start + 1 : start + 2] in words.short_titles and tables.surnames[text[start]] >= COMMON:
        return (start, start + 2, 55) if _open(segments, start, start + 2, tables) else None
    return None


_POLITE = frozenset({"先生", "女士", "小姐", "太太"})


def _open(segments: Segments, start: int, end: int, tables: NamesZh) -> bool:
    left, right = left_of(segments, start, tables.words), right_of(segments, end, tables.words)
    return left in _OPEN_LEFT and right in _OPEN_RIGHT


@cache
def _form() -> re.Pattern[str]:
    """A prefix, or a surname that a title follows."""
    tables = names_zh()
    titles = sorted(tables.words.titles | tables.words.short_titles, key=lambda each: (-len(each), each))
    surnames = "".join(sorted(sign for sign, weight in tables.surnames.items() if weight >= SURNAME))
    return re.compile(rf"[老小阿](?=[\u4e00-\u9fff])|[{surnames}](?={'|'.join(titles)})")
