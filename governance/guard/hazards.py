"""What in a statement could tell of rows or values that it may not see although it never reads them.

An expression that can raise might meet a hidden row before the row predicate does; a result that depends on an order
which the statement does not fix might follow an index over hidden values. `fences` answers both.
"""

from __future__ import annotations

from sqlglot import exp

from governance.guard.functions import ADDING, AGGREGATES, ORDERED, TOTAL

_RAISING_SQLITE = (exp.JSONExtract, exp.JSONExtractScalar, exp.RegexpLike, exp.Collate)
_TOTAL_IN_MYSQL = (
    exp.Select, exp.SetOperation, exp.From, exp.Join, exp.Where, exp.Table, exp.TableAlias, exp.Identifier, exp.Alias,
    exp.Star, exp.With, exp.CTE, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Distinct, exp.Column, exp.Literal,
    exp.Null, exp.Boolean, exp.Placeholder, exp.And, exp.Or, exp.Xor, exp.Not, exp.Paren, exp.Exists, exp.Is, exp.EQ,
    exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.In, exp.Between, exp.Case, exp.If, exp.Cast,
    exp.DataType, exp.DataTypeParam, exp.Collate, exp.Var, exp.Window, exp.Tuple, exp.Values, exp.Schema,
)  # fmt: skip
_SAFE_PATTERN_CHARACTERS = 500
_CONSTANTS = (exp.Literal, exp.Placeholder, exp.Parameter, exp.Null, exp.Boolean)


def is_constant(node: object) -> bool:
    """Whether a node has one value for the whole statement and no row takes part in it."""
    match node:
        case exp.Cast() | exp.Paren() | exp.Neg():
            return is_constant(node.this)
        case exp.Interval():
            return is_constant(node.this)
        case _:
            return isinstance(node, _CONSTANTS)


def can_raise_in_sqlite(tree: exp.Expr) -> bool:
    """Whether a part of a statement may raise for some value of some row; `totals` answers for PostgreSQL."""
    return any(_raises(node) for node in tree.walk())


def can_raise_in_mysql(tree: exp.Expr) -> bool:
    """The same: there a comparison or a cast that does not fit only warns, but arithmetic overflows."""
    return not all(_is_total_in_mysql(node, tree) for node in tree.walk())


def depends_on_order(tree: exp.Expr, kind: str) -> bool:
    """Whether a value may depend on an order of rows that the statement does not fix; LIMIT is seen to apart."""
    return any(_is_ordered(node) or (kind == "sqlite" and _picks_any_row(node)) for node in tree.walk())


def adds_up(tree: exp.Expr) -> bool:
    """Whether an aggregate may add numbers up, whose last digit depends on the order of the rows."""
    return any(isinstance(node, exp.Anonymous) and node.this in ADDING for node in tree.walk())


def stops_early(tree: exp.Expr) -> bool:
    """Whether the database may stop before it has met all rows, so that which expression raised depends on order."""
    return any(
        isinstance(node, exp.Limit | exp.Fetch | exp.Exists | exp.In | exp.Any | exp.All) for node in tree.walk()
    )


def is_aggregate(node: object) -> bool:
    """Whether a node is a call that makes one value of many rows."""
    if isinstance(node, exp.GroupConcat):
        return True
    if not isinstance(node, exp.Anonymous) or node.this not in AGGREGATES:
        return False
    return not (node.this in ("max", "min") and len(node.expressions) > 1)


def is_grouped(select: exp.Select) -> bool:
    """Whether a SELECT makes groups: by GROUP BY, HAVING or an aggregate that is not a window's."""
    if select.args.get("group") is not None or select.args.get("having") is not None:
        return True
    parts = [*select.expressions, *([select.args["order"]] if select.args.get("order") is not None else [])]
    return any(_has_aggregate(part) for part in parts)


def _has_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.Query):
        return False
    if isinstance(node, exp.Window):
        inner = node.this.this if isinstance(node.this, exp.Filter | exp.WithinGroup) else node.this
        return any(_has_aggregate(each) for each in inner.iter_expressions())
    return is_aggregate(node) or any(_has_aggregate(each) for each in node.iter_expressions())


def _is_total_in_mysql(node: exp.Expr, tree: exp.Expr) -> bool:
    match node:
        case exp.Anonymous():
            return node.this in TOTAL["mysql"]
        case exp.Like():
            return is_safe_pattern(node.expression)
        case exp.Limit() | exp.Offset():
            return isinstance(node.expression, exp.Literal) or node.parent is tree
        case exp.Subquery():
            return stands_for_rows(node) or gives_one_row(node)
        case exp.Interval():
            return is_constant(node.this)
        case exp.Neg():
            return isinstance(node.this, exp.Literal)
        case _:
            return isinstance(node, _TOTAL_IN_MYSQL)


def _raises(node: exp.Expr) -> bool:
    match node:
        case exp.Anonymous(this="strftime", expressions=[exp.Literal(), *_]):
            return False
        case exp.Anonymous():
            return node.this not in TOTAL["sqlite"]
        case exp.Like() | exp.ILike() | exp.Glob():
            return not is_safe_pattern(node.expression)
        case exp.DPipe():  # texts that double grow too big
            return not any(isinstance(each, exp.Literal) for each in (node.this, node.expression))
        case exp.Interval():
            return not is_constant(node.this)
        case _:
            return isinstance(node, _RAISING_SQLITE)


def is_safe_pattern(pattern: exp.Expr) -> bool:
    """A short constant without escape character: it cannot end in one, and no driver calls it too complex."""
    return (
        isinstance(pattern, exp.Literal)
        and pattern.is_string
        and "\\" not in pattern.name
        and len(pattern.name) <= _SAFE_PATTERN_CHARACTERS
        and not isinstance(pattern.parent, exp.Escape)
    )


def stands_for_rows(node: exp.Subquery) -> bool:
    """Whether a sub-query stands where many rows may stand, not for a value."""
    return node.parent is None or isinstance(
        node.parent, exp.From | exp.Join | exp.Lateral | exp.SetOperation | exp.In | exp.CTE
    )


def gives_one_row(node: exp.Subquery) -> bool:
    """Whether a sub-query that stands for a value gives at most one row."""
    inner = node.this
    if not isinstance(inner, exp.Select):
        return False
    limit = inner.args.get("limit")
    if isinstance(limit, exp.Limit) and isinstance(limit.expression, exp.Literal) and limit.expression.name == "1":
        return True
    return is_grouped(inner) and inner.args.get("group") is None


def _is_ordered(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return node.this in ORDERED
    if isinstance(node, exp.GroupConcat):
        return True
    if isinstance(node, exp.Array):
        return any(isinstance(each, exp.Query) for each in node.expressions)
    return isinstance(node, exp.WindowSpec) and str(node.args.get("kind")).upper() in ("ROWS", "GROUPS")


def _picks_any_row(node: exp.Expr) -> bool:
    """SQLite takes some row where others refuse: a bare column beside an aggregate, the first of many in a scalar."""
    if isinstance(node, exp.Select) and is_grouped(node):
        keys = {key.sql() for key in (node.args["group"].expressions if node.args.get("group") is not None else [])}
        parts = [
            *node.expressions,
            *[node.args[each] for each in ("having", "order") if node.args.get(each) is not None],
        ]
        names = {str(place + 1) for place in range(len(node.expressions))}
        return bool(keys & names) or any(_has_bare_column(part, keys) for part in parts)
    if isinstance(node, exp.Subquery) and not isinstance(node.parent, exp.From | exp.Join | exp.SetOperation | exp.In):
        return not gives_one_row(node) or node.find(exp.Limit) is not None
    return False


def _has_bare_column(node: exp.Expr, keys: set[str]) -> bool:
    inner = node.this if isinstance(node, exp.Alias | exp.Ordered) else node
    if isinstance(inner, exp.Expr) and (inner.sql() in keys or is_aggregate(inner)):
        return False
    if isinstance(inner, exp.Column | exp.Star):
        return True
    return any(_has_bare_column(each, keys) for each in inner.iter_expressions())
