"""An RE2 expression that matches everywhere a Python expression does, and perhaps elsewhere.

RE2 knows no lookaround and no back reference, and its classes are ASCII: those parts are widened, never narrowed, so
that no hit is lost. For an expression that is run with ASCII classes RE2's own classes and boundaries mean the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]  # the parser of the standard library has no public name
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

ANY = r"(?s)."
"""Passes every value that is not empty."""

_CLASSES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_SPACE": r"\s\p{Z}\x{1c}-\x{1f}\x{85}",
    "CATEGORY_WORD": r"\w",
}
_PLAIN = {"CATEGORY_DIGIT": "0-9", "CATEGORY_SPACE": r" \t\n\f\r", "CATEGORY_WORD": "0-9A-Za-z_"}
"""What of a class is left of it where it says what may not stand."""
_LONGEST_REPEAT = 200
_EDGE = 3
"""Assertions about the surroundings of a match stand among so many first or last parts of an expression."""


def superset(pattern: str, *, ascii_only: bool = False) -> str:
    """The widened expression; `ANY` when the pattern cannot be widened piece by piece."""
    try:
        tree = parser.parse(re.sub(r"(?<!\\)\(\?i\)", "", pattern), re.IGNORECASE | re.DOTALL | re.MULTILINE)
        widened = f"(?is){_emit(tree)}" if ascii_only else f"(?is){_wide(_emit(tree))}"
        pc.match_substring_regex(pa.array([""]), widened)
    except (re.error, pa.ArrowInvalid, KeyError, RecursionError, OverflowError):
        return ANY
    return ANY if widened == "(?is)" else widened


@lru_cache(1024)
def sharp(pattern: re.Pattern[str]) -> str:
    """The widened expression of a compiled pattern with the signs that it refuses right before and behind a match."""
    try:
        tree = list(parser.parse(pattern.pattern, pattern.flags & (re.IGNORECASE | re.VERBOSE)))
        left = _refused([each for each in tree[:_EDGE] if each[0] is op.ASSERT_NOT and each[1][0] < 0])
        right = _refused([each for each in tree[-_EDGE:] if each[0] is op.ASSERT_NOT and each[1][0] > 0])
        widened = f"(?is){left and f'(?:^|{left})'}{_wide(_emit(tree))}{right and f'(?:{right}|$)'}"
        pc.match_substring_regex(pa.array([""]), widened)
    except (re.error, pa.ArrowInvalid, KeyError, RecursionError, OverflowError):
        return ANY
    return ANY if widened == "(?is)" else widened


def _refused(assertions: list[Any]) -> str:
    """A class of the signs that the first assertion lets stand; the folds of `k` and `s` beyond ASCII always may."""
    for _, (_, tree) in assertions:
        branches = tree[0][1][1] if len(tree) == 1 and tree[0][0] is op.BRANCH else [tree]
        single = [branch[0] for branch in branches if len(branch) == 1 and branch[0][0] in (op.IN, op.LITERAL)]
        sets = [what if kind is op.IN else [(kind, what)] for kind, what in single]
        if sets and all(kind is not op.NEGATE for each in sets for kind, _ in each):
            inner = "".join(_PLAIN.get(str(what)) or _member(kind, what) for each in sets for kind, what in each)
            return rf"[^{inner}]|[\x{{17f}}\x{{212a}}]"
    return ""


def digits_needed(pattern: str) -> int:
    """How many digits every match holds at least; 0 when that cannot be said."""
    try:
        return _digits(parser.parse(re.sub(r"(?<!\\)\(\?i\)", "", pattern)))
    except (re.error, RecursionError, OverflowError):
        return 0


def either(patterns: list[str]) -> str:
    """One expression for several; `ANY` when RE2 finds it too large."""
    joined = "|".join(f"(?:{each})" for each in dict.fromkeys(patterns))
    try:
        pc.match_substring_regex(pa.array([""]), joined)
    except pa.ArrowInvalid:
        return ANY
    return ANY if ANY in patterns else joined


def _wide(pattern: str) -> str:
    """ASCII classes as Unicode ones, boundaries dropped."""
    return pattern.replace(r"\b", "").replace(r"\d", r"\p{Nd}").replace(r"\w", r"\pL\pN\pM_")


def _digits(tree: Any) -> int:
    return sum(_digits_of(kind, what) for kind, what in tree)


def _digits_of(kind: Any, what: Any) -> int:
    if kind is op.LITERAL:
        return int(chr(what).isdigit())
    if kind is op.IN:
        return int(all(_only_digits(inner, item) for inner, item in what))
    if kind is op.BRANCH:
        return min(_digits(branch) for branch in what[1])
    if kind is op.SUBPATTERN:
        return _digits(what[3])
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return int(what[0]) * _digits(what[2])
    return 0


def _only_digits(kind: Any, what: Any) -> bool:
    if kind is op.RANGE:
        return chr(what[0]).isdigit() and chr(what[1]).isdigit()
    return str(what) == "CATEGORY_DIGIT" or (kind is op.LITERAL and chr(what).isdigit())


def emit(tree: Any) -> str:
    """A parsed expression, or a part of one, in RE2's words. Raises KeyError for a part that RE2 cannot have."""
    return _emit(tree)


def _emit(tree: Any) -> str:
    return "".join(_piece(kind, what) for kind, what in tree)


def _piece(kind: Any, what: Any) -> str:
    if kind is op.LITERAL:
        return _char(what)
    if kind is op.NOT_LITERAL:
        return f"[^{_char(what)}]" if what < 128 and not chr(what).isalpha() else "."
    if kind is op.ANY:
        return "."
    if kind is op.IN:
        return _set(what)
    if kind is op.BRANCH:
        return "(?:" + "|".join(_emit(branch) for branch in what[1]) + ")"
    if kind is op.SUBPATTERN:
        return f"(?:{_emit(what[3])})"
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return _repeat(*what)
    if kind is op.ATOMIC_GROUP:
        return f"(?:{_emit(what)})"
    if kind is op.GROUPREF or kind is op.GROUPREF_EXISTS:
        return ".*"
    if kind is op.AT and what is op.AT_BOUNDARY:
        return r"\b"
    if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
        return ""
    raise KeyError(str(kind))


def _repeat(low: int, high: Any, tree: Any) -> str:
    inner = _emit(tree)
    if not inner:
        return ""
    low = min(low, _LONGEST_REPEAT)
    if high is op.MAXREPEAT or high > _LONGEST_REPEAT:
        return f"(?:{inner}){{{low},}}" if low > 1 else f"(?:{inner})" + ("+" if low else "*")
    return f"(?:{inner}){{{low},{high}}}"


def _set(items: Any) -> str:
    if items and items[0][0] is op.NEGATE:
        return "."
    return "[" + "".join(_member(kind, what) for kind, what in items) + "]"


def _member(kind: Any, what: Any) -> str:
    if kind is op.LITERAL:
        return _char(what)
    if kind is op.RANGE:
        return f"{_char(what[0])}-{_char(what[1])}"
    return _CLASSES[str(what)]


def _char(code: int) -> str:
    return chr(code) if chr(code).isascii() and chr(code).isalnum() else f"\\x{{{code:x}}}"
