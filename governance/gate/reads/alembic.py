"""Reads Alembic revisions from their syntax tree; nothing of them is imported or run.

What `upgrade()` does is followed through loops over literal lists, both branches of every `if`, batch blocks and
functions of the same file. A call that it cannot follow is said to be so.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from governance.gate.changes import Reading, SchemaChange, Unread
from governance.gate.reads.alembic_columns import column_changes, columns_of
from governance.gate.reads.alembic_names import HARMLESS_CALLS, imports_of, is_harmless_module
from governance.gate.reads.alembic_ops import Operation, read_operation
from governance.gate.reads.place import At
from governance.gate.reads.python_modules import Found, Modules
from governance.gate.reads.python_values import (
    Scope,
    argument,
    beginning_of,
    called,
    items_of,
    keyword,
    owner,
    resolved,
    text_of,
)
from governance.gate.reads.sql import read_sql

_ROWS_ONLY = ("SELECT", "INSERT", "UPDATE", "DELETE", "SET", "DROP", "TRUNCATE", "WITH", "PRAGMA", "LOCK", "ANALYZE")
_BUILDERS = frozenset({"select", "insert", "update", "delete", "values", "where", "filter", "returning", "join"})
_DEEPEST = 8


def is_revision(tree: ast.Module) -> bool:
    """Whether a module is an Alembic revision: it names its place in the chain, or upgrades by Alembic's operations."""
    assigned = (node for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)))
    stores = (name for node in assigned for name in ast.walk(node) if isinstance(name, ast.Name))
    names = {name.id for name in stores if isinstance(name.ctx, ast.Store)}
    upgrades = any(isinstance(node, ast.FunctionDef) and node.name == "upgrade" for node in tree.body)
    return {"revision", "down_revision"} <= names or (upgrades and "alembic.op" in imports_of(tree).values())


def read_revision(tree: ast.Module, file: str, dialects: Sequence[str], modules: Modules | None = None) -> Reading:
    """What the `upgrade()` of a revision does to the schema; `modules` are the other files of its repository."""
    reader = _Reader(file, tuple(dialects), tree, modules=modules or Modules())
    upgrade = reader.functions.get("upgrade")
    if upgrade is None:
        return Reading(unread=(Unread(file, 1, "no_upgrade"),))
    reader.walk(upgrade.body, dict(reader.constants), 0)
    return Reading(tuple(reader.changes), tuple(reader.unread), reader.statements)


@dataclass
class _Reader:
    """One pass over a revision. `batches` maps the name of a batch block to its table while the block is open."""

    file: str
    dialects: tuple[str, ...]
    tree: ast.Module
    functions: dict[str, ast.FunctionDef] = field(init=False)
    constants: dict[str, ast.expr] = field(init=False)
    imports: Mapping[str, str] = field(init=False)
    batches: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    changes: list[SchemaChange] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    statements: int = 0
    doubts: int = 0
    modules: Modules = field(default_factory=Modules)

    def __post_init__(self) -> None:
        self.functions = {each.name: each for each in self.tree.body if isinstance(each, ast.FunctionDef)}
        self.constants = {}
        self.imports = imports_of(self.tree)
        for node in self.tree.body:
            _assign(node, self.constants)

    def walk(self, body: Sequence[ast.stmt], scope: dict[str, ast.expr], depth: int) -> None:
        for node in body:
            _assign(node, scope)
            if isinstance(node, (ast.For, ast.AsyncFor)):
                self._loop(node, scope, depth)
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                self._block(node, scope, depth)
            elif isinstance(node, (ast.If, ast.While, ast.Try)):
                self._calls([each for each in (getattr(node, "test", None),) if each is not None], scope, depth)
                self.doubts += 1
                for part in ("body", "handlers", "orelse", "finalbody"):
                    for each in getattr(node, part, []):
                        self.walk(each.body if isinstance(each, ast.ExceptHandler) else [each], scope, depth)
                self.doubts -= 1
            elif not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
                self._calls([node], scope, depth)

    def _loop(self, node: ast.For | ast.AsyncFor, scope: dict[str, ast.expr], depth: int) -> None:
        self._calls([node.iter], scope, depth)
        items = items_of(node.iter, scope)
        for item in items if items is not None and len(items) <= 200 else [None]:
            inner = dict(scope)
            _bind(node.target, item, inner)
            self.walk(node.body, inner, depth)
        self.walk(node.orelse, scope, depth)

    def _block(self, node: ast.With | ast.AsyncWith, scope: dict[str, ast.expr], depth: int) -> None:
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and called(call) == "batch_alter_table" and self._is_op(call):
                table = text_of(argument(call, 0, "table_name"), scope)
                schema = text_of(keyword(call, "schema"), scope) or ""
                if isinstance(item.optional_vars, ast.Name):
                    self.batches[item.optional_vars.id] = (schema, table) if table is not None else None
            else:
                self._calls([call], scope, depth)
        self.walk(node.body, scope, depth)

    def _calls(self, nodes: Sequence[ast.AST], scope: dict[str, ast.expr], depth: int) -> None:
        """Look at each call, outermost first; what an operation takes as arguments is the operation's own matter."""
        for node in nodes:
            if isinstance(node, ast.Call) and self._call(node, scope, depth):
                continue
            self._calls(list(ast.iter_child_nodes(node)), scope, depth)

    def _call(self, call: ast.Call, scope: dict[str, ast.expr], depth: int) -> bool:
        """Read one call; gives whether its arguments are dealt with."""
        name = called(call)
        if (self._is_op(call) or owner(call) in self.batches) and name != "execute":
            self.statements += 1
            self._operation(name, call, scope)
            return True
        if name == "execute" and isinstance(call.func, ast.Attribute):
            self.statements += 1
            self._execute(call, scope)
            return True
        if isinstance(call.func, ast.Name):
            self._function(call, scope, depth)
        elif name in ("create_all", "create") and not self._makes_type(call, scope):
            self._say(call, "model_tables")
        return name.endswith("Column")

    def _operation(self, name: str, call: ast.Call, scope: Scope) -> None:
        in_batch = owner(call) in self.batches
        at = At(self.dialects[0], self.file, call.lineno)
        self._note(read_operation(name, Operation(call, scope, at, self.batches.get(owner(call)), in_batch)))

    def _execute(self, call: ast.Call, scope: Scope) -> None:
        node = argument(call, 0, "sqltext")
        text = text_of(node, scope) if node is not None else None
        if node is None:
            return
        if text is not None:
            reading = read_sql(text, self.file, self.dialects, first_line=node.lineno)
            self._note(reading)
            return
        if beginning_of(node, scope).lstrip().upper().startswith(_ROWS_ONLY) or _builds_rows(node, scope):
            return
        grave = self._is_op(call) or owner(call) in self.batches or bool(beginning_of(node, scope))
        self._say(call, "composed_sql", grave=grave)

    def _function(self, call: ast.Call, scope: dict[str, ast.expr], depth: int) -> None:
        """A call of a function by its bare name: one of this repository is followed, another may do anything."""
        name = called(call)
        if name in self.functions:
            if depth < _DEEPEST:
                function = self.functions[name]
                self.walk(function.body, {**self.constants, **_passed(function, call, scope)}, depth + 1)
            return
        if name not in self.imports or is_harmless_module(self.imports[name]) or name in HARMLESS_CALLS:
            return
        found = self.modules.function(self.imports[name])
        if found is None or depth >= _DEEPEST:
            self._helper(call, scope)
        else:
            self._elsewhere(found, call, scope, depth)

    def _elsewhere(self, found: Found, call: ast.Call, scope: Scope, depth: int) -> None:
        """Follow a function of another file of the repository, as what this call makes of it."""
        inner = _Reader(self.file, self.dialects, found.tree, modules=found.modules, doubts=self.doubts)
        inner.walk(found.function.body, {**inner.constants, **_passed(found.function, call, scope)}, depth + 1)
        self.statements += inner.statements
        self.changes += [replace(each, line=call.lineno) for each in inner.changes]
        self.unread += dict.fromkeys(replace(each, line=call.lineno) for each in inner.unread)

    def _helper(self, call: ast.Call, scope: Scope) -> None:
        """A function of a file that is not there: what it is given tells what it may add."""
        columns, _ = columns_of(call.args[1:], scope)
        table = text_of(argument(call, 0, "table_name"), scope)
        if not columns or table is None:
            self._say(call, "helper", grave=bool(columns))
            return
        at = At(self.dialects[0], self.file, call.lineno)
        self._note(Reading(tuple(one for each in columns for one in column_changes(each, table, at, scope))))

    def _is_op(self, call: ast.Call) -> bool:
        return self.imports.get(owner(call)) == "alembic.op"

    def _makes_type(self, call: ast.Call, scope: Scope) -> bool:
        """Whether `.create()` is called on a type such as an ENUM, which has no fields."""
        made = resolved(call.func.value, scope) if isinstance(call.func, ast.Attribute) else call
        return isinstance(made, ast.Call) and called(made) in ("Enum", "ENUM", "DOMAIN", "Sequence", "Index")

    def _note(self, reading: Reading) -> None:
        """Keep what was read; below a condition it may not happen."""
        sure = not self.doubts
        self.changes += [each if sure else replace(each, certain=False) for each in reading.changes]
        self.unread += reading.unread

    def _say(self, call: ast.Call, what: str, detail: str = "", *, grave: bool = True) -> None:
        self.unread.append(Unread(self.file, call.lineno, what, detail, grave=grave))


def _builds_rows(node: ast.expr, scope: Scope) -> bool:
    """Whether an expression is a statement about rows that SQLAlchemy builds: `table.update().values(...)`."""
    node = resolved(node, scope)
    while isinstance(node, ast.Call):
        if called(node) in _BUILDERS:
            return True
        if not isinstance(node.func, ast.Attribute):
            return False
        node = resolved(node.func.value, scope)
    return False


def _assign(node: ast.stmt, scope: dict[str, ast.expr]) -> None:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        _bind(node.targets[0], node.value, scope)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        _bind(node.target, node.value, scope)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        scope.pop(node.target.id, None)


def _bind(target: ast.expr, value: ast.expr | None, scope: dict[str, ast.expr]) -> None:
    """Let names stand for an expression; a name inside its own expression would never end and stands for nothing."""
    if isinstance(target, ast.Name):
        own = value is not None and any(isinstance(each, ast.Name) and each.id == target.id for each in ast.walk(value))
        if value is None or own:
            scope.pop(target.id, None)
        else:
            scope[target.id] = value
    elif isinstance(target, (ast.Tuple, ast.List)):
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts) else None
        for place, each in enumerate(target.elts):
            _bind(each, parts[place] if parts is not None else None, scope)


def _passed(function: ast.FunctionDef, call: ast.Call, scope: Scope) -> dict[str, ast.expr]:
    """What the parameters of a function stand for in one call, as far as names of the caller go."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    given = dict(zip(names, call.args, strict=False)) | {each.arg: each.value for each in call.keywords if each.arg}
    defaults = dict(zip(names[len(names) - len(function.args.defaults) :], function.args.defaults, strict=True))
    passed = {name: resolved(value, scope) for name, value in {**defaults, **given}.items()}
    if function.args.vararg is not None:
        rest: list[ast.expr] = []
        for each in call.args[len(names) :]:
            items = items_of(each.value, scope) if isinstance(each, ast.Starred) else [each]
            rest += [resolved(item, scope) for item in items] if items is not None else [each]
        passed[function.args.vararg.arg] = ast.Tuple(rest, ast.Load())
    return passed
