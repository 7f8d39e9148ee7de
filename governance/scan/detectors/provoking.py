"""Whether a regular expression runs away: found by trying it on texts that are made to provoke it.

An expression that backtracks takes twice as long for each further repeat of a text that it can read in two ways, such
as `(a|aa)+` on `aaaa`. So each repeat in it gets a text of what it repeats, often, and then a sign that fits nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from re import _constants as op  # type: ignore[attr-defined]  # the parser of the standard library has no public name
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

from governance.scan.detectors.linear import FLAGS

_TIMES = 48
_ENOUGH_SECONDS = 0.25
_MOST_TEXTS = 24
_MISFITS = ("\x00", "!\x00")
_SAMPLES = {
    "CATEGORY_DIGIT": "7",
    "CATEGORY_NOT_DIGIT": "a",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_WORD": "a",
    "CATEGORY_NOT_WORD": "-",
}


def runs_away(compiled: Any, pattern: str) -> bool:
    """Whether the compiled expression takes more than a quarter of a second of a text of some hundred characters."""
    try:
        tree = parser.parse(pattern, FLAGS)
        texts = list(islice(_provocations(tree, ""), _MOST_TEXTS))
    except (re.error, RecursionError, OverflowError):
        # `regex` knows forms that the standard library does not; these are left to the time box of each value.
        return False
    try:
        for text in texts:
            compiled.search(text, timeout=_ENOUGH_SECONDS)
    except TimeoutError:
        return True
    return False


def _provocations(tree: Any, before: str) -> Iterator[str]:
    """Texts for every repeat of the tree, outer ones first; `before` leads up to it."""
    for kind, what in tree:
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT) and (what[1] is op.MAXREPEAT or what[1] > 8):
            for body in _examples(what[2]):
                for misfit in _MISFITS:
                    yield before + body * _TIMES + misfit
        for inner in _inside(kind, what):
            yield from _provocations(inner, before)
        before += next(_examples([(kind, what)]), "")


def _inside(kind: Any, what: Any) -> list[Any]:
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return [what[2]]
    if kind is op.SUBPATTERN:
        return [what[3]]
    if kind is op.BRANCH:
        return list(what[1])
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [what[1]]
    return [what] if kind is op.ATOMIC_GROUP else []


def _examples(tree: Any) -> Iterator[str]:
    """Short texts that the tree may match: one for each alternative on its own."""
    texts = [""]
    for kind, what in tree:
        texts = [text + piece for text in texts for piece in _pieces(kind, what)][:8]
    yield from dict.fromkeys(text for text in texts if text)


def _pieces(kind: Any, what: Any) -> list[str]:
    if kind is op.LITERAL:
        return [chr(what)]
    if kind is op.NOT_LITERAL:
        return ["a" if what != ord("a") else "b"]
    if kind is op.ANY:
        return ["a"]
    if kind is op.IN:
        return [_member(what)]
    if kind is op.BRANCH:
        return [text for branch in what[1] for text in list(_examples(branch))[:2] or [""]]
    if kind is op.SUBPATTERN:
        return list(_examples(what[3])) or [""]
    if kind is op.ATOMIC_GROUP:
        return list(_examples(what)) or [""]
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return [text * max(1, min(what[0], 16)) for text in _examples(what[2])] or [""]
    return [""]


def _member(items: Any) -> str:
    if items and items[0][0] is op.NEGATE:
        taken = {what for kind, what in items if kind is op.LITERAL}
        return next(letter for letter in "a1 -." + "".join(map(chr, range(0x61, 0x7B))) if ord(letter) not in taken)
    kind, what = items[0]
    if kind is op.LITERAL:
        return chr(what)
    return chr(what[0]) if kind is op.RANGE else _SAMPLES[str(what)]
