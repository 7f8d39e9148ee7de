"""Reads SQLAlchemy models from their syntax tree: declarative classes, mixins of the same file, `Table(...)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from governance.gate.changes import Reading, SchemaChange, Unread
from governance.gate.reads.alembic_columns import Column, column_changes, columns_of, constraints_of, type_text
from governance.gate.reads.names import dataset_name
from governance.gate.reads.place import At
from governance.gate.reads.python_modules import parse_python
from governance.gate.reads.python_values import Scope, called, keyword, text_of

_COLUMNS = frozenset({"Column", "mapped_column"})
_DEEPEST = 10


def read_models(text: str, file: str, around: Sequence[Path] = ()) -> Reading:
    """The tables that a module of models describes; bases of other files are looked up in those of `around`."""
    tree = parse_python(text)
    if tree is None:
        return Reading(unread=(Unread(file, 1, "no_python"),))
    scope: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            scope[node.targets[0].id] = node.value
    classes = {each.name: each for each in _classes(around)}
    own = {each.name: each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}
    reader = _Reader(At("postgres", file, 1), scope, {**classes, **own})
    changes = [one for each in own.values() for one in reader.model(each)]
    changes += [one for each in ast.walk(tree) if isinstance(each, ast.Call) for one in reader.table(each)]
    unread = [] if reader.plain(tree) else [Unread(file, 1, "not_plain", "Table")]
    return Reading(tuple(changes), tuple(unread), len(own))


@dataclass(frozen=True)
class _Reader:
    at: At
    scope: Scope
    classes: dict[str, ast.ClassDef]

    def model(self, node: ast.ClassDef) -> Iterator[SchemaChange]:
        """The columns of a declarative class, those of its mixins first."""
        table = self._text(node, "__tablename__")
        if table is None:
            return
        dataset = dataset_name(_schema_of(node, self.scope), table, self.at.dialect)
        for column in self._columns(node, 0).values():
            yield from column_changes(column, dataset, self.at, self.scope)
        args = next((value for name, value in _assigned(node) if name == "__table_args__"), None)
        if isinstance(args, (ast.Tuple, ast.List)):
            yield from constraints_of(args.elts, dataset, self.at, self.scope)

    def table(self, call: ast.Call) -> Iterator[SchemaChange]:
        """The columns of a `Table("name", metadata, ...)`."""
        if called(call) != "Table" or len(call.args) < 2:
            return
        name = text_of(call.args[0], self.scope)
        if name is None:
            return
        dataset = dataset_name(text_of(keyword(call, "schema"), self.scope) or "", name, self.at.dialect)
        columns, _ = columns_of(call.args[2:], self.scope)
        for column in columns:
            yield from column_changes(column, dataset, self.at, self.scope)
        yield from constraints_of(call.args[2:], dataset, self.at, self.scope)

    def plain(self, tree: ast.Module) -> bool:
        """Whether the name of every `Table(...)` with columns stands in the file."""
        calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and called(each) == "Table"]
        return all(text_of(each.args[0], self.scope) is not None for each in calls if len(each.args) > 2)

    def _columns(self, node: ast.ClassDef, depth: int) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for base in reversed(node.bases):
            name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
            parent = self.classes.get(name)
            if (
                parent is not None
                and parent is not node
                and depth < _DEEPEST
                and not self._text(parent, "__tablename__")
            ):
                found |= self._columns(parent, depth + 1)
        for name, annotation, value in _members(node):
            column = self._column(name, annotation, value)
            if column is not None:
                found[name] = column
        return found

    def _column(self, name: str, annotation: ast.expr | None, value: ast.expr | None) -> Column | None:
        line = value.lineno if value is not None else annotation.lineno if annotation is not None else 1
        if isinstance(value, ast.Call) and called(value) in _COLUMNS:
            named = text_of(value.args[0], self.scope) if value.args else None
            native = type_text(value, self.scope, named=named is not None) or _inner(annotation)
            comment = text_of(keyword(value, "comment"), self.scope) or ""
            return Column(named or name, native, comment, line, _required(value, annotation))
        if value is None and annotation is not None and _is_mapped(annotation):
            return Column(name, _inner(annotation), "", line, _required(ast.Call(annotation, [], []), annotation))
        return None

    def _text(self, node: ast.ClassDef, wanted: str) -> str | None:
        return next((text_of(value, self.scope) for name, value in _assigned(node) if name == wanted), None)


def _classes(around: Sequence[Path]) -> Iterator[ast.ClassDef]:
    """The classes of other files, for mixins; those that cannot be read are reported where they are judged."""
    for path in around:
        if path.suffix == ".py":
            try:
                tree = parse_python(path.read_text(encoding="utf-8-sig"))
            except (OSError, UnicodeDecodeError):
                continue
            yield from (each for each in (tree.body if tree is not None else ()) if isinstance(each, ast.ClassDef))


def _assigned(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for name, _, value in _members(node):
        if value is not None:
            yield name, value


def _members(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    for each in node.body:
        if isinstance(each, ast.Assign):
            yield from ((target.id, None, each.value) for target in each.targets if isinstance(target, ast.Name))
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield each.target.id, each.annotation, each.value
        elif isinstance(each, ast.FunctionDef) and any(_is_declared(one) for one in each.decorator_list):
            made = next((one.value for one in each.body if isinstance(one, ast.Return)), None)
            yield each.name, each.returns, made


def _is_declared(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "declared_attr"


def _schema_of(node: ast.ClassDef, scope: Scope) -> str:
    args = next((value for name, value in _assigned(node) if name == "__table_args__"), None)
    if isinstance(args, (ast.Tuple, ast.List)) and args.elts:
        args = args.elts[-1]
    if not isinstance(args, ast.Dict):
        return ""
    pairs = zip(args.keys, args.values, strict=True)
    found = (text_of(value, scope) for key, value in pairs if isinstance(key, ast.Constant) and key.value == "schema")
    return next(found, None) or ""


def _is_mapped(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("Mapped") and not _is_relation(node)


def _is_relation(node: ast.Subscript) -> bool:
    inner = ast.unparse(node.slice)
    return inner.startswith(("list[", "List[", "set[", "'", '"', "dict[")) or inner[:1] in "[("


def _inner(annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Subscript):
        return ast.unparse(annotation.slice).replace(" | None", "").removeprefix("Optional[").removesuffix("]")
    return ""


def _required(call: ast.Call, annotation: ast.expr | None) -> ast.Call:
    """The call with `nullable=False` where `Mapped[str]` says so."""
    said = keyword(call, "nullable") is not None
    inner = ast.unparse(annotation.slice) if isinstance(annotation, ast.Subscript) and _is_mapped(annotation) else ""
    if said or not inner or "None" in inner or "Optional" in inner:
        return call
    extra = ast.keyword("nullable", ast.Constant(value=False))
    return ast.Call(call.func, call.args, [*call.keywords, extra])
