"""The answer to a person who asks for their data: a package of a readable page, JSON and CSV, read through the guard.

It is the only place where values may stand: logs and ledger have counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audits.speaking import Speaker
from audits.subject_page import DatasetFact, PackageFacts, subject_page
from governance.flows.access.asking import ask, check_impersonation
from governance.flows.audits.reporting_automated import automated_facts
from governance.flows.subjects.describing_subjects import Describer, Organisation, law_facts, organisation_of
from governance.flows.subjects.packing_subjects import Package, check_place, package_at, text_of
from governance.flows.subjects.reading_subjects import Asker, Readable, database_rows, readable, treated_rows
from governance.flows.subjects.sparing_others import Hanging, Seen, Sparing
from governance.flows.subjects.tracing_subjects import map_subjects
from governance.ledger.events import EventDraft, EventObject, stamp
from governance.requests.packages import Exported, Wanted
from governance.requests.subject_map import DatasetMap, SubjectMap
from governance.requests.traced import Identifier, RecordKey, Trace, check_one_person
from governance.scan.shapes import shape_name
from policies.access_items import AccessLaw, access_laws
from policies.config import Medium
from policies.errors import AccessRefusedError, BadInputError, SchemaDriftError, StoreError
from policies.nouns import Action

if TYPE_CHECKING:
    from governance.app import Governance

__all__ = ["Exported", "Wanted", "check_exporter", "export_subject"]


@dataclass(slots=True)
class _Work:
    gov: Governance
    wanted: Wanted
    asker: Asker
    trace: Trace
    known: SubjectMap
    sparing: Sparing
    describer: Describer
    facts: list[DatasetFact] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    third_fields: int = 0
    refusal: AccessRefusedError | None = None


def export_subject(gov: Governance, trace: Trace, identifiers: Sequence[Identifier], wanted: Wanted) -> Exported:
    """Write the package of a person who was traced. Side effects: files at `wanted.output`; every read is recorded.

    Raises AccessRefusedError when the principal may export nothing, or when several subject keys are not confirmed;
    BadInputError for a place that is taken, or a person of whom nothing was found; StoreError, LedgerError.
    """
    check_exporter(gov, wanted)
    _check_trace(trace, wanted)
    laws = access_laws(gov.project.config.laws, gov.clock().date())
    if wanted.portable and not any(each.portable for each in laws):
        raise BadInputError(
            "--portable", found="laws that know no such right", expected="a law that does", next_step="leave it out"
        )
    work = _Work(
        gov,
        wanted,
        Asker(wanted.principal, wanted.purpose),
        trace,
        map_subjects(gov, tuple(dict.fromkeys(each.dataset.store for each in trace.records))),
        Sparing(gov, identifiers, wanted.models),
        Describer(gov),
    )
    try:
        with package_at(wanted.output) as package:
            package.begin(stamp(gov.clock()))
            _write_datasets(work, package)
            done = _finish(work, package, laws, organisation_of(gov))
    except BaseException:
        _record(work, {}, "failed")
        raise
    _record(work, done.records, "done")
    return done


def check_exporter(gov: Governance, wanted: Wanted) -> None:
    """Return when somebody may ask for a package at a place. Raises AccessRefusedError, recorded, or BadInputError."""
    check_impersonation(gov, wanted.principal, wanted.purpose, Action.EXPORT)
    ask(gov, wanted.principal, wanted.purpose, Action.EXPORT)
    check_place(wanted.output)


def _check_trace(trace: Trace, wanted: Wanted) -> None:
    if not any(trace.own()):
        raise BadInputError(
            "subject",
            found="no record of the person",
            expected="at least one",
            next_step="run `governance subject find` with other identifiers, and look at what it could not reach",
        )
    check_one_person(trace, confirmed=wanted.confirmed)


def _write_datasets(work: _Work, package: Package) -> None:
    keys: dict[Any, list[RecordKey]] = {}
    for each in work.trace.own():
        keys.setdefault(each.dataset, []).append(each.key)
    maps = [each for ref, each in work.known.datasets.items() if ref in keys]
    with ExitStack() as stack:
        # Persons first: their names and identifiers are not taken out of texts that are read later.
        for dataset in sorted(maps, key=lambda one: not one.is_of_persons):
            try:
                begun = _begin(work, dataset, keys[dataset.ref], stack)
            except AccessRefusedError as refusal:
                work.refusal = work.refusal or refusal
                work.left_out.append((str(dataset.ref), "refused"))
                continue
            except SchemaDriftError:
                work.left_out.append((str(dataset.ref), "closed"))
                continue
            if begun is not None:
                _write_dataset(work, package, begun, keys[dataset.ref])
    if not work.facts and work.refusal is not None:
        raise work.refusal
    if not work.facts and work.left_out:
        raise _all_closed()


def _all_closed() -> StoreError:
    return StoreError(
        "subject",
        found="only datasets whose schema is not the one that the catalog was reviewed on",
        expected="at least one that may be read",
        next_step="run `governance catalog diff` and review what changed",
    )


@dataclass(frozen=True, slots=True)
class _Begun:
    """A dataset whose first record was read, so that no refusal comes any more while it is written."""

    chosen: Readable
    first: Sequence[dict[str, Any]] = field(repr=False)
    rest: Iterator[dict[str, Any]] = field(repr=False)


def _begin(work: _Work, dataset: DatasetMap, keys: Sequence[RecordKey], stack: ExitStack) -> _Begun | None:
    chosen = _chosen(work, dataset)
    if chosen is None:
        return None
    of_database = work.gov.project.store(dataset.ref.store).medium is Medium.DATABASE
    rows = (database_rows if of_database else treated_rows)(work.gov, work.asker, chosen, keys)
    stack.callback(rows.close)
    return _Begun(chosen, list(islice(rows, 1)), rows)


def _write_dataset(work: _Work, package: Package, begun: _Begun, keys: Sequence[RecordKey]) -> None:
    chosen, dataset = begun.chosen, begun.chosen.dataset
    seen = Seen(work.describer.start_fields(dataset.ref))
    described = work.describer.fields(dataset, chosen.fields)
    purposes = work.describer.purposes(dataset.ref)
    about = {
        "fields": [{"name": each.name, "category": each.category, "source": each.source} for each in described],
        "purposes": [{"purpose": each.name, "basis": dict(each.basis)} for each in purposes],
    }
    named = str(dataset.ref)
    rows = work.sparing.passing(chosen, chain(begun.first, begun.rest))
    hanging = Hanging(work.trace, work.sparing, dataset)
    file = package.dataset(named, chosen.fields, about, seen.passing(hanging.passing(rows)), hanging.things())
    if package.counts[named] < len(keys) or chosen.hidden:
        work.left_out.append((named, "hidden"))
    work.left_out += ((f"{named}.{name}", "masked") for name in chosen.masked)
    work.third_fields += len(dataset.third_persons)
    work.facts.append(
        DatasetFact(
            named,
            package.counts[named],
            file,
            described,
            purposes,
            work.describer.retention(dataset.ref, seen.latest),
            {} if work.wanted.portable else work.describer.verdicts(dataset.ref, keys),
            tuple(tuple(text_of(row[name]) for name in chosen.fields) for row in seen.first),
            hanging.first,
        )
    )


def _chosen(work: _Work, dataset: DatasetMap) -> Readable | None:
    """What of a dataset goes into the package; None for nothing, as by the rules of taking data along."""
    if not work.wanted.portable:
        return readable(work.gov, work.asker, dataset)
    if not work.describer.is_portable(dataset.ref):
        return None
    provided = [name for name, each in dataset.entry.fields.items() if each.source == "subject"]
    chosen = readable(work.gov, work.asker, dataset, provided)
    return chosen if chosen.fields else None


def _finish(work: _Work, package: Package, laws: Sequence[AccessLaw], organisation: Organisation) -> Exported:
    work.left_out += ((each.place, "unreached") for each in work.trace.unreached)
    sources = any(one.source for each in work.facts for one in each.fields)
    told = law_facts(laws, organisation, sources=sources)
    facts = PackageFacts(
        work.gov.clock(),
        organisation.controller,
        organisation.authority,
        organisation.rights,
        told,
        tuple(work.facts),
        organisation.recipients,
        work.sparing.taken,
        work.third_fields,
        sum(work.trace.mentions().values()),
        tuple(dict.fromkeys(work.left_out)),
        automated_facts(work.gov, {each.dataset for each in work.trace.own()}),
    )
    if not work.wanted.portable:
        zone = str(ZoneInfo(work.gov.project.config.time_zone))
        package.page(subject_page(facts, Speaker(work.wanted.language, zone)))
    package.end(
        {
            "schema": "governance.subject-manifest/1",
            "as_of": stamp(work.gov.clock()),
            "portable": work.wanted.portable,
            "laws": {each.law: each.version for each in laws},
            "left_out": [{"place": place, "reason": reason} for place, reason in facts.left_out],
            "redacted": facts.redacted,
            "automated": [each.name for each in facts.automated],
        }
    )
    missing = tuple((each.law, item) for each in told for item, _, is_told in each.items if not is_told)
    return Exported(dict(package.counts), facts.left_out, facts.redacted, () if work.wanted.portable else missing)


def _record(work: _Work, records: Mapping[str, int], outcome: str) -> None:
    gov = work.gov
    gov.ledger.append(
        EventDraft(
            kind="subject.exported",
            actor=gov.actor_ref,
            principal=gov.ledger.refer("principal", work.asker.principal),
            purpose=work.asker.purpose,
            action=Action.EXPORT.value,
            outcome=outcome,
            objects=tuple(EventObject(each) for each in records if shape_name(each) == each),
            counts={"records": sum(records.values()), "datasets": len(records), "redacted": work.sparing.taken},
            rules=("subject.portable" if work.wanted.portable else "subject.access",),
            versions=gov.versions(),
        )
    )
