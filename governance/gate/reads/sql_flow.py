"""Which fields the values of an expression come from, followed through aliases, CTEs, subqueries and set operations.

What decides without being shown does not count: conditions, `count(...)`. A name that could be of several tables
counts for each of them, because a rule looks only at fields that are protected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, build_scope

from governance.gate.changes import Source
from governance.gate.reads.names import name_of, table_name

NEW_ROW = "new"
"""Stands for the dataset of a trigger, whose row is called NEW or OLD."""
_ROW_WORDS = frozenset({"new", "old"})
_HIDING = (exp.Count, exp.Predicate, exp.Exists)
_HASHES = (exp.MD5, exp.MD5Digest, exp.SHA, exp.SHA2, exp.SHA1Digest, exp.SHA2Digest)
_HASH_WORDS = frozenset({"digest", "sha224", "sha256", "sha384", "sha512", "hash", "crc32", "sha"})
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Flow:
    """Where the values of an expression come from."""

    clear: tuple[Source, ...]
    """Fields whose values it holds, or values made of them."""
    hashed: tuple[Source, ...]
    """Fields of which it holds an unkeyed hash."""


def flow_of(expression: exp.Expr, tables: Iterable[exp.Table], dialect: str) -> Flow:
    """The flow into an expression outside a query, whose bare names are of some tables."""
    known: dict[str, exp.Table | Scope] = {each.alias_or_name.lower(): each for each in tables}
    return _flow(_Names(dialect, known), expression)


def flows_of(query: exp.Query, dialect: str) -> list[tuple[str, Flow]]:
    """The columns of a query in order, each with its name, `*` for all of a source, and its flow."""
    try:
        scope = build_scope(query)
    except (SqlglotError, RecursionError):
        scope = None
    return list(_selected(scope, dialect, 0)) if scope is not None else []


def tables_of(statement: exp.Expr) -> list[exp.Table]:
    """The tables that a statement names, CTEs left out."""
    named = {each.alias_or_name.lower() for each in statement.find_all(exp.CTE)}
    return [each for each in statement.find_all(exp.Table) if each.args.get("db") or each.name.lower() not in named]


@dataclass(frozen=True, slots=True)
class _Names:
    """What the names of one place stand for."""

    dialect: str
    sources: dict[str, exp.Table | Scope]
    scope: Scope | None = None


def _selected(scope: Scope, dialect: str, depth: int) -> Iterator[tuple[str, Flow]]:
    if depth > _DEEPEST:
        return
    if isinstance(scope.expression, exp.SetOperation):
        yield from _united(scope, dialect, depth)
        return
    if not isinstance(scope.expression, exp.Query):
        return
    names = _Names(dialect, {name.lower(): each for name, each in scope.sources.items()}, scope)
    for each in scope.expression.selects:
        inner = each.this if isinstance(each, exp.Alias) else each
        if each.is_star:
            yield from _stars(inner, names, depth)
        else:
            yield each.alias_or_name, _flow(names, inner, depth)


def _united(scope: Scope, dialect: str, depth: int) -> Iterator[tuple[str, Flow]]:
    """The columns of a set operation: names of the first part, values of all."""
    parts = [list(_selected(each, dialect, depth + 1)) for each in scope.set_operation_scopes]
    for place, (name, flow) in enumerate(parts[0] if parts else []):
        rest = [part[place][1] for part in parts[1:] if place < len(part)]
        yield (
            name,
            Flow(
                _once(source for each in (flow, *rest) for source in each.clear),
                _once(source for each in (flow, *rest) for source in each.hashed),
            ),
        )


def _stars(node: exp.Expr, names: _Names, depth: int) -> Iterator[tuple[str, Flow]]:
    named = node.table.lower() if isinstance(node, exp.Column) else ""
    if named in _ROW_WORDS and named not in names.sources:
        yield "*", Flow((Source(NEW_ROW, "*"),), ())
        return
    for name, source in names.sources.items():
        if named in ("", name):
            if isinstance(source, exp.Table):
                yield "*", Flow((Source(table_name(source, names.dialect), "*"),), ())
            else:
                yield from _selected(source, names.dialect, depth + 1)


def _flow(names: _Names, expression: exp.Expr, depth: int = 0) -> Flow:
    clear: list[Source] = []
    hashed: list[Source] = []
    for column, is_hashed in _columns(expression, hashed=False):
        (hashed if is_hashed else clear).extend(_origins(column, names, depth))
    for query in _inner_queries(expression):
        for _, flow in flows_of(query, names.dialect):
            clear += flow.clear
            hashed += flow.hashed
    return Flow(_once(clear), _once(hashed))


def _columns(node: exp.Expr, *, hashed: bool) -> Iterator[tuple[exp.Column, bool]]:
    """The columns that a value is made of, each with whether a hash lies over it."""
    if isinstance(node, exp.Column):
        yield node, hashed
        return
    if isinstance(node, (*_HIDING, exp.Query)):
        return
    over = hashed or isinstance(node, _HASHES) or _calls_hash(node)
    for each in node.iter_expressions():
        yield from _columns(each, hashed=over)


def _calls_hash(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() in _HASH_WORDS


def _inner_queries(node: exp.Expr) -> Iterator[exp.Query]:
    if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery):
        yield node
        return
    if isinstance(node, _HIDING):
        return
    for each in node.iter_expressions():
        yield from _inner_queries(each)


def _origins(column: exp.Column, names: _Names, depth: int) -> Iterator[Source]:
    table, field = column.table.lower(), name_of(column.this, names.dialect) if not column.is_star else "*"
    if table in _ROW_WORDS and table not in names.sources:
        yield Source(NEW_ROW, field)
    elif not table and field.lower() in names.sources:
        yield from _whole(names.sources[field.lower()], names.dialect)
    elif not table and field.lower() in _ROW_WORDS:
        yield Source(NEW_ROW, "*")
    elif table and table not in names.sources:
        yield Source("", field)
    else:
        for name, source in names.sources.items():
            if table in ("", name):
                yield from _in_source(field, source, names.dialect, depth)


def _whole(source: exp.Table | Scope, dialect: str) -> Iterator[Source]:
    """A whole row as one value: `row_to_json(c)`."""
    if isinstance(source, exp.Table):
        yield Source(table_name(source, dialect), "*")
    else:
        for _, flow in _selected(source, dialect, 1):
            yield from flow.clear


def _in_source(field: str, source: exp.Table | Scope, dialect: str, depth: int) -> Iterator[Source]:
    if isinstance(source, exp.Table):
        yield Source(table_name(source, dialect), field)
        return
    for name, flow in _selected(source, dialect, depth + 1):
        if name == "*":
            yield from (Source(each.dataset, field) for each in flow.clear)
        elif name.lower() == field.lower():
            yield from flow.clear


def _once(sources: Iterable[Source]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(sources))
