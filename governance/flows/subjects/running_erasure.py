"""Carry out the erasure of one person: one job over all stores; then look again everywhere, and say what was found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.flows.opening.job_stores import JobStore, acting, job_store, open_batch, refuse_read_only
from governance.flows.opening.offices import office_of, pace_of
from governance.flows.protect.keeping_keys import last_backup_day
from governance.flows.subjects.ending_traces import end_store, forget_in_store, refresh_projections
from governance.flows.subjects.erasing import RULES, Tracer, rules_digest, step_over
from governance.flows.subjects.erasing_crm import fill_mirrors, foreign_fields, looking, not_emptied, still_in_bin
from governance.flows.subjects.rectifying import notices_of
from governance.flows.subjects.tracing_subjects import trace_subject
from governance.jobs.engine import run_job
from governance.jobs.key_order import among
from governance.jobs.office import Office
from governance.jobs.outcome import JobOutcome
from governance.jobs.plan import Plan, read_plan
from governance.jobs.registry import certificate_text
from governance.jobs.row_list import list_path
from governance.jobs.running import Progress
from governance.jobs.work import Key, Step
from governance.protect.sealing import KeyringSealer
from governance.requests.erasure_table import ErasureTable, find_erasure_table
from governance.requests.erasure_work import KIND, Erasing, StepFacts, once
from governance.requests.sealed_person import SealedPerson, read_sealed, sealed_path
from governance.requests.traced import Reach, TracedRecord
from policies.config import Medium
from policies.erasure_rules import read_erasure
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass(frozen=True, slots=True)
class ErasureOutcome:
    """What became of an erasure."""

    of: JobOutcome
    """The job's outcome."""
    findings: Mapping[str, Any]
    """What the certificate says was found afterwards; empty while the job waits for its time window."""

    @property
    def failed(self) -> bool:
        """Whether records of the person were found that nothing keeps."""
        return bool(self.findings) and self.findings["verification"]["status"] == "failed"

    def to_json(self) -> dict[str, Any]:
        """The document that the command prints."""
        return {**self.of.to_json(), "schema": "governance.erasure-run/1", "findings": dict(self.findings)}


def run_erasure(
    gov: Governance,
    text: str,
    place: str = "plan",
    *,
    tracer: Tracer | None = None,
    on_progress: Progress | None = None,
) -> ErasureOutcome:
    """Do what an erasure plan says, in every store; start it again after a kill.

    Side effects: rows deleted or emptied, each batch in a transaction of its own; tombstones placed, the person's keys
    destroyed, consent links, pseudonyms and index cells forgotten. A job that has ended gives its outcome. Raises
    TamperedError, StalePlanError, AccessRefusedError without an approval that the project asks for, StoreError,
    LedgerError.
    """
    office, plan = office_of(gov), read_plan(text, KIND, gov.keyring.keyed_hash(), place)
    path = sealed_path(list_path(office, plan.id).parent, plan.id)
    if not path.exists() and (ended := _ended(office, plan)) is not None:
        return ended
    person = read_sealed(path, plan.id, KeyringSealer(gov.keyring))
    facts = [StepFacts.of(each) for each in plan.facts["steps"]]
    names = list(dict.fromkeys(each.ref.store for each in facts))
    refuse_read_only(gov, names)
    with ExitStack() as opened:
        stores = {name: opened.enter_context(job_store(gov, name)) for name in names}
        fill_mirrors(gov, stores, facts, person)
        engines = {name: each.engine for name, each in stores.items()}
        tables = _tables(gov, stores, plan)
        steps = list(_steps(gov, plan, facts, (stores, tables, person)))
        work = Erasing(
            plan=plan,
            steps=steps,
            prints={str(ref): table.fingerprint for ref, table in sorted(tables.items())},
            after=lambda: _look_again(gov, plan, person, stores, tracer or trace_subject),
            digest=rules_digest(gov),
            rules=tuple(sorted({each["rule"] for each in plan.facts["inventory"]} - {""})),
        )
        beside = {name: engine for name, engine in engines.items() if name != plan.place}
        found = run_job(
            office, work, plan, engines[plan.place], pace=pace_of(gov), on_progress=on_progress, beside=beside
        )
    if found.certificate is None:
        return ErasureOutcome(found, {})
    notices_of(gov).add("erased", plan.id, plan.facts["recipients"])
    path.unlink(missing_ok=True)
    for each in facts:
        open_batch(gov, plan.id, each.name).remove()
    return ErasureOutcome(found, _findings(office, plan.id))


def _ended(office: Office, plan: Plan) -> ErasureOutcome | None:
    """The outcome of a job that has ended, whose sealed file is gone."""
    from governance.jobs.journal import JobHead, find

    known = find(office.records, office.ledger, JobHead(plan.id, plan.kind, plan.place, plan.seal), office.clock)
    if known is None or not known[1]:
        return None
    journal = known[0]
    steps = tuple(each for _, each in sorted(journal.steps().items()))
    outcome = JobOutcome(plan.id, journal.decision, "done", steps, journal.done()[0], journal.certificate())
    return ErasureOutcome(outcome, _findings(office, plan.id))


def _findings(office: Office, job: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(certificate_text(office, job))["findings"]
    return found


def _tables(gov: Governance, stores: Mapping[str, JobStore], plan: Plan) -> dict[DatasetRef, ErasureTable]:
    rules, found = read_erasure(gov.project.policy_file(RULES)), {}
    for name in plan.facts["tables"]:
        ref = DatasetRef(*name.split(".", 1))
        store, entry = stores[ref.store], gov.catalog.reviewed(ref.store).datasets[ref.dataset]
        with store.engine.connect() as connection:
            foreign = foreign_fields(gov, store, ref.dataset)
            found[ref] = find_erasure_table(connection, ref, entry, rules.of(ref), foreign=foreign)
    return found


def _steps(
    gov: Governance,
    plan: Plan,
    facts: Sequence[StepFacts],
    world: tuple[Mapping[str, JobStore], Mapping[DatasetRef, ErasureTable], SealedPerson],
) -> Iterator[Step]:
    stores, tables, person = world
    for each in facts:
        store = each.ref.store
        people = person.subjects.get(store, ())
        if each.what == "forget":
            yield once(each, partial(forget_in_store, gov, store, people))
        elif each.what == "end":
            yield once(each, partial(_end, gov, store, people, shred=store in plan.facts["shred"]))
        else:
            with stores[store].engine.connect() as connection:
                step = step_over(tables[each.ref], each, person.rows, plan.facts["cut"], connection)
            yield acting(gov, plan.id, step, stores[store], whole=each.what != "delete")


def _end(gov: Governance, store: str, people: Sequence[Key], connection: Connection, *, shred: bool) -> None:
    del connection  # nothing of it lies in the store
    end_store(gov, store, people, shred=shred)


def _look_again(
    gov: Governance, plan: Plan, person: SealedPerson, stores: Mapping[str, JobStore], tracer: Tracer
) -> Mapping[str, Any]:
    """Find the person anew, by every identifier and key; whatever nothing keeps is residue."""
    refresh_projections(gov, list(stores))
    trace = tracer(gov, person.identifiers)
    told = _Told(gov, person)
    for each in trace.records:
        told.take(each)
    unwritten = Counter[str]()
    for store in stores.values():
        with looking(gov, store) as seen:
            for name, count in _by_subject_key(gov, told, seen):
                told.residue[name] += count
            if seen.mirror is not None:
                told.residue += still_in_bin(plan, person, seen.mirror, told.may_stay)
                unwritten += not_emptied(gov, plan, person, seen)
    residue, kept, files, mentions = (dict(each) for each in (told.residue, told.kept, told.files, told.mentions))
    by_hand = {"files": files, "mentions": mentions, "linked": trace.hanging(), "unwritten": dict(unwritten)}
    unreached = [{"place": each.place, "reason": each.reason} for each in trace.unreached]
    status = "failed" if residue else "open" if unreached or any(by_hand.values()) else "passed"
    return {
        "verification": {"status": status, "residue": residue, "kept": kept, "unreached": unreached},
        "inventory": plan.facts["inventory"],
        "exemptions": plan.facts["exemptions"],
        "by_hand": by_hand,
        "keys_destroyed_in": plan.facts["shred"],
        "backups_end": last_backup_day(gov).isoformat(),
        "recipients_to_tell": plan.facts["recipients"],
    }


class _Told:
    """What was found of a person afterwards, told apart by what it means."""

    def __init__(self, gov: Governance, person: SealedPerson) -> None:
        self.person = person
        self.residue, self.kept, self.files, self.mentions = (
            Counter[str](),
            Counter[str](),
            Counter[str](),
            Counter[str](),
        )
        self._holds, self._config = office_of(gov).holds, gov.project
        self._stays = {name: {_texts(key) for key in keys} for name, keys in person.stays.items()}
        self._emptied = {name: {_texts(key) for key in keys} for name, keys in person.emptied.items()}
        self._seen = set[tuple[str, tuple[str, ...]]]()

    def take(self, record: TracedRecord) -> None:
        """Count one record that was found."""
        name = str(record.dataset)
        self._seen.add((name, _texts(record.key)))
        if self._config.store(record.dataset.store).medium is Medium.FILES:
            self.files[name] += 1
        elif record.reach is Reach.MENTION:
            self.mentions[name] += 1
        elif self.may_stay(record.dataset, record.key, found_by_value=record.reach is Reach.IDENTIFIER):
            self.kept[name] += 1
        else:
            self.residue[name] += 1

    def may_stay(self, dataset: DatasetRef, key: Key, *, found_by_value: bool) -> bool:
        """Whether a record may still be there: kept, held, or emptied so that no value of it finds the person."""
        name, texts = str(dataset), _texts(key)
        if texts in self._stays.get(name, ()) or (texts in self._emptied.get(name, ()) and not found_by_value):
            return True
        stop = self._holds.stop(dataset)
        return any(stop.holds(key, each) for each in ((), *self.person.subjects.get(dataset.store, ())))

    def knows(self, dataset: DatasetRef, key: Key) -> bool:
        """Whether a record was counted already."""
        return (str(dataset), _texts(key)) in self._seen


def _by_subject_key(gov: Governance, told: _Told, store: JobStore) -> Iterator[tuple[str, int]]:
    """Rows under the person's subject keys that the trace did not show, by dataset: a second look, without the map."""
    rules, people = read_erasure(gov.project.policy_file(RULES)), told.person.subjects.get(store.name, ())
    for name, entry in gov.catalog.reviewed(store.name).datasets.items():
        if len(entry.subject_key) not in {len(each) for each in people}:
            continue
        ref = DatasetRef(store.name, name)
        with store.engine.connect() as connection:
            table = find_erasure_table(connection, ref, entry, rules.of(ref))
            rows = _rows_of(connection, table, people)
        left = [key for key in rows if not told.knows(ref, key)]
        count = sum(not told.may_stay(ref, key, found_by_value=False) for key in left)
        if count:
            yield str(ref), count


def _rows_of(connection: Connection, table: ErasureTable, people: Sequence[Key]) -> list[Key]:
    columns = [table.table.c[name] for name in table.subject]
    wanted = [table.typed_as(columns, each) for each in people if len(each) == len(columns)]
    rows = connection.execute(sa.select(*table.key).where(among(columns, wanted)))
    return [tuple(row) for row in rows]


def _texts(key: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(str, key))
