"""What every match of an expression holds at least, so that a value without it need not be shown to the expression.

A need is a necessary condition read off the expression itself: it can let too many values through and never too few.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]  # the parser of the standard library has no public name
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

import numpy as np

from governance.scan.makeup import (
    BEYOND,
    DIGIT,
    EVERY,
    LETTER,
    SPACE,
    THREE,
    TWO,
    Extent,
    Makeup,
    Numbers,
    Truth,
    kind_of_byte,
    kinds,
)

_HEX = re.compile(r"\\x\{([0-9a-fA-F]+)\}")
_FLAGS = re.compile(r"(?<!\\)\(\?[imsU]+\)")
_COMMON = DIGIT | LETTER | SPACE
_CLASSES = {"CATEGORY_DIGIT": DIGIT, "CATEGORY_SPACE": SPACE, "CATEGORY_WORD": DIGIT | LETTER | kinds("_")}


@dataclass(frozen=True, slots=True)
class Need:
    """What a value must hold to be worth a look."""

    digits: int = 0
    """At least so many ASCII digits."""
    size: int = 0
    """At least so many bytes."""
    kinds: tuple[int, ...] = ()
    """At least one sign of each of these groups of kinds, as `makeup.kinds` gives them."""

    def may_be_met(self, extent: Extent) -> bool:
        """Whether one of the values can have it."""
        able = self.digits <= extent.digits and self.size <= extent.size
        return able and all(extent.kinds & wanted for wanted in self.kinds)

    def met(self, makeup: Makeup) -> Truth:
        """Which values have it."""
        classes = makeup.classes()
        return classes.spread(self._met(classes.alike))

    def rows(self, makeup: Makeup) -> Numbers:
        """The values that have it."""
        classes = makeup.classes()
        return classes.rows(self._met(classes.alike))

    def _met(self, makeup: Makeup) -> Truth:
        able = makeup.digits >= self.digits
        for wanted in self.kinds:
            able &= makeup.has(wanted)
        return able if self.size < _SHORT else able & (makeup.size >= self.size)

    def __or__(self, other: Need) -> Need:
        """What is needed for one of two."""
        return _either([self, other])


NOTHING = Need()
"""Every value has it."""
_SHORT = 4
"""A smaller size than this keeps no value out that is worth counting."""


@lru_cache(4096)
def need_of(expression: str) -> Need:
    """What every value with a match of an RE2 expression holds at least; nothing when that cannot be said.

    RE2's classes are ASCII; letters count in both cases, whatever the flags.
    """
    if re.search(r"\\[pPQCzAK]", expression):
        return Need()
    try:
        plain = _HEX.sub(lambda found: f"\\U{int(found[1], 16):08x}", _FLAGS.sub("", expression))
        found = _sequence(parser.parse(plain))
    except (re.error, RecursionError, OverflowError, KeyError):
        return Need()
    return Need(found.digits, found.size, _sharpest(found.kinds))


def _sharpest(found: Sequence[int]) -> tuple[int, ...]:
    """The groups that keep most values out; a group of digits is left to the count of digits."""
    useful = {each for each in found if each not in (DIGIT, EVERY)}
    return tuple(sorted(useful, key=_breadth)[:3])


def _breadth(wanted: int) -> tuple[int, int, int]:
    return (wanted & _COMMON).bit_count(), wanted.bit_count(), wanted


def _sequence(tree: Any) -> Need:
    digits = size = 0
    found: dict[int, None] = {}
    for kind, what in tree:
        need = _part(kind, what)
        digits, size = digits + need.digits, size + need.size
        found.update(dict.fromkeys(need.kinds))
    return Need(min(digits, 10_000), min(size, 10_000), tuple(sorted(found, key=_breadth)[:4]))


def _part(kind: Any, what: Any) -> Need:
    if kind is op.LITERAL:
        return _one_of(_cased(what))
    if kind is op.IN:
        return _one_of(_group(what))
    if kind in (op.NOT_LITERAL, op.ANY):
        return Need(size=1)
    if kind is op.BRANCH:
        return _either([_sequence(branch) for branch in what[1]])
    if kind is op.SUBPATTERN:
        return _sequence(what[3])
    if kind is op.ATOMIC_GROUP:
        return _sequence(what)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        inner = _sequence(what[2])
        return Need(what[0] * inner.digits, what[0] * inner.size, inner.kinds) if what[0] else Need()
    return Need()


def _one_of(wanted: int) -> Need:
    return Need(int(wanted == DIGIT), 1, () if wanted == EVERY else (wanted,))


def _either(needs: Sequence[Need]) -> Need:
    """What is needed for any of several: the least of each, and a group that has one sharp group of each."""
    sharpest = [min(need.kinds, key=_breadth, default=EVERY) for need in needs]
    joined = 0
    for each in sharpest:
        joined |= each
    kept = () if joined == EVERY or not needs else (joined,)
    return Need(min(need.digits for need in needs), min(need.size for need in needs), kept)


def _cased(code: int) -> int:
    """The kinds of a sign in either case; RE2 folds the Kelvin sign to `k` and the long s to `s`."""
    sign = chr(code)
    if not sign.isascii():
        return BEYOND | (LETTER if sign in "\u017f\u212a" else 0)
    if not sign.isalpha():
        return kind_of_byte(code)
    return LETTER | (THREE if sign in "kK" else TWO if sign in "sS" else 0)


def _group(items: Any) -> int:
    if items[0][0] is op.NEGATE:
        return EVERY
    found = 0
    for kind, what in items:
        if kind is op.LITERAL:
            found |= _exact(what, what)
        elif kind is op.RANGE:
            found |= _exact(*what)
        else:
            found |= _CLASSES.get(str(what), EVERY)
    return found


def _exact(low: int, high: int) -> int:
    """The kinds of a range of signs; those of another case than the range may match too."""
    found = 0
    for code in range(low, min(high, 0x7F) + 1):
        found |= _cased(code)
    if high > 0x7F:
        first, last = (chr(code).encode("utf-8", "surrogatepass")[0] for code in (max(low, 0x80), high))
        found |= int(np.bitwise_or.reduce([kind_of_byte(byte) for byte in range(first, last + 1)]))
        found |= BEYOND | LETTER if low <= 0x212A else 0
    return found
