"""What a write to a table may set off or tell: triggers, rules over several fields, references to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from governance.guard.parsing import dialect_of

TableKey = tuple[str, str]
"""Schema and name, as the database writes them."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key of some table that refers to this one."""

    schema: str
    """Schema of the referring table."""
    table: str
    """The referring table."""
    fields: tuple[str, ...]
    """Its fields."""
    referred: tuple[str, ...]
    """The fields referred to; empty for the primary key."""
    on_delete: str
    """What becomes of the referring rows: `cascade`, `set` or `keep`, which refuses the deletion."""


@dataclass(frozen=True, slots=True)
class WritingFacts:
    """What is known of writing to one table."""

    is_table: bool = False
    """Whether it is a table; nothing else is written to."""
    acts: bool = True
    """Whether it does of itself what nobody here can tell: triggers, rewriting rules, tables that inherit from it."""
    linked: tuple[frozenset[str], ...] = ()
    """Sets of fields over which a CHECK, a generated field or an index on an expression computes at each write."""
    referred_by: tuple[Reference, ...] = ()
    """Who refers to it."""
    refers_to: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """In SQLite the tables that it refers to itself, with the fields; none for a primary key."""


NOTHING_KNOWN = WritingFacts()
"""Of a table that nobody looked at: it cannot be written."""

_CLAUSES = frozenset({"check", "as"})
_SET = frozenset({"SET NULL", "SET DEFAULT"})
_POSTGRES = """
    SELECT n.nspname, c.relname, c.relkind IN ('r', 'p'),
      EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
      OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN')
      OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid AND c.relkind = 'r')
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')"""
_POSTGRES_LINKED = """
    SELECT n.nspname, c.relname, a.attname, 'k' || k.oid
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey) WHERE k.contype IN ('c', 'x')
    UNION ALL
    SELECT n.nspname, c.relname, a.attname, 'i' || i.indexrelid
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT n.nspname, c.relname, a.attname, 'g' || c.oid
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped
      AND EXISTS (SELECT FROM pg_catalog.pg_attribute g WHERE g.attrelid = c.oid AND g.attgenerated <> '')"""
_POSTGRES_REFERENCES = """
    SELECT tn.nspname, t.relname, n.nspname, c.relname, k.confdeltype::text,
      ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(num, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.place),
      ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(num, place)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.place)
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_class t ON t.oid = k.confrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
    WHERE k.contype = 'f'"""


def read_writing_facts(connection: sa.Connection, default_schema: str) -> Mapping[TableKey, WritingFacts]:
    """The facts of every table and view of a store. Raises SQLAlchemyError."""
    if connection.dialect.name == "sqlite":
        return _of_sqlite(connection, default_schema)
    linked: dict[TableKey, dict[str, set[str]]] = {}
    for schema, table, field, mark in connection.exec_driver_sql(_POSTGRES_LINKED):
        linked.setdefault((schema, table), {}).setdefault(mark, set()).add(field)
    referred: dict[TableKey, list[Reference]] = {}
    for schema, table, other_schema, other, action, fields, to in connection.exec_driver_sql(_POSTGRES_REFERENCES):
        on_delete = {"c": "cascade", "n": "set", "d": "set"}.get(action, "keep")
        referred.setdefault((schema, table), []).append(
            Reference(other_schema, other, tuple(fields), tuple(to), on_delete)
        )
    return {
        (schema, name): WritingFacts(
            is_table,
            acts,
            _sets(linked.get((schema, name), {}).values()),
            tuple(sorted(referred.get((schema, name), ()), key=repr)),
        )
        for schema, name, is_table, acts in connection.exec_driver_sql(_POSTGRES)
    }


def _of_sqlite(connection: sa.Connection, schema: str) -> Mapping[TableKey, WritingFacts]:
    made = [tuple(row) for row in connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master")]
    linked: dict[str, list[set[str]]] = {}
    acting = {table.lower() for kind, _, table, _ in made if kind == "trigger"}
    for kind, name, table, sql in made:
        tokens = _tokens(sql or "")
        if tokens is None:  # what cannot be read may do anything
            acting.add(table.lower())
        elif kind == "table":
            linked.setdefault(name.lower(), []).extend(_clauses(tokens))
            if _acts(tokens):
                acting.add(name.lower())
        elif kind == "index" and _computes(tokens):
            linked.setdefault(table.lower(), []).append({token.text for token in tokens})
    referred: dict[str, list[Reference]] = {}
    refers: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for kind, name, _, _ in made:
        if kind == "table":
            for to, reference in _sqlite_references(connection, schema, name):
                referred.setdefault(to.lower(), []).append(reference)
                refers.setdefault(name, []).append((to, reference.referred))
    return {
        (schema, name): WritingFacts(
            kind == "table",
            name.lower() in acting,
            _sets(linked.get(name.lower(), ())),
            tuple(sorted(referred.get(name.lower(), ()), key=repr)),
            tuple(sorted(refers.get(name, ()))),
        )
        for kind, name, _, _ in made
        if kind in ("table", "view")
    }


def _sqlite_references(connection: sa.Connection, schema: str, name: str) -> Iterator[tuple[str, Reference]]:
    keys: dict[int, list[Any]] = {}
    for row in connection.exec_driver_sql("SELECT * FROM pragma_foreign_key_list(?)", (name,)):
        keys.setdefault(row[0], []).append(row)
    for rows in keys.values():
        rows.sort(key=lambda row: row[1])
        action = str(rows[0][6]).upper()
        on_delete = "cascade" if action == "CASCADE" else "set" if action in _SET else "keep"
        referred = tuple(row[4] for row in rows if row[4] is not None)
        yield str(rows[0][2]), Reference(schema, name, tuple(row[3] for row in rows), referred, on_delete)


def _acts(tokens: Sequence[Token]) -> bool:
    """Whether a table is virtual, or replaces or keeps rows by itself where keys collide."""
    return _has(tokens[:3], "virtual") or _has(tokens, "conflict")


def _computes(tokens: Sequence[Token]) -> bool:
    """Whether an index is on an expression, or on some rows only."""
    return sum(token.token_type is TokenType.L_PAREN for token in tokens) > 1 or _has(tokens, "where")


def _tokens(sql: str) -> Sequence[Token] | None:
    try:
        return dialect_of("sqlite").tokenize(sql)
    except SqlglotError:
        return None


def _has(tokens: Sequence[Token], word: str) -> bool:
    return any(token.text.lower() == word for token in tokens)


def _clauses(tokens: Sequence[Token]) -> Iterator[set[str]]:
    """The words in each CHECK and in each computed field, with the name of the field that it stands at."""
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.text.lower() not in _CLAUSES or following is None or following.token_type is not TokenType.L_PAREN:
            continue
        words, depth = _field_before(tokens, place), 0
        for inner in tokens[place + 1 :]:
            depth += (inner.token_type is TokenType.L_PAREN) - (inner.token_type is TokenType.R_PAREN)
            words.add(inner.text)
            if depth == 0:
                break
        yield words


def _field_before(tokens: Sequence[Token], place: int) -> set[str]:
    """The words from the last comma or parenthesis outside to a clause: among them the field that it belongs to."""
    words: set[str] = set()
    depth = 0
    for token in reversed(tokens[:place]):
        depth += (token.token_type is TokenType.R_PAREN) - (token.token_type is TokenType.L_PAREN)
        if depth < 0 or (depth == 0 and token.token_type is TokenType.COMMA):
            break
        words.add(token.text)
    return words


def _sets(found: Any) -> tuple[frozenset[str], ...]:
    return tuple(sorted({frozenset(each) for each in found}, key=sorted))
