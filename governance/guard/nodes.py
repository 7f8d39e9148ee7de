"""Short ways to write the nodes of our own SQL."""

from __future__ import annotations

from sqlglot import exp

TEMPORARY = {"sqlite": "temp", "postgresql": "pg_temp"}
"""By kind of store the schema of temporary tables; in MariaDB they stand in any."""
ROW = "gov_row"
"""The alias of the base table inside a derived table."""


def name(text: str) -> exp.Identifier:
    """A quoted name."""
    return exp.Identifier(this=text, quoted=True)


def column(field: str, table: str = ROW) -> exp.Column:
    """A field of a table, both quoted."""
    return exp.Column(this=name(field), table=name(table))


def text(value: str) -> exp.Literal:
    """A text constant."""
    return exp.Literal.string(value)


def number(value: float) -> exp.Expr:
    """A number constant."""
    literal = exp.Literal.number(str(abs(value)))
    return exp.Neg(this=literal) if value < 0 else literal


def call(function: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of a function by the name that the database knows."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def joined(*parts: exp.Expr) -> exp.Expr:
    """Texts joined by `||`."""
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part)
    return whole


def every(parts: list[exp.Expr]) -> exp.Expr | None:
    """All parts joined by AND; None for no part."""
    return _chain(exp.And, parts)


def some(parts: list[exp.Expr]) -> exp.Expr | None:
    """All parts joined by OR; None for no part."""
    return _chain(exp.Or, parts)


def case(branches: list[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr | None) -> exp.Case:
    """A CASE whose first true branch decides."""
    return exp.Case(ifs=[exp.If(this=when, true=then) for when, then in branches], default=otherwise)


def ordered(node: exp.Expr, kind: str) -> exp.Ordered:
    """An ORDER BY item, ascending, with NULLs where the database puts them anyway, so that an index serves."""
    return exp.Ordered(this=node, nulls_first=kind != "postgresql")


def paren(node: exp.Expr) -> exp.Expr:
    """A node in parentheses."""
    return exp.Paren(this=node)


def _chain(kind: type[exp.Connector], parts: list[exp.Expr]) -> exp.Expr | None:
    if not parts:
        return None
    whole: exp.Expr = parts[0] if len(parts) == 1 else paren(parts[0])
    for part in parts[1:]:
        whole = kind(this=whole, expression=paren(part))
    return whole
