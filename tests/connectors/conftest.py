"""The same small data set in every kind of store."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from connectors.base import Store
from connectors.crm.fxiaoke.opening import open_store as open_fxiaoke
from connectors.crm.zoho.opening import open_store as open_zoho
from connectors.files.store import FileStore
from connectors.memory import MemoryStore
from connectors.sql.store import SqlStore

from .crm import fxiaoke_account, fxiaoke_fake, zoho_account, zoho_fake

WIDE_FIELDS = 300
BIG_ROWS = 50_000
CUSTOMERS: list[dict[str, Any]] = [
    {"id": 1, "姓名": "林雅婷", "Email Address": "ya.ting@example.com", "born": dt.date(1985, 3, 2), "note": None},
    {"id": 2, "姓名": "张伟", "Email Address": None, "born": None, "note": 'said "hi", twice\nand left'},
    {
        "id": 3,
        "姓名": "𠮷田",
        "Email Address": "x@example.org",
        "born": dt.date(2001, 12, 31),
        "note": "电话 13800138000",
    },
]
FIELDS = list(CUSTOMERS[0])
KINDS = ["memory", "sqlite", "postgresql", "mysql", "csv", "jsonl", "parquet", "xlsx", "zoho", "fxiaoke"]


@dataclass(frozen=True)
class Built:
    """A store with the data set, and the names that its datasets have there."""

    store: Store
    kind: str
    customers: str
    empty: str
    wide: str
    big: str


def _tables() -> dict[str, pa.Table]:
    schema = pa.schema(
        [
            ("id", pa.int64()),
            ("姓名", pa.string()),
            ("Email Address", pa.string()),
            ("born", pa.date32()),
            ("note", pa.string()),
        ]
    )
    wide = {f"c{number}": [f"v{number}"] for number in range(WIDE_FIELDS)}
    big = {"id": list(range(BIG_ROWS)), "word": [f"w{number}" for number in range(BIG_ROWS)]}
    return {
        "客户": pa.Table.from_pylist(CUSTOMERS, schema=schema),
        "empty": pa.table({"a": pa.array([], pa.string())}),
        "wide": pa.table(wide),
        "big": pa.table(big),
    }


def fill_database(url: str) -> None:
    engine = sa.create_engine(url)
    data = sa.MetaData()
    customers = sa.Table(
        "客户",
        data,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("姓名", sa.String(40), comment="full name"),
        sa.Column("Email Address", sa.String(80)),
        sa.Column("born", sa.Date),
        sa.Column("note", sa.Text),
        comment="the people",
    )
    sa.Table("empty", data, sa.Column("a", sa.String(10)))
    wide = sa.Table("wide", data, *(sa.Column(f"c{number}", sa.Text) for number in range(WIDE_FIELDS)))
    big = sa.Table("big", data, sa.Column("id", sa.Integer, primary_key=True), sa.Column("word", sa.String(10)))
    data.create_all(engine)
    with engine.begin() as connection:
        connection.execute(customers.insert(), CUSTOMERS)
        connection.execute(wide.insert(), {f"c{number}": f"v{number}" for number in range(WIDE_FIELDS)})
        connection.execute(big.insert(), [{"id": number + 1, "word": f"w{number}"} for number in range(BIG_ROWS)])
    engine.dispose()


def _write_csv(folder: Path, name: str, table: pa.Table) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.column_names)
        writer.writerows(["" if cell is None else cell for cell in row.values()] for row in table.to_pylist())


def _write_jsonl(folder: Path, name: str, table: pa.Table) -> None:
    lines = (json.dumps(row, ensure_ascii=False, default=str) for row in table.to_pylist())
    (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _write_parquet(folder: Path, name: str, table: pa.Table) -> None:
    pq.write_table(table, folder / f"{name}.parquet", row_group_size=10_000)


def _write_xlsx(folder: Path, name: str, table: pa.Table) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.append(table.column_names)
    for row in table.to_pylist():
        sheet.append(list(row.values()))
    book.save(folder / f"{name}.xlsx")


_WRITERS: dict[str, Callable[[Path, str, pa.Table], None]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
}


def _files(kind: str, folder: Path) -> Built:
    for name, table in _tables().items():
        _WRITERS[kind](folder, name, table)
    end = "xlsx#Sheet1" if kind == "xlsx" else kind
    return Built(FileStore("s", str(folder)), kind, f"客户.{end}", f"empty.{end}", f"wide.{end}", f"big.{end}")


_NATIVE = {pa.date32(): "date", pa.int64(): "integer"}


def _zoho_account() -> zoho_account.Account:
    """The tables as modules; a table without ids is given some, which the vendor has of every record."""
    account = zoho_account.Account()
    for name, table in _tables().items():
        fields = [
            zoho_account.made_field(each.name, _NATIVE.get(each.type, "text"))
            for each in table.schema
            if each.name != "id"
        ]
        rows = {}
        for place, row in enumerate(table.to_pylist(), start=1):
            key = str(row.pop("id", place) or 50_001)
            rows[key] = {each: cell.isoformat() if isinstance(cell, dt.date) else cell for each, cell in row.items()}
        account.modules[name] = zoho_account.Module(name, fields, rows)
    return account


_FXIAOKE = {pa.date32(): "date", pa.int64(): "number"}


def _fxiaoke_account() -> fxiaoke_account.Account:
    """The tables as objects; each record has an id of the vendor's beside its own."""
    account = fxiaoke_account.Account()
    for name, table in _tables().items():
        fields = [fxiaoke_account.made_field(each.name, _FXIAOKE.get(each.type, "text")) for each in table.schema]
        held = account.hold(name, name, *fields)
        for place, row in enumerate(table.to_pylist()):
            cells = {each: fxiaoke_fake.held(cell) for each, cell in row.items()}
            held.add({"_id": fxiaoke_fake.id_of(place), **cells})
    return account


def _url(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'store.db'}"
    return str(request.getfixturevalue({"postgresql": "postgres_module_url", "mysql": "mysql_module_url"}[kind]))


@pytest.fixture(scope="module", params=KINDS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The data set in one kind of store."""
    kind = str(request.param)
    folder = tmp_path_factory.mktemp(kind)
    stack = ExitStack()
    if kind == "memory":
        made = Built(MemoryStore("s", _tables()), kind, "客户", "empty", "wide", "big")
    elif kind == "zoho":
        address = stack.enter_context(zoho_fake.running(_zoho_account()))
        made = Built(open_zoho("s", zoho_fake.settings(address)), kind, "客户", "empty", "wide", "big")
    elif kind == "fxiaoke":
        account = _fxiaoke_account()
        address = stack.enter_context(fxiaoke_fake.running(account))
        made = Built(open_fxiaoke("s", fxiaoke_fake.settings(account, address)), kind, "客户", "empty", "wide", "big")
    elif kind in _WRITERS:
        made = _files(kind, folder)
    else:
        url = _url(kind, request, folder)
        fill_database(url)
        made = Built(SqlStore("s", url), kind, "客户", "empty", "wide", "big")
    yield made
    made.store.close()
    stack.close()
