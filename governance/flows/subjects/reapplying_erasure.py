"""After a restore: find the records of erased persons that a backup has brought back, and erase them again.

A tombstone names a person by a keyed reference of a store's subject key. Every subject key of the store is hashed and
compared, in key order. A record whose person has a tombstone goes again when it came to be on a day before that of the
tombstone. One that came to be later is a new person's with the same key, or the person came back: it stays. So does one
of that very day, or of which nobody knows the day, unless whoever answers for the data says otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.flows.opening.job_stores import JobStore, job_store
from governance.flows.opening.offices import office_of
from governance.flows.opening.recorded_use import recorded_use
from governance.flows.retention.keeping import retention_rules
from governance.flows.subjects.ending_traces import BASIS
from governance.flows.subjects.erasing import RULES, Tracer, only_store, plan_erasure
from governance.flows.subjects.sharing_keys import places_of
from governance.flows.subjects.tracing_subjects import trace_subject
from governance.jobs.key_order import among, pages
from governance.jobs.plan import Plan
from governance.jobs.store_connection import connected
from governance.jobs.tombstones import Tombstones
from governance.jobs.work import Key
from governance.requests.erasure_table import ErasureTable, find_erasure_table
from governance.requests.erasure_work import PURPOSE
from governance.requests.keys import written_key
from governance.requests.traced import Identifier, Reach, Trace, TracedRecord
from governance.retention.moments import Moments
from policies.erasure_rules import read_erasure
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

_PAGE = 5_000
_Who = tuple[str, Key]
"""A subject key, with the store or the dataset of persons that it is of."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a restore has brought back of erased persons."""

    plan: Plan | None
    """What would be erased again; None where nothing is."""
    persons: int
    """Subject keys of the store for which a tombstone stands."""
    newer: int
    """Records that came to be after the tombstone: they stay."""
    undecided: int
    """Records of which nobody knows when they came to be: they stay, unless they were asked for."""

    def to_json(self) -> dict[str, Any]:
        """Numbers alone."""
        return {
            "schema": "governance.erasure-returned/1",
            "persons": self.persons,
            "rows": self.plan.rows if self.plan else 0,
            "newer": self.newer,
            "undecided": self.undecided,
        }


def plan_erasure_again(
    gov: Governance, store: str, *, undecided: bool = False, tracer: Tracer | None = None
) -> Returned:
    """What erasing again would do in a restored store, as a plan of the same form; nothing is changed.

    With `undecided`, records of which nobody knows when they came to be are erased too. Recorded as a read, and as
    `job.planned`. Raises ConfigError, StoreError, LedgerError.
    """
    with (
        recorded_use(gov, PURPOSE, [store]) as use,
        job_store(gov, store) as opened,
        connected(_filled(gov, opened).engine, store) as connection,
    ):
        graves = _graves(gov)
        there = {who: graves[ref] for who, ref in _subject_keys(gov, store, connection) if ref in graves}
        trace, newer, unknown = _old_part(gov, store, connection, there, tracer or trace_subject, undecided=undecided)
        use.counts = {"rows": len(trace.records), "persons": len(there)}
    plan = None
    if any(True for _ in trace.own()):
        plan = plan_erasure(gov, trace, [_identifier(each) for each in sorted(there, key=str)])
    return Returned(plan, len(there), newer, unknown)


def _filled(gov: Governance, store: JobStore) -> JobStore:
    """The store; of a CRM with subject keys and times of creation in its mirror."""
    rules, starts = read_erasure(gov.project.policy_file(RULES)), _starts(gov, store.name)
    for name, entry in gov.catalog.reviewed(store.name).datasets.items() if store.mirror is not None else ():
        ref = DatasetRef(store.name, name)
        created = rules.of(ref).created or starts.get(ref)
        if store.mirror is not None and entry.subject_key:
            store.mirror.fill(name, (*entry.subject_key, *((created,) if created else ())))
    return store


def _starts(gov: Governance, store: str) -> dict[DatasetRef, str]:
    """By dataset of a store the field from which a retention rule counts."""
    found: dict[DatasetRef, str] = {}
    for rule in retention_rules(gov).values():
        sources = rule.start.sources
        if rule.dataset.store == store and len(sources) == 1 and sources[0].elsewhere is None:
            found.setdefault(rule.dataset, sources[0].field)
    return found


def _graves(gov: Governance) -> dict[str, dt.datetime]:
    """The references of erased persons, each with the moment from which a record is newer."""
    book = Tombstones(gov.records, clock=gov.clock, new_id=gov.new_id)
    found: dict[str, dt.datetime] = {}
    for each in book.standing():
        if each.basis == BASIS:  # oldest first: who came back and was erased again has the later one
            found[each.ref] = dt.datetime.fromisoformat(each.placed)
    return found


def _subject_keys(gov: Governance, store: str, connection: Connection) -> Iterator[tuple[_Who, str]]:
    """Every subject key in a store with its tombstone's reference, dataset by dataset in key order."""
    places = places_of(gov, store)
    subjects, space = gov.keyring.subjects, gov.catalog.reviewed(store).id
    for table in _tables(gov, store, connection):
        columns = [table.table.c[name] for name in table.subject]
        present = sa.and_(*(each.is_not(None) for each in columns))
        for page in pages(connection, columns, columns, present, _PAGE):
            for key in dict.fromkeys(page):
                yield (places.get(table.dataset, store), key), subjects.tombstone(subjects.ref(space, key)).hex()


def _tables(gov: Governance, store: str, connection: Connection) -> Iterator[ErasureTable]:
    rules = read_erasure(gov.project.policy_file(RULES))
    for name, entry in gov.catalog.reviewed(store).datasets.items():
        if entry.subject_key:
            ref = DatasetRef(store, name)
            yield find_erasure_table(connection, ref, entry, rules.of(ref))


def _old_part(
    gov: Governance,
    store: str,
    connection: Connection,
    there: dict[_Who, dt.datetime],
    tracer: Tracer,
    *,
    undecided: bool,
) -> tuple[Trace, int, int]:
    """The records of erased persons that are older than their tombstones; how many are newer, and how many unknown."""
    records: dict[TracedRecord, None] = {}
    newer = unknown = 0
    ages = _Ages(gov, store, connection)
    for who, placed in there.items():
        trace = only_store(tracer(gov, [_identifier(who)]), store)
        own = list(trace.own())
        old = {each: ages.is_old(each, placed) for each in own}
        # what has no time of its own goes with its person's records, where all of these are of one mind
        known = {each for each in old.values() if each is not None}
        rest = known.pop() if len(known) == 1 else None
        for each in own:
            verdict = rest if old[each] is None else old[each]
            if verdict or (verdict is None and undecided):
                records[each] = None
            elif verdict is None:
                unknown += 1
            else:
                newer += 1
    keys = frozenset(key for _, key in there)
    spaces: dict[DatasetRef, frozenset[Key]] = {}
    for place, key in there:
        if place != store:
            ref = DatasetRef(*place.split(".", 1))
            spaces[ref] = spaces.get(ref, frozenset()) | {key}
    return Trace(tuple(records), {store: keys} if keys else {}, spaces=spaces), newer, unknown


class _Ages:
    """Tells when records came to be, by `created` of erasure.yaml or the start of a retention rule."""

    def __init__(self, gov: Governance, store: str, connection: Connection) -> None:
        self._gov, self._connection = gov, connection
        self._rules = read_erasure(gov.project.policy_file(RULES))
        self._starts = _starts(gov, store)

    def is_old(self, record: TracedRecord, placed: dt.datetime) -> bool | None:
        """Whether a record came to be on a day before that of a moment, or after it; None where nobody knows."""
        entry = self._gov.catalog.dataset(record.dataset)
        rule = self._rules.of(record.dataset)
        name = rule.created or self._starts.get(record.dataset)
        if name is None or entry is None or record.reach is Reach.MENTION:
            return None
        table = find_erasure_table(self._connection, record.dataset, entry, rule)
        if name not in table.table.c:
            return None
        zone = office_of(self._gov).zone
        moments = Moments(self._connection.dialect.name, zone, zone, f"erasure.yaml, {record.dataset}, created")
        field = table.table.c[name]
        day = placed.astimezone(ZoneInfo(zone)).date()
        early, late = moments.before(field, day), sa.not_(moments.before(field, day + dt.timedelta(days=1)))
        row = self._connection.execute(
            sa.select(early, late).where(among(table.key, [table.typed(record.key)]))
        ).first()
        return None if row is None or bool(row[0]) == bool(row[1]) else bool(row[0])


def _identifier(who: _Who) -> Identifier:
    return Identifier("key", written_key(*who))
