"""Values that are equal and yet look different: which of them is shown may depend on an order of rows.

1, 1.0 and 1.00, spellings under a collation, numbers in documents: DISTINCT, GROUP BY, set operations, min and max
show one of several, and a LIMIT cuts between them. Where that can happen, rows are read in an order of our own.
"""

from __future__ import annotations

import re

from sqlglot import exp

from governance.guard.names import Output
from governance.guard.scopes import Resolver

_LENGTH = re.compile(r"\([0-9, ]+\)\Z")
_EXACT = {
    "postgresql": frozenset({"SMALLINT", "INTEGER", "BIGINT", "TEXT", "VARCHAR", "BOOLEAN", "DATE", "UUID",
                             "TIMESTAMP", "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE"}),
    "mysql": frozenset({"INTEGER", "BIGINT", "SMALLINT", "MEDIUMINT", "TINYINT", "DATE", "DATETIME", "YEAR"}),
    "sqlite": frozenset({"INTEGER", "BIGINT", "SMALLINT", "TEXT", "VARCHAR"}),
}  # fmt: skip
"""Declared types, without length and collation, of which equal values look the same."""


class Ties:
    """Tells of one resolved statement where it shows one of several equal values."""

    def __init__(self, resolver: Resolver, kind: str) -> None:
        self._meant = resolver.meant
        self._scopes = resolver.scopes
        self._exact = _EXACT[kind]

    def decide(self, tree: exp.Expr) -> bool:
        """Whether some part of the statement may show one of several equal values."""
        return any(self._decides(node) for node in tree.walk())

    def _decides(self, node: exp.Expr) -> bool:
        match node:
            case exp.Select():
                return self._select(node)
            case exp.SetOperation():
                return bool(node.args.get("distinct")) and not self._outputs_are_exact(node)
            case exp.Anonymous(this="min" | "max"):
                return not all(self._is_exact(each) for each in node.expressions)
            case _:
                return False

    def _select(self, node: exp.Select) -> bool:
        cut = any(node.args.get(each) is not None for each in ("distinct", "limit", "offset"))
        if cut and not self._outputs_are_exact(node):
            return True
        group = node.args.get("group")
        return group is not None and not all(
            self._is_exact(node.expressions[int(key.name) - 1] if _is_place(key, node) else key)
            for key in group.expressions
        )

    def _outputs_are_exact(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.SetOperation):
            return self._outputs_are_exact(node.this) and self._outputs_are_exact(node.expression)
        if isinstance(node, exp.Subquery):
            return self._outputs_are_exact(node.this)
        scope = self._scopes.get(id(node))
        if not isinstance(node, exp.Select) or scope is None:
            return False
        plain = all(isinstance(each, exp.Star) or self._is_exact(each) for each in node.expressions)
        starred = any(isinstance(each, exp.Star) for each in node.expressions)
        return plain and (not starred or all(self._output_is_exact(each) for each in scope.outputs))

    def _output_is_exact(self, output: Output) -> bool:
        if output.use is None or output.field is None:
            return False
        return not output.use.table.collates and self._holds(output.use.table.fields[output.field].native_type)

    def _is_exact(self, node: exp.Expr) -> bool:
        """Whether equal values of an expression look the same."""
        inner = node.this if isinstance(node, exp.Alias | exp.Paren) else node
        if isinstance(inner, exp.Star) or (isinstance(inner, exp.Column) and isinstance(inner.this, exp.Star)):
            return False
        if isinstance(inner, exp.Anonymous) and inner.this == "count":
            return True
        if not isinstance(inner, exp.Column):
            return isinstance(inner, exp.Literal) and (inner.is_string or inner.name.isdigit())
        use, field = self._meant.get(id(inner), (None, ""))
        return self._output_is_exact(Output(None, use, field))

    def _holds(self, native_type: str) -> bool:
        return _LENGTH.sub("", native_type.upper()) in self._exact


def _is_place(key: exp.Expr, select: exp.Select) -> bool:
    return isinstance(key, exp.Literal) and key.name.isdigit() and 0 < int(key.name) <= len(select.expressions)
