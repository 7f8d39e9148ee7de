"""What an impact assessment looks at, as one flat mapping of places, and how many people each dataset is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connectors.sql.faults import translated
from governance.flows.audits.activities import Registry
from governance.flows.audits.counting_incident import leaked_rows
from governance.flows.audits.looking_at_schemas import SchemaLook
from governance.flows.opening.offices import store_snapshot
from governance.flows.opening.recorded_use import recorded_use
from governance.registers.automated import AutomatedDecisions
from governance.retention.store_tables import find_table
from policies.config import Medium
from policies.errors import GovernanceError, InstallationError, LedgerError, StoreError
from policies.nouns import DatasetRef, FieldRef

if TYPE_CHECKING:
    from governance.app import Governance

PURPOSE = "governance.dpia"
"""What schemas are looked at and people counted for, as the ledger has it."""


def basis_of(registry: Registry, look: SchemaLook, purpose: str) -> dict[str, str]:
    """Place to what stands there, for one purpose: itself, its fields, recipients, periods, and all measures.

    Places begin with `purpose:`, `automated:`, `field:`, `recipient:`, `retention:` or `measure:`. The fields are all
    of each dataset that the purpose uses, of catalog and store, so that a new one is a change.
    """
    facts = registry.activity(purpose)
    found = dict(_of_purpose(facts))
    for procedure in standing_procedures(registry.gov):
        if procedure["purpose"] == purpose:
            found[f"automated:{procedure['name']}"] = procedure["effect"]
    for dataset in facts["datasets"]:
        found |= _of_dataset(registry, look, purpose, dataset)
    for each in facts["recipients"]:
        transfers = ", ".join(f"{one['country']} {one['mechanism']}" for one in each["transfers"])
        told = (each["role"], each["country"], each["contract"] or "", transfers)
        found[f"recipient:{each['name']}"] = "; ".join(told)
    found["retention:stated"] = facts["retention"]["stated"] or ""
    for rule in facts["retention"]["rules"]:
        found[rule["rule"]] = f"{rule['dataset']}; {rule['kind']} {rule['period']} {rule['action']}"
    return found | {f"measure:{name}": text for name, text in registry.organisation.measures.items()}


def standing_procedures(gov: Governance) -> list[dict[str, str]]:
    """The procedures by which a machine decides about people, as the register has them now."""
    standing = [each for each in AutomatedDecisions(gov.records, gov.ledger).procedures() if each.ended is None]
    return [
        {"name": each.name, "purpose": each.purpose, "effect": each.effect, "event": each.event} for each in standing
    ]


def digest_of(basis: Mapping[str, str]) -> str:
    """SHA-256 over everything that was looked at."""
    return hashlib.sha256(json.dumps(basis, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _of_purpose(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "purpose:text", facts["text"] or ""
    yield "purpose:direct_marketing", str(facts["direct_marketing"]).lower()
    for key in ("involves", "stated", "subjects"):
        yield f"purpose:{key}", ", ".join(facts[key])
    for law, basis in facts["basis"].items():
        yield f"purpose:basis.{law}", basis
    for fact, holds in facts["declares"].items():
        yield f"purpose:declares.{fact}", str(holds).lower()
    for each in facts["special"]:
        for law, condition in each["conditions"].items():
            yield f"purpose:special.{each['category']}.{law}", condition or ""


def _of_dataset(registry: Registry, look: SchemaLook, purpose: str, dataset: str) -> dict[str, str]:
    gov, store = registry.gov, dataset.partition(".")[0]
    ref = DatasetRef(store, dataset.partition(".")[2])
    policy, use = gov.policy_files.policy, registry.uses[purpose]
    entries, there = policy.datasets[ref].fields, look.datasets.get(ref, {})
    found = {}
    for name in sorted({*entries, *there}):
        given = use.fields.get(FieldRef(ref.store, ref.dataset, name), set())
        entry = gov.catalog.field(FieldRef(ref.store, ref.dataset, name))
        facts = entries.get(name)
        said = (
            there.get(name, "not in the store" if ":" not in name else "inside"),
            facts.category if facts else "not in the catalog",
            facts.sensitivity.word if facts else "",
            "encrypted" if entry is not None and entry.encrypted else "",
            "given as " + ", ".join(sorted(given)) if given else "",
        )
        found[f"field:{ref}.{name}"] = "; ".join(filter(None, said))
    return found


def count_people(gov: Governance, registry: Registry) -> tuple[dict[str, dict[str, Any]], list[dict[str, str]]]:
    """Dataset to how many distinct people it is about, and how many of them by its special rows; what was not counted.

    Of a dataset without a subject key of one field the rows are counted, as at most so many people. Recorded before the
    first is read. Raises LedgerError.
    """
    wanted = sorted({ref for use in registry.uses.values() for ref in use.datasets})
    counts: dict[str, dict[str, Any]] = {}
    missed: list[dict[str, str]] = []
    with recorded_use(gov, PURPOSE, [str(ref) for ref in wanted]) as use:
        for store in sorted({ref.store for ref in wanted}):
            datasets = [ref for ref in wanted if ref.store == store]
            try:
                counts |= _count_store(gov, store, datasets, use.decision, missed)
            except LedgerError:
                raise
            except (StoreError, InstallationError) as cause:
                missed.append({"place": store, "found": cause.found})
        use.whole = not missed
        use.counts = {"rows": sum(each["people"] for each in counts.values())}
    return counts, missed


def _count_store(
    gov: Governance, store: str, datasets: list[DatasetRef], event: str, missed: list[dict[str, str]]
) -> dict[str, dict[str, Any]]:
    known = gov.project.config.stores.get(store)
    if known is None or known.medium is not Medium.DATABASE:
        missed.append({"place": store, "found": "no database, so nobody is counted"})
        return {}
    found = {}
    with store_snapshot(gov, store) as connection:
        for ref in datasets:
            try:
                with translated(store):
                    people, special = _count(gov, connection, ref)
            except LedgerError:
                raise
            except GovernanceError as cause:
                missed.append({"place": str(ref), "found": cause.found})
            else:
                found[str(ref)] = {"people": people, "special": special, "event": event}
    return found


def _count(gov: Governance, connection: sa.Connection, ref: DatasetRef) -> tuple[int, int]:
    table, entry = find_table(connection, ref), gov.catalog.decided(ref)
    key = entry.subject_key[0] if len(entry.subject_key) == 1 else None
    counted = sa.func.count(sa.distinct(table.c[key])) if key is not None and key in table.c else sa.func.count()
    people = int(connection.execute(sa.select(counted).select_from(table)).scalar_one())
    facts = gov.policy_files.policy.datasets[ref]
    if not facts.special_rows:
        return people, 0
    rows = sa.or_(*(leaked_rows(connection, table, each.text) for each in facts.special_rows.values()))
    return people, int(connection.execute(sa.select(counted).select_from(table).where(rows)).scalar_one())
