"""What a CRM's own marks, grants and consent records say, beside our labels: findings by rule, counts, no values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from audits.report import Report
from audits.reports.crm import SCHEMA, crm_report
from connectors.crm.base import CrmStore, VendorFlags
from governance.flows.audits.comparing_basis import NO_BASIS, asked_of, basis_findings
from governance.flows.scan.reviewing import open_proposals
from governance.ledger.events import EventDraft, EventObject
from governance.scan.proposals import FieldProposal
from governance.scan.shapes import shape_name
from policies.config import Medium
from policies.crm_facts import CrmFacts, crm_facts
from policies.errors import ConfigError, GovernanceError, StoreError
from policies.nouns import DatasetRef, FieldRef, LabelStatus
from policies.taxonomy import HARMLESS

if TYPE_CHECKING:
    from governance.app import Governance

PURPOSE = "governance.crm"
"""What the stores are read for, as the ledger has it."""
Progress = Callable[[int, int | None, str], None]


@dataclass(slots=True)
class _Compared:
    """What was found, and what could not be looked at."""

    fields: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    cannot: list[dict[str, str]] = field(default_factory=list)
    not_seen: list[dict[str, Any]] = field(default_factory=list)

    def find(self, rule: str, place: object, *, rows: int | None = None, readers: Sequence[str] = ()) -> None:
        """Add a finding."""
        self.findings.append({"rule": rule, "place": str(place), "rows": rows, "readers": list(readers)})

    def miss(self, place: object, found: str, *, failed: bool = False) -> None:
        """Add something that could not be looked at; `failed` when it should have been."""
        self.not_seen.append({"place": str(place), "found": found, "failed": failed})


def audit_crm(gov: Governance, stores: Sequence[str] = (), *, on_progress: Progress | None = None) -> Report:
    """Compare the marks of CRMs with our labels, in the stores named or in all that are CRMs.

    Labels are those of the catalog and the open proposals of the last scan. Records are paged for what they say of
    lawful basis and consent; no value leaves them. Recorded before the first call. A store that does not answer is
    named in the report. Raises ConfigError for a store that is no CRM, LedgerError.
    """
    names = _chosen(gov, stores)
    begun = gov.ledger.append(_event(gov, "begun", names))
    found = _Compared()
    labels = _labels(gov)
    for at, name in enumerate(names):
        if on_progress is not None:
            on_progress(at, len(names), name)
        try:
            store = gov.crm(name)
            try:
                _compare(gov, store, labels, found)
            finally:
                store.close()
        except GovernanceError as cause:
            found.miss(name, cause.found, failed=True)
    if on_progress is not None:
        on_progress(len(names), len(names), "")
    counts = {"fields": len(found.fields), "findings": len(found.findings)}
    outcome = "failed" if any(each["failed"] for each in found.not_seen) else "done"
    gov.ledger.append(_event(gov, outcome, names, counts=counts, refs={"begun": begun.id}))
    document = {
        "schema": SCHEMA,
        "catalog": gov.catalog.digest,
        "policy": gov.policy_files.policy.digest,
        "stores": list(names),
        "findings": sorted(found.findings, key=lambda each: (each["rule"], each["place"])),
        "fields": found.fields,
        "cannot": found.cannot,
        "not_seen": found.not_seen,
    }
    return crm_report(document, as_of=gov.clock(), zone=gov.project.config.time_zone)


def _chosen(gov: Governance, stores: Sequence[str]) -> tuple[str, ...]:
    crms = [name for name, each in gov.project.config.stores.items() if each.medium is Medium.CRM]
    for name in stores:
        if gov.project.store(name).medium is not Medium.CRM:
            raise ConfigError(
                f"store {name}",
                found="a store that is no CRM",
                expected=" or ".join(sorted(crms)) or "a CRM among the stores of governance.yaml",
                next_step="name a CRM, or none to take all",
            )
    return tuple(dict.fromkeys(stores)) or tuple(crms)


def _event(gov: Governance, outcome: str, stores: Sequence[str], **said: Any) -> EventDraft:
    known = gov.catalog.stores
    datasets = [DatasetRef(store, name) for store in stores if store in known for name in known[store].datasets]
    return EventDraft(
        kind="report",
        actor=gov.actor_ref,
        purpose=PURPOSE,
        action="audit.crm",
        outcome=outcome,
        objects=tuple(EventObject(str(each)) for each in datasets),
        versions=gov.versions(),
        **said,
    )


def _labels(gov: Governance) -> dict[FieldRef, tuple[str, str]]:
    """Category and status of each field that somebody decided on, or that the last scan proposed."""
    found = {
        each.ref: (each.category, str(LabelStatus.PROPOSED))
        for each in open_proposals(gov)
        if isinstance(each, FieldProposal)
    }
    return found | {ref: (entry.category, str(entry.status)) for ref, entry in gov.catalog.walk()}


def _compare(gov: Governance, store: CrmStore, labels: Mapping[FieldRef, tuple[str, str]], found: _Compared) -> None:
    facts = crm_facts(store.kind, gov.clock().date())
    flags = store.flags()
    readers = _readers(store, found)
    if not facts.marks:
        found.miss(store.name, "crm_use.not_seen_no_marks")
    for dataset in store.datasets():
        ref = DatasetRef(store.name, dataset.name)
        known = gov.catalog.dataset(ref)
        for each in dataset.fields:
            place = FieldRef(store.name, dataset.name, each.name)
            category, status = labels.get(place, ("", ""))
            row = _row(place, category, status, flags.get((dataset.name, each.name)) or VendorFlags())
            row["readers"] = readers.get(dataset.name, [])
            staff = facts.is_staff(each.name, each.native_type) or (known is not None and each.name in known.employees)
            row["about"] = "employee" if staff else ""
            if row["personal"] or row["marked"] or row["withheld"]:
                found.fields.append(row)
                _judge(row, facts, found)
    found.cannot += [{"store": store.name, "code": each.code, "grade": each.grade} for each in store.cannot()]
    for note in store.not_seen():
        found.miss(shape_name(note.place), note.reason)
    _consent(gov, store, facts, found)


def _row(place: FieldRef, category: str, status: str, flags: VendorFlags) -> dict[str, Any]:
    return {
        "field": str(FieldRef(place.store, place.dataset, shape_name(place.field))),
        "category": category,
        "status": status,
        "personal": category not in ("", HARMLESS) and status != LabelStatus.REJECTED,
        "marked": flags.personal,
        "sensitivity": shape_name(flags.sensitivity),
        "encrypted": flags.encrypted,
        "withheld": flags.left_out,
    }


def _judge(row: Mapping[str, Any], facts: CrmFacts, found: _Compared) -> None:
    if row["withheld"]:
        found.find("crm.withheld", row["field"])
    if not facts.marks:
        return
    if row["personal"] and not row["marked"] and not row["about"]:
        found.find("crm.personal_not_marked", row["field"])
    if row["marked"] and row["readers"] and not row["withheld"]:
        found.find("crm.marked_but_readable", row["field"], readers=row["readers"])


def _readers(store: CrmStore, found: _Compared) -> dict[str, list[str]]:
    """By dataset the profiles, or roles without one, that may read it."""
    readers: defaultdict[str, set[str]] = defaultdict(set)
    try:
        for each in store.grants():
            if each.active and "read" in each.actions and (each.profile or each.role):
                readers[each.dataset].add(shape_name(each.profile or each.role))
    except StoreError as cause:
        found.miss(store.name, cause.found, failed=True)
    return {dataset: sorted(names) for dataset, names in readers.items()}


def _consent(gov: Governance, store: CrmStore, facts: CrmFacts, found: _Compared) -> None:
    """What the records of reviewed datasets that name persons say of basis and consent."""
    asked = asked_of(gov, store, facts.consent)
    for each in asked:
        if not each.basis:
            found.miss(each.ref, NO_BASIS)
    for rule, place, rows in basis_findings(gov, store, asked, facts.consent):
        found.find(rule, place, rows=rows)
