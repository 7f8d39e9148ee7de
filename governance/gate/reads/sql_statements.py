"""Reads one parsed SQL statement: what it does to the schema, and whether it can do more than was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from governance.gate.changes import ChangeKind, Reading, SchemaChange
from governance.gate.reads.names import folded
from governance.gate.reads.place import At
from governance.gate.reads.sql_columns import added, column_changes, constraint_changes, indexed, is_constant, texts_of
from governance.gate.reads.sql_flow import flows_of
from governance.gate.reads.sql_rows import read_rows

_ROWS = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable)
_HARMLESS = (
    exp.Set, exp.Transaction, exp.Commit, exp.Rollback, exp.Grant, exp.Revoke, exp.Comment, exp.Pragma,
    exp.Use, exp.Copy, exp.Analyze, exp.Refresh, exp.Describe, exp.Show, exp.Kill, exp.LoadData, exp.EndStatement,
)  # fmt: skip
"""Statements that make no field."""
_HARMLESS_WORDS = frozenset(
    [
        "ANALYZE", "CHECKPOINT", "CLUSTER", "COMMENT", "DEALLOCATE", "DISCARD", "DROP", "EXPLAIN", "FLUSH", "GRANT",
        "LISTEN", "LOCK", "NOTIFY", "OPTIMIZE", "PRAGMA", "PREPARE", "REINDEX", "RELEASE", "RESET", "REVOKE",
        "SAVEPOINT", "SECURITY", "SET", "SHOW", "START", "TRUNCATE", "UNLOCK", "USE", "VACUUM",
    ]
)  # fmt: skip
_HARMLESS_CREATE = frozenset(
    ["INDEX", "SCHEMA", "DATABASE", "SEQUENCE", "TYPE", "DOMAIN", "EXTENSION", "ROLE", "USER", "POLICY"]
)
_HARMLESS_ACTIONS = (exp.DropPartition, exp.AddPartition, exp.AlterSet, exp.Properties)


def read_statement(statement: exp.Expr, at: At) -> Reading:
    """What a statement does to the schema; nothing is assumed to be safe that is not listed here."""
    if isinstance(statement, exp.Create):
        return _read_create(statement, at)
    if isinstance(statement, exp.Alter):
        return _read_alter(statement, at)
    if isinstance(statement, exp.Drop):
        return Reading(tuple(_dropped(statement, at)))
    if isinstance(statement, exp.Query) and statement.find(exp.Into):
        return _read_into(statement, at)
    if isinstance(statement, _ROWS):
        return read_rows(statement, at)
    if isinstance(statement, exp.Query):
        return Reading(tuple(_shown(statement, at)))
    if isinstance(statement, _HARMLESS):
        return Reading()
    if isinstance(statement, exp.Command):
        return _read_command(statement, at)
    return at.unread("statement", "?")


def selected(query: exp.Query, dataset: str, at: At, through: str) -> Reading:
    """The columns that a view or table takes over from a query."""
    reading = Reading()
    for name, flow in flows_of(query, at.dialect):
        rows = [each.dataset for each in flow.clear if each.field == "*"]
        if name == "*" and rows:
            for target in rows:
                reading += at.said(ChangeKind.ADD_FIELDS_OF, dataset, target=target, through=through)
            continue
        if name in ("", "*"):
            reading += at.unread("unnamed_columns")
            continue
        field = folded(name, quoted=False, dialect=at.dialect)
        reading += at.said(ChangeKind.ADD_FIELD, dataset, field, through=through, sources=flow.clear)
        if flow.hashed:
            reading += at.said(ChangeKind.HASH_FIELD, dataset, field, sources=flow.hashed)
    return reading if reading.changes or reading.unread else at.unread("unnamed_columns")


def _read_create(statement: exp.Create, at: At) -> Reading:
    kind = str(statement.kind or "").upper()
    if kind == "INDEX":
        return _read_index(statement, at)
    if kind in _HARMLESS_CREATE or _has(statement, exp.TemporaryProperty):
        return Reading()
    target = statement.this
    table = target.this if isinstance(target, exp.Schema) else target
    if kind not in ("TABLE", "VIEW") or not isinstance(table, exp.Table):
        return at.unread("statement", "CREATE" if kind not in ("TABLE", "VIEW") else f"CREATE {kind}")
    return _made(statement, at.table(table), at, kind)


def _made(statement: exp.Create, dataset: str, at: At, kind: str) -> Reading:
    """What a CREATE TABLE or CREATE VIEW makes."""
    through = "table_as"
    if kind == "VIEW":
        through = "materialized_view" if _has(statement, exp.MaterializedProperty) else "view"
    reading = Reading()
    parts = statement.this.expressions if isinstance(statement.this, exp.Schema) else []
    reading += Reading(tuple(column_changes(parts, dataset, at)) + tuple(_module_columns(statement, dataset, at)))
    if isinstance(statement.expression, exp.Query):
        taken = selected(statement.expression, dataset, at, through)
        reading = _renamed_columns(reading, taken) if reading.changes else taken
    for each in _copied(statement):
        reading += at.said(ChangeKind.ADD_FIELDS_OF, dataset, target=at.table(each), through="like")
    return reading


def _renamed_columns(listed: Reading, taken: Reading) -> Reading:
    """The columns of a view that names them itself, with where their values come from."""
    changes = list(listed.changes)
    plain = [each for each in taken.changes if each.kind is ChangeKind.ADD_FIELD]
    same = len(plain) == len(changes) and not taken.unread
    for place, each in enumerate(changes):
        source = plain[place] if same else None
        through = next((one.through for one in taken.changes), "view")
        sources = source.sources if source else tuple(part for one in plain for part in one.sources)
        changes[place] = replace(each, through=through, sources=sources)
    rest = [each for each in taken.changes if each.kind is ChangeKind.ADD_FIELDS_OF]
    shown = [replace(each, kind=ChangeKind.COPY_ROWS) for each in rest]
    return Reading((*changes, *shown))


def _copied(statement: exp.Create) -> Iterator[exp.Table]:
    for each in statement.find_all(exp.LikeProperty, exp.InheritsProperty):
        found = each.expressions if isinstance(each, exp.InheritsProperty) else [each.this]
        yield from (table for table in found if isinstance(table, exp.Table))


def _read_into(statement: exp.Query, at: At) -> Reading:
    into = statement.find(exp.Into)
    if into is None or not isinstance(into.this, exp.Table):
        return at.unread("select_into")
    dataset = at.table(into.this)
    query = statement.copy()
    query.set("into", None)
    return selected(query, dataset, at, "select_into")


def _shown(query: exp.Query, at: At) -> Iterator[SchemaChange]:
    """What a query gives out: nothing in a migration, but a function may consist of it."""
    for _, flow in flows_of(query, at.dialect):
        if flow.clear:
            yield at.change(ChangeKind.SHOW_FIELD, "", sources=flow.clear)


def _read_index(statement: exp.Create, at: At) -> Reading:
    index = statement.this
    table = index.args.get("table") if isinstance(index, exp.Index) else None
    if not isinstance(table, exp.Table):
        return Reading()
    params = index.args.get("params")
    columns = params.args.get("columns") or [] if params is not None else []
    fields = indexed(columns, at)
    return at.said(ChangeKind.ADD_INDEX, at.table(table), fields=fields) if fields else Reading()


def _read_alter(statement: exp.Alter, at: At) -> Reading:
    if str(statement.kind or "TABLE").upper() not in ("TABLE", "VIEW"):
        return Reading()
    if not isinstance(statement.this, exp.Table):
        return at.unread("statement", "ALTER")
    reading = Reading()
    for action in statement.args.get("actions") or ():
        reading += _read_action(action, statement.this, at)
    return reading


def _read_action(action: exp.Expr, table: exp.Table, at: At) -> Reading:
    """What one action of an ALTER TABLE does."""
    dataset = at.table(table)
    if isinstance(action, exp.ColumnDef):
        return Reading(tuple(added(action, dataset, at)))
    if isinstance(action, exp.Schema):
        return Reading(tuple(column_changes(action.expressions, dataset, at)))
    if isinstance(action, exp.RenameColumn):
        new, former = action.args["to"].this, at.name(action.this.this)
        line = at.line_of(new)
        return at.said(ChangeKind.RENAME_FIELD, dataset, at.name(new), former=former, line=line)
    if isinstance(action, exp.ModifyColumn):
        return _redefined(action, dataset, at)
    if isinstance(action, exp.AlterRename):
        new = action.this
        new = new if new.args.get("db") is not None else exp.Table(this=new.this, db=table.args.get("db"))
        return at.said(ChangeKind.RENAME_DATASET, at.table(new), former=dataset)
    if isinstance(action, exp.AlterColumn):
        return Reading(tuple(_altered(action, dataset, at)))
    if isinstance(action, exp.AddConstraint):
        return Reading(tuple(each for part in action.expressions for each in constraint_changes(part, dataset, at)))
    if isinstance(action, exp.Drop):
        return Reading(tuple(_dropped_part(action, dataset, at)))
    return Reading() if isinstance(action, _HARMLESS_ACTIONS) else at.unread("alter_action")


def _altered(action: exp.AlterColumn, dataset: str, at: At) -> Iterator[SchemaChange]:
    name = at.name(action.this)
    kind, default = action.args.get("dtype"), action.args.get("default")
    if isinstance(kind, exp.Expr):
        yield at.change(ChangeKind.RETYPE_FIELD, dataset, name, native_type=kind.sql(at.dialect))
    if is_constant(default):
        yield at.change(ChangeKind.SET_DEFAULT, dataset, name, texts=texts_of(default))


def _redefined(action: exp.ModifyColumn, dataset: str, at: At) -> Reading:
    """MySQL's MODIFY and CHANGE: a new type, and a renaming when the name is a new one."""
    former = action.args.get("rename_from")
    first, *rest = added(action.this, dataset, at)
    changes = [replace(first, kind=ChangeKind.RETYPE_FIELD)]
    if former is not None and at.name(former) != first.field:
        changes.insert(0, replace(first, kind=ChangeKind.RENAME_FIELD, former=at.name(former)))
    return Reading((*changes, *rest))


def _dropped(statement: exp.Drop, at: At) -> Iterator[SchemaChange]:
    kind = str(statement.args.get("kind") or "").upper()
    if kind in ("TABLE", "VIEW"):
        for each in statement.args.get("tables") or [statement.this]:
            if isinstance(each, exp.Table):
                yield at.change(ChangeKind.DROP_DATASET, at.table(each), through=kind.lower())


def _dropped_part(action: exp.Drop, dataset: str, at: At) -> Iterator[SchemaChange]:
    kind = str(action.args.get("kind") or "COLUMN").upper()
    kinds = {
        "COLUMN": ChangeKind.DROP_FIELD,
        "FOREIGN KEY": ChangeKind.DROP_REFERENCE,
        "CONSTRAINT": ChangeKind.DROP_CONSTRAINT,
    }
    for each in action.args.get("tables") or [action.this]:
        if kind in kinds and isinstance(each, exp.Expr):
            name = at.name(each.this) if isinstance(each.this, exp.Expr) else each.name
            field = name if kind == "COLUMN" else ""
            yield at.change(kinds[kind], dataset, field, name="" if field else name)


def _read_command(statement: exp.Command, at: At) -> Reading:
    word = str(statement.this).upper()
    rest = str(statement.expression.name if isinstance(statement.expression, exp.Expr) else statement.expression or "")
    second = next((each for each in rest.upper().split() if each not in ("OR", "REPLACE", "UNIQUE")), "")
    if word in _HARMLESS_WORDS or (word == "CREATE" and second in _HARMLESS_CREATE):
        return Reading()
    known = word if word in ("CREATE", "DO", "CALL", "RENAME", "EXECUTE") else "?"
    return at.unread("statement", known)


def _module_columns(statement: exp.Create, dataset: str, at: At) -> Iterator[SchemaChange]:
    """The columns of a SQLite virtual table."""
    for module in statement.find_all(exp.ModuleProperty):
        for part in module.expressions:
            if isinstance(part, exp.Identifier):
                yield at.change(ChangeKind.ADD_FIELD, dataset, at.name(part))


def _has(statement: exp.Create, kind: type[exp.Property]) -> bool:
    properties = statement.args.get("properties")
    return properties is not None and any(isinstance(each, kind) for each in properties.expressions)
