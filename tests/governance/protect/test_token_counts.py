"""Cells counted by SQLite, PostgreSQL and MariaDB themselves: tokens, clear values, NULL, and keys by token."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.protect.key_tally import tally
from governance.protect.keyring.base import KeyState
from governance.protect.token_counts import TableCount, snapshot
from governance.protect.tokens import HEADER
from policies.errors import StoreError
from policies.nouns import DatasetRef, FieldRef

CUSTOMERS = DatasetRef("crm", "customers")
EMAIL = FieldRef("crm", "customers", "email")


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def engine(request, tmp_path: Path):
    url = {
        "sqlite": lambda: f"sqlite:///{tmp_path / 'store.db'}",
        "postgresql": lambda: request.getfixturevalue("postgres_url"),
        "mysql": lambda: request.getfixturevalue("mysql_url"),
    }[request.param]()
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


def _filled(engine: sa.Engine, tokens: list[bytes | None], **columns: list[object]) -> None:
    kind = sa.LargeBinary(500) if engine.dialect.name == "mysql" else sa.LargeBinary()
    table = sa.Table(
        "customers",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("email", kind),
        sa.Column("name", sa.String(100)),
        sa.Column("born: 100%", sa.Date),
        sa.Column("gov_new_f4", kind),
    )
    table.create(engine)
    rows = [
        {"id": number, "email": token, "name": columns.get("name", [None] * len(tokens))[number]}
        for number, token in enumerate(tokens)
    ]
    with engine.begin() as connection:
        connection.execute(table.insert(), rows)


def test_tokens_clear_values_and_null_are_told_apart(engine, protector) -> None:
    tokens = protector.encrypt_column(EMAIL, ["ann@example.org", ""], [(0,), (1,)], "string")
    clear = [b"bob@example.org", b"", HEADER + b"short", b"\x02\x01" + bytes(60)]
    _filled(engine, [*tokens, *clear, None], name=["Ann", "", None, None, None, None, None])
    with snapshot(engine, "crm") as connection:
        count = TableCount(connection, CUSTOMERS)
        found = count.cells(["email", "name", "born: 100%", "gone"])
        assert count.under_way == {"f4": "gov_new_f4"}
    assert found.rows == 7
    email = found.columns["email"]
    assert (email.tokens, email.clear, email.nulls) == (2, 4, 1)
    name = found.columns["name"]
    assert (name.tokens, name.clear, name.nulls) == (0, 2, 5)
    assert found.columns["born: 100%"].nulls == 7
    assert "gone" not in found.columns


def test_an_empty_table_is_counted_as_empty(engine) -> None:
    table = sa.Table("customers", sa.MetaData(), sa.Column("id", sa.Integer), sa.Column("email", sa.String(9)))
    table.create(engine)
    with snapshot(engine, "crm") as connection:
        found = TableCount(connection, CUSTOMERS).cells(["email"])
    assert (found.rows, found.columns["email"].clear, found.columns["email"].nulls) == (0, 0, 0)


def test_tokens_are_counted_by_key_in_parts(engine, protector, keyring) -> None:
    first = protector.encrypt_column(EMAIL, ["a"] * 3, [(n,) for n in range(3)], "string")
    keyring.rotate("s1/d1")
    second = protector.encrypt_column(EMAIL, ["a"] * 2, [(n,) for n in range(3, 5)], "string")
    _filled(engine, [*first, *second, b"clear", None])
    with snapshot(engine, "crm") as connection:
        parts = list(TableCount(connection, CUSTOMERS).key_ids("email"))
    found: Counter[str] = Counter()
    for part in parts:
        found.update(part)
    by_state = {keyring.key(key).info.state: tokens for key, tokens in found.items()}
    assert by_state == {KeyState.RETIRED: 3, KeyState.ACTIVE: 2}


def test_a_snapshot_does_not_see_what_is_written_meanwhile(engine, protector) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    _filled(engine, [b"clear", None])
    with snapshot(engine, "crm") as connection:
        count = TableCount(connection, CUSTOMERS)
        before = count.cells(["email"])
        with engine.begin() as other:
            other.execute(sa.text("UPDATE customers SET email = NULL"))
        assert count.cells(["email"]) == before
        assert list(count.key_ids("email")) == []


def test_a_missing_table_is_named(engine) -> None:
    with snapshot(engine, "crm") as connection, pytest.raises(StoreError) as refused:
        TableCount(connection, DatasetRef("crm", "nowhere"))
    assert refused.value.place == "crm.nowhere"


def test_a_key_of_another_dataset_or_of_nobody_is_no_key_of_the_field(keyring) -> None:
    own, other = keyring.data_key("s1/d1").info, keyring.data_key("s1/d2").info
    keys = {each.id: each for each in keyring.list()}
    signer = next((each.id for each in keyring.list() if each.use.value == "ledger-sign"), None)
    if signer is None:
        keyring.signer("ledger")
        signer = next(each.id for each in keyring.list() if each.use.value == "ledger-sign")
        keys = {each.id: each for each in keyring.list()}
    persons = {"aa" * 8: KeyState.ACTIVE, "bb" * 8: KeyState.DESTROYED}
    part = {own.id: 5, other.id: 2, signer: 1, "cc" * 8: 1, "aa" * 8: 3, "bb" * 8: 4}
    found = tally(
        [part, {"aa" * 8: 1}],
        key_of="s1/d1",
        keys=keys,
        person_states=lambda ids: {each: persons[each] for each in ids if each in persons},
    )
    assert dict(found.keys) == {own.id: 5}
    assert (found.elsewhere, found.unknown) == (2, 2)
    assert dict(found.persons) == {"active": 4, "destroyed": 4}
