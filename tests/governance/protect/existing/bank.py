"""A bank's clients in a store, with a column of every type, an office and a keyring: what these tests share."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from governance.jobs.office import Office
from governance.ledger.log import Ledger
from governance.protect.existing.bench import Bench
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.keyring.file import FileKeyring
from governance.protect.signing import Ed25519Signer
from policies.catalog import parse_catalog
from policies.nouns import FieldRef

NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)
CHEAP = 2**14
WORDS = {
    "name": "string",
    "born": "date",
    "seen": "datetime",
    "wakes": "time",
    "income": "decimal",
    "score": "float",
    "visits": "integer",
    "vip": "boolean",
    "profile": "json",
    "photo": "binary",
}
"""The columns that can be encrypted, with their types."""
FIELDS = "\n".join(
    f"          {name}: {{id: f{place}, category: user.content, type: {WORDS[name]}, status: confirmed}}"
    for place, name in enumerate(WORDS, start=3)
)
CATALOG = f"""
version: 1
stores:
  bank:
    id: s1
    datasets:
      clients:
        id: d1
        record_key: [id]
        subject_key: person
        fields:
          id: {{id: f1, category: none, status: confirmed}}
          person: {{id: f2, category: user.unique_id, status: confirmed}}
{FIELDS}
"""
NAMES = ("Ann", "", "欧阳修", "o'Neill\\\n\t", "👩🏽‍🚀", "a" * 300, "NULL", "zwei:drei")


def client(number: int) -> dict[str, Any]:
    """One row; some of its cells are NULL."""
    row = {
        "id": number,
        "person": f"p{number % 5}",
        "name": NAMES[number % len(NAMES)],
        "born": dt.date(1950, 1, 1) + dt.timedelta(days=number * 37),
        "seen": dt.datetime(2026, 1, 1, 12, 30, 15, 250000) + dt.timedelta(hours=number),  # noqa: DTZ001
        "wakes": dt.time(number % 24, 7, 8),
        "income": Decimal(number * 101) / 4,
        "score": number / 7,
        "visits": number * 10**9,
        "vip": number % 2 == 0,
        "profile": {"n": number, "名": ["x", None, 1.5]},
        "photo": bytes(range(number % 20)),
    }
    for place, name in enumerate(WORDS):
        if number % 11 == place:
            row[name] = None
    return row


def table_of(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "clients",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.String(20)),
        sa.Column("name", sa.Text),
        sa.Column("born", sa.Date),
        sa.Column("seen", sa.DateTime().with_variant(sa.dialects.mysql.DATETIME(fsp=6), "mysql")),
        sa.Column("wakes", sa.Time),
        sa.Column("income", sa.Numeric(20, 4, asdecimal=True)),
        sa.Column("score", sa.Float(53)),
        sa.Column("visits", sa.BigInteger),
        sa.Column("vip", sa.Boolean),
        sa.Column("profile", sa.JSON(none_as_null=True)),
        sa.Column("photo", sa.LargeBinary),
    )


def fill(store: sa.Engine, rows: int = 40) -> None:
    metadata = sa.MetaData()
    table = table_of(metadata)
    metadata.create_all(store)
    add(store, range(1, rows + 1), table)


def add(store: sa.Engine, numbers: Any, table: sa.Table | None = None) -> None:
    table = table_of(sa.MetaData()) if table is None else table
    rows = [client(number) for number in numbers]
    if store.dialect.name == "sqlite":  # its driver takes no decimals
        rows = [row | {"income": None if row["income"] is None else float(row["income"])} for row in rows]
        table = sa.Table(
            table.name,
            sa.MetaData(),
            *(sa.Column(c.name, sa.Float if c.name == "income" else c.type) for c in table.columns),
        )
    with store.begin() as connection:
        connection.execute(sa.insert(table), rows)


def make_keyring(folder: Path) -> FileKeyring:
    path = folder / "keyring.json"
    if path.exists():
        return FileKeyring.open(path, "correct horse")
    return FileKeyring.create(path, "correct horse", scrypt_n=CHEAP)


def make_office(records: sa.Engine, **changes: Any) -> Office:
    keyed_hash, signer = HmacKeyedHash(b"k" * 32), Ed25519Signer("governance.ledger/test", b"s" * 32)
    ledger = Ledger(records, signer=signer, keyed_hash=keyed_hash, clock=lambda: NOW, new_id=lambda: uuid.uuid4().hex)
    return Office(
        **{
            "records": records,
            "ledger": ledger,
            "keyed_hash": keyed_hash,
            "signer": signer,
            "clock": lambda: NOW,
            "new_id": lambda: uuid.uuid4().hex,
            "zone": "UTC",
            "digest": "d1",
            **changes,
        }
    )


def make_bench(store: sa.Engine, folder: Path, catalog: str = CATALOG) -> Bench:
    return Bench(parse_catalog(catalog), make_keyring(folder), store)


def ref(name: str) -> FieldRef:
    return FieldRef("bank", "clients", name)


def raw(store: sa.Engine, name: str) -> dict[int, Any]:
    with store.connect() as connection:
        quoted = connection.dialect.identifier_preparer.quote(name)
        return {row[0]: row[1] for row in connection.execute(sa.text(f"SELECT id, {quoted} FROM clients ORDER BY id"))}


def declaring(name: str, declared: str, *more: str) -> str:
    """The catalog with more said of one field, and fields added."""
    before = f"          {name}: {{"
    line = next(each for each in CATALOG.splitlines() if each.startswith(before))
    return CATALOG.replace(
        line, "\n".join([line.replace("status: confirmed}", f"status: confirmed, {declared}}}"), *more])
    )


def opened(bench: Bench, name: str) -> dict[int, Any]:
    """What a reader with the keys sees of an encrypted column."""
    cells = raw(bench.store, name)
    values = bench.protector(ref(name)).decrypt_column(ref(name), list(cells.values()), [(number,) for number in cells])
    return dict(zip(cells, values, strict=True))


def expected(name: str, numbers: Any) -> dict[int, Any]:
    return {number: client(number)[name] for number in numbers}


def json_text(value: Any) -> str:
    return json.dumps(value)
