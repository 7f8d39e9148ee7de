"""The `Form` protocol: whole values of one kind that every detector judges alike.

Most values of a column of e-mails, phones or ids differ only in what no detector looks at. A form tells them by one
pass over the column and names an exemplar; what the detectors say of the exemplar, in the same field, holds for all of
them. So a form states nothing about entity or score, only that its values are alike: a test holds every one of
them to it, against the detectors themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from governance.scan.detectors.base import FieldContext, mask
from governance.scan.makeup import DIGIT, EVERY, Makeup, Numbers, Truth, kinds, some

Signs = npt.NDArray[np.uint8]
"""Bytes of values, or digits as numbers: a row for each place and a column for each value."""
Class = tuple[str, Numbers]
"""An exemplar, and the rows of the column that are judged like it."""


class Form(Protocol):
    """Whole values that are judged alike."""

    @property
    def name(self) -> str:
        """Its own name."""
        ...

    @property
    def entities(self) -> frozenset[str]:
        """Entities that a field's name may speak for; a field said to hold another one is looked at value by value."""
        ...

    def classes(self, values: pa.Array, makeup: Makeup, rows: Numbers, context: FieldContext) -> Iterable[Class]:
        """The classes among some rows of a column, which share no row."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A form that an RE2 expression tells."""

    name: str
    """Its own name."""
    entities: frozenset[str]
    """As `Form.entities`."""
    exemplar: str
    """One such value."""
    expression: str
    """An anchored RE2 expression."""
    kinds: int = EVERY
    """No other kinds of signs stand in such a value."""
    sizes: tuple[int, int] = (1, 255)
    """Bytes of such a value, at least and at most."""
    digits: tuple[int, int] = (0, 255)
    """Digits of such a value, at least and at most."""
    but: str = ""
    """An RE2 expression of the values of this form that are not judged like the others."""
    leads: tuple[str, ...] = ()
    """First signs, as many in each, of all such values; none where that cannot be said."""

    def classes(self, values: pa.Array, makeup: Makeup, rows: Numbers, _context: FieldContext) -> Iterable[Class]:
        """As `Form.classes`."""
        found = self.rows(values, makeup, rows)
        return [(self.exemplar, found)] if len(found) else []

    def rows(self, values: pa.Array, makeup: Makeup, rows: Numbers) -> Numbers:
        """The rows that have the form."""
        chosen = of_class(makeup, rows, self._able(makeup.classes().alike))
        if not len(chosen):
            return chosen
        texts = some(values, chosen)
        found = chosen[mask(texts, self.expression)]
        doubtful = found
        if self.leads and len(found):
            signs = makeup.signs(found, range(len(self.leads[0])))
            wanted = [np.frombuffer(each.encode(), np.uint8)[:, None] for each in self.leads]
            doubtful = found[np.logical_or.reduce([(signs == each).all(axis=0) for each in wanted])]
        if self.but and len(doubtful):
            found = np.setdiff1d(found, doubtful[mask(some(values, doubtful), self.but)], assume_unique=True)
        return found

    def _able(self, makeup: Makeup) -> Truth:
        size, (short, long), (few, many) = makeup.size, self.sizes, self.digits
        able = (size >= short) & (size <= long) & (makeup.digits >= few) & (makeup.digits <= many)
        return able & makeup.only(self.kinds)


@dataclass(frozen=True, slots=True)
class Checked:
    """A written form of which only the values that pass a check of some of their signs are alike."""

    written: Written
    """The form before the check; its values are all as long as the exemplar."""
    places: tuple[int, ...]
    """Where the signs that the check reads stand."""
    check: Callable[[Signs], Truth]
    """From those signs which values pass."""

    @property
    def name(self) -> str:
        """As `Form.name`."""
        return self.written.name

    @property
    def entities(self) -> frozenset[str]:
        """As `Form.entities`."""
        return self.written.entities

    def classes(self, values: pa.Array, makeup: Makeup, rows: Numbers, _context: FieldContext) -> Iterable[Class]:
        """As `Form.classes`."""
        found = self.written.rows(values, makeup, rows)
        if not len(found):
            return []
        passed = found[self.check(makeup.signs(found, self.places))]
        return [(self.written.exemplar, passed)] if len(passed) else []


@dataclass(frozen=True, slots=True)
class Placed:
    """Digits in fixed places with fixed signs between them, of which those that pass a check are alike."""

    name: str
    """Its own name."""
    entities: frozenset[str]
    """As `Form.entities`."""
    exemplar: str
    """One such value: its digits stand for any digits, its other signs for themselves."""
    check: Callable[[Signs], Truth]
    """From all digits which values pass."""
    lead: int = 0
    """So many first signs stand for themselves, digits too."""

    def classes(self, values: pa.Array, makeup: Makeup, rows: Numbers, _context: FieldContext) -> Iterable[Class]:
        """As `Form.classes`."""
        found = self.rows(values, makeup, rows)
        return [(self.exemplar, found)] if len(found) else []

    def rows(self, _values: pa.Array, makeup: Makeup, rows: Numbers) -> Numbers:
        """The rows that have the form."""
        places = [place for place, sign in enumerate(self.exemplar) if sign.isdigit()]
        fixed = [place for place, sign in enumerate(self.exemplar) if place < self.lead or not sign.isdigit()]
        alike = makeup.classes().alike
        able = (alike.size == len(self.exemplar)) & (alike.digits == len(places))
        chosen = of_class(makeup, rows, able & alike.only(DIGIT | kinds(self.exemplar)))
        if fixed and len(chosen):
            signs = np.frombuffer(self.exemplar.encode(), np.uint8)[fixed]
            chosen = chosen[(makeup.signs(chosen, fixed) == signs[:, None]).all(axis=0)]
        return chosen[self.check(makeup.signs(chosen, places) - np.uint8(ord("0")))] if len(chosen) else chosen


def of_class(makeup: Makeup, rows: Numbers, able: Truth) -> Numbers:
    """Those of some rows whose class is able."""
    if not able.any():
        return rows[:0]
    return rows if able.all() else rows[able.take(makeup.classes().codes.take(rows))]


def joined(digits: Signs) -> Numbers:
    """The numbers that some digits make, the first row being the highest place."""
    total = np.zeros(digits.shape[1], np.int64)
    for row in digits:
        total = total * 10 + row
    return total


def entities(*names: str) -> frozenset[str]:
    """Names of entities as a set."""
    return frozenset(names)
