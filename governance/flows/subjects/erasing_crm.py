"""What an erasure must know of a CRM: keys, persons and lookups of all records, and all fields of the person's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from connectors.crm.mirror import Mirror
from governance.flows.opening.job_stores import JobStore, job_store
from governance.flows.retention.keeping import retention_rules
from governance.jobs.key_order import among
from governance.jobs.plan import Plan
from governance.jobs.work import Key
from governance.requests.erasure_table import find_erasure_table
from governance.requests.erasure_work import StepFacts
from governance.requests.sealed_person import SealedPerson
from governance.retention.needs import fields_needed
from policies.crm_facts import crm_facts
from policies.erasure_rules import ErasureFile, read_erasure
from policies.errors import StoreError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance


def fill_mirror(gov: Governance, mirror: Mirror, rules: ErasureFile, own: Mapping[DatasetRef, Iterable[Key]]) -> None:
    """Read all that decides on the person's own records, whose keys are given by dataset. Raises StoreError."""
    store = mirror.store.name
    entries = gov.catalog.reviewed(store).datasets
    duties = [each for each in retention_rules(gov).values() if each.kind == "duty" and each.dataset in own]
    needed = fields_needed(duties)
    for each in mirror.store.datasets():
        linked = [name for link in each.foreign_keys if link.dataset in entries for name in link.fields]
        entry, ref = entries.get(each.name), DatasetRef(store, each.name)
        if entry is None:
            if linked:
                mirror.fill(each.name, linked)
            continue
        if entry.record_key and entry.record_key != each.primary_key:
            raise StoreError(
                str(ref),
                found="a `record_key` that is not the CRM's own id of a record",
                expected="none, or that id: records are changed by it",
                next_step="correct the dataset in catalog.yaml",
            )
        created = rules.of(ref).created
        names = (*entry.subject_key, *linked, *needed.get(ref, ()), *((created,) if created else ()))
        mirror.fill(each.name, names)
    for ref, keys in own.items():
        complete(mirror, ref.dataset, keys)


def fill_mirrors(
    gov: Governance, stores: Mapping[str, JobStore], facts: Iterable[StepFacts], person: SealedPerson
) -> None:
    """Fill the mirrors of all CRMs that a plan is about. Raises StoreError."""
    own: dict[DatasetRef, list[Key]] = {}
    for each in facts:
        own.setdefault(each.ref, []).extend(person.rows.get(each.name, ()))
    for into in (person.stays, person.emptied):
        for name, keys in into.items():
            own.setdefault(DatasetRef(*name.split(".", 1)), []).extend(keys)
    rules = read_erasure(gov.project.policy_file("erasure.yaml"))
    for name, store in stores.items():
        if store.mirror is not None:
            mine = {ref: keys for ref, keys in own.items() if ref.store == name}
            fill_mirror(gov, store.mirror, rules, mine)


@contextmanager
def looking(gov: Governance, store: JobStore) -> Iterator[JobStore]:
    """A store as it is now: a CRM is read again, the subject keys of all its records. Raises StoreError."""
    if store.mirror is None:
        yield store
        return
    with job_store(gov, store.name) as again:
        for name, entry in gov.catalog.reviewed(store.name).datasets.items():
            if again.mirror is not None and entry.subject_key:
                again.mirror.fill(name, entry.subject_key)
        yield again


def foreign_fields(gov: Governance, store: JobStore, dataset: str) -> frozenset[str]:
    """The fields of a CRM's records that are not their own: nested ones, and the organisation's own people."""
    if store.mirror is None:
        return frozenset()
    facts = crm_facts(str(gov.project.store(store.name).kind), gov.clock().date())
    fields = [one for each in store.mirror.store.datasets() if each.name == dataset for one in each.fields]
    staff = {each.name for each in fields if "." in each.name or facts.is_staff(each.name, each.native_type)}
    return frozenset({*staff, *gov.catalog.reviewed(store.name).datasets[dataset].employees})


def still_in_bin(plan: Plan, person: SealedPerson, mirror: Mirror, may_stay: Callable[..., bool]) -> Counter[str]:
    """How many records of each dataset were deleted, and are still in a list of the vendor, such as a recycle bin."""
    found = Counter[str]()
    for each in _steps_of(plan, mirror):
        keys = {str(key[0]): key for key in person.rows.get(each.name, ())} if each.what == "delete" else {}
        gone = mirror.store.gone(each.ref.dataset, sorted(keys)) if keys else {}
        present = {str(row[0]) for row in _present(mirror, each.ref.dataset, sorted(keys))} if keys else set()
        for text, key in keys.items():
            if not gone.get(text, False) and text not in present and not may_stay(each.ref, key, found_by_value=False):
                found[each.dataset] += 1
    return found


def not_emptied(gov: Governance, plan: Plan, person: SealedPerson, store: JobStore) -> Counter[str]:
    """How many records of a CRM have a field that was to be emptied or masked and that the CRM has kept, by field."""
    mirror = store.mirror
    if mirror is None:
        return Counter[str]()
    found, rules = Counter[str](), read_erasure(gov.project.policy_file("erasure.yaml"))
    for each in _steps_of(plan, mirror):
        if each.what != "anonymise":
            continue
        complete(mirror, each.ref.dataset, person.rows.get(each.name, ()))
        entry = gov.catalog.reviewed(each.ref.store).datasets[each.ref.dataset]
        with mirror.engine.connect() as connection:
            foreign = foreign_fields(gov, store, each.ref.dataset)
            table = find_erasure_table(connection, each.ref, entry, rules.of(each.ref), foreign=foreign)
            mine = among(table.key, [table.typed(key) for key in person.rows.get(each.name, ())])
            for name, value in table.values(each.fields, "sqlite").items():
                query = sa.select(sa.func.count()).select_from(table.table).where(mine, table.undone({name: value}))
                found[f"{each.dataset}.{name}"] += int(connection.execute(query).scalar_one())
    return +found


def _steps_of(plan: Plan, mirror: Mirror) -> Iterator[StepFacts]:
    facts = (StepFacts.of(each) for each in plan.facts["steps"])
    return (each for each in facts if each.ref.store == mirror.store.name)


def _present(mirror: Mirror, dataset: str, keys: Sequence[str]) -> list[tuple[str, ...]]:
    """The keys of those records that can still be read."""
    (name,) = next(each.primary_key for each in mirror.store.datasets() if each.name == dataset)
    return [(str(row[name]),) for row in mirror.store.records(dataset, keys, (name,))]


def complete(mirror: Mirror, dataset: str, keys: Iterable[Key]) -> None:
    """Read every field of some records. Raises StoreError."""
    mirror.refresh(dataset, {str(key[0]) for key in keys}, mirror.fields(dataset))
