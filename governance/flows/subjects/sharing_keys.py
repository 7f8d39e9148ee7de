"""Keys that two kinds of persons of one store share: an erasure by such a key would reach somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.flows.subjects.tracing_subjects import map_subjects
from governance.jobs.key_order import among
from governance.requests.erasure_table import find_erasure_table
from governance.requests.traced import RecordKey, Trace
from policies.erasure_rules import ErasureFile
from policies.errors import AccessRefusedError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance


def places_of(gov: Governance, store: str) -> Mapping[DatasetRef, str]:
    """By dataset, before which place a subject key of it is written: the store, or which kind of persons there."""
    known = map_subjects(gov, [store])
    if len([each for each in known.persons() if each.store == store]) < 2:
        return {}
    return {ref: str(each.space).rstrip(".") for ref, each in known.datasets.items() if each.space is not None}


def refuse_shared_keys(gov: Governance, trace: Trace, rules: ErasureFile, at: Mapping[str, Connection]) -> None:
    """Refuse a person whose subject key another kind of person of the store has too.

    Tombstones, keys and consent know a person by the store and the subject key alone. Raises AccessRefusedError.
    """
    known = map_subjects(gov, tuple(at)) if trace.spaces else None
    for space, keys in trace.spaces.items() if known else ():
        for other in known.persons() if known and space.store in at else ():
            if other.store != space.store or other == space or not other.dataset:
                continue
            foreign = keys - trace.spaces.get(other, frozenset())
            if _holds(gov, other, foreign, rules, at[other.store]):
                raise AccessRefusedError(
                    str(other),
                    found="another person under the same subject key",
                    expected="keys that differ between the kinds of persons of one store",
                    next_step="let keys differ, or erase by hand: tombstones know a store and a number, not a dataset",
                    rule_ids=("subject.shared_key",),
                )


def _holds(
    gov: Governance, ref: DatasetRef, keys: frozenset[RecordKey], rules: ErasureFile, connection: Connection
) -> bool:
    entry = gov.catalog.dataset(ref)
    if entry is None or not entry.subject_key:
        return False
    table = find_erasure_table(connection, ref, entry, rules.of(ref))
    columns = [table.table.c[name] for name in table.subject]
    wanted = [table.typed_as(columns, each) for each in sorted(keys, key=str) if len(each) == len(columns)]
    query = sa.select(sa.literal(1)).select_from(table.table).where(among(columns, wanted)).limit(1)
    return bool(wanted) and connection.execute(query).first() is not None
