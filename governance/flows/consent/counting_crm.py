"""Count what the records of a CRM say of consent: paged once into a private mirror and counted there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.crm.base import CrmStore
from connectors.sql.faults import translated
from governance.flows.opening.job_stores import mirrored
from policies.catalog import CatalogDataset, ConsentFlag
from policies.crm_facts import CrmConsent, last_part
from policies.purposes import PurposesFile

if TYPE_CHECKING:
    from governance.app import Governance

GIVEN = "given"
"""What a value of a flag says that means yes."""
_YES = {"1": frozenset({"true", "yes", "1"}), "0": frozenset({"false", "no", "0"})}
"""How people write, in `given`, the two values of a field that is true or false."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """A field of a dataset that says whether a person agreed."""

    field: str
    """Its name."""
    flag: ConsentFlag
    """What the catalog says that it is about."""
    known: CrmConsent
    """What the vendor's fields mean."""

    def state(self, value: object) -> str:
        """What a value says: a state of consent, empty where it speaks of none; what `given` leaves out is a no."""
        if not self.flag.given:
            return self.known.state(self.field, value)
        if value is None:
            return ""
        text = str(int(value)) if isinstance(value, bool) else str(value)
        means = {text, *_YES.get(text, ())} if isinstance(value, bool) else {text}
        return GIVEN if means & {*self.flag.given, *(each.lower() for each in self.flag.given)} else "refused"


def flagged_fields(entry: CatalogDataset, known: CrmConsent) -> tuple[Flagged, ...]:
    """The fields of a dataset that the catalog names as flags, and that something is known of."""
    return tuple(
        Flagged(name, each.consent_flag, known)
        for name, each in entry.fields.items()
        if each.consent_flag is not None and (each.consent_flag.given or known.tells(name))
    )


def date_of(field: str, names: Sequence[str], known: CrmConsent) -> str | None:
    """The field that holds the day of a consent that another field tells of: of the same nested record, else any."""
    days = [each for each in names if last_part(each) in known.dates]
    return next((each for each in days if each.rpartition(".")[0] == field.rpartition(".")[0]), next(iter(days), None))


@contextmanager
def paged(gov: Governance, store: CrmStore, wanted: Mapping[str, Sequence[str]]) -> Iterator[sa.Connection]:
    """A connection to a mirror that holds the named fields of every record of some datasets. Raises StoreError."""
    with mirrored(gov, store) as mirror:
        for dataset, fields in wanted.items():
            mirror.fill(dataset, fields)
        with translated(store.name), mirror.engine.connect() as connection:
            yield connection


def value_counts(connection: sa.Connection, table: sa.Table, field: str) -> Mapping[object, int]:
    """How often each value of a field stands in a mirror; they stay in memory and go into no report."""
    column = table.c[field]
    rows = connection.execute(sa.select(column, sa.func.count()).group_by(column))
    return dict(tuple(row) for row in rows)


def older(connection: sa.Connection, table: sa.Table, flagged: Flagged, date: str, purposes: PurposesFile) -> int:
    """Records whose flag says yes by a consent that was given before its purpose got its present meaning."""
    since = purposes.since(flagged.flag.purpose)
    if since is None:
        return 0
    yes = [value for value in value_counts(connection, table, flagged.field) if flagged.state(value) == GIVEN]
    asked = sa.select(sa.func.count()).where(table.c[flagged.field].in_(yes), table.c[date] < since)
    return int(connection.execute(asked).scalar_one())
