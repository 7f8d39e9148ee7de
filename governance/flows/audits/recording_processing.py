"""The record of processing: every purpose as an activity, held against the forms of the laws and against the stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audits.evidence import Evidence
from audits.report import Report
from audits.reports.ropa import SCHEMA, ropa_report
from governance.flows.audits.activities import Registry, facts_of_forms
from governance.flows.audits.looking_at_schemas import look_at_schemas, schema_drift
from governance.flows.audits.reporting import plain_event
from governance.ledger.events import EventDraft
from policies.consent_laws import load_consent_laws
from policies.errors import BadInputError

if TYPE_CHECKING:
    from governance.app import Governance

PURPOSE = "governance.ropa"
"""What the schemas are looked at for, as the ledger has it."""


def audit_ropa(gov: Governance, form: str | None = None) -> Report:
    """The record of processing, for the form of one law or of all in force.

    The stores are asked for their schemas; no row is read. Raises BadInputError for a law that is not in force,
    ConfigError, CatalogError, LedgerError. Side effects: the look and the report are recorded.
    """
    laws = _laws(gov, form)
    registry, look = Registry(gov), look_at_schemas(gov, PURPOSE)
    activities, clients = registry.activities(), registry.clients()
    used = {str(ref) for use in registry.uses.values() for ref in use.fields}
    gov.ledger.append(
        EventDraft(
            kind="report",
            actor=gov.actor_ref,
            action="audit.ropa",
            outcome="failed" if look.not_seen else "done",
            counts={"activities": len(activities)},
            versions=gov.versions(),
            refs={"decision": look.event},
        )
    )
    document = {
        "schema": SCHEMA,
        "laws": sorted(laws),
        "forms": facts_of_forms(registry.forms, laws, for_others=bool(clients)),
        "transfer_rules": _transfer_rules(registry, laws),
        "bases": _bases(gov, laws),
        "organisation": registry.organisation_facts(),
        "activities": activities,
        "clients": clients,
        "held": registry.held(),
        "without_subjects": _without_subjects(gov),
        "codes": _codes(registry, laws),
        "look": look.to_json(),
        "drift": list(schema_drift(gov, look, used)),
        "not_seen": look.not_seen,
    }
    return ropa_report(_evidence(gov, registry, look.event), document)


def _laws(gov: Governance, form: str | None) -> tuple[str, ...]:
    in_force = tuple(sorted(gov.project.config.laws))
    if form is None:
        return in_force
    if form not in in_force:
        raise BadInputError(
            "form",
            found="a law that is not in force",
            expected=" or ".join(in_force),
            next_step="name another one, or add it under `laws` in governance.yaml",
        )
    return (form,)


def _evidence(gov: Governance, registry: Registry, look: str) -> Evidence:
    policy = gov.policy_files.policy
    events = tuple(plain_event(each) for each in gov.ledger.events(ids=(look,)))
    return Evidence(
        as_of=gov.clock(),
        zone=gov.project.config.time_zone,
        events=events,
        pack_versions={"processing": registry.forms.version, "taxonomy": policy.taxonomy.version},
        digests={"catalog": policy.catalog.digest, "policy": policy.digest},
    )


def _transfer_rules(registry: Registry, laws: tuple[str, ...]) -> dict[str, Any]:
    return {law: rule.model_dump() for law, rule in registry.forms.transfers.items() if law in laws}


def _bases(gov: Governance, laws: tuple[str, ...]) -> dict[str, list[str]]:
    """Law to the bases that it admits; a law that asks for none is left out."""
    known = load_consent_laws(gov.clock().date()).laws
    return {law: list(known[law].bases) for law in laws if law in known and known[law].bases}


def _without_subjects(gov: Governance) -> list[str]:
    """Datasets about people of which nobody said whom."""
    return [
        f"{store}.{name}"
        for store, entry in gov.catalog.stores.items()
        for name, dataset in entry.datasets.items()
        if dataset.subject_key and not dataset.subjects
    ]


def _codes(registry: Registry, laws: tuple[str, ...]) -> dict[str, dict[str, str]]:
    held = [each["category"] for each in registry.held()]
    found = {
        law: {each: registry.forms.code(law, each) for each in held} for law in registry.forms.codes if law in laws
    }
    return {law: {each: code for each, code in codes.items() if code} for law, codes in found.items()}
