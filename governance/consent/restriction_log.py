"""Reads restrictions in the records database, on a connection whose transaction the caller holds."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from governance.consent.restriction_events import RestrictionKind
from governance.consent.restriction_tables import RESTRICTIONS


def active_among(connection: Connection, subject_refs: Collection[str]) -> frozenset[str]:
    """Whose restriction stands, among some people."""
    asked = select(RESTRICTIONS.c.subject_ref, RESTRICTIONS.c.kind).where(
        RESTRICTIONS.c.subject_ref.in_(sorted(subject_refs))
    )
    latest = {row.subject_ref: row.kind for row in connection.execute(asked.order_by(RESTRICTIONS.c.epoch))}
    return frozenset(ref for ref, kind in latest.items() if kind == RestrictionKind.RESTRICTED)
