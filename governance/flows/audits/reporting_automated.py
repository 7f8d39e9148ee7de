"""The report on automated decisions, and what a person is told of those that use their data."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from audits.report import Report
from audits.reports.automated import SCHEMA, automated_report
from audits.subject_page import AutomatedFact
from governance.flows.audits.declaring_automated import place_of, register
from governance.flows.audits.reporting import evidence_in_force
from governance.ledger.events import EventDraft
from governance.registers.automated import Procedure
from policies.automated_laws import automated_laws
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance


def audit_automated(gov: Governance) -> Report:
    """The report on every procedure, what the laws ask of it, and requests for review. Side effect: it is recorded."""
    gov.ledger.append(
        EventDraft(
            kind="report", actor=gov.actor_ref, action="audit.automated", outcome="done", versions=gov.versions()
        )
    )
    procedures, reviews = register(gov).procedures(), register(gov).reviews()
    laws = automated_laws(gov.clock().date(), gov.project.config.laws)
    people = {ref for each in procedures for ref in (each.declared_by, each.said["reviewer"]) if ref}
    people |= {each.decided_by for each in reviews if each.decided_by}
    document = {
        "schema": SCHEMA,
        "pack": laws.version,
        "laws": {name: each.model_dump(mode="json") for name, each in laws.laws.items()},
        "procedures": [_plain(gov, each) for each in procedures],
        "reviews": [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in reviews],
        "names": gov.ledger.resolve_all(people),
    }
    return automated_report(evidence_in_force(gov, packs={"automated": laws.version}), document)


def automated_facts(gov: Governance, datasets: Collection[DatasetRef]) -> tuple[AutomatedFact, ...]:
    """The procedures that decide today and read some datasets, by name, as a person is told of them."""
    return tuple(
        AutomatedFact(
            each.name,
            _purpose(gov, each.purpose),
            each.effect,
            gov.ledger.resolve(each.logic) or "",
            reviewed=each.said["reviewer"] is not None,
            opt_out=each.said["opt_out"],
        )
        for each in register(gov).procedures()
        if each.ended is None and not {ref for ref, _ in _places(gov, each)}.isdisjoint(datasets)
    )


def _purpose(gov: Governance, name: str) -> str:
    entry = gov.policy_files.purposes.purposes.get(name)
    return entry.text if entry is not None and entry.text else name


def _plain(gov: Governance, each: Procedure) -> dict[str, Any]:
    plain = {name: getattr(each, name) for name in each.__dataclass_fields__ if name != "said"}
    gone = [name for name in each.said["reads"] if place_of(gov, name) is None]
    return plain | dict(each.said) | {"special": sorted(set(_special(gov, each))), "gone": gone}


def _places(gov: Governance, each: Procedure) -> list[tuple[DatasetRef, str | None]]:
    return [found for name in each.said["reads"] if (found := place_of(gov, name)) is not None]


def _special(gov: Governance, each: Procedure) -> Iterator[str]:
    """The special categories of what a procedure reads, under the laws in force."""
    categories, laws = gov.policy_files.taxonomy.categories, gov.project.config.laws
    for ref, field in _places(gov, each):
        entry = gov.catalog.stores[ref.store].datasets[ref.dataset]
        yield from entry.special
        if field is None:
            yield from entry.special_rows
        fields = entry.fields.values() if field is None else (entry.fields[field],)
        for one in fields:
            known = categories.get(one.category)
            if known is not None and known.is_special(laws):
                yield one.category
