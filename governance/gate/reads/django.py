"""Reads Django migrations from their syntax tree: `operations` of a class `Migration`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from governance.gate.changes import ChangeKind, Reading, SchemaChange
from governance.gate.reads.place import At
from governance.gate.reads.python_values import argument, called, items_of, keyword, text_of
from governance.gate.reads.sql import read_sql

_TYPES = {
    "BooleanField": "boolean", "NullBooleanField": "boolean", "DateField": "date", "DateTimeField": "datetime",
    "TimeField": "time", "BinaryField": "blob",
}  # fmt: skip
_RELATIONS = frozenset({"ForeignKey", "OneToOneField"})
_HARMLESS = frozenset(
    [
        "AddConstraint", "AlterIndexTogether", "AlterModelManagers", "AlterModelOptions", "AlterModelTable",
        "AlterModelTableComment", "AlterOrderWithRespectTo", "AlterUniqueTogether", "RemoveConstraint", "RemoveIndex",
        "RenameIndex", "CreateExtension", "TrigramExtension", "UnaccentExtension", "HStoreExtension",
    ]
)  # fmt: skip


def is_django(tree: ast.Module) -> bool:
    """Whether a module is a Django migration."""
    return _migration(tree) is not None


def read_django(tree: ast.Module, file: str, dialects: Sequence[str]) -> Reading:
    """What the operations of a migration do. The table of a model is `app_model`, by the migration's folder."""
    migration = _migration(tree)
    if migration is None:
        return Reading()
    parts = file.split("/")
    app = parts[-3] if len(parts) > 2 and parts[-2] == "migrations" else ""
    reader = _Reader(At(dialects[0], file, migration.lineno), app, tuple(dialects))
    listed = next(_assigned(migration, "operations"), None)
    if listed is None:
        return Reading()
    operations = items_of(listed, {})
    if operations is None:
        return reader.at.unread("not_plain", "operations")
    reading = Reading()
    for each in operations:
        reading += reader.operation(each)
    return reading


@dataclass(frozen=True)
class _Reader:
    at: At
    app: str
    dialects: tuple[str, ...]

    def operation(self, node: ast.expr) -> Reading:
        at = At(self.at.dialect, self.at.file, node.lineno)
        if not isinstance(node, ast.Call):
            return at.unread("operation")
        readers: Mapping[str, Callable[[ast.Call, At], Reading]] = {
            "CreateModel": self._create, "AddField": self._add, "AlterField": self._alter, "RemoveField": self._remove,
            "RenameField": self._rename_field, "RenameModel": self._rename_model, "DeleteModel": self._delete,
            "RunSQL": self._sql, "AddIndex": self._index, "SeparateDatabaseAndState": self._separate,
        }  # fmt: skip
        name = called(node)
        if name == "RunPython":
            found = at.unread("body", "RunPython", grave=False)
        elif name in readers:
            found = readers[name](node, at)
        else:
            found = Reading() if name in _HARMLESS else at.unread("operation")
        return found + Reading(statements=1)

    def _table(self, model: str | None) -> str | None:
        return f"{self.app}_{model.lower()}" if model is not None and self.app else model.lower() if model else None

    def _create(self, node: ast.Call, at: At) -> Reading:
        options = keyword(node, "options")
        table = self._table(text_of(argument(node, 0, "name"), {}))
        named = _entry(options, "db_table")
        table = named if named is not None else table
        listed = argument(node, 1, "fields")
        fields = items_of(listed, {}) if listed is not None else None
        if table is None or fields is None:
            return at.unread("not_plain", "CreateModel")
        reading = Reading()
        for each in fields:
            pair = items_of(each, {})
            name = text_of(pair[0], {}) if pair else None
            reading += self._field(table, name, pair[1] if pair and len(pair) == 2 else None, at)
        return reading

    def _add(self, node: ast.Call, at: At) -> Reading:
        table, name = self._names(node)
        if table is None:
            return at.unread("not_plain", "AddField")
        return self._field(table, name, argument(node, 2, "field"), at)

    def _field(self, table: str, name: str | None, made: ast.expr | None, at: At) -> Reading:
        if name is None or not isinstance(made, ast.Call):
            return at.unread("not_plain", "field")
        kind = called(made)
        if kind == "ManyToManyField":
            return Reading()
        place = At(at.dialect, at.file, made.lineno)
        column = text_of(keyword(made, "db_column"), {}) or (f"{name}_id" if kind in _RELATIONS else name)
        words = [text_of(keyword(made, each), {}) for each in ("db_comment", "help_text", "verbose_name")]
        nullable = isinstance(null := keyword(made, "null"), ast.Constant) and null.value is True
        changes: list[SchemaChange] = [
            place.change(
                ChangeKind.ADD_FIELD,
                table,
                column,
                native_type=_TYPES.get(kind, kind),
                comment=" ".join(each for each in words if each),
                required=not nullable and keyword(made, "default") is None and "AutoField" not in kind,
            )
        ]
        if any(_true(keyword(made, each)) for each in ("db_index", "unique")):
            changes.append(place.change(ChangeKind.ADD_INDEX, table, fields=(column,)))
        if kind in _RELATIONS:
            target = text_of(argument(made, 0, "to"), {}) or ""
            to = target.replace(".", "_").lower()
            changes.append(place.change(ChangeKind.ADD_REFERENCE, table, fields=(column,), target=to))
        return Reading(tuple(changes))

    def _alter(self, node: ast.Call, at: At) -> Reading:
        table, name = self._names(node)
        made = argument(node, 2, "field")
        if table is None or name is None or not isinstance(made, ast.Call):
            return at.unread("not_plain", "AlterField")
        kind = called(made)
        column = text_of(keyword(made, "db_column"), {}) or (f"{name}_id" if kind in _RELATIONS else name)
        altered = at.said(ChangeKind.RETYPE_FIELD, table, column, native_type=_TYPES.get(kind, kind))
        return altered if column == name else self._gone(table, name, at) + altered

    def _remove(self, node: ast.Call, at: At) -> Reading:
        table, name = self._names(node)
        if table is None or name is None:
            return at.unread("not_plain", "RemoveField")
        return at.said(ChangeKind.DROP_FIELD, table, name) + self._gone(table, f"{name}_id", at)

    def _gone(self, table: str, column: str, at: At) -> Reading:
        """A column that the operation takes away if it is there: the file does not tell what the field was before."""
        return at.said(ChangeKind.DROP_FIELD, table, column, certain=False)

    def _rename_field(self, node: ast.Call, at: At) -> Reading:
        table = self._table(text_of(argument(node, 0, "model_name"), {}))
        old, new = text_of(argument(node, 1, "old_name"), {}), text_of(argument(node, 2, "new_name"), {})
        if table is None or old is None or new is None:
            return at.unread("not_plain", "rename")
        return at.said(ChangeKind.RENAME_FIELD, table, new, former=old) + self._gone(table, f"{old}_id", at)

    def _rename_model(self, node: ast.Call, at: At) -> Reading:
        old, new = (self._table(text_of(argument(node, place, name), {})) for place, name in
                    ((0, "old_name"), (1, "new_name")))  # fmt: skip
        if old is None or new is None:
            return at.unread("not_plain", "rename")
        return at.said(ChangeKind.RENAME_DATASET, new, former=old)

    def _delete(self, node: ast.Call, at: At) -> Reading:
        table = self._table(text_of(argument(node, 0, "name"), {}))
        return at.said(ChangeKind.DROP_DATASET, table, through="table") if table is not None else Reading()

    def _index(self, node: ast.Call, at: At) -> Reading:
        table, index = self._table(text_of(argument(node, 0, "model_name"), {})), argument(node, 1, "index")
        listed = keyword(index, "fields") if isinstance(index, ast.Call) else None
        fields = tuple(text for each in (items_of(listed, {}) if listed else None) or () if (text := text_of(each, {})))
        return at.said(ChangeKind.ADD_INDEX, table, fields=fields) if table is not None and fields else Reading()

    def _sql(self, node: ast.Call, at: At) -> Reading:
        sql = argument(node, 0, "sql")
        if sql is None:
            return Reading()
        parts = items_of(sql, {})
        reading = Reading()
        for each in parts if parts is not None else [sql]:
            text = text_of(each, {})
            reading += (
                at.unread("composed_sql") if text is None else read_sql(text, at.file, self.dialects, each.lineno)
            )
        return reading

    def _separate(self, node: ast.Call, at: At) -> Reading:
        listed = keyword(node, "database_operations")
        operations = items_of(listed, {}) if listed is not None else ()
        if operations is None:
            return at.unread("not_plain", "operations")
        reading = Reading()
        for each in operations:
            reading += self.operation(each)
        return reading

    def _names(self, node: ast.Call) -> tuple[str | None, str | None]:
        return self._table(text_of(argument(node, 0, "model_name"), {})), text_of(argument(node, 1, "name"), {})


def _migration(tree: ast.Module) -> ast.ClassDef | None:
    classes = (each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == "Migration")
    return next(classes, None)


def _assigned(node: ast.ClassDef, name: str) -> Iterator[ast.expr]:
    for each in node.body:
        if isinstance(each, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in each.targets):
            yield each.value


def _entry(node: ast.expr | None, key: str) -> str | None:
    if not isinstance(node, ast.Dict):
        return None
    pairs = zip(node.keys, node.values, strict=True)
    return next((text_of(v, {}) for k, v in pairs if isinstance(k, ast.Constant) and k.value == key), None)


def _true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
