"""An RE2 expression that matches everywhere a Python expression does, and perhaps elsewhere.

RE2 knows no lookaround and no back reference, and its classes are ASCII: those parts are widened, never narrowed, so
that no hit is lost. For an expression that is run with ASCII classes RE2's own classes and boundaries mean the same.
"""

from __future__ import annotations

import re
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
_LONGEST_REPEAT = 200


def superset(pattern: str, *, ascii_only: bool = False) -> str:
    """The widened expression; `ANY` when the pattern cannot be widened piece by piece."""
    try:
        tree = parser.parse(re.sub(r"(?<!\\)\(\?i\)", "", pattern), re.IGNORECASE | re.DOTALL | re.MULTILINE)
        widened = f"(?is){_emit(tree)}" if ascii_only else f"(?is){_wide(_emit(tree))}"
        pc.match_substring_regex(pa.array([""]), widened)
    except (re.error, pa.ArrowInvalid, KeyError, RecursionError, OverflowError):
        return ANY
    return ANY if widened == "(?is)" else widened


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
