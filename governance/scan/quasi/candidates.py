"""Which fields of a dataset may quasi-identify, told from names, comments and types before any row is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cache

from connectors.base import Dataset
from governance.scan.names import NameSignal
from governance.scan.quasi.kinds import QuasiKinds, load_kinds
from governance.scan.weights import type_fits
from policies.taxonomy import Taxonomy, load_taxonomy

MOST_FIELDS = 8
"""Candidates that are counted in one dataset."""
_NAMED = 0.3
_TYPES = frozenset({"string", "integer", "decimal", "float", "boolean", "date", "datetime", "other"})

Signals = Mapping[str, Mapping[str, NameSignal]]
"""What names or comments say, by field and entity."""


def choose_candidates(dataset: Dataset, names: Signals, comments: Signals) -> tuple[str, ...]:
    """At most eight fields, most telling kind first; never a key that the store declares unique by itself.

    A field is only a candidate here: the label that the scan gives it in the end decides whether it counts.
    """
    taxonomy, kinds = _tables()
    keys = set(dataset.primary_key) if len(dataset.primary_key) == 1 else set()
    found: list[tuple[int, float, int, str]] = []
    for place, field in enumerate(dataset.fields):
        if field.type not in _TYPES or field.name in keys:
            continue
        ranked = list(_ranked(field.name, field.type, names, comments, taxonomy, kinds))
        if ranked:
            rank, doubt = min(ranked)
            found.append((rank, doubt, place, field.name))
    return tuple(name for *_, name in sorted(found)[:MOST_FIELDS])


@cache
def _tables() -> tuple[Taxonomy, QuasiKinds]:
    return load_taxonomy(dt.date.max), load_kinds()


def _ranked(
    field: str, kind: str, names: Signals, comments: Signals, taxonomy: Taxonomy, kinds: QuasiKinds
) -> Iterator[tuple[int, float]]:
    """Rank and doubt of every quasi-identifying entity that a field's name or comment speaks for."""
    for said in (names.get(field, {}), comments.get(field, {})):
        for entity, signal in said.items():
            rank = kinds.rank(entity, taxonomy.of_entity(entity).key)
            if rank is not None and signal.weight >= _NAMED and type_fits(entity, kind):
                yield rank, 1 - signal.weight
