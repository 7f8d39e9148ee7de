"""Layouts: how the parts of a number follow each other, so that a look-up tells which entries a text may hold.

A number is cut into atoms, runs of ASCII letters and digits. A layout writes each atom as `d` (digits only) or `m` (a
letter among them) with its length, and keeps the signs between: `943 476 5919` is `d3 d3 d4`. All layouts of a form are
worked out once from its syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from re import _constants as op  # type: ignore[attr-defined]  # the parser of the standard library has no public name
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

_MOST = 20_000
"""A form with more layouts than this is written too loosely for the table."""

_LONGEST = 64
"""Repeats of one part; more would be no number."""

DIGIT, LETTER, EITHER = "0", "A", "*"
"""What stands for a place in a form: a digit, a letter, or either of both."""


def layouts_of(form: str) -> frozenset[str]:
    """Every layout that a form can have. Raises ValueError for too many, KeyError for a foreign construct."""
    found: set[str] = set()
    for shape in _sequence(parser.parse(form)):
        found.update(_layouts(shape))
        if len(found) > _MOST:
            raise ValueError(form)
    return frozenset(found)


def atom(text: str) -> str:
    """The layout of one atom."""
    return f"d{len(text)}" if text.isdigit() else f"m{len(text)}"


def _layouts(shape: str) -> Iterator[str]:
    """The layouts of a text of placeholders; an atom whose places may all be digits is tried both ways."""
    parts: list[tuple[str, ...]] = []
    run = ""
    for sign in f"{shape}\0":
        if sign in (DIGIT, LETTER, EITHER):
            run += sign
            continue
        if run:
            parts.append(_kinds(run))
            run = ""
        parts.append((sign,))
    for chosen in product(*parts[:-1]):
        yield "".join(chosen)


def _kinds(run: str) -> tuple[str, ...]:
    size = len(run)
    if LETTER in run:
        return (f"m{size}",)
    return (f"d{size}", f"m{size}") if EITHER in run else (f"d{size}",)


def _sequence(tree: Any) -> set[str]:
    texts = {""}
    for kind, what in tree:
        texts = {before + behind for before in texts for behind in _piece(kind, what)}
        if len(texts) > _MOST:
            raise ValueError(str(kind))
    return texts


def _piece(kind: Any, what: Any) -> set[str]:
    if kind is op.LITERAL:
        return {_place(chr(what))}
    if kind is op.IN:
        return _merged(_members(what))
    if kind is op.BRANCH:
        return {text for branch in what[1] for text in _sequence(branch)}
    if kind is op.SUBPATTERN:
        return _sequence(what[3])
    if kind is op.MAX_REPEAT:
        return _repeated(*what)
    raise KeyError(str(kind))


def _repeated(low: int, high: int, tree: Any) -> set[str]:
    if high > _LONGEST:
        raise ValueError(str(tree))
    inner = _sequence(tree)
    found: set[str] = set()
    texts = {""}
    for count in range(high + 1):
        if count >= low:
            found |= texts
        texts = {before + behind for before in texts for behind in inner} if count < high else set()
        if len(texts) > _MOST:
            raise ValueError(str(tree))
    return found


def _members(items: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    for kind, what in items:
        if kind is op.LITERAL:
            yield _place(chr(what))
        elif kind is op.RANGE:
            yield _place(chr(what[0]))
        elif kind is op.CATEGORY and what is op.CATEGORY_DIGIT:
            yield DIGIT
        else:
            raise KeyError(str(kind))


def _merged(places: Iterator[str]) -> set[str]:
    known = set(places)
    return {EITHER, *known} - {DIGIT, LETTER} if {DIGIT, LETTER} <= known else known


def _place(sign: str) -> str:
    if not (sign.isascii() and sign.isalnum()):
        return sign
    return DIGIT if sign.isdigit() else LETTER
