"""What an expression of a Python migration is, as far as it stands in the file: nothing is run.

A name stands for the expression that was last assigned to it, a parameter for what a call passes. What depends on more
than that is unknown, and unknown is None.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping, Sequence

Scope = Mapping[str, ast.expr]
"""Names to the expressions that they stand for."""
_DEPTH = 20
_TEXT_CALLS = frozenset({"text", "dedent", "f", "quoted_name", "DDL", "cleandoc", "str"})


def resolved(node: ast.expr, scope: Scope, depth: int = 0) -> ast.expr:
    """The expression that a name stands for, followed to its end; any other expression as it is."""
    if isinstance(node, ast.Name) and node.id in scope and depth < _DEPTH:
        return resolved(scope[node.id], scope, depth + 1)
    return node


def text_of(node: ast.expr | None, scope: Scope, depth: int = 0) -> str | None:
    """The text that an expression gives, or None when that is not plain from the file."""
    if node is None or depth > _DEPTH:
        return None
    node = resolved(node, scope)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return _joined([_part(each, scope, depth) for each in node.values])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([text_of(node.left, scope, depth + 1), text_of(node.right, scope, depth + 1)])
    if isinstance(node, ast.Call) and called(node) in _TEXT_CALLS and node.args:
        return text_of(node.args[0], scope, depth + 1)
    return None


def beginning_of(node: ast.expr, scope: Scope) -> str:
    """The literal text that an expression surely begins with; empty when there is none."""
    node = resolved(node, scope)
    if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value)
    if isinstance(node, ast.BinOp):
        return beginning_of(node.left, scope)
    if isinstance(node, ast.Call) and called(node) in _TEXT_CALLS and node.args:
        return beginning_of(node.args[0], scope)
    if isinstance(node, ast.Call) and called(node) == "format" and isinstance(node.func, ast.Attribute):
        return beginning_of(node.func.value, scope)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def items_of(node: ast.expr, scope: Scope) -> Sequence[ast.expr] | None:
    """The items of a list, tuple or set that stands in the file, or None."""
    node = resolved(node, scope)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return None if any(isinstance(each, ast.Starred) for each in node.elts) else node.elts
    if isinstance(node, ast.Dict):
        return None if None in node.keys else [key for key in node.keys if key is not None]
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)) and len(node.generators) == 1:
        return _made_by(node.elt, node.generators[0], scope)
    return None


def _made_by(element: ast.expr, loop: ast.comprehension, scope: Scope) -> Sequence[ast.expr] | None:
    """What a comprehension over a list of the file gives; None for one with a condition."""
    items = items_of(loop.iter, scope)
    if items is None or loop.ifs or not isinstance(loop.target, ast.Name):
        return None
    return [_Filled(loop.target.id, item).visit(copy.deepcopy(element)) for item in items]


class _Filled(ast.NodeTransformer):
    """Puts an expression in the place of a name."""

    def __init__(self, name: str, value: ast.expr) -> None:
        self._name = name
        self._value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._value if node.id == self._name else node


def called(call: ast.Call) -> str:
    """The last name of what is called: `Column` in `sa.Column(...)`."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def owner(call: ast.Call) -> str:
    """The name before the dot: `op` in `op.execute(...)`; empty where there is no plain one."""
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.value.id
    return ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The expression that a call passes under a keyword."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    """The expression that a call passes at a place, counted from 0, or under a keyword."""
    if place < len(call.args) and not any(isinstance(each, ast.Starred) for each in call.args[: place + 1]):
        return call.args[place]
    return keyword(call, name)


def _part(node: ast.expr, scope: Scope, depth: int) -> str | None:
    if isinstance(node, ast.FormattedValue):
        return text_of(node.value, scope, depth + 1) if node.conversion == -1 and node.format_spec is None else None
    return text_of(node, scope, depth + 1)


def _joined(parts: Sequence[str | None]) -> str | None:
    return "".join(part or "" for part in parts) if None not in parts else None
