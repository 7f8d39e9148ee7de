"""Reads one parsed SQL statement: which fields it makes or renames, and whether it can do more than was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlglot import exp

from governance.gate.changes import ChangeKind, Reading, SchemaChange, Unread
from governance.gate.reads.names import dataset_name, folded

_HARMLESS = (
    exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Query, exp.Drop, exp.Set, exp.Transaction, exp.Commit,
    exp.Rollback, exp.Grant, exp.Revoke, exp.Comment, exp.TruncateTable, exp.Pragma, exp.Use, exp.Copy, exp.Analyze,
    exp.Refresh, exp.Describe, exp.Show, exp.Kill, exp.LoadData,
)  # fmt: skip
"""Statements that make no field; what they do to rows and rights is another rule's matter."""
_HARMLESS_WORDS = frozenset(
    {
        "ANALYZE",
        "CHECKPOINT",
        "CLUSTER",
        "COMMENT",
        "DEALLOCATE",
        "DISCARD",
        "DROP",
        "EXPLAIN",
        "FLUSH",
        "GRANT",
        "LISTEN",
        "LOCK",
        "NOTIFY",
        "OPTIMIZE",
        "PRAGMA",
        "PREPARE",
        "REINDEX",
        "RELEASE",
        "RESET",
        "REVOKE",
        "SAVEPOINT",
        "SECURITY",
        "SET",
        "SHOW",
        "START",
        "TRUNCATE",
        "UNLOCK",
        "USE",
        "VACUUM",
    }
)
_HARMLESS_CREATE = frozenset({"INDEX", "SCHEMA", "DATABASE", "SEQUENCE", "TYPE", "DOMAIN", "EXTENSION", "ROLE", "USER"})
_BODIES = frozenset({"FUNCTION", "PROCEDURE", "TRIGGER"})
_HARMLESS_ACTIONS = (
    exp.Drop, exp.AddConstraint, exp.AlterColumn, exp.DropPartition, exp.AddPartition, exp.AlterSet, exp.Properties,
)  # fmt: skip


def read_statement(statement: exp.Expr, dialect: str, file: str, line: int) -> Reading:
    """What a statement does to the schema; nothing is assumed to be safe that is not listed here."""
    if isinstance(statement, exp.Create):
        return _read_create(statement, dialect, file, line)
    if isinstance(statement, exp.Alter):
        return _read_alter(statement, dialect, file, line)
    if isinstance(statement, exp.Query) and statement.find(exp.Into):
        return Reading(unread=(Unread(file, line, "select_into"),))
    if isinstance(statement, _HARMLESS):
        return Reading()
    if isinstance(statement, exp.Command):
        return _read_command(statement, file, line)
    return Reading(unread=(Unread(file, line, "statement", "?"),))


def column_changes(schema: exp.Expr, dataset: str, dialect: str, file: str, line: int) -> Iterator[SchemaChange]:
    """A change for each column that a list of definitions holds."""
    for part in schema.expressions:
        if isinstance(part, exp.ColumnDef):
            yield _added(part, dataset, dialect, file, line)
        elif isinstance(part, exp.Identifier):
            yield SchemaChange(ChangeKind.ADD_FIELD, dataset, _name(part, dialect), file, _line(part, line))


def table_name(table: exp.Table, dialect: str) -> str:
    """A table as policies name it."""
    schema = table.args.get("db")
    return dataset_name(_name(schema, dialect) if schema is not None else "", _name(table.this, dialect), dialect)


def _read_create(statement: exp.Create, dialect: str, file: str, line: int) -> Reading:
    kind = str(statement.kind or "").upper()
    if kind in _BODIES:
        return Reading(unread=(Unread(file, line, "body", kind, grave=False),))
    if kind in _HARMLESS_CREATE or _is_temporary(statement):
        return Reading()
    if kind not in ("TABLE", "VIEW"):
        return Reading(unread=(Unread(file, line, "statement", "CREATE"),))
    target = statement.this
    table = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(table, exp.Table):
        return Reading(unread=(Unread(file, line, "statement", f"CREATE {kind}"),))
    dataset = table_name(table, dialect)
    changes: list[SchemaChange] = []
    unread: list[Unread] = []
    if isinstance(target, exp.Schema):
        changes += column_changes(target, dataset, dialect, file, line)
        unread += [Unread(file, line, "copied_columns") for _ in target.find_all(exp.LikeProperty)]
    changes += _module_columns(statement, dataset, dialect, file, line)
    if isinstance(statement.expression, exp.Query) and not changes:
        selected = _selected(statement.expression, dataset, dialect, file, line)
        changes += selected
        if not selected:
            unread.append(Unread(file, line, "unnamed_columns"))
    if _inherits(statement):
        unread.append(Unread(file, line, "copied_columns"))
    return Reading(tuple(changes), tuple(unread))


def _read_alter(statement: exp.Alter, dialect: str, file: str, line: int) -> Reading:
    if str(statement.kind or "TABLE").upper() not in ("TABLE", "VIEW"):
        return Reading()
    if not isinstance(statement.this, exp.Table):
        return Reading(unread=(Unread(file, line, "statement", "ALTER"),))
    reading = Reading()
    for action in statement.args.get("actions") or ():
        reading += _read_action(action, statement.this, dialect, file, line)
    return reading


def _read_action(action: exp.Expr, table: exp.Table, dialect: str, file: str, line: int) -> Reading:
    """What one action of an ALTER TABLE does."""
    dataset = table_name(table, dialect)
    if isinstance(action, exp.ColumnDef):
        return Reading((_added(action, dataset, dialect, file, line),))
    if isinstance(action, exp.Schema):
        return Reading(tuple(column_changes(action, dataset, dialect, file, line)))
    if isinstance(action, exp.RenameColumn):
        change = _added(exp.ColumnDef(this=action.args["to"].this), dataset, dialect, file, line)
        former = _name(action.this.this, dialect)
        return Reading((replace(change, kind=ChangeKind.RENAME_FIELD, former=former),))
    if isinstance(action, exp.ModifyColumn):
        return _redefined(action, dataset, dialect, file, line)
    if isinstance(action, exp.AlterRename):
        new = table_name(_in_schema_of(action.this, table), dialect)
        return Reading((SchemaChange(ChangeKind.RENAME_DATASET, new, "", file, line, former=dataset),))
    return Reading() if isinstance(action, _HARMLESS_ACTIONS) else Reading(unread=(Unread(file, line, "alter_action"),))


def _redefined(action: exp.ModifyColumn, dataset: str, dialect: str, file: str, line: int) -> Reading:
    """MySQL's MODIFY and CHANGE: a renaming when the name is a new one, else no new field."""
    former = action.args.get("rename_from")
    change = _added(action.this, dataset, dialect, file, line)
    if former is None or _name(former, dialect) == change.field:
        return Reading()
    return Reading((replace(change, kind=ChangeKind.RENAME_FIELD, former=_name(former, dialect)),))


def _read_command(statement: exp.Command, file: str, line: int) -> Reading:
    word = str(statement.this).upper()
    rest = str(statement.expression.name if isinstance(statement.expression, exp.Expr) else statement.expression or "")
    second = next((each for each in rest.upper().split() if each not in ("OR", "REPLACE", "UNIQUE")), "")
    if word in _HARMLESS_WORDS or (word == "CREATE" and second in _HARMLESS_CREATE):
        return Reading()
    if word == "CREATE" and (second in _BODIES or " TRIGGER " in f" {rest.upper()} "[:80]):
        return Reading(unread=(Unread(file, line, "body", second if second in _BODIES else "TRIGGER", grave=False),))
    known = word if word in ("CREATE", "DO", "CALL", "RENAME", "EXECUTE") else "?"
    return Reading(unread=(Unread(file, line, "statement", known),))


def _added(column: exp.ColumnDef, dataset: str, dialect: str, file: str, line: int) -> SchemaChange:
    comment = next(
        (each.kind.this.name for each in column.constraints if isinstance(each.kind, exp.CommentColumnConstraint)), ""
    )
    kind = column.args.get("kind")
    return SchemaChange(
        ChangeKind.ADD_FIELD,
        dataset,
        _name(column.this, dialect),
        file,
        _line(column.this, line),
        native_type=kind.sql(dialect) if isinstance(kind, exp.Expr) else "",
        comment=comment,
    )


def _selected(query: exp.Query, dataset: str, dialect: str, file: str, line: int) -> list[SchemaChange]:
    """The columns of a query by name; none when one of them has no name of its own."""
    names = [(each.alias_or_name, each) for each in query.selects]
    if not names or any(name in ("", "*") or isinstance(each, exp.Star) or each.is_star for name, each in names):
        return []
    return [
        SchemaChange(ChangeKind.ADD_FIELD, dataset, folded(name, quoted=False, dialect=dialect), file, line)
        for name, _ in names
    ]


def _module_columns(statement: exp.Create, dataset: str, dialect: str, file: str, line: int) -> list[SchemaChange]:
    """The columns of a SQLite virtual table."""
    return [
        SchemaChange(ChangeKind.ADD_FIELD, dataset, _name(part, dialect), file, line)
        for module in statement.find_all(exp.ModuleProperty)
        for part in module.expressions
        if isinstance(part, exp.Identifier)
    ]


def _is_temporary(statement: exp.Create) -> bool:
    properties = statement.args.get("properties")
    return properties is not None and any(isinstance(each, exp.TemporaryProperty) for each in properties.expressions)


def _inherits(statement: exp.Create) -> bool:
    properties = statement.args.get("properties")
    kinds = (exp.InheritsProperty, exp.LikeProperty)
    return properties is not None and any(isinstance(each, kinds) for each in properties.expressions)


def _in_schema_of(table: exp.Table, old: exp.Table) -> exp.Table:
    """A new name without a schema stays in the schema of the old one."""
    return table if table.args.get("db") is not None else exp.Table(this=table.this, db=old.args.get("db"))


def _name(identifier: exp.Expr, dialect: str) -> str:
    quoted = bool(identifier.args.get("quoted"))
    return folded(identifier.name, quoted=quoted, dialect=dialect)


def _line(identifier: exp.Expr, first: int) -> int:
    """The line of an identifier in a statement that begins at `first`."""
    return first + int(identifier.meta.get("line", 1)) - 1
