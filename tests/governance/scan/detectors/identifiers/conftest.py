"""Valid and nearly valid values of every entry, by seed: random texts of its form that pass, or fail, its check."""

from __future__ import annotations

from functools import cache
from random import Random
from re import _constants as op
from re import _parser as parser

import pyarrow as pa
import pytest

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.identifiers import make_identifiers
from governance.scan.normalise import fold

KNOWN = {
    "bitcoin": (
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    ),
    "stdnum.mx.curp": ("BOXW310820HNERXN09",),
}
"""Published examples of the few whose check random values do not pass in reasonable time."""
_MANY = 20_000


class Sampler:
    """Values of entries; the same seed gives the same values."""

    def __init__(self):
        self._known = {}

    def valid(self, entry, seed=0):
        """A value that passes the check."""
        key = (entry.number, seed)
        if key not in self._known:
            self._known[key] = self._made(entry, seed)
        return self._known[key]

    def _made(self, entry, seed):
        check_name = next((name for name in KNOWN if entry.check is not None and name in _names(entry)), "")
        if check_name:
            return KNOWN[check_name][seed % len(KNOWN[check_name])]
        random = Random(f"{entry.number} {seed}")
        tree = _tree(entry.form)
        for _ in range(_MANY):
            value = _sequence(tree, random)
            if entry.passes(value) and entry.pattern.fullmatch(value) and _varied(value):
                return value
        raise AssertionError(f"no valid value of {entry.entity} found")

    def random(self, entry, seed=0):
        """Any value of the form."""
        return _sequence(_tree(entry.form), Random(entry.number * 100_003 + seed))

    def nearly(self, entry, seed=0):
        """A value of the form in which one sign is wrong, so that the check fails."""
        value = self.valid(entry, seed)
        random = Random(f"nearly {entry.number} {seed}")
        for _ in range(_MANY):
            place = random.randrange(len(value))
            signs = "0123456789" if value[place].isdigit() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            if not value[place].isalnum():
                continue
            wrong = value[:place] + random.choice(signs) + value[place + 1 :]
            if entry.pattern.fullmatch(wrong) and not entry.passes(wrong):
                return wrong
        raise AssertionError(f"every value of {entry.entity} passes")


class Look:
    """What the family says of one text."""

    def __init__(self):
        self._detectors = make_identifiers()

    def __call__(self, text, *, hints=(), words=(), type="string"):  # noqa: A002 the word of the field model
        """(entity, text, score) of every place."""
        folded = fold(text)
        context = FieldContext(type=type, hints=frozenset(hints), words=frozenset(words))
        found = set()
        for detector in self._detectors:
            hits = detector.find(pa.array([folded]), context)
            rows = zip(hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
            found |= {(detector.entity, folded[start:end], score) for start, end, score in rows}
        return found


@pytest.fixture(scope="session")
def sampler():
    return Sampler()


@pytest.fixture(scope="session")
def look():
    return Look()


@cache
def _tree(form):
    return parser.parse(form)


def _names(entry):
    """The names a check may go by: its own, and that of the module it was made from."""
    cells = [cell.cell_contents for cell in entry.check.__closure__ or ()]
    return {entry.check.__name__, *(getattr(cell, "__module__", "") for cell in cells)}


def _varied(value):
    return len({sign for sign in value if sign.isdigit()}) > 2


def _sequence(tree, random):
    return "".join(_piece(kind, what, random) for kind, what in tree)


def _piece(kind, what, random):
    if kind is op.LITERAL:
        return chr(what)
    if kind is op.IN:
        return random.choice("".join(_member(*each) for each in what))
    if kind is op.BRANCH:
        return _sequence(random.choice(what[1]), random)
    if kind is op.SUBPATTERN:
        return _sequence(what[3], random)
    low, high, inner = what
    return "".join(_sequence(inner, random) for _ in range(random.randint(low, high)))


def _member(kind, what):
    if kind is op.RANGE:
        return "".join(map(chr, range(what[0], what[1] + 1)))
    return "0123456789" if kind is op.CATEGORY else chr(what)
