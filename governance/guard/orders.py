"""Functions whose value depends on an order, over rows whose order follows a plan: they get an order of their own.

The order in which a join hands out its rows follows statistics, hidden rows among them. PostgreSQL and MariaDB take an
ORDER BY inside the function or its window; older versions of SQLite do not, and there the tables are joined in the
order in which they are written (CROSS JOIN).
"""

from __future__ import annotations

from sqlglot import exp

from governance.guard import hazards
from governance.guard.functions import AGGREGATES, ORDERED
from governance.guard.names import Scope, Source
from governance.guard.nodes import column, ordered
from governance.guard.parsing import refused
from governance.guard.scopes import Resolver

_BY_PLACE = frozenset({"row_number", "ntile", "lag", "lead", "first_value"})
"""Window functions to which a longer ORDER BY gives nothing but an order among ties."""


def settle_orders(resolver: Resolver, tree: exp.Expr, kind: str) -> None:
    """Fix, in place, what a plan could decide of each value that depends on an order."""
    if kind == "sqlite":
        if hazards.depends_on_order(tree, kind):
            _join_as_written(tree)
        return
    for node in list(tree.walk()):
        if not isinstance(node, exp.Anonymous | exp.GroupConcat):
            continue
        select = node.find_ancestor(exp.Select)
        scope = resolver.scopes.get(id(select)) if select is not None else None
        if select is None or scope is None or (kind == "postgresql" and _is_sorted(scope)):
            continue
        window = _window_of(node)
        if window is not None and isinstance(node, exp.Anonymous) and (node.this in _BY_PLACE or _by_rows(window)):
            _extend_window(window, _keys(scope, kind, grouped=_group(select)))
        elif window is None and (isinstance(node, exp.GroupConcat) or node.this in ORDERED & AGGREGATES):
            if _takes_no_order(node, kind):
                _check_order(scope, select)
            else:
                _extend_aggregate(node, _keys(scope, kind))


def _is_sorted(scope: Scope) -> bool:
    """Whether rows come from one base table alone, whose derived table is sorted already."""
    return len(scope.sources) == 1 and scope.sources[0].use is not None


def _takes_no_order(node: exp.Expr, kind: str) -> bool:
    return kind == "mysql" and isinstance(node, exp.Anonymous) and node.this == "json_objectagg"


def _check_order(scope: Scope, select: exp.Select) -> None:
    """Return where the rows behind a function come in an order of their own. Raises StatementRefusedError."""
    if not _is_sorted(scope) or select.args.get("group") is not None:
        raise refused(
            "json_objectagg over groups or a join, in which MariaDB lets nobody order the pairs",
            "pairs of one table",
            "guard.form",
            "write json_arrayagg(json_array(key, value))",
        )


def _join_as_written(tree: exp.Expr) -> None:
    for join in tree.find_all(exp.Join):
        if not join.args.get("side") and not join.args.get("method"):
            join.set("kind", "CROSS")


def _window_of(node: exp.Expr) -> exp.Window | None:
    parent = node.parent.parent if isinstance(node.parent, exp.Filter | exp.WithinGroup) else node.parent
    return parent if isinstance(parent, exp.Window) else None


def _by_rows(window: exp.Window) -> bool:
    """Whether its frame counts rows, so that which of equal ones are in it depends on their order."""
    spec = _written_out(window).args.get("spec")
    return spec is not None and str(spec.args.get("kind")).upper() == "ROWS"


def _group(select: exp.Select) -> list[exp.Expr] | None:
    """What a grouped SELECT may order its windows by; None for one without groups."""
    if not hazards.is_grouped(select):
        return None
    group = select.args.get("group")
    keys = group.expressions if group is not None else []
    return [each for each in keys if not isinstance(each, exp.Literal)]


def _keys(scope: Scope, kind: str, *, grouped: list[exp.Expr] | None = None) -> list[exp.Expr]:
    """ORDER BY items that tell all rows of a scope apart, as far as they can be seen."""
    if grouped is not None:
        return [ordered(each.copy(), kind) for each in grouped]
    return [item for source in scope.sources for item in _keys_of(source, kind)]


def _keys_of(source: Source, kind: str) -> list[exp.Expr]:
    use = source.use
    key = use.table.primary_key if use is not None else ()
    if use is not None and key and all(use.permit.is_clear(each) for each in key):
        for each in key:
            use.needed[each] = None
        return [ordered(column(each, use.alias), kind) for each in key]
    if not source.spelled:
        return []
    names = list(use.needed) if use is not None else list(source.columns.values())
    return [ordered(_spelled(column(each, source.spelled), kind), kind) for each in names]


def _spelled(node: exp.Expr, kind: str) -> exp.Expr:
    """A value of any type as what can be sorted without ties."""
    if kind == "mysql":
        return exp.cast(node, exp.DType.BINARY)
    return exp.Collate(this=exp.cast(node, exp.DType.TEXT), expression=exp.Identifier(this="C", quoted=True))


def _extend_window(window: exp.Window, keys: list[exp.Expr]) -> None:
    window = _written_out(window)
    order = window.args.get("order")
    if keys:
        window.set("order", exp.Order(expressions=[*(order.expressions if order is not None else []), *keys]))


def _written_out(window: exp.Window) -> exp.Window:
    """A window that names another, with what that one says in its place."""
    if window.args.get("alias") is None:
        return window
    select = window.find_ancestor(exp.Select)
    named = select.args.get("windows") if select is not None else None
    found = next((each for each in named or [] if each.name == window.args["alias"].name), None)
    if found is None or found.args.get("alias") is not None:
        return window
    window.set("alias", None)
    for part in ("partition_by", "order", "spec"):
        given = found.args.get(part)
        if given and not window.args.get(part):
            window.set(part, [each.copy() for each in given] if isinstance(given, list) else given.copy())
    return window


def _extend_aggregate(node: exp.Anonymous | exp.GroupConcat, keys: list[exp.Expr]) -> None:
    """Order the rows behind a function that makes one value of many; DISTINCT has an order by itself."""
    if node.find(exp.Distinct) is not None or not keys or isinstance(node.parent, exp.WithinGroup):
        return
    holder = node if isinstance(node, exp.GroupConcat) else None
    last = node.this if holder is not None else (node.expressions[-1] if node.expressions else None)
    if last is None:
        return
    if isinstance(last, exp.Order):
        last.set("expressions", [*last.expressions, *keys])
        return
    wrapped = exp.Order(expressions=keys)
    last.replace(wrapped)
    wrapped.set("this", last)
