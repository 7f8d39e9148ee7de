"""How many rows of a dataset a purpose may use, by consent, restriction and objection, as one SELECT of counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from connectors.sql.where import where_condition
from governance.consent.projection_tables import TABLE
from governance.consent.restriction_events import RestrictionKind
from policies.catalog import CatalogDataset, ConsentFlag
from policies.row_conditions import ExistsIn


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What the rows of one dataset are for one purpose."""

    rows: int
    """All of them."""
    basis: int
    """Rows with a basis: consent that stands, or a law that rests the purpose on something else."""
    restricted: int
    """Rows of people whose use of data is restricted."""
    objected: int
    """Rows of people who object to the purpose."""
    unknown_law: int
    """Rows whose law cannot be told, so that the strictest holds."""


@dataclass(frozen=True, slots=True)
class Counting:
    """Counts over one table at one moment."""

    connection: Connection
    """A snapshot of the store."""
    table: sa.Table
    """The table."""
    entry: CatalogDataset
    """What the catalog says of it; its subject key is one field."""
    moment: str
    """The moment at which consent must not have ended, as events write it."""

    def rows(self, conditions: Sequence[ExistsIn], purpose: str) -> RowCounts:
        """The counts of a purpose; `conditions` are what the guard asks of a row for it."""
        basis = [self._met(each) for each in conditions if not each.absent]
        found = self._sums(
            {
                "basis": sa.and_(sa.true(), *basis),
                "restricted": self._exists(self._key, {"state": (str(RestrictionKind.RESTRICTED),)}, None),
                "objected": self._exists(self._key, {"purpose": (purpose,), "state": ("objected",)}, None),
                "unknown_law": self._unknown_law(),
            }
        )
        return RowCounts(**found)

    def says_yes(self, field: str, flag: ConsentFlag) -> ColumnElement[bool]:
        """Where a flag in the store says yes."""
        return sa.cast(self.table.c[field], sa.String(255)).in_(flag.given)

    def flags(self, said: ColumnElement[bool], conditions: Sequence[ExistsIn]) -> Mapping[str, int]:
        """How a flag that says yes where `said` holds and the consent on record agree, in rows."""
        stands = sa.and_(sa.true(), *(self._met(each) for each in conditions if not each.absent))
        yes, agreed = sa.case((said, 1), else_=0) == 1, sa.case((stands, 1), else_=0) == 1
        return self._sums(
            {
                "both": sa.and_(yes, agreed),
                "flag_only": sa.and_(yes, sa.not_(agreed)),
                "consent_only": sa.and_(sa.not_(yes), agreed),
                "neither": sa.and_(sa.not_(yes), sa.not_(agreed)),
            }
        )

    @property
    def _key(self) -> Mapping[str, str]:
        return {"subject_key": self.entry.subject_key[0]}

    def _met(self, condition: ExistsIn) -> ColumnElement[bool]:
        found = self._exists(condition.match, condition.among, condition.ends)
        if condition.spared is None:
            return found
        return sa.or_(where_condition(condition.spared, self.table, self.connection.dialect.name), found)

    def _exists(
        self, match: Mapping[str, str], among: Mapping[str, Sequence[str | int]], ends: str | None
    ) -> ColumnElement[bool]:
        columns = {*match, *among, *((ends,) if ends is not None else ())}
        ours = sa.table(TABLE, *map(sa.column, sorted(columns)))
        asked: list[ColumnElement[bool]] = [ours.c[one] == self.table.c[field] for one, field in match.items()]
        asked += [ours.c[one].in_(texts) for one, texts in among.items()]
        if ends is not None:
            asked.append(sa.or_(ours.c[ends] == "", ours.c[ends] > self.moment))
        return sa.exists(sa.select(sa.literal(1)).select_from(ours).where(*asked).correlate(self.table))

    def _unknown_law(self) -> ColumnElement[bool]:
        told = self.entry.jurisdiction
        if told is None:
            return sa.true()
        field = self.table.c[told.field]
        return sa.or_(field.is_(None), field.not_in(sorted(told.map)))

    def _sums(self, conditions: Mapping[str, ColumnElement[bool]]) -> dict[str, Any]:
        counted = [
            sa.func.coalesce(sa.func.sum(sa.case((each, 1), else_=0)), 0).label(name)
            for name, each in conditions.items()
        ]
        row = self.connection.execute(sa.select(sa.func.count().label("rows"), *counted).select_from(self.table)).one()
        return {name: int(value) for name, value in row._mapping.items()}  # noqa: SLF001 as SQLAlchemy documents it
