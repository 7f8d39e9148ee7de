"""Which rows in use have no basis, and where flags in the stores say something else than the consent on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from audits.report import Report
from audits.reports.consent import consent_report
from connectors.sql.address import normalised
from connectors.sql.silent import silenced
from governance.consent.events import ConsentKind
from governance.consent.projection_tables import TARGET
from governance.consent.tables import EVENTS
from governance.consent.whose import Whose, not_theirs
from governance.flows.consent.counting_consent import Counting
from governance.flows.consent.judging_crm import Wanted, about, count_crm
from governance.ledger.events import EventDraft, EventObject, stamp
from governance.protect.token_counts import snapshot
from governance.records.transactions import reading
from governance.retention.store_tables import find_table
from policies.catalog import CatalogDataset
from policies.config import Medium
from policies.errors import AccessRefusedError, CatalogError, GovernanceError, StoreError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

SCHEMA = "governance.consent-use/1"
"""The form of the JSON."""
PURPOSE = "governance.consent"
"""What the stores are read for, as the ledger has it."""


def consent_coverage(gov: Governance) -> Report:
    """Per dataset and purpose the rows with and without a basis, restricted, objected: counts, no value and no key.

    Recorded before the first row is counted. A store that does not answer is named in the report. Raises LedgerError.
    """
    return _report(gov, "coverage")


def consent_drift(gov: Governance) -> Report:
    """Where flags, the catalog's `consent_flag`, and the consent on record disagree, in rows. As `consent_coverage`."""
    return _report(gov, "drift")


def audit_consent(gov: Governance) -> Report:
    """Both, and the events on record by purpose, channel and law, with how late withdrawals were taken down."""
    return _report(gov, "coverage", "drift", "events")


def _report(gov: Governance, *parts: str) -> Report:
    datasets = [
        (DatasetRef(store, name), entry)
        for store, each in gov.catalog.stores.items()
        if store in gov.project.config.stores
        for name, entry in each.datasets.items()
        if entry.subject_key
    ]
    others = [str(ref) for ref, _ in datasets if _whose(gov, ref) is Whose.OTHERS]
    datasets = [each for each in datasets if str(each[0]) not in others]
    begun = gov.ledger.append(_event(gov, "begun", parts, datasets))
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "catalog": gov.catalog.digest,
        "policy": gov.policy_files.policy.digest,
        "parts": list(parts),
        "coverage": [],
        "drift": [],
        "states": [],
        "unmapped": [],
        "events": list(_events(gov)) if "events" in parts else [],
        "withdrawals": _withdrawals(gov) if "events" in parts else None,
        "other_persons": others,
        "not_seen": [],
    }
    crms = {name for name, each in gov.project.config.stores.items() if each.medium is Medium.CRM}
    for store in sorted({ref.store for ref, _ in datasets} & crms):
        _count_crm(gov, store, [each for each in datasets if each[0].store == store], parts, document)
    for ref, entry in datasets:
        if ref.store in crms:
            continue
        try:
            _count(gov, ref, entry, parts, document)
        except GovernanceError as cause:
            document["not_seen"].append({"place": str(ref), "found": cause.found})
    outcome = "failed" if document["not_seen"] else "done"
    gov.ledger.append(_event(gov, outcome, parts, datasets, refs={"begun": begun.id}))
    return consent_report(document, as_of=gov.clock(), zone=gov.project.config.time_zone)


def _whose(gov: Governance, ref: DatasetRef) -> Whose:
    """Whether rows of a dataset are about whom consent names; a store that is down says so when it is counted."""
    try:
        return gov.consent_conditions.kinds.whose(ref)
    except StoreError:
        return Whose.NAMED


def _event(
    gov: Governance, outcome: str, parts: Sequence[str], datasets: Sequence[tuple[DatasetRef, Any]], **said: Any
) -> EventDraft:
    return EventDraft(
        kind="report",
        actor=gov.actor_ref,
        purpose=PURPOSE,
        action=f"consent.{parts[0]}" if len(parts) == 1 else "audit.consent",
        outcome=outcome,
        objects=tuple(EventObject(str(ref)) for ref, _ in datasets),
        versions=gov.versions(),
        **said,
    )


def _count(
    gov: Governance, ref: DatasetRef, entry: CatalogDataset, parts: Sequence[str], document: dict[str, Any]
) -> None:
    consent = gov.consent_conditions
    asked, heeding = _purposes(gov)
    flags = {name: field.consent_flag for name, field in entry.fields.items() if field.consent_flag is not None}
    if not asked and not heeding and not flags:
        return
    if ref.store not in consent.projections or ref.store in consent.temporary:
        raise _uncounted(ref)
    if any(not flag.given for flag in flags.values()):
        raise _meaningless(ref)
    consent.upkeep.bring_up_to_date(consent.projections[ref.store])
    engine = silenced(sa.create_engine(normalised(f"stores.{ref.store}.url", gov.project.store_target(ref.store))))
    try:
        with snapshot(engine, str(ref)) as connection:
            counting = Counting(connection, find_table(connection, ref), entry, stamp(gov.clock()))
            for purpose in (*asked, *heeding) if "coverage" in parts else ():
                counts = counting.rows(consent.conditions(ref, purpose), purpose)
                document["coverage"].append(
                    {"dataset": str(ref), "purpose": purpose, "needs_consent": purpose in asked} | asdict(counts)
                )
            for name, flag in flags.items() if "drift" in parts else ():
                conditions = consent.conditions(ref, flag.purpose, every_row=True)
                wanted = [each for each in conditions if about(flag, each.among.get(TARGET, ()))]
                found = counting.flags(counting.says_yes(name, flag), wanted)
                said = {"field": f"{ref}.{name}", "purpose": flag.purpose, "channel": flag.channel}
                document["drift"].append(said | dict(found))
    finally:
        engine.dispose()


def _count_crm(
    gov: Governance,
    name: str,
    datasets: Sequence[tuple[DatasetRef, CatalogDataset]],
    parts: Sequence[str],
    document: dict[str, Any],
) -> None:
    """Count in one CRM; where it does not answer, none of its datasets is counted."""
    asked, heeding = _purposes(gov)
    unclear = {ref: whose for ref, _ in datasets if (whose := _whose(gov, ref)) is not Whose.NAMED}
    document["not_seen"] += [{"place": str(ref), "found": not_theirs(unclear[ref], ref, "").found} for ref in unclear]
    datasets = [each for each in datasets if each[0] not in unclear]
    purposes = tuple((each, each in asked) for each in (*asked, *heeding)) if "coverage" in parts else ()
    wanted = [Wanted(ref, entry, purposes, flags="drift" in parts) for ref, entry in datasets]
    try:
        store = gov.crm(name)
        try:
            counts = count_crm(gov, store, wanted)
        finally:
            store.close()
    except GovernanceError as cause:
        document["not_seen"] += [{"place": str(ref), "found": cause.found} for ref, _ in datasets]
        return
    for part in ("coverage", "drift", "states", "unmapped"):
        document[part] += getattr(counts, part)


def _purposes(gov: Governance) -> tuple[list[str], list[str]]:
    """The purposes that need consent, and the others that heed an objection."""
    purposes = gov.policy_files.purposes
    asked = [each for each in sorted(purposes.purposes) if purposes.needs_consent(each)]
    return asked, [each for each in sorted(purposes.purposes) if purposes.may_be_objected(each) and each not in asked]


def _events(gov: Governance) -> Iterator[dict[str, Any]]:
    by = (EVENTS.c.purpose, EVENTS.c.channel, EVENTS.c.jurisdiction, EVENTS.c.kind)
    with reading(gov.records) as connection:
        for row in connection.execute(sa.select(*by, sa.func.count().label("events")).group_by(*by).order_by(*by)):
            yield {
                "purpose": row.purpose,
                "channel": row.channel,
                "law": row.jurisdiction or None,
                "kind": row.kind,
                "events": row.events,
            }


def _withdrawals(gov: Governance) -> dict[str, Any]:
    """How long after people said so their withdrawals were taken down; each holds from the next statement on."""
    asked = sa.select(EVENTS.c.valid_time, EVENTS.c.recorded_time).where(EVENTS.c.kind == str(ConsentKind.WITHDRAWN))
    with reading(gov.records) as connection:
        late = sorted(_seconds(row.valid_time, row.recorded_time) for row in connection.execute(asked))
    return {
        "count": len(late),
        "median_seconds": late[len(late) // 2] if late else None,
        "slowest_seconds": late[-1] if late else None,
    }


def _seconds(said: str, recorded: str) -> int:
    return max(0, int((dt.datetime.fromisoformat(recorded) - dt.datetime.fromisoformat(said)).total_seconds()))


def _uncounted(ref: DatasetRef) -> AccessRefusedError:
    return AccessRefusedError(
        str(ref),
        found="a store that is no database",
        expected="a database in which consent can be joined",
        next_step="move the data to a database",
        rule_ids=(PURPOSE,),
    )


def _meaningless(ref: DatasetRef) -> CatalogError:
    return CatalogError(
        f"catalog, {ref}",
        found="a `consent_flag` without `given`",
        expected="the values that mean yes; only fields of a CRM are known by their vendor's name",
        next_step="state `given`",
    )
