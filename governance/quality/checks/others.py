"""Completeness, order of moments, amounts below zero, freshness, and words outside a standard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.quality.checks.base import verdict
from governance.quality.checks.values import ValueCheck
from governance.quality.columns import Columns, where


@dataclass(frozen=True, slots=True)
class Filled:
    """Completeness of one field: neither empty nor a filler."""

    field: str
    """The column."""
    values: ValueCheck | None
    """Tells fillers; None for a field whose category knows none."""
    rules: tuple[str, ...] = ("completeness.missing",)
    """As `Check.rules`."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The column."""
        return (self.field,)

    def look(self, columns: Columns) -> np.ndarray:
        """As `Check.look`."""
        missing = ~columns.filled(self.field)
        if self.values is not None:
            missing |= self.values.fillers(columns)
        return verdict(np.ones(columns.rows, bool), missing)


@dataclass(frozen=True, slots=True)
class Happened:
    """A moment that has happened: not in the future, and not before the record's beginning where it is an end."""

    field: str
    """The column."""
    began: str | None
    """The column with the beginning; None where order says nothing."""
    now: np.datetime64
    """The present; a day beyond it is admitted, for zones."""
    rules: tuple[str, ...] = ("validity.date", "validity.order")
    """As `Check.rules`."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns."""
        return (self.field, self.began) if self.began else (self.field,)

    def look(self, columns: Columns) -> np.ndarray:
        """As `Check.look`."""
        moments = columns.moments(self.field)
        future = moments > self.now + np.timedelta64(1, "D")
        before = moments < columns.moments(self.began) if self.began else np.zeros(columns.rows, bool)
        return verdict(~np.isnat(moments), future, before)


@dataclass(frozen=True, slots=True)
class NotNegative:
    """An amount that cannot be below zero."""

    field: str
    """The column."""
    rules: tuple[str, ...] = ("validity.negative",)
    """As `Check.rules`."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The column."""
        return (self.field,)

    def look(self, columns: Columns) -> np.ndarray:
        """As `Check.look`."""
        numbers = columns.numbers(self.field)
        return verdict(~np.isnan(numbers), numbers < 0)


@dataclass(frozen=True, slots=True)
class Fresh:
    """Records that were verified or changed since a moment."""

    fields: tuple[str, ...]
    """The columns that say when."""
    since: np.datetime64
    """The moment."""
    rules: tuple[str, ...] = ("freshness.stale",)
    """As `Check.rules`."""

    def look(self, columns: Columns) -> np.ndarray:
        """As `Check.look`; a record without any moment is not judged."""
        newest = columns.moments(self.fields[0])
        for field in self.fields[1:]:
            newest = np.fmax(newest, columns.moments(field))
        return verdict(~np.isnat(newest), newest < self.since)


@dataclass(frozen=True, slots=True)
class InVocabulary:
    """Words of one standard, exactly as it writes them."""

    field: str
    """The column."""
    words: frozenset[str]
    """The standard."""
    rules: tuple[str, ...] = ("vocabulary.unknown",)
    """As `Check.rules`."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The column."""
        return (self.field,)

    def look(self, columns: Columns) -> np.ndarray:
        """As `Check.look`; case and blanks count, since a join or a mailing goes by the exact word."""
        column = columns.batch.column(self.field)
        text = column if pa.types.is_string(column.type) else column.cast(pa.string())
        known = where(pc.is_in(text, value_set=pa.array(sorted(self.words), pa.string())))
        filled = columns.filled(self.field)
        return verdict(filled, ~known)
