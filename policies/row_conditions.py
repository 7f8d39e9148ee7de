"""Conditions on rows that a part of the product hands to the guard as plain data.

The part that hands one over knows its own table in the store and nothing of SQL rewriting; the guard turns it into SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.predicate import Predicate


@dataclass(frozen=True, slots=True)
class Packed:
    """Where the same answer lies in one narrow row a key: in some bits of a number.

    A row of ours admits while these bits hold `least` or more and `until` lies ahead. Behind `until` the condition
    itself must be asked as well; where the bits hold less, it would admit nobody either.
    """

    table: str
    """The table's name, bare; it has the same key columns as the condition's own."""
    word: str
    """Its column with the number."""
    shift: int
    """Place of the lowest bit."""
    bits: int
    """How many bits."""
    least: int
    """The least value that is enough."""
    until: str
    """Its column of UTC stamps, empty for never."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads beside the key."""
        return (self.word, self.until)


@dataclass(frozen=True, slots=True)
class ExistsIn:
    """A row is admitted only while a table of ours in the same store holds a matching row, or the row is spared.

    With `absent`, only while it holds none.
    """

    table: str
    """The table's name, bare; it is one of ours and starts with `gov_`."""
    match: Mapping[str, str]
    """The table's column to the dataset's field that it must equal; a NULL on either side never matches."""
    among: Mapping[str, tuple[str | int, ...]]
    """The table's column to the texts or numbers of which it must be one."""
    rule_id: str
    """Which rule asks for it, for the ledger."""
    spared: Predicate | None = None
    """A row for which this is TRUE needs no matching row; None for no such rows."""
    ends: str | None = None
    """The table's column of UTC stamps such as `2026-11-22T08:00:00.000000Z`: a row of ours counts only while it is
    empty or later than the moment of the statement. None where rows of ours never end."""
    temporary: bool = False
    """Whether the table is a temporary one on the statement's own connection, for a store that must not be written."""
    absent: bool = False
    """Whether a matching row shuts out instead of admitting; a NULL that it would be matched by then admits."""
    single: bool = False
    """Whether a row is matched by one row of ours at most, so that joining the table gives no row twice."""
    packed: Packed | None = None
    """Where the guard may look first, in a store that has it; None where nothing is packed."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of our table that it reads."""
        return (*self.match, *self.among, *((self.ends,) if self.ends is not None else ()))

    @property
    def fields(self) -> frozenset[str]:
        """The fields of the dataset that decide."""
        return frozenset(self.match.values()) | (self.spared.fields if self.spared is not None else frozenset())
