"""Reads restrictions in the records database, on a connection whose transaction the caller holds."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from governance.consent.restriction_events import RestrictionKind
from governance.consent.tables import EVENTS, RESTRICTIONS


def active_among(connection: Connection, subject_refs: Collection[str]) -> frozenset[str]:
    """Whose restriction stands, among some people."""
    asked = select(RESTRICTIONS.c.subject_ref, RESTRICTIONS.c.kind).where(
        RESTRICTIONS.c.subject_ref.in_(sorted(subject_refs))
    )
    latest = {row.subject_ref: row.kind for row in connection.execute(asked.order_by(RESTRICTIONS.c.epoch))}
    return frozenset(ref for ref, kind in latest.items() if kind == RestrictionKind.RESTRICTED)


def has_gap(connection: Connection, since: int, upto: int) -> bool:
    """Whether an epoch behind `since` has no event of consent or restriction: somebody was forgotten then."""
    found = 0
    for table in (EVENTS, RESTRICTIONS):
        within = select(func.count()).select_from(table).where(table.c.epoch > since, table.c.epoch <= upto)
        found += connection.execute(within).scalar_one()
    return found != upto - since
