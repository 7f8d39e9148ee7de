"""What retention needs of a project's keys: archives that are encrypted and read again, and persons' keys destroyed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.flows.access.asking import check_impersonation
from governance.flows.opening.offices import writable_store
from governance.flows.protect.forgetting import refuse_held
from governance.flows.protect.keeping_keys import last_backup_day
from governance.jobs.tombstones import Tombstones
from governance.ledger.events import EventDraft, EventObject
from governance.retention.archive import ArchiveHeader, ArchiveReader, ArchiveWriter
from governance.retention.store_tables import find_table
from governance.retention.target import Target
from policies.nouns import Action, DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

ARCHIVES = "archives"
"""The folder of archives, beside the keyring."""
_LOT = 1_000


def archives_of(gov: Governance, job: str) -> Callable[[Target], ArchiveWriter]:
    """Opens the archive that a job writes of a dataset, under a key of its own for each dataset."""

    def opened(target: Target) -> ArchiveWriter:
        dataset = target.rule.dataset
        path = gov.project.keyring_path.parent / ARCHIVES / f"{job}.{target.rule.id.replace(':', '.')}.archive"
        if path.exists():  # the key may have been rotated since the run before
            with ArchiveReader(path, gov.keyring.key) as reader:
                return ArchiveWriter(path, reader.header, gov.keyring.key(reader.header.key))
        key = gov.keyring.data_key(_key_of(gov, dataset))
        fields, key_fields = (tuple(each.name for each in columns) for columns in (target.table.c, target.key))
        return ArchiveWriter(path, ArchiveHeader(job, str(dataset), fields, key_fields, key.info.id), key)

    return opened


def shredder_of(gov: Governance, store: str) -> Callable[[Sequence[Any]], None]:
    """Destroys the keys of persons of a store, each with a tombstone until the last backup dies; recorded.

    Raises AccessRefusedError, with no key destroyed, when a hold keeps a record of one of them.
    """

    def shred(values: Sequence[Any]) -> None:
        if not gov.keyring.has_subjects():
            return
        subjects, space = gov.keyring.subjects, gov.catalog.stores[store].id
        people = [value for value in dict.fromkeys(values) if value is not None]
        refs = [subjects.ref(space, value) for value in people]
        there = subjects.known(refs)
        known = [ref for ref in refs if ref in there]
        refuse_held(gov, store, [(str(each),) for each, ref in zip(people, refs, strict=True) if ref in there])
        book = Tombstones(gov.records, clock=gov.clock, new_id=gov.new_id)
        for ref in known:
            book.place(subjects.tombstone(ref).hex(), basis="retention", ends=last_backup_day(gov))
        if known:
            subjects.destroy(known)
            counts = {"keys": len(known)}
            gov.ledger.append(
                EventDraft(
                    kind="key.destroyed", actor=gov.actor_ref, outcome="done", counts=counts, rules=("key:subject",)
                )
            )

    return shred


def read_archive(gov: Governance, path: Path, principal: str, purpose: str) -> Iterator[Mapping[str, Any]]:
    """The rows of an archive that a principal may export for a purpose, treated as the policy says; recorded.

    They are judged as rows of their dataset would be now, consent included. The actor must be the principal or hold the
    role `impersonate`. Raises AccessRefusedError, TamperedError for a file that is not as it was written, KeyringError
    for one whose key is gone.
    """
    check_impersonation(gov, principal, purpose, Action.EXPORT)
    with ArchiveReader(path, gov.keyring.key) as reader:
        rows = (dict(zip(reader.header.fields, row, strict=True)) for row in reader.rows())
        while lot := list(islice(rows, _LOT)):
            yield from gov.filter(
                lot, dataset=reader.header.dataset, principal=principal, purpose=purpose, action=Action.EXPORT
            )


def check_archive(gov: Governance, path: Path) -> Mapping[str, Any]:
    """Whether an archive is whole and its rows could go back: every byte read and decrypted, and the table looked at.

    Gives job, dataset, number of rows, and the fields that the table has no more; nothing of it leaves. Raises
    TamperedError, KeyringError, and StoreError for a table that is gone.
    """
    with ArchiveReader(path, gov.keyring.key) as reader:
        header = reader.header
        rows = sum(1 for _ in reader.rows())
    store, _, name = header.dataset.partition(".")
    with writable_store(gov, store) as engine, engine.connect() as connection:
        table = find_table(connection, DatasetRef(store, name))
    missing = [field for field in header.fields if field not in table.c]
    counts = {"rows": rows, "missing": len(missing)}
    gov.ledger.append(
        EventDraft(
            kind="archive.checked",
            actor=gov.actor_ref,
            purpose="governance.retention",
            action="read",
            outcome="done",
            objects=(EventObject(header.dataset),),
            counts=counts,
            refs={"job": header.job},
            versions=gov.versions(),
        )
    )
    return {
        "schema": "governance.archive-check/1",
        "job": header.job,
        "dataset": header.dataset,
        "rows": rows,
        "fields": list(header.fields),
        "missing_fields": missing,
    }


def _key_of(gov: Governance, dataset: DatasetRef) -> str:
    """The name of the key that archives of a dataset have."""
    entry, store = gov.catalog.decided(dataset), gov.catalog.stores[dataset.store]
    return f"{store.id}/{entry.id}/archive"
