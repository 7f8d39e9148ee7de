"""One contract for all kinds of store."""

from __future__ import annotations

import pyarrow as pa
import pytest

from connectors.base import FULL, Dataset, Reading, Sample, Store
from policies.errors import StoreError

from .conftest import BIG_ROWS, CUSTOMERS, FIELDS, WIDE_FIELDS, Built


def _dataset(built: Built, name: str) -> Dataset:
    return next(dataset for dataset in built.store.datasets() if dataset.name == name)


def _rows(reading: Reading) -> list[dict[str, str | None]]:
    with reading:
        return [
            {name: None if value is None else str(value) for name, value in row.items()}
            for batch in reading
            for row in batch.to_pylist()
        ]


def test_store_keeps_the_protocol(built: Built) -> None:
    assert isinstance(built.store, Store)
    assert built.store.name == "s"
    assert built.store.not_seen() == []


def test_datasets_are_sorted_and_complete(built: Built) -> None:
    names = [dataset.name for dataset in built.store.datasets()]
    assert names == sorted([built.customers, built.empty, built.wide, built.big])


def test_fields_keep_script_case_and_order(built: Built) -> None:
    fields = _dataset(built, built.customers).fields
    if built.kind == "jsonl":
        assert {field.name for field in fields} == set(FIELDS)
    else:
        assert [field.name for field in fields if field.name != "_id"] == FIELDS


def test_wide_dataset_lists_every_field(built: Built) -> None:
    own = [field for field in _dataset(built, built.wide).fields if field.name not in {"id", "_id"}]
    assert len(own) == WIDE_FIELDS
    [row] = _rows(built.store.read(built.wide, ["c299", "c0"], FULL))
    assert row == {"c299": "v299", "c0": "v0"}


def test_full_pass_gives_every_row_with_null_as_null(built: Built) -> None:
    reading = built.store.read(built.customers, FIELDS, FULL)
    rows = _rows(reading)
    expected = [{key: None if cell is None else str(cell) for key, cell in row.items()} for row in CUSTOMERS]
    assert rows == expected
    assert (reading.rows_total, reading.method, list(reading.not_seen)) == (3, "full", [])


def test_fields_come_in_the_order_asked_for(built: Built) -> None:
    with built.store.read(built.customers, ["note", "姓名"], FULL) as reading:
        batches = list(reading)
    assert [batch.schema.names for batch in batches] == [["note", "姓名"]] * len(batches)
    assert all(kind == pa.string() for batch in batches for kind in batch.schema.types)


def test_empty_dataset_gives_no_row_and_no_error(built: Built) -> None:
    fields = [field.name for field in _dataset(built, built.empty).fields]
    for sample in (FULL, Sample(10)):
        reading = built.store.read(built.empty, fields, sample)
        assert _rows(reading) == []
        assert (reading.rows_total, reading.method) == (0, "full")


def test_sample_no_smaller_than_the_dataset_is_a_full_pass(built: Built) -> None:
    reading = built.store.read(built.customers, FIELDS, Sample(3))
    assert len(_rows(reading)) == 3
    assert (reading.rows_total, reading.method) == (3, "full")


@pytest.mark.parametrize("seed", [0, 7])
def test_sample_is_spread_over_the_dataset(built: Built, seed: int) -> None:
    reading = built.store.read(built.big, ["id"], Sample(500, seed=seed))
    ids = [int(row["id"] or 0) for row in _rows(reading)]
    assert reading.rows_total == BIG_ROWS
    assert reading.method in {"every_nth", "tablesample", "key_ranges", "reservoir"}
    assert len(ids) == len(set(ids)) == 500
    tenths = [sum(1 for number in ids if number * 10 // (BIG_ROWS + 1) == tenth) for tenth in range(10)]
    assert min(tenths) >= 20
    assert max(tenths) <= 110


def test_same_seed_gives_the_same_rows_and_another_seed_others(built: Built) -> None:
    first, again, other = (_rows(built.store.read(built.big, ["id"], Sample(100, seed=seed))) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_batches_are_bounded(built: Built) -> None:
    with built.store.read(built.big, ["id", "word"], FULL) as reading:
        sizes = [batch.num_rows for batch in reading]
    assert sum(sizes) == BIG_ROWS
    assert max(sizes) <= 65_536


def test_pass_can_be_left_early_and_repeated(built: Built) -> None:
    for _ in range(3):
        with built.store.read(built.big, ["id"], FULL) as reading:
            next(iter(reading))
    assert len(_rows(built.store.read(built.customers, ["id"], FULL))) == 3


def test_second_iteration_is_refused(built: Built) -> None:
    with built.store.read(built.customers, ["id"], FULL) as reading:
        list(reading)
        with pytest.raises(StoreError, match="used already"):
            iter(reading)


def test_iteration_outside_with_is_refused(built: Built) -> None:
    with pytest.raises(StoreError, match="not open"):
        iter(built.store.read(built.customers, ["id"], FULL))


@pytest.mark.parametrize(("dataset", "field"), [("no such 13800138000", "id"), (None, "no such 13800138000")])
def test_unknown_dataset_or_field_is_refused_without_naming_it(built: Built, dataset: str | None, field: str) -> None:
    with pytest.raises(StoreError) as caught:
        built.store.read(dataset or built.customers, [field], FULL)
    assert "13800138000" not in str(caught.value)


def test_close_twice_does_nothing(built: Built) -> None:
    built.store.close()
    built.store.close()
