"""Pairs of values and pseudonyms that outlive a copy, sealed: later copies, and a run after a kill, give the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import Connection

from governance.copies.source import SourceTable
from governance.copies.treating import arrow_column
from governance.jobs.work import Key
from governance.protect.pseudonyms import Assignments, PseudonymKey
from governance.writing import replace_durably
from policies.copy_rules import CopyDomain, CopyRules

_PAGE = 20_000


def pairs_path(folder: Path, domain: str) -> Path:
    """Where the pairs of a domain lie; they can be read with the project's key only."""
    return folder / f"pairs-{hashlib.sha256(domain.encode()).hexdigest()[:16]}.sealed"


@dataclass(frozen=True, slots=True)
class Barred:
    """Persons with a tombstone: their rows are not copied, so their values have no pseudonyms either."""

    subject_keys: Mapping[str, tuple[str, ...]]
    """By dataset, the fields that tell whom a row is about."""
    is_barred: Callable[[Key], bool]
    """Whether a tombstone stands for a subject key."""


def learn_pairs(
    source: Connection,
    folder: Path,
    domain: str,
    maker: Assignments,
    asked: tuple[Mapping[str, SourceTable], CopyRules],
    barred: Barred | None = None,
) -> None:
    """Take up the pairs that are there, learn every value of the domain, and keep them durably.

    Values that only persons with a tombstone have are left out. Raises DecryptionError for pairs that were altered,
    ConfigError when too few pseudonyms are free.
    """
    tables, rules = asked
    path = pairs_path(folder, domain)
    if path.exists():
        maker.unseal(path.read_bytes())
    before = len(maker)
    for name, table in tables.items():
        for field, entry in rules.datasets[name].fields.items():
            if entry.treatment == f"pseudonym:{domain}":
                keys = barred.subject_keys.get(name, ()) if barred is not None else ()
                clause = table.table
                columns = [clause.c[each].label(f"c{at}") for at, each in enumerate((field, *keys))]
                found = source.execute(sa.select(*columns).distinct().execution_options(stream_results=True))
                for page in found.partitions(_PAGE):
                    kept = [
                        row[0] for row in page if not keys or barred is None or not barred.is_barred(tuple(row[1:]))
                    ]
                    maker.column(arrow_column(kept, table.words[field]))
    if len(maker) > before or not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        replace_durably(path, maker.seal())


def forget_pairs(folder: Path, key: PseudonymKey, name: str, domain: CopyDomain, values: Sequence[Any]) -> int:
    """Erase the pairs of values of a domain, durably; how many there were. Raises DecryptionError."""
    path = pairs_path(folder, name)
    if not path.exists() or not values:
        return 0
    maker = Assignments(key, name, domain.kind, domain.locale)
    maker.unseal(path.read_bytes())
    gone = maker.forget(pa.array([str(each) for each in values if each is not None], pa.string()))
    if gone:
        replace_durably(path, maker.seal())
    return gone
