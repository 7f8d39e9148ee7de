"""Which patterns may match a text: one pass of an RE2 set over it instead of one pass of each pattern.

Every pattern becomes conditions that RE2 can test and that hold wherever the pattern matches: the pattern without what
RE2 does not know, and each look ahead that it insists on. A pattern is worth running when all its conditions hold.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from re import _constants as op  # type: ignore[attr-defined]  # the parser of the standard library has no public name
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

import re2  # type: ignore[import-untyped]  # publishes no types

from governance.scan.detectors.prefilters import digits_needed, emit

_MEMORY = 256 << 20
_LEVELS = (0, 3, 5, 8, 1_000)
_DIGIT = re.compile("[\\d\U00010000-\U0010ffff]")
"""Digits of every script; the newest ones lie beyond the first plane and are not known to every Python."""
_DIGITS = r"0-9\x{660}-\x{1dff}\x{a600}-\x{abff}\x{ff10}-\x{ff19}\x{10000}-\x{10ffff}"
"""The blocks of ASCII, full-width and other digits: no Latin, Greek, Chinese or Korean letter and no punctuation."""
_ALL = r"\x{80}-\x{10ffff}"
_FLAGS = re.IGNORECASE | re.DOTALL | re.MULTILINE
_ZERO_WIDTH = (op.AT, op.ASSERT, op.ASSERT_NOT)
_OTHERS = frozenset({"CATEGORY_NOT_DIGIT", "CATEGORY_NOT_WORD", "CATEGORY_NOT_SPACE"})
_FOLDS = re.compile("[\u0130\u0131\u017f\u212a]")
"""Letters outside ASCII that `regex` takes for ASCII ones when case does not count."""


class Prefilter:
    """Names the patterns that may match a text; never leaves one out that does.

    Texts with few digits meet a small set, of the patterns that such a text can match at all.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._every = tuple(range(len(patterns)))
        conditions = [conditions_of(pattern) for pattern in patterns]
        digits = [digits_needed(pattern) for pattern in patterns]
        self._levels = [
            _Level({number: conditions[number] for number in self._every if digits[number] <= most}) for most in _LEVELS
        ]

    def patterns(self, text: str) -> Sequence[int]:
        """The places of the patterns to run, in order."""
        ascii_only = text.isascii()
        if not ascii_only and _FOLDS.search(text) is not None:
            return self._every
        level = self._levels[bisect_left(_LEVELS, min(len(_DIGIT.findall(text)), _LEVELS[-1]))]
        try:
            return level.patterns(text, ascii_only=ascii_only)
        except UnicodeEncodeError:  # a lone surrogate
            return self._every


class _Level:
    """Patterns with their conditions as two RE2 sets: one for ASCII texts, one for all."""

    def __init__(self, conditions: Mapping[int, tuple[str, ...]]) -> None:
        self._known = sorted({one for each in conditions.values() for one in each})
        places = {each: number for number, each in enumerate(self._known)}
        self._needed = {number: frozenset(places[one] for one in each) for number, each in conditions.items()}
        self._users: list[list[int]] = [[] for _ in self._known]
        for number, needed in self._needed.items():
            for one in needed:
                self._users[one].append(number)
        self._free = [number for number, needed in self._needed.items() if not needed]

    @cached_property
    def _ascii(self) -> Any:
        return _compiled(self._known)

    @cached_property
    def _wide(self) -> Any:
        return _compiled([_widened(each) for each in self._known])

    def patterns(self, text: str, *, ascii_only: bool) -> Sequence[int]:
        """As `Prefilter.patterns`."""
        held = self._ascii.Match(text) if ascii_only else self._wide.Match(text)
        if not held:
            return self._free
        facts = frozenset(held)
        users = {number for one in held for number in self._users[one]}
        return sorted([*self._free, *(number for number in users if self._needed[number] <= facts)])


def conditions_of(pattern: str) -> tuple[str, ...]:
    """RE2 expressions, with ASCII classes, that all hold for every ASCII text with a match."""
    try:
        tree = list(parser.parse(re.sub(r"(?<!\\)\(\?i\)", "", pattern), _FLAGS))
        found = [f"{_before(tree)}{emit(tree)}{_after(tree)}", *map(emit, _insisted(tree)), *_joined(tree)]
    except (re.error, KeyError, RecursionError, OverflowError):
        return ()
    return tuple(dict.fromkeys(f"(?is){each}" for each in found if each and _compiles(f"(?is){each}")))


def _insisted(tree: Sequence[Any]) -> list[Any]:
    """What the looks ahead hold that every match passes."""
    found = []
    for kind, what in tree:
        if kind is op.ASSERT and what[0] > 0:
            found += [what[1], *_insisted(what[1])]
        elif kind is op.SUBPATTERN:
            found += _insisted(what[3])
    return found


def _before(tree: Sequence[Any]) -> str:
    """What must stand, or must not, right before a match, when the pattern begins by saying so."""
    for kind, what in tree:
        if kind is op.ASSERT and what[0] < 0:
            return str(emit(what[1]))
        if kind is op.ASSERT_NOT and what[0] < 0 and (signs := _ascii_class(what[1])):
            return rf"(?:\A|[^{signs}])"
        if kind not in (op.AT, op.ASSERT, op.ASSERT_NOT):
            break
    return ""


def _after(tree: Sequence[Any]) -> str:
    """What must not stand right behind a match, when the pattern ends by saying so."""
    if not tree:
        return ""
    kind, what = tree[-1]
    if kind is op.ASSERT_NOT and what[0] > 0 and (signs := _ascii_class(what[1])):
        return rf"(?:[^{signs}]|\z)"
    return ""


def _joined(tree: Sequence[Any]) -> list[str]:
    """Looks ahead past a first sign of the match that cannot be what they look for, with that sign."""
    zero_width = next((place for place, (kind, _) in enumerate(tree) if kind not in _ZERO_WIDTH), len(tree))
    first = tree[zero_width] if zero_width < len(tree) else None
    if first is not None and first[0] is op.MAX_REPEAT and first[1][0] > 0 and len(first[1][2]) == 1:
        first = first[1][2][0]
    if first is None or first[0] not in (op.IN, op.LITERAL):
        return []
    edge = r"\b" if any(each == (op.AT, op.AT_BOUNDARY) for each in tree[:zero_width]) else ""
    ahead = [what[1] for kind, what in tree[:zero_width] if kind is op.ASSERT and what[0] > 0]
    return [f"{edge}{emit([first])}{emit(each)}" for each in ahead if _is_later(first, list(each))]


def _is_later(first: Any, ahead: Sequence[Any]) -> bool:
    """Whether a look ahead is `any of these signs, then one of those`, and a match begins with none of those."""
    if len(ahead) != 2 or ahead[0][0] not in (op.MAX_REPEAT, op.MIN_REPEAT) or ahead[0][1][0] != 0:
        return False
    theirs, ours = _ascii_class([ahead[1]]), _ascii_class([first])
    if not theirs or not ours or ahead[0][1][1] is not op.MAXREPEAT:
        return False
    both = re.compile(f"(?i)(?=[{theirs}])[{ours}]")
    return not any(both.match(chr(code)) for code in range(128))


def _ascii_class(tree: Sequence[Any]) -> str:
    """The inside of a class for a tree that is one sign; empty for any other tree. Only ASCII signs are named."""
    if len(tree) != 1 or tree[0][0] not in (op.IN, op.LITERAL):
        return ""
    members = tree[0][1] if tree[0][0] is op.IN else [tree[0]]
    if any(kind not in (op.LITERAL, op.RANGE, op.CATEGORY) or str(what) in _OTHERS for kind, what in members):
        return ""
    inside = str(emit([(op.IN, members)]))[1:-1]
    return inside.replace(r"\d", "0-9").replace(r"\w", "0-9A-Za-z_").replace(r"\s\p{Z}", r"\t\n\x{b}\f\r\x{20}")


def _widened(condition: str) -> str:
    r"""The same for texts beyond ASCII: classes hold all that is not ASCII, boundaries go."""
    return condition.replace(r"\b", "").replace(r"\d", _DIGITS).replace(r"\w", rf"\w{_ALL}")


def _compiles(condition: str) -> bool:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(_widened(condition), options)
    except re2.error:
        return False
    return True


def _compiled(conditions: Sequence[str]) -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY
    made = re2.Set.SearchSet(options)
    for each in conditions:
        made.Add(each)
    made.Compile()
    return made
