"""What of a person lies beside their rows: pseudonyms, index cells, consent, keys; and the tombstone for all of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.consent.projection_tables import TABLE
from governance.flows.protect.forgetting import forget_traces, refuse_held
from governance.flows.protect.keeping_keys import key_event, last_backup_day
from governance.jobs.tombstones import Tombstones
from governance.jobs.work import Key
from policies.errors import AccessRefusedError

if TYPE_CHECKING:
    from governance.app import Governance

BASIS = "erasure"
"""Why the tombstone of an erased person is kept."""


def forget_in_store(gov: Governance, store: str, people: Sequence[Key], within: Connection) -> None:
    """Forget pseudonyms of the values in the persons' rows, and empty their blind-index cells, while rows are there.

    Raises StoreError, DecryptionError.
    """
    texts = [tuple(map(str, each)) for each in people]
    if texts:
        forget_traces(gov, store, texts, within=within)


def end_store(gov: Governance, store: str, people: Sequence[Key], *, shred: bool) -> None:
    """Place a tombstone for each subject key of a store, forget its consent link, and destroy its key if asked.

    The tombstone stands until the last backup that can hold the person dies. A key stays where a hold keeps a record.
    Done again it changes nothing. Raises StoreError, KeyringError, LedgerError.
    """
    if not people:
        return
    subjects, space = gov.keyring.subjects, gov.catalog.stores[store].id
    book = Tombstones(gov.records, clock=gov.clock, new_id=gov.new_id)
    ends = tombstone_end(gov)
    refs = [subjects.ref(space, each) for each in people]
    stones = [book.place(subjects.tombstone(ref).hex(), basis=BASIS, ends=ends).id for ref in refs]
    for each in people:
        if len(each) == 1:
            gov.consent.forget_store_key(store, each[0], actor=gov.actor_ref)
    there = subjects.known(refs)
    if shred and there and not _is_held(gov, store, people):
        for stone in stones:
            gov.ledger.append(
                key_event(gov, "key.destroyed", "key:subject", outcome="planned", refs={"tombstone": stone})
            )
        subjects.destroy(list(there))
        gov.ledger.append(key_event(gov, "key.destroyed", "key:subject", counts={"keys": len(there)}))


def tombstone_end(gov: Governance) -> dt.date:
    """The last day on which a backup made today can bring a person back."""
    return last_backup_day(gov)


def refresh_projections(gov: Governance, stores: Sequence[str]) -> None:
    """Let stores drop their rows of consent of persons who are forgotten; a store without such a table has none."""
    for name in stores:
        projection = gov.consent_conditions.projections.get(name)
        if projection is not None and sa.inspect(projection.engine).has_table(TABLE):
            gov.consent_conditions.upkeep.bring_up_to_date(projection)


def _is_held(gov: Governance, store: str, people: Sequence[Key]) -> bool:
    try:
        refuse_held(gov, store, [tuple(map(str, each)) for each in people])
    except AccessRefusedError:
        return True
    return False
