"""Reads definitions of columns and constraints: of CREATE TABLE and of ALTER TABLE ... ADD."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from governance.gate.changes import ChangeKind, SchemaChange, Source
from governance.gate.reads.place import At
from governance.gate.reads.sql_flow import Flow, flow_of


def column_changes(parts: list[exp.Expr], dataset: str, at: At) -> Iterator[SchemaChange]:
    """A change for each column and each index or foreign key that a list of definitions holds."""
    for part in parts:
        if isinstance(part, exp.ColumnDef):
            yield from added(part, dataset, at)
        elif isinstance(part, exp.Identifier):
            yield at.change(ChangeKind.ADD_FIELD, dataset, at.name(part), line=at.line_of(part))
        elif isinstance(part, (exp.Constraint, exp.ForeignKey, exp.UniqueColumnConstraint, exp.IndexColumnConstraint)):
            yield from constraint_changes(part, dataset, at)


def added(column: exp.ColumnDef, dataset: str, at: At) -> Iterator[SchemaChange]:
    """A new column with what its own constraints add."""
    kinds = [each.kind for each in column.constraints]
    name, line = at.name(column.this), at.line_of(column.this)
    flow = _computed(kinds, dataset, at)
    kind = column.args.get("kind")
    default = next((each.this for each in kinds if isinstance(each, exp.DefaultColumnConstraint)), None)
    required = any(isinstance(each, exp.NotNullColumnConstraint) and not each.args.get("allow_null") for each in kinds)
    yield at.change(
        ChangeKind.ADD_FIELD,
        dataset,
        name,
        line=line,
        native_type=kind.sql(at.dialect) if isinstance(kind, exp.Expr) else "",
        comment=next((each.this.name for each in kinds if isinstance(each, exp.CommentColumnConstraint)), ""),
        required=required and default is None,
        through="generated" if flow.clear else "",
        sources=flow.clear,
    )
    if is_constant(default):
        yield at.change(ChangeKind.SET_DEFAULT, dataset, name, line=line, texts=texts_of(default))
    if flow.hashed:
        yield at.change(ChangeKind.HASH_FIELD, dataset, name, line=line, sources=flow.hashed)
    if any(isinstance(each, exp.UniqueColumnConstraint) for each in kinds):
        yield at.change(ChangeKind.ADD_INDEX, dataset, line=line, fields=(name,))
    for each in kinds:
        if isinstance(each, exp.Reference):
            yield _reference(each, dataset, (name,), at, "")


def constraint_changes(part: exp.Expr, dataset: str, at: At) -> Iterator[SchemaChange]:
    """The indexes and foreign keys of a constraint of the table."""
    named = at.name(part.this) if isinstance(part, exp.Constraint) else ""
    for each in part.find_all(exp.ForeignKey):
        target = each.args.get("reference")
        if isinstance(target, exp.Reference):
            yield _reference(target, dataset, tuple(at.name(name) for name in each.expressions), at, named)
    for unique in part.find_all(exp.UniqueColumnConstraint, exp.IndexColumnConstraint):
        holder = unique.this if isinstance(unique, exp.UniqueColumnConstraint) else unique
        fields = indexed(holder.expressions, at) if isinstance(holder, exp.Expr) else ()
        if fields:
            yield at.change(ChangeKind.ADD_INDEX, dataset, fields=fields)


def indexed(columns: list[exp.Expr], at: At) -> tuple[str, ...]:
    """The fields that an index is on; MySQL's `email(10)` looks like a call."""
    found: list[str] = []
    for each in columns:
        if isinstance(each, exp.Identifier):
            found.append(at.name(each))
        elif isinstance(each, exp.Expr):
            found += [at.name(column.this) for column in each.find_all(exp.Column) if not column.is_star]
            found += [call.name for call in each.find_all(exp.Anonymous) if not call.find(exp.Column)]
    return tuple(dict.fromkeys(found))


def is_constant(node: exp.Expr | None) -> bool:
    """Whether a default is a value that stands in the statement, other than NULL."""
    return node is not None and not isinstance(node, exp.Null) and node.find(exp.Literal) is not None


def texts_of(*nodes: exp.Expr | None) -> tuple[str, ...]:
    """The texts that stand in some expressions."""
    literals = (each for node in nodes if node is not None for each in node.find_all(exp.Literal))
    return tuple(each.name for each in literals if each.is_string)


def _computed(kinds: Sequence[exp.Expr], dataset: str, at: At) -> Flow:
    """What a generated column is made of; its own table alone."""
    clear: list[Source] = []
    hashed: list[Source] = []
    for each in kinds:
        computed = isinstance(each, (exp.ComputedColumnConstraint, exp.GeneratedAsRowColumnConstraint))
        if computed or (isinstance(each, exp.GeneratedAsIdentityColumnConstraint) and each.expression):
            made = each.this if computed else each.expression
            if isinstance(made, exp.Expr):
                flow = flow_of(made, [exp.to_table("x")], at.dialect)
                clear += [Source(dataset, source.field) for source in flow.clear]
                hashed += [Source(dataset, source.field) for source in flow.hashed]
    return Flow(tuple(clear), tuple(hashed))


def _reference(reference: exp.Reference, dataset: str, fields: tuple[str, ...], at: At, name: str) -> SchemaChange:
    table = reference.find(exp.Table)
    target = at.table(table) if table is not None else ""
    return at.change(ChangeKind.ADD_REFERENCE, dataset, fields=fields, target=target, name=name)
