"""What reflection finds, and what it leaves out."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from connectors.base import FULL, DatasetKind, ForeignKey, NotSeen
from connectors.sql.store import SqlStore


def _run(url: str, *statements: str) -> SqlStore:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    return SqlStore("s", url)


def _rows(store: SqlStore, dataset: str, *fields: str) -> list[dict[str, object]]:
    with store.read(dataset, fields, FULL) as reading:
        return [row for batch in reading for row in batch.to_pylist()]


def test_postgresql_schemas_comments_keys_and_types(postgres_url: str) -> None:
    store = _run(
        postgres_url,
        'CREATE SCHEMA "Sales 部"',
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE DOMAIN email AS text",
        "CREATE TABLE people (id bigint PRIMARY KEY, mail email, feel mood, ip inet, tags text[], took interval,"
        " paid numeric(12,2), born date, made timestamptz, seen timestamp, at time, ok boolean, raw bytea, doc jsonb,"
        " uid uuid, x real, point point)",
        "COMMENT ON TABLE people IS '客户'",
        "COMMENT ON COLUMN people.mail IS 'private mail'",
        'CREATE TABLE "Sales 部"."Order ""1"" 50%%" (id int PRIMARY KEY, "Person Id" bigint REFERENCES people (id))',
        'CREATE VIEW "Sales 部".v AS SELECT id FROM people',
        "CREATE MATERIALIZED VIEW m AS SELECT id FROM people",
        "CREATE TABLE gov_consent (id int)",
        "CREATE TABLE alembic_version (id int)",
        "CREATE TABLE parts (id int, name text) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100)",
        "INSERT INTO parts VALUES (1, 'a')",
        "INSERT INTO people VALUES (1, 'a@b.c', 'ok', '10.0.0.1', '{x,y}', '2 days', 'NaN', 'infinity', now(),"
        " '0044-03-15 BC', '10:00', true, '\\x00', '{\"a\": 1}', '00000000-0000-0000-0000-000000000001', 1.5, '(1,2)')",
        "INSERT INTO people (id, born, seen, made, paid) VALUES (2, '1985-03-02', '2026-01-02 03:04:05.5',"
        " '2026-01-02 03:04:05+08', 12.50)",
    )
    found = {dataset.name: dataset for dataset in store.datasets()}
    assert list(found) == ['Sales 部.Order "1" 50%', "Sales 部.v", "m", "parts", "people"]
    assert found["m"].kind is found["Sales 部.v"].kind is DatasetKind.VIEW
    people = found["people"]
    assert people.comment == "客户"
    assert people.primary_key == ("id",)
    assert {field.name: field.type for field in people.fields} == {
        "id": "integer", "mail": "string", "feel": "string", "ip": "string", "tags": "other", "took": "other",
        "paid": "decimal", "born": "date", "made": "datetime", "seen": "datetime", "at": "time", "ok": "boolean",
        "raw": "binary", "doc": "json", "uid": "string", "x": "float", "point": "other",
    }  # fmt: skip
    assert next(field.comment for field in people.fields if field.name == "mail") == "private mail"
    assert "sad" not in repr(people)
    order = found['Sales 部.Order "1" 50%']
    assert order.foreign_keys == (ForeignKey(("Person Id",), "people", ("id",)),)
    assert _rows(store, order.name, "Person Id") == []
    assert _rows(store, "parts", "name") == [{"name": "a"}]
    with store.read("people", [field.name for field in people.fields], FULL) as reading:
        first, second = (row for batch in reading for row in batch.to_pylist())
    assert "raw" not in first
    assert (first["mail"], first["feel"], first["ip"], first["tags"]) == ("a@b.c", "ok", "10.0.0.1", "{x,y}")
    assert (first["paid"], first["born"], first["seen"], first["doc"]) == ("NaN", None, None, '{"a": 1}')
    assert (str(second["born"]), second["paid"]) == ("1985-03-02", "12.50")
    assert str(second["made"]) == "2026-01-01 19:04:05+00:00"
    assert set(reading.not_seen) == {
        NotSeen("s.people.raw", "not_seen.binary", "BYTEA"),
        NotSeen("s.people.born", "not_seen.not_of_type", "1"),
        NotSeen("s.people.seen", "not_seen.not_of_type", "1"),
    }


def test_mysql_types_json_comments_and_zero_dates(mysql_url: str) -> None:
    store = _run(
        mysql_url,
        "SET SESSION sql_mode = ''",
        "CREATE TABLE `客 户` (id int unsigned PRIMARY KEY AUTO_INCREMENT COMMENT 'key', ok tinyint(1), born date,"
        " made datetime(6),"
        " at time, paid decimal(12,2), doc json, raw varbinary(8), kind enum('a','b'), flags set('x','y'), y year,"
        " b bit(4), big bigint unsigned, g geometry, note text CHARACTER SET latin1) COMMENT 'the people'",
        "INSERT INTO `客 户` VALUES (1, 2, '0000-00-00', '2026-01-02 03:04:05.5', '10:00:00', 12.50,"
        " '{\"a\": 1}', x'00', 'a',"
        " 'x,y', 1985, b'101', 18446744073709551615, NULL, 'é')",
    )
    [dataset] = store.datasets()
    assert (dataset.name, dataset.comment, dataset.fields[0].comment) == ("客 户", "the people", "key")
    assert {field.name: field.type for field in dataset.fields} == {
        "id": "integer", "ok": "boolean", "born": "date", "made": "datetime", "at": "time", "paid": "decimal",
        "doc": "json", "raw": "binary", "kind": "string", "flags": "string", "y": "integer", "b": "other",
        "big": "integer", "g": "binary", "note": "string",
    }  # fmt: skip
    with store.read(dataset.name, [field.name for field in dataset.fields], FULL) as reading:
        [row] = [row for batch in reading for row in batch.to_pylist()]
    assert (row["id"], row["ok"], row["born"], row["paid"], row["big"]) == (1, 2, None, "12.50", 2**64 - 1)
    assert (row["doc"], row["kind"], row["flags"], row["y"], row["note"]) == ('{"a": 1}', "a", "x,y", 1985, "é")
    assert NotSeen("s.客 户.born", "not_seen.not_of_type", "1") in reading.not_seen


def test_sqlite_keeps_every_value_whatever_is_declared(sqlite_url: str) -> None:
    store = _run(
        sqlite_url,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, x REAL, d DATE, s VARCHAR(10), bare, b BLOB, j JSON)",
        "INSERT INTO t VALUES (1, 'call 13800138000', 13800138000.0, 'sometime', 5, 1.5, x'00', '[1]')",
        "INSERT INTO t VALUES (2, 7, 'text', NULL, CAST(x'FF41' AS TEXT), x'4142', NULL, NULL)",
        "INSERT INTO t VALUES (3, NULL, 0.25, '2026-01-02', 'a' || char(0) || 'b', NULL, NULL, NULL)",
    )
    fields = ("n", "x", "d", "s", "bare", "j")
    assert _rows(store, "t", *fields) == [
        dict(zip(fields, ("call 13800138000", "13800138000", "sometime", "5", "1.5", "[1]"), strict=True)),
        dict(zip(fields, ("7", "text", None, "\ufffdA", "AB", None), strict=True)),
        dict(zip(fields, (None, "0.25", "2026-01-02", "a\0b", None, None), strict=True)),
    ]


def test_sqlite_reads_two_thousand_columns(sqlite_url: str) -> None:
    store = _run(
        sqlite_url,
        f"CREATE TABLE wide ({', '.join(f'c{number} TEXT' for number in range(2000))})",
        "INSERT INTO wide (c1999) VALUES ('last')",
    )
    fields = [field.name for field in store.datasets()[0].fields]
    [row] = _rows(store, "wide", *fields)
    assert (len(row), row["c1999"]) == (2000, "last")


def test_table_that_holds_rowid_columns_of_its_own_is_read(sqlite_url: str) -> None:
    store = _run(
        sqlite_url,
        "CREATE TABLE t (rowid TEXT, _rowid_ TEXT, oid TEXT)",
        "INSERT INTO t VALUES ('a', 'b', 'c')",
    )
    assert _rows(store, "t", "rowid", "oid") == [{"rowid": "a", "oid": "c"}]


def test_view_that_is_broken_is_listed_and_the_rest_is_found(tmp_path: Path, mysql_url: str) -> None:
    for url in (f"sqlite:///{tmp_path / 'store.db'}", mysql_url):
        store = _run(
            url,
            "CREATE TABLE gone (id int)",
            "CREATE TABLE kept (id int)",
            "CREATE VIEW broken AS SELECT id FROM gone",
            "DROP TABLE gone",
        )
        assert [dataset.name for dataset in store.datasets()] == ["kept"]
        [unseen] = store.not_seen()
        assert (unseen.place, unseen.reason) == ("s.broken", "not_seen.not_described")


def test_a_pass_over_binary_fields_only_still_counts_rows(sqlite_url: str) -> None:
    store = _run(sqlite_url, "CREATE TABLE t (b BLOB)", "INSERT INTO t VALUES (x'00'), (x'01')")
    with store.read("t", ["b"], FULL) as reading:
        assert sum(batch.num_rows for batch in reading) == 2
    assert reading.rows_total == 2
    assert [unseen.reason for unseen in reading.not_seen] == ["not_seen.binary"]
