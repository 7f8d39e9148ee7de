"""The mirror of a CRM holds what was asked for as SQL compares it, follows single records, and cannot be found."""

from __future__ import annotations

import datetime as dt
import decimal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Dataset, DatasetKind, Field, ForeignKey
from connectors.crm.mirror import Mirror
from policies.errors import StoreError

from ...governance.crm.memory_crm import MemoryCrm  # noqa: TID252 the CRM in memory lies beside the flows' tests

KEY = Field("id", "string", "bigint", nullable=False)
CONTACTS = Dataset(
    "Contacts",
    DatasetKind.MODULE,
    (
        KEY,
        Field("Name", "string", nullable=False),
        Field("Age", "integer"),
        Field("Score", "float"),
        Field("Out", "boolean"),
        Field("Born", "date"),
        Field("Seen", "datetime"),
        Field("Owner.email", "string"),
        Field("Boss.id", "string"),
    ),
    ("id",),
    (ForeignKey(("Boss.id",), "Contacts", ("id",)), ForeignKey(("Boss.id",), "Nowhere", ("id",))),
)
ROW: dict[str, Any] = {
    "Name": "Ann",
    "Age": 41,
    "Score": 1.5,
    "Out": True,
    "Born": dt.date(1985, 2, 3),
    "Seen": dt.datetime(2026, 1, 1, 20, tzinfo=dt.UTC),
    "Owner.email": "eve@example.com",
    "Boss.id": "2",
}


def crm(count: int = 250) -> MemoryCrm:
    rows = {str(each): {"id": str(each), **ROW} for each in range(count)}
    return MemoryCrm("sales", {"Contacts": CONTACTS}, {"Contacts": rows})


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(crm(), tmp_path, "Asia/Shanghai")
    yield made
    made.close()


def rows(mirror: Mirror, where: str = "1 = 1") -> list[tuple[Any, ...]]:
    with mirror.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(f'SELECT * FROM "Contacts" WHERE {where}'))]


def test_every_record_is_read_with_just_the_fields_asked_for(mirror: Mirror) -> None:
    mirror.fill("Contacts", ["Age", "Seen"])
    assert len(rows(mirror)) == 250
    assert rows(mirror, "id = '7'") == [("7", "", 41, None, None, None, "2026-01-02 04:00:00", None, None)]
    assert mirror.filled == {"Contacts": ("id", "Age", "Seen")}


def test_what_was_read_is_not_read_again_and_more_is_read_together(mirror: Mirror) -> None:
    mirror.fill("Contacts", ["Age"])
    mirror.fill("Contacts", ["Age"])
    mirror.fill("Contacts", ["Born"])
    assert mirror.store.calls.count("pages") == 2  # type: ignore[attr-defined]  # the fake counts
    assert mirror.filled["Contacts"] == ("id", "Age", "Born")


def test_columns_have_types_keys_and_lookups_of_the_module(mirror: Mirror) -> None:
    with mirror.engine.connect() as connection:
        table = sa.Table("Contacts", sa.MetaData(), autoload_with=connection, resolve_fks=False)
    kinds = {each.name: type(each.type) for each in table.c}
    assert (kinds["Age"], kinds["Born"], kinds["Out"]) == (sa.BIGINT, sa.DATE, sa.BOOLEAN)
    assert [each.name for each in table.primary_key.columns] == ["id"]
    assert (table.c["Name"].nullable, table.c["Age"].nullable) == (False, True)
    (link,) = table.foreign_key_constraints
    assert (link.column_keys, link.elements[0].target_fullname) == (["Boss.id"], "Contacts.id")


def test_single_records_are_followed_and_those_that_went_go(mirror: Mirror) -> None:
    mirror.fill("Contacts", ["Age"])
    held = mirror.store.rows["Contacts"]  # type: ignore[attr-defined]  # the fake's records
    held["7"]["Age"] = 42
    del held["8"]
    mirror.refresh("Contacts", ["7", "8"])
    assert [row[2] for row in rows(mirror, "id IN ('7', '8')")] == [42]
    mirror.refresh("Contacts", ["7"], ["Name"])
    assert rows(mirror, "id = '7'")[0][1:3] == ("Ann", 42)


def test_what_is_read_within_a_transaction_is_undone_with_it(mirror: Mirror) -> None:
    mirror.fill("Contacts", ["Age"])
    mirror.store.rows["Contacts"]["7"]["Age"] = 42  # type: ignore[attr-defined]  # the fake's records
    with mirror.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        mirror.refresh("Contacts", ["7"])
        connection.rollback()
    assert rows(mirror, "id = '7'")[0][2] == 41


def test_moments_go_to_the_wall_clock_and_back(mirror: Mirror) -> None:
    local = mirror.wall_clock(ROW["Seen"])
    assert local == dt.datetime(2026, 1, 2, 4)  # noqa: DTZ001 the wall clock
    assert mirror.aware(local) == ROW["Seen"]
    assert mirror.wall_clock(decimal.Decimal(1)) == decimal.Decimal(1)


@pytest.mark.parametrize("field", ["id", "Name"])
def test_an_unknown_module_and_names_that_differ_by_case_alone_are_refused(tmp_path: Path, field: str) -> None:
    twin = Dataset("Twins", DatasetKind.MODULE, (KEY, Field("Name", "string"), Field(field.upper(), "string")), ("id",))
    with pytest.raises(StoreError):
        Mirror(MemoryCrm("sales", {"Twins": twin}, {"Twins": {}}), tmp_path, "UTC")
    made = Mirror(crm(1), tmp_path, "UTC")
    with pytest.raises(StoreError, match="no such module"):
        made.fill("Nothing", ["id"])
    made.close()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="private copy"):
        Mirror(crm(1), tmp_path / "not there", "UTC")


def test_the_file_has_no_name_while_it_is_used_and_a_kill_leaves_nothing(tmp_path: Path, mirror: Mirror) -> None:
    mirror.fill("Contacts", ["Name"])
    assert list(tmp_path.iterdir()) == []
    script = (
        "import os, pathlib, sqlite3, sys\n"
        "from connectors.crm.mirror import _private\n"
        "raw = _private(pathlib.Path(sys.argv[1]), 'sales')\n"
        "raw.execute('CREATE TABLE t (x)'); raw.execute('INSERT INTO t VALUES (1)'); raw.commit()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, cwd=Path.cwd())
    assert done.returncode == -9
    assert list(tmp_path.iterdir()) == []


def test_memory_stays_that_of_a_page(tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 20_000):
        made = Mirror(crm(count), tmp_path, "UTC")
        tracemalloc.start()
        made.fill("Contacts", ["Name", "Age", "Seen"])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        made.close()
    assert peaks[1] - peaks[0] < 1_000_000, "ten times the records, and at most the list of keys of the fake more"
