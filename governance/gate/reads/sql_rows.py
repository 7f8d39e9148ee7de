"""Reads statements about rows: what values they put where, and which rows they remove."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from governance.gate.changes import ChangeKind, Reading, SchemaChange
from governance.gate.reads.place import At
from governance.gate.reads.sql_columns import texts_of
from governance.gate.reads.sql_flow import Flow, flow_of, flows_of, tables_of


def read_rows(statement: exp.Expr, at: At) -> Reading:
    """What an INSERT, UPDATE, DELETE, MERGE or TRUNCATE does to values and rows."""
    return Reading(tuple(_rows(statement, at)))


def filled(name: str, flow: Flow, dataset: str, at: At, through: str) -> Iterator[SchemaChange]:
    """What a flow into a field means: its values, a hash of them, or whole rows."""
    rows = [each for each in flow.clear if each.field == "*"]
    fields = tuple(each for each in flow.clear if each.field != "*")
    if fields:
        yield at.change(ChangeKind.FILL_FIELD, dataset, name, through=through, sources=fields)
    if flow.hashed:
        yield at.change(ChangeKind.HASH_FIELD, dataset, name, sources=flow.hashed)
    for each in rows:
        yield at.change(ChangeKind.COPY_ROWS, dataset, target=each.dataset, through=through)


def _rows(statement: exp.Expr, at: At) -> Iterator[SchemaChange]:
    if isinstance(statement, exp.Insert):
        yield from _insert(statement, at)
    elif isinstance(statement, exp.Update):
        yield from _update(statement, at)
    elif isinstance(statement, exp.Merge):
        yield from _merge(statement, at)
    elif isinstance(statement, exp.Delete) and isinstance(statement.this, exp.Table):
        yield at.change(ChangeKind.REMOVE_ROWS, at.table(statement.this), through="delete")
    elif isinstance(statement, exp.TruncateTable):
        for table in statement.expressions:
            if isinstance(table, exp.Table):
                yield at.change(ChangeKind.REMOVE_ROWS, at.table(table), through="delete")


def _insert(statement: exp.Insert, at: At) -> Iterator[SchemaChange]:
    target = statement.this
    table = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(table, exp.Table):
        return
    dataset = at.table(table)
    names = [at.name(each) for each in target.expressions] if isinstance(target, exp.Schema) else []
    source = statement.expression
    if isinstance(source, exp.Values):
        flows = [(at_place, each) for row in source.expressions for at_place, each in enumerate(row.expressions)]
        for place, value in flows:
            yield from filled(_named(names, place), flow_of(value, (), at.dialect), dataset, at, "insert")
    elif isinstance(source, exp.Query):
        for place, (_, flow) in enumerate(flows_of(_with(source, statement), at.dialect)):
            yield from filled(_named(names, place), flow, dataset, at, "insert")
    texts = texts_of(source)
    if texts:
        yield at.change(ChangeKind.LITERALS, dataset, texts=texts)


def _with(query: exp.Query, statement: exp.Expr) -> exp.Query:
    """A query with the CTEs that stand before its INSERT."""
    above = statement.args.get("with_") or statement.args.get("with")
    if above is not None and not query.args.get("with_") and not query.args.get("with"):
        query = query.copy()
        query.set("with_", above.copy())
    return query


def _named(names: list[str], place: int) -> str:
    return names[place] if place < len(names) else ""


def _update(statement: exp.Update, at: At) -> Iterator[SchemaChange]:
    if not isinstance(statement.this, exp.Table):
        return
    tables = [statement.this, *(each for each in tables_of(statement) if each is not statement.this)]
    known = {each.alias_or_name.lower(): at.table(each) for each in tables}
    dataset = at.table(statement.this)
    for each in statement.expressions:
        if isinstance(each, exp.EQ) and isinstance(each.this, exp.Column):
            target = known.get(each.this.table.lower(), dataset)
            yield from filled(
                at.name(each.this.this), flow_of(each.expression, tables, at.dialect), target, at, "update"
            )
    yield at.change(ChangeKind.REMOVE_ROWS, dataset, through="update")
    texts = texts_of(*statement.expressions)
    if texts:
        yield at.change(ChangeKind.LITERALS, dataset, texts=texts)


def _merge(statement: exp.Merge, at: At) -> Iterator[SchemaChange]:
    if not isinstance(statement.this, exp.Table):
        return
    dataset, tables = at.table(statement.this), tables_of(statement)
    for each in statement.find_all(exp.EQ):
        if isinstance(each.this, exp.Column) and each.find_ancestor(exp.When) and isinstance(each.parent, exp.Update):
            yield from filled(
                at.name(each.this.this), flow_of(each.expression, tables, at.dialect), dataset, at, "update"
            )
    for insert in statement.find_all(exp.Insert):
        names = [at.name(each.this) for each in insert.this.expressions] if isinstance(insert.this, exp.Tuple) else []
        values = insert.expression.expressions if isinstance(insert.expression, exp.Tuple) else []
        for place, value in enumerate(values):
            yield from filled(_named(names, place), flow_of(value, tables, at.dialect), dataset, at, "insert")
