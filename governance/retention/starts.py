"""The start of a rule as SQL: whether its period is over for a row, whether it has a start, and in which month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from connectors.sql.where import where_condition
from governance.retention.moments import Moments, start_error
from governance.retention.store_tables import no, store_error, yes
from policies.nouns import DatasetRef
from policies.retention_starts import Elsewhere, Source, Start

FindTable = Callable[[DatasetRef], sa.Table]
"""Gives a table of the store."""


@dataclass(frozen=True, slots=True)
class StartSql:
    """When rows of one table began, by one rule."""

    start: Start
    """The start."""
    table: sa.FromClause
    """The rule's table."""
    moments: Moments
    """Reads the store's fields."""
    find: FindTable
    """Gives the other tables."""

    def over(self, cutoff: dt.date) -> ColumnElement[bool]:
        """Whether a row began before a day, by all its sources; what is no date is not known to lie before it."""
        sources = self.start.sources
        if len(sources) == 1 and sources[0].elsewhere is None and not sources[0].open_end:
            return self.moments.before(self._own(sources[0]), cutoff)  # as it stands, so that an index serves
        late = [self._late(each, cutoff) for each in sources]
        return sa.and_(*(sa.not_(each) for each in late), sa.or_(*(self._known(each) for each in sources)))

    @property
    def month(self) -> ColumnElement[str]:
        """The month in which a row began; NULL where nobody knows."""
        return self.moments.latest([self._month(each) for each in self.start.sources])

    def _own(self, source: Source) -> ColumnElement[Any]:
        if source.field not in self.table.c:
            raise start_error(self.moments.place, "a field that the table does not have")
        return self.table.c[source.field]

    def _late(self, source: Source, cutoff: dt.date) -> ColumnElement[bool]:
        """Whether a source has a day from the cutoff on, one that cannot be read, or an end that is still open."""
        if source.elsewhere is None:
            return self._is_late(self._own(source), source, cutoff)
        other, match = linked(source.elsewhere, self.table, self.find, self.moments.dialect)
        field = _field(other, source, self.moments.place)
        return exists_in(other, [*match, self._is_late(field, source, cutoff)], self.table)

    def _is_late(self, field: ColumnElement[Any], source: Source, cutoff: dt.date) -> ColumnElement[bool]:
        early = self.moments.before(field, cutoff)
        return no(early) if source.open_end else sa.and_(field.isnot(None), no(early))

    def _known(self, source: Source) -> ColumnElement[bool]:
        if source.elsewhere is None:
            return self._own(source).isnot(None)
        other, match = linked(source.elsewhere, self.table, self.find, self.moments.dialect)
        field = _field(other, source, self.moments.place)
        return exists_in(other, [*match, field.isnot(None)], self.table)

    def _month(self, source: Source) -> ColumnElement[str]:
        if source.elsewhere is None:
            return self.moments.month(self._own(source))
        other, match = linked(source.elsewhere, self.table, self.find, self.moments.dialect)
        month = self.moments.month(_field(other, source, self.moments.place))
        query = sa.select(sa.func.max(month)).select_from(other).where(*match).correlate(self.table)
        return sa.type_coerce(query.scalar_subquery(), sa.Text)


def linked(
    elsewhere: Elsewhere, table: sa.FromClause, find: FindTable, dialect: str
) -> tuple[sa.FromClause, list[ColumnElement[bool]]]:
    """Another table under a name of its own, and what its records that belong to a row meet. Raises StoreError."""
    home = find(elsewhere.dataset)
    other = home.alias("gov_other")
    for theirs, ours in elsewhere.by:
        if theirs not in other.c or ours not in table.c:
            raise store_error(elsewhere.dataset, "a table without a field of `by`")
    match = [other.c[theirs] == table.c[ours] for theirs, ours in elsewhere.by]
    if elsewhere.where is not None:
        match.append(yes(where_condition(elsewhere.where, other, dialect)))
    return other, match


def exists_in(other: sa.FromClause, match: Sequence[ColumnElement[bool]], table: sa.FromClause) -> ColumnElement[bool]:
    """Whether another table has such a record for a row."""
    return sa.exists(sa.select(sa.literal(1)).select_from(other).where(*match).correlate(table))


def _field(other: sa.FromClause, source: Source, place: str) -> ColumnElement[Any]:
    if source.field not in other.c:
        raise start_error(place, "a field that the other table does not have")
    return other.c[source.field]
