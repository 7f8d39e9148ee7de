"""What the tests of quality share: a run over Arrow tables or a store with any catalog and rules."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from connectors.base import Store
from connectors.memory import MemoryStore
from governance.quality.measuring import Run, measure
from governance.quality.plan import Needs, looks_of
from governance.quality.result import Measure, measures_of
from governance.quality.scratch import Scratch
from governance.quality.standard import load_standard
from policies.catalog import CatalogStore, parse_catalog
from policies.quality_rules import QualityFile

NOW = dt.datetime(2026, 11, 2, 1, 0, tzinfo=dt.UTC)
REGIONS = ("CN", "TW", "HK", "US", "GB", "DE")


@dataclass(frozen=True)
class Found:
    """What a run found: numbers, and the keys of single rows."""

    measures: tuple[Measure, ...]
    rows: Mapping[tuple[str, str], set[tuple[str, ...]]]

    def keys(self, place: str, rule: str) -> set[str]:
        return {key[0] for key in self.rows.get((place, rule), ())}

    def ids(self, place: str, dimension: str) -> set[int]:
        chosen = [keys for (where, rule), keys in self.rows.items() if where == place and rule.startswith(dimension)]
        return {int(key[0]) for keys in chosen for key in keys}

    def broken(self, place: str) -> dict[str, int]:
        return {rule: n for each in self.measures if each.place == place for rule, n in each.broken.items()}


def _look_at(
    stores: Mapping[Store, CatalogStore],
    rules: QualityFile | None = None,
    needs: Needs | None = None,
    only: Sequence[str] = (),
) -> Found:
    """Measure stores, every single row told."""
    standard = load_standard(rules or QualityFile(), NOW.date(), REGIONS)
    wanted = needs or Needs({}, frozenset())
    rows: dict[tuple[str, str], set[tuple[str, ...]]] = defaultdict(set)
    looks = {
        store: looks_of(store.name, store.datasets(), catalog, standard, wanted, NOW)
        for store, catalog in stores.items()
    }
    with Scratch() as scratch:
        run = Run(standard, scratch, only, sink=lambda place, rule, key, _="": rows[place, rule].add(key))
        assert measure(run, looks) == []
    return Found(measures_of(run.tally), rows)


def people_catalog(name: str, dataset: str, fields: Mapping[str, str]) -> CatalogStore:
    """A catalog of one dataset; `fields` are categories by name."""
    lines = [
        f"          {field}: {{id: f{number}, category: {category}, status: confirmed}}"
        for number, (field, category) in enumerate(fields.items(), start=1)
    ]
    head = f"version: 1\nstores:\n  {name}:\n    id: s1\n    datasets:\n      {dataset}:\n        id: d1\n"
    keys = "        subject_key: id\n        record_key: id\n        fields:\n"
    return parse_catalog(head + keys + "\n".join(lines) + "\n").stores[name]


CATEGORIES = {
    "id": "user.unique_id",
    "name": "user.name",
    "email": "user.contact.email",
    "phone": "user.contact.phone_number",
    "birth_date": "user.demographic.date_of_birth",
    "national_id": "user.government_id.national_identification_number",
    "address": "user.contact.address.street",
    "card": "user.financial.credit_card",
    "country": "user.contact.address.country",
}


def _look_at_people(
    rows: Sequence[Mapping[str, Any]], rules: QualityFile | None = None, only: Sequence[str] = ()
) -> Found:
    """Measure people that are given as records; those without an id are numbered from 1."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    columns["id"] = pa.array([str(row.get("id", number)) for number, row in enumerate(rows, start=1)])
    store = MemoryStore("crm", {"people": pa.table(columns)})
    labels = {name: CATEGORIES.get(name, "none") for name in columns}
    return _look_at({store: people_catalog("crm", "people", labels)}, rules, only=only)


@pytest.fixture(scope="session")
def look_at():
    """Measure stores by catalogs, rules and needs; gives numbers and the keys of single rows."""
    return _look_at


@pytest.fixture(scope="session")
def look_at_people():
    """Measure people that are given as records."""
    return _look_at_people
