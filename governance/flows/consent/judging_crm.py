"""Coverage and drift of consent in a CRM: its records and our projection side by side in a private mirror."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connectors.crm.base import CrmStore
from connectors.crm.mirror import Mirror
from connectors.sql.faults import translated
from governance.consent.events import EVERY
from governance.consent.projection import ConsentProjection
from governance.consent.projection_tables import ENDS, TABLE, TARGET, KeyKind, target_code
from governance.consent.standing import UNKNOWN, channels_of
from governance.flows.consent.counting_consent import Counting
from governance.flows.consent.counting_crm import GIVEN, Flagged, flagged_fields, value_counts
from governance.flows.opening.job_stores import mirrored
from governance.ledger.events import stamp
from governance.retention.store_tables import find_table
from policies.catalog import CatalogDataset, ConsentFlag
from policies.crm_facts import CrmConsent, crm_facts
from policies.errors import StoreError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

_NO = frozenset({"refused", "withdrawn"})
_STANDS_FOR = {
    GIVEN: frozenset({GIVEN}),
    "requested": frozenset({"requested", UNKNOWN}),
    "refused": frozenset({*_NO, "objected", "expired", "invalidated", UNKNOWN}),
    "withdrawn": frozenset({*_NO, "objected", "expired", "invalidated", UNKNOWN}),
}
"""By what a CRM says, the states on record that agree with it; a no that nobody told us of does no harm."""


@dataclass(slots=True)
class CrmCounts:
    """What was counted in one CRM."""

    coverage: list[dict[str, Any]] = field(default_factory=list)
    """As `coverage` of the report."""
    drift: list[dict[str, Any]] = field(default_factory=list)
    """As `drift` of the report."""
    states: list[dict[str, Any]] = field(default_factory=list)
    """By flag and channel, what the CRM says beside what is on record, and in how many rows."""
    unmapped: list[str] = field(default_factory=list)
    """Fields that say what people agreed to, of which the catalog says nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of one dataset."""

    ref: DatasetRef
    """The dataset."""
    entry: CatalogDataset
    """What the catalog says of it."""
    purposes: tuple[tuple[str, bool], ...]
    """Purposes to count rows for, each with whether it needs consent."""
    flags: bool
    """Whether flags are compared."""


def count_crm(gov: Governance, store: CrmStore, wanted: Sequence[Wanted]) -> CrmCounts:
    """The counts of some reviewed datasets that name persons, each paged once; nothing is sent to the CRM.

    Raises StoreError, and AccessRefusedError where rows cannot be tied to a person or law.
    """
    consent, known = gov.consent_conditions, crm_facts(store.kind, gov.clock().date()).consent
    shapes = {each.name: [one.name for one in each.fields] for each in store.datasets()}
    consent.make_ready(store.name)
    found = CrmCounts()
    with mirrored(gov, store) as mirror:
        for each in wanted:
            mirror.fill(each.ref.dataset, _fields(each, shapes.get(each.ref.dataset), known))
        _project(gov, mirror)
        with translated(store.name), mirror.engine.connect() as connection:
            for each in wanted:
                counting = Counting(connection, find_table(connection, each.ref), each.entry, stamp(gov.clock()))
                _cover(gov, counting, each, found)
                if each.flags:
                    _compare(gov, counting, each, known, found)
                    found.unmapped += _unmapped(each, shapes[each.ref.dataset], known)
    return found


def _fields(wanted: Wanted, shape: Sequence[str] | None, known: CrmConsent) -> list[str]:
    entry = wanted.entry
    asked = [*entry.subject_key, *(one.field for one in flagged_fields(entry, known) if wanted.flags)]
    asked += [entry.jurisdiction.field] if entry.jurisdiction is not None else []
    missing = sum(each not in (shape or ()) for each in asked)
    if missing:
        raise StoreError(
            str(wanted.ref),
            found=f"{missing} field(s) of the catalog that the CRM does not have",
            expected="the fields that tell person, law and consent",
            next_step="scan the CRM again, and correct the catalog",
        )
    return asked


def _project(gov: Governance, mirror: Mirror) -> None:
    """Lay the consent that stands beside the records."""
    consent, store = gov.consent_conditions, mirror.store.name
    head = consent.projections[store].head()
    projection = ConsentProjection(store, mirror.engine)
    projection.create(KeyKind(head.key_kind) if head is not None else KeyKind.STRING)
    consent.upkeep.bring_up_to_date(projection)


def _cover(gov: Governance, counting: Counting, wanted: Wanted, found: CrmCounts) -> None:
    for purpose, needs_consent in wanted.purposes:
        counts = counting.rows(gov.consent_conditions.conditions(wanted.ref, purpose), purpose)
        said = {"dataset": str(wanted.ref), "purpose": purpose, "needs_consent": needs_consent}
        found.coverage.append(said | asdict(counts))


def _compare(gov: Governance, counting: Counting, wanted: Wanted, known: CrmConsent, found: CrmCounts) -> None:
    for flagged in flagged_fields(wanted.entry, known):
        flag, place = flagged.flag, f"{wanted.ref}.{flagged.field}"
        values = value_counts(counting.connection, counting.table, flagged.field)
        yes = [value for value in values if flagged.state(value) == GIVEN]
        conditions = gov.consent_conditions.conditions(wanted.ref, flag.purpose, every_row=True)
        asked = [each for each in conditions if about(flag, each.among.get(TARGET, ()))]
        said = {"field": place, "purpose": flag.purpose, "channel": flag.channel}
        counts = counting.flags(counting.table.c[flagged.field].in_(yes), asked)
        found.drift.append(said | dict(counts))
        for channel in (
            (flag.channel,) if flag.channel != EVERY else channels_of(gov.policy_files.purposes, flag.purpose)
        ):
            found.states += _states(counting, flagged, channel, said | {"channel": channel})


def about(flag: ConsentFlag, targets: Sequence[str | int]) -> bool:
    """Whether a condition of consent is on what a flag is about."""
    return flag.channel == EVERY or target_code(flag.purpose, flag.channel) in targets


def _states(counting: Counting, flagged: Flagged, channel: str, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the CRM says beside what is on record, counted; values are read as states at once and not kept."""
    ours = sa.table(TABLE, *map(sa.column, ("subject_key", TARGET, "state", ENDS)))
    column, key = counting.table.c[flagged.field], counting.table.c[counting.entry.subject_key[0]]
    over = sa.and_(ours.c[ENDS] != "", ours.c[ENDS] <= counting.moment)
    state = sa.case((ours.c.state.is_(None), UNKNOWN), (over, "expired"), else_=ours.c.state)
    target = target_code(flagged.flag.purpose, channel)
    joined = counting.table.outerjoin(ours, sa.and_(ours.c.subject_key == key, ours.c[TARGET] == target))
    sums: dict[tuple[str, str], int] = {}
    for value, recorded, rows in counting.connection.execute(
        sa.select(column, state, sa.func.count()).select_from(joined).group_by(column, state)
    ):
        says = flagged.state(value)
        sums[says, recorded] = sums.get((says, recorded), 0) + rows
    for (says, recorded), rows in sorted(sums.items()):
        differs = bool(says) and recorded not in _STANDS_FOR[says]
        yield {**said, "says": says, "on_record": recorded, "rows": rows, "differs": differs}


def _unmapped(wanted: Wanted, shape: Sequence[str], known: CrmConsent) -> Iterator[str]:
    flagged = {each.field for each in flagged_fields(wanted.entry, known)}
    return (f"{wanted.ref}.{name}" for name in shape if known.tells(name) and name not in flagged)
