"""What a scan says of quasi-identifiers, from a store to the result."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import pyarrow as pa
import pytest

from connectors.base import FULL, Sample
from connectors.memory import MemoryStore
from governance.scan.dataset_profile import DatasetProfile, Profiler
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions

ROWS = 3_000


def customers(rows=ROWS):
    rng = random.Random(11)
    return pa.table(
        {
            "id": list(range(rows)),
            "email": [f"user{number}@example.org" for number in range(rows)],
            "birth_date": [f"{1940 + rng.randrange(60)}-{rng.randrange(1, 13):02d}-01" for _ in range(rows)],
            "gender": [rng.choice(["female", "male", None]) for _ in range(rows)],
            "postal_code": [f"{rng.randrange(10_000, 10_040)}" for _ in range(rows)],
            "qty": [rng.randrange(9) for _ in range(rows)],
        }
    )


def quasi(table, sample=FULL, name="customers"):
    return scan_store(MemoryStore("crm", {name: table}), ScanOptions(sample)).datasets[0].quasi


def test_a_scan_counts_what_a_plain_count_over_the_rows_gives():
    table = customers()
    found = quasi(table)
    assert found is not None
    assert set(found.fields) == {"birth_date", "gender", "postal_code"}
    assert (found.rows_counted, found.exact) == (ROWS, True)
    for each in found.combinations:
        sizes = Counter(zip(*(table.column(name).to_pylist() for name in each.fields), strict=True)).values()
        assert each.smallest == min(sizes)
        assert each.alone == sum(size == 1 for size in sizes)
        assert each.rows_below == sum(size for size in sizes if size < found.below)


def test_the_worst_combination_comes_first_and_none_is_left_out_that_is_much_worse():
    table = customers()
    found = quasi(table)
    alone = {}
    for size in (1, 2, 3):
        for names in combinations(found.fields, size):
            sizes = Counter(zip(*(table.column(name).to_pylist() for name in names), strict=True)).values()
            alone[names] = sum(each == 1 for each in sizes)
    assert found.combinations[0].alone * 1.1 >= max(alone.values())
    assert found.combinations[0].fields == ("birth_date", "postal_code"), "gender adds less than a tenth"


def test_a_sample_says_how_many_rows_were_counted():
    found = quasi(customers(), Sample(500))
    assert found is not None
    assert (found.exact, found.rows_counted <= 500) == (False, True)


@pytest.mark.parametrize("name", ["products", "stock"])
def test_a_dataset_of_things_has_none(name):
    assert quasi(pa.table({"sku": ["a", "b"], "colour": ["red", "blue"], "qty": [1, 2]}), name=name) is None


def test_an_empty_dataset_has_none():
    assert quasi(customers().slice(0, 0)) is None


def test_a_profile_carries_its_counts_through_its_file_and_any_split():
    table = customers(400)
    (dataset,) = MemoryStore("crm", {"customers": table}).datasets()
    profiler = Profiler(dataset, (), ())
    whole = profiler.profile(table)
    merged = DatasetProfile()
    for start in (300, 0, 200, 100):
        merged = merged.merge(profiler.profile(table.slice(start, 100)))
    assert merged.quasi == whole.quasi
    assert DatasetProfile.from_json(whole.to_json()).quasi == whole.quasi
