"""Fences around derived tables, conditions moved inside them, and orders that hold a result still."""

from __future__ import annotations

from sqlglot import exp

from governance.access.permits import RowRule
from governance.guard import hazards
from governance.guard.names import Scope, Use
from governance.guard.nodes import call, column, every, ordered
from governance.guard.scopes import Resolver
from governance.guard.totals import Totality

MOST_ROWS = 9_223_372_036_854_775_807
"""A LIMIT that no table reaches; the next greater ones mean "none" to MariaDB."""
_UNSORTABLE = frozenset({"json", "other"})
_ONE_KIND = frozenset({"string", "integer", "boolean", "date", "uuid"})
"""Types of which equal values look the same, collations apart."""


def push_conditions(resolver: Resolver, tree: exp.Expr, totality: Totality | None) -> None:
    """Move conjuncts `clear field` op `constant` of each WHERE into the derived table, so that indexes still serve.

    In PostgreSQL only where the comparison is total by type: inside, it stands beside the row predicate.
    Where an outer join may stand NULLs in for the row they are copied instead, IS NULL not even that.
    """
    for select in list(tree.find_all(exp.Select)):
        where = select.args.get("where")
        if where is None:
            continue
        kept: list[exp.Expr] = []
        for part in conjuncts(where.this):
            use = _movable(part, select, resolver)
            total = totality is None or totality.is_total(part)
            if use is None or not total or (use.nullable and isinstance(part, exp.Is)):
                kept.append(part)
                continue
            use.pushed.append(_inside(part))
            if use.nullable:
                kept.append(part)
        whole = every(kept)
        select.set("where", exp.Where(this=whole) if whole is not None else None)


def fence(derived: exp.Select, use: Use, fields: list[str], kind: str, *, sort: bool) -> None:
    """Keep the database from mixing a derived table with what stands around it; `sort` fixes its rows' order too."""
    if sort:
        derived.set("order", exp.Order(expressions=_row_order(derived, use, fields, kind)))
    if kind == "sqlite":
        derived.set("limit", exp.Limit(expression=exp.Neg(this=exp.Literal.number(1))))
    elif kind == "mysql":
        derived.set("limit", exp.Limit(expression=exp.Literal.number(MOST_ROWS)))
    else:
        derived.set("offset", exp.Offset(expression=exp.Literal.number(0)))


def fix_limits(resolver: Resolver, tree: exp.Expr, kind: str, *, whole: bool = True) -> None:
    """Give each query that is cut by LIMIT, OFFSET or DISTINCT ON an order that leaves no two different rows tied.

    So too the `whole` statement, where an index over fields that are not clear could give its rows their order.
    """
    tempting = any(has_tempting_index(use) for use in resolver.uses)
    for node in list(tree.find_all(exp.Query)):
        distinct = node.args.get("distinct")
        on = distinct.args.get("on") if isinstance(distinct, exp.Distinct) else None
        scope = resolver.scopes.get(id(node))
        is_cut = node.args.get("limit") or node.args.get("offset") or on is not None
        is_cut = is_cut or isinstance(node.parent, exp.Array)
        if scope is None or not (is_cut or (whole and tempting and node is tree)):
            continue
        more = _tie_breaks(node, scope, resolver, kind)
        order = node.args.get("order")
        if order is None and on is not None:
            first = on.expressions if isinstance(on, exp.Tuple) else [on.this if isinstance(on, exp.Paren) else on]
            more = [ordered(each.copy(), kind) for each in first] + more
        if more:
            node.set("order", exp.Order(expressions=[*(order.expressions if order is not None else []), *more]))


def expand_groups(resolver: Resolver, tree: exp.Expr) -> None:
    """GROUP BY a primary key stands for all fields of its table; over a derived table they must be named."""
    for select in list(tree.find_all(exp.Select)):
        group = select.args.get("group")
        if group is None or not group.expressions:
            continue
        named = [resolver.meant[id(each)] for each in group.expressions if id(each) in resolver.meant]
        for use in dict.fromkeys(use for use, _ in named):
            keyed = {field for other, field in named if other is use}
            if use.table.primary_key and keyed >= set(use.table.primary_key) and use.select is select:
                more = [each for each in use.needed if each not in keyed and _is_sortable(use, each)]
                group.set("expressions", [*group.expressions, *(column(each, use.alias) for each in more)])


def has_tempting_index(use: Use) -> bool:
    """Whether the database might of itself read a table in the order of a field that is not clear.

    It might where an index answers the whole need, or where the row predicate or a condition of the statement can be
    looked up in one that goes on with such a field.
    """
    permit = use.permit
    deciding = {field for rule in (*permit.allow, *permit.deny, *permit.special) for field in _named(rule)}
    clear = {name for name in permit.fields if permit.is_clear(name)}
    needed = {*use.needed, *(permit.fields if use.star else ()), *deciding}
    return any(_tempts(index, needed - set(use.table.primary_key), clear, deciding) for index in use.table.indexes)


def _named(rule: RowRule) -> frozenset[str]:
    return rule.rows.fields if rule.rows is not None else frozenset()


def _tempts(index: tuple[str, ...], needed: set[str], clear: set[str], deciding: set[str]) -> bool:
    if not index:
        return True
    if clear.issuperset(index):
        return False
    return index[0] in deciding or (index[0] in clear and len(index) > 1) or needed <= set(index)


def conjuncts(node: exp.Expr) -> list[exp.Expr]:
    """The parts of a condition that AND joins."""
    if isinstance(node, exp.Paren):
        return conjuncts(node.this)
    if isinstance(node, exp.And):
        return [*conjuncts(node.this), *conjuncts(node.expression)]
    return [node]


def _movable(part: exp.Expr, select: exp.Select, resolver: Resolver) -> Use | None:
    """The table that a conjunct is about, when it is of the form that may move."""
    match part:
        case exp.EQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
            sides = (part.this, part.expression)
            fields = [each for each in sides if isinstance(each, exp.Column)]
            rest = [each for each in sides if not isinstance(each, exp.Column)]
        case exp.In(this=exp.Column() as field):
            if part.args.get("query") is not None:
                return None
            fields, rest = [field], part.expressions
        case exp.Between(this=exp.Column() as field):
            fields, rest = [field], [part.args["low"], part.args["high"]]
        case exp.Is(this=exp.Column() as field, expression=exp.Null()):
            fields, rest = [field], []
        case _:
            return None
    if len(fields) != 1 or not all(hazards.is_constant(each) for each in rest):
        return None
    use, name = resolver.meant.get(id(fields[0]), (None, ""))
    if use is None or use.select is not select or not use.permit.is_clear(name):
        return None
    return use


def _inside(part: exp.Expr) -> exp.Expr:
    moved = part.copy()
    for each in moved.find_all(exp.Column):
        each.replace(column(each.name))
    return moved


def _row_order(derived: exp.Select, use: Use, fields: list[str], kind: str) -> list[exp.Expr]:
    key = use.table.primary_key
    if key and all(use.permit.is_clear(each) for each in key):
        return [ordered(column(each), kind) for each in key]
    orders: list[exp.Expr] = []
    for place, field in enumerate(fields):
        made = derived.expressions[place].this
        if kind == "mysql":
            orders.append(ordered(exp.Literal.number(place + 1), kind))
            if use.table.fields[field].type not in _ONE_KIND - {"string"}:
                orders.append(ordered(exp.cast(made.copy(), exp.DType.BINARY), kind))
            continue
        if kind == "sqlite":
            orders.append(
                ordered(exp.Collate(this=exp.Literal.number(place + 1), expression=exp.Var(this="BINARY")), kind)
            )
            if use.table.fields[field].type not in _ONE_KIND:
                orders.append(ordered(call("typeof", made.copy()), kind))
            continue
        if _is_sortable(use, field):
            orders.append(ordered(exp.Literal.number(place + 1), kind))
        if use.table.fields[field].type not in _ONE_KIND or "COLLATE" in use.table.fields[field].native_type.upper():
            spelled = exp.cast(made.copy(), exp.DType.TEXT)
            orders.append(ordered(exp.Collate(this=spelled, expression=exp.Identifier(this="C", quoted=True)), kind))
    return orders or [ordered(exp.Literal.number(1), kind)]


def _is_sortable(use: Use, field: str) -> bool:
    return use.table.fields[field].type not in _UNSORTABLE


def _tie_breaks(node: exp.Query, scope: Scope, resolver: Resolver, kind: str) -> list[exp.Expr]:
    if isinstance(node, exp.Select) and (not scope.sources or (kind == "mysql" and _has_rollup(node))):
        return []  # one row; what MariaDB sorts itself and lets nobody else sort
    plain = isinstance(node, exp.Select) and not (
        hazards.is_grouped(node) or (isinstance(node.args.get("distinct"), exp.Distinct) and not _on(node))
    )
    if isinstance(node, exp.Select) and hazards.is_grouped(node) and node.args.get("group") is None:
        return []
    keys = [_key_of(source.use) for source in scope.sources]
    if plain and keys and all(keys):
        return [
            each
            for source, key in zip(scope.sources, keys, strict=True)
            for each in _missing_keys(node, source.use, key or (), resolver, kind)
        ]
    orders: list[exp.Expr] = [
        ordered(exp.Literal.number(place + 1), kind)
        for place, output in enumerate(scope.outputs)
        if output.use is None or output.field is None or _is_sortable(output.use, output.field)
    ]
    return [*orders, *_spellings(node, scope, kind)] if kind == "mysql" and plain else orders


def _spellings(node: exp.Query, scope: Scope, kind: str) -> list[exp.Expr]:
    """MariaDB hands equal rows out as they lie in memory: the bytes of each column tell two spellings apart."""
    shown = [each.this if isinstance(each, exp.Alias) else each for each in node.expressions]
    if any(isinstance(each, exp.Star) or each.is_star for each in shown):
        shown = [
            column(each.field, each.use.alias)
            for each in scope.outputs
            if each.use is not None and each.field is not None
        ]
    return [
        ordered(exp.cast(each.copy(), exp.DType.BINARY), kind) for each in shown if not isinstance(each, exp.Literal)
    ]


def _has_rollup(node: exp.Select) -> bool:
    group = node.args.get("group")
    return group is not None and bool(group.args.get("rollup"))


def _on(node: exp.Query) -> bool:
    return node.args["distinct"].args.get("on") is not None


def _key_of(use: Use | None) -> tuple[str, ...] | None:
    if use is None or not use.table.primary_key:
        return None
    key = use.table.primary_key
    return key if all(use.permit.is_clear(each) for each in key) else None


def _missing_keys(
    node: exp.Query, use: Use | None, key: tuple[str, ...], resolver: Resolver, kind: str
) -> list[exp.Expr]:
    """ORDER BY items for the fields of a key that the query does not order by yet."""
    if use is None:
        return []
    order = node.args.get("order")
    named = [resolver.meant.get(id(each.this)) for each in (order.expressions if order is not None else [])]
    missing = [each for each in key if (use, each) not in named]
    for each in missing:
        use.needed[each] = None
    return [ordered(column(each, use.alias), kind) for each in missing]
