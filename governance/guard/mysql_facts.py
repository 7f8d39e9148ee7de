"""What MariaDB tells of the tables of one database that a guard must know: versions, marks, what a write sets off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlglot.errors import SqlglotError

from governance.guard.parsing import dialect_of
from governance.guard.writing_facts import Reference, TableKey, WritingFacts


def _sum_of(columns: str, table: str, where: str) -> str:
    """SQL of a number and a sum over rows that no order changes."""
    mixed = f"CAST(CONV(LEFT(MD5(CONCAT_WS('.', {columns})), 16), 16, 10) AS UNSIGNED)"
    return (
        f"(SELECT CONCAT(COUNT(*), '.', BIT_XOR({mixed})) FROM information_schema.{table} WHERE {where} = DATABASE())"  # noqa: S608 constants
    )


VERSION_SQL = "SELECT DATABASE(), " + ", ".join(
    (
        _sum_of(
            "TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, COLLATION_NAME, EXTRA, GENERATION_EXPRESSION",
            "COLUMNS",
            "TABLE_SCHEMA",
        ),
        _sum_of("TABLE_NAME, TABLE_TYPE, ENGINE", "TABLES", "TABLE_SCHEMA"),
        _sum_of("TABLE_NAME, VIEW_DEFINITION", "VIEWS", "TABLE_SCHEMA"),
        _sum_of("TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME", "STATISTICS", "TABLE_SCHEMA"),
        _sum_of("TRIGGER_NAME, EVENT_OBJECT_TABLE", "TRIGGERS", "TRIGGER_SCHEMA"),
        _sum_of("CONSTRAINT_NAME, TABLE_NAME, CHECK_CLAUSE", "CHECK_CONSTRAINTS", "CONSTRAINT_SCHEMA"),
        _sum_of(
            "CONSTRAINT_NAME, TABLE_NAME, REFERENCED_TABLE_NAME, DELETE_RULE",
            "REFERENTIAL_CONSTRAINTS",
            "UNIQUE_CONSTRAINT_SCHEMA",
        ),
    )
)
"""What changes whenever the schema does."""
MARKS_SQL = """
    SELECT t.TABLE_NAME, CONCAT_WS('.', t.TABLE_TYPE, MD5(v.VIEW_DEFINITION)) FROM information_schema.TABLES t
    LEFT JOIN information_schema.VIEWS v ON v.TABLE_SCHEMA = t.TABLE_SCHEMA AND v.TABLE_NAME = t.TABLE_NAME
    WHERE t.TABLE_SCHEMA = DATABASE()"""

_TABLES = "SELECT TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
_TRIGGERS = "SELECT EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = DATABASE()"
_USER = "SUBSTRING_INDEX(CURRENT_USER(), '@', {})"
_WHO = (
    f"CONCAT(QUOTE({_USER.format(1)}), '@', QUOTE({_USER.format(-1)})),"
    " QUOTE(CURRENT_ROLE()), CONCAT(QUOTE(CURRENT_ROLE()), '@', QUOTE('')), CURRENT_ROLE()"
)
_MAY_SEE_TRIGGERS = f"""
    SELECT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES
                   WHERE PRIVILEGE_TYPE = 'TRIGGER' AND GRANTEE IN ({_WHO}))
        OR EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES
                   WHERE PRIVILEGE_TYPE = 'TRIGGER' AND DATABASE() LIKE TABLE_SCHEMA AND GRANTEE IN ({_WHO}))"""  # noqa: S608 constants
"""Without the privilege TRIGGER the server shows none, whether there are any or not."""
_COMPUTED = """
    SELECT TABLE_NAME, CHECK_CLAUSE, NULL FROM information_schema.CHECK_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA = DATABASE()
    UNION ALL SELECT TABLE_NAME, GENERATION_EXPRESSION, COLUMN_NAME FROM information_schema.COLUMNS
    WHERE TABLE_SCHEMA = DATABASE() AND GENERATION_EXPRESSION <> ''"""
_REFERENCES = """
    SELECT k.CONSTRAINT_NAME, k.TABLE_SCHEMA, k.TABLE_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME,
           k.REFERENCED_COLUMN_NAME, r.DELETE_RULE
    FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
      AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.REFERENCED_TABLE_SCHEMA = DATABASE()
    ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION"""
_ON_DELETE = {"CASCADE": "cascade", "SET NULL": "set", "SET DEFAULT": "set"}


def read_writing_facts(connection: sa.Connection, schema: str) -> Mapping[TableKey, WritingFacts]:
    """The facts of every table and view of the database. Raises SQLAlchemyError.

    A table acts by itself when it has triggers, when triggers would not be shown, and when its engine has no
    transactions, since what was written could not be taken back.
    """
    shown = bool(connection.exec_driver_sql(_MAY_SEE_TRIGGERS.replace("%", "%%")).scalar())
    acting = {row[0] for row in connection.exec_driver_sql(_TRIGGERS)}
    linked: dict[str, set[frozenset[str]]] = {}
    for table, text, field in connection.exec_driver_sql(_COMPUTED):
        words = _words(text)
        if words is None:  # what cannot be read may do anything
            acting.add(table)
        else:
            linked.setdefault(table, set()).add(frozenset({*words, *([field] if field else [])}))
    referred: dict[str, list[Reference]] = {}
    for to, reference in _references(connection.exec_driver_sql(_REFERENCES).all()):
        referred.setdefault(to, []).append(reference)
    return {
        (schema, name): WritingFacts(
            kind == "BASE TABLE",
            not shown or name in acting or str(engine).lower() != "innodb",
            tuple(sorted(linked.get(name, ()), key=sorted)),
            tuple(sorted(referred.get(name, ()), key=repr)),
        )
        for name, kind, engine in connection.exec_driver_sql(_TABLES)
    }


def _references(rows: Iterable[sa.Row[Any]]) -> Iterator[tuple[str, Reference]]:
    keys: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        part = tuple(row)
        keys.setdefault(part[:3], []).append(part)
    for (_, schema, table), parts in keys.items():
        on_delete = _ON_DELETE.get(str(parts[0][6]).upper(), "keep")
        fields, referred = tuple(each[3] for each in parts), tuple(each[5] for each in parts)
        yield parts[0][4], Reference(schema, table, fields, referred, on_delete)


def _words(text: str) -> set[str] | None:
    try:
        return {token.text for token in dialect_of("mysql").tokenize(text)}
    except SqlglotError:
        return None
