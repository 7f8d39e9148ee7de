r"""A user's regular expression as RE2 runs it: in one look at each character, so that none can run for ever.

RE2 knows no look-around, back reference or Unicode `\b`, and its classes are ASCII. An expression is written anew for
it where every part can be given the meaning it has in `regex`, and is left to `regex` otherwise.
"""

from __future__ import annotations

import re
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]  # the parser of the standard library has no public name
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

import re2  # type: ignore[import-untyped]  # publishes no types

FLAGS = re.DOTALL | re.MULTILINE | re.IGNORECASE
"""What Presidio tells `regex` unless a file says otherwise."""

_CLASSES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
_LONGEST_REPEAT = 1000
_MOST_BYTES = 64 * 1_048_576
_TURKISH = {"i": "\\x{130}", "I": "\\x{131}"}
"""What `regex` takes for an i in another case, and RE2 does not."""


def linear(pattern: str, flags: int = FLAGS) -> Any | None:
    """The expression for RE2, with the matches of `regex`; None when RE2 cannot give the same ones."""
    if flags != FLAGS:
        return None
    options = re2.Options()
    options.log_errors, options.max_mem = False, _MOST_BYTES
    try:
        tree = parser.parse(pattern, FLAGS)
        if tree.getwidth()[0] == 0:
            # After an empty match the two go on from different places.
            return None
        return re2.compile("(?ims)" + _emit(tree), options)
    except (re.error, re2.error, LookupError, RecursionError, OverflowError):
        return None


def _emit(tree: Any) -> str:
    return "".join(_piece(kind, what) for kind, what in tree)


def _piece(kind: Any, what: Any) -> str:
    """One part for RE2. Raises LookupError for one that RE2 lacks or reads otherwise."""
    if kind is op.LITERAL:
        return f"[{_char(what)}]"
    if kind is op.NOT_LITERAL:
        return f"[^{_char(what)}]"
    if kind is op.ANY:
        return "."
    if kind is op.IN:
        return "[" + "".join(_member(inner, item) for inner, item in what) + "]"
    if kind is op.BRANCH:
        return "(?:" + "|".join(_emit(branch) for branch in what[1]) + ")"
    if kind is op.SUBPATTERN and not what[1] and not what[2]:
        return f"(?:{_emit(what[3])})"
    if kind is op.AT:
        return {"AT_BEGINNING": "^", "AT_END": "$"}[str(what)]
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        return _repeat(kind, *what)
    raise LookupError(str(kind))


def _repeat(kind: Any, low: int, high: Any, tree: Any) -> str:
    if tree.getwidth()[0] == 0:
        raise LookupError("a repeat of nothing is read otherwise")
    if low > _LONGEST_REPEAT or (high is not op.MAXREPEAT and high > _LONGEST_REPEAT):
        raise LookupError("a repeat beyond RE2's longest")
    bounds = f"{{{low},}}" if high is op.MAXREPEAT else f"{{{low},{high}}}"
    return f"(?:{_emit(tree)}){bounds}" + ("?" if kind is op.MIN_REPEAT else "")


def _member(kind: Any, what: Any) -> str:
    if kind is op.NEGATE:
        return "^"
    if kind is op.LITERAL:
        return _char(what)
    if kind is op.RANGE:
        also = "".join(other for letter, other in _TURKISH.items() if what[0] <= ord(letter) <= what[1])
        return f"\\x{{{what[0]:x}}}-\\x{{{what[1]:x}}}{also}"
    return _ranges(_CLASSES[str(what)])


def _char(code: int) -> str:
    """A character inside a set. Raises LookupError for one that the two engines fold otherwise."""
    if 0xD800 <= code <= 0xDFFF or code in (0x130, 0x131):
        raise LookupError("a character that is read otherwise")
    return f"\\x{{{code:x}}}{_TURKISH.get(chr(code), '')}"


@cache
def _ranges(name: str) -> str:
    """All characters of a class as `regex` knows them, as the inside of a set."""
    import regex  # type: ignore[import-untyped]  # publishes no types

    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    runs = (match.group() for match in regex.finditer(f"{name}+", every))
    # A run that spans the surrogates would name them, and RE2 knows none.
    parts = [part for run in runs for part in _without_surrogates(ord(run[0]), ord(run[-1]))]
    return "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in parts)


def _without_surrogates(low: int, high: int) -> list[tuple[int, int]]:
    return [(low, 0xD7FF), (0xE000, high)] if low < 0xD800 <= high else [(low, high)]
