"""Conditions that can raise, over a join: they are asked of joined rows only, whatever plan the database makes.

In which order tables are joined follows statistics, hidden rows among them, and with it which condition meets which row
first. So a condition that can raise stands behind all that cannot, in a CASE that names every table:

    WHERE a.id = b.id AND 1 / (a.id - 4) > 0
    WHERE a.id = b.id AND CASE WHEN a.id = b.id THEN 1 / (a.id - 4) > 0 ELSE FALSE END
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from governance.guard.fences import conjuncts
from governance.guard.names import Scope, Source
from governance.guard.nodes import case, column, every, some
from governance.guard.scopes import Resolver

CanRaise = Callable[[exp.Expr], bool]
_INNER = frozenset({"", "INNER", "CROSS"})


def decide_late(resolver: Resolver, tree: exp.Expr, can_raise: CanRaise) -> None:
    """Put the raising conditions of each SELECT over a join or with sub-queries behind the others, in place."""
    for select in list(tree.find_all(exp.Select)):
        scope = resolver.scopes.get(id(select))
        if scope is not None:
            _decide(select, scope, resolver, can_raise)


def _decide(select: exp.Select, scope: Scope, resolver: Resolver, can_raise: CanRaise) -> None:
    where = select.args.get("where")
    parts = conjuncts(where.this) if where is not None else []
    joins = [each for each in select.args.get("joins") or [] if each.args.get("on") is not None]
    if len(scope.sources) < 2 and not any(each.find(exp.Query) for each in parts):
        return
    raising = [each for each in parts if can_raise(each)]
    total = [each for each in parts if not any(each is one for one in raising)]
    sure: list[exp.Expr] = []
    if _moves(select):
        for join in joins:
            if _is_inner(join):
                kept = [each for each in conjuncts(join.args["on"]) if not can_raise(each)]
                raising += [each for each in conjuncts(join.args["on"]) if can_raise(each)]
                join.set("on", every(kept) or exp.true())
                sure += kept
    if not raising:
        return
    behind = [each.copy() for each in (*sure, *total)]
    behind += [_named(each) for each in _unnamed(scope.sources, [*sure, *total, *raising], resolver)]
    late = case([(every(behind) or exp.true(), every(raising) or exp.true())], exp.false())
    whole = every([*total, late])
    select.set("where", exp.Where(this=whole) if whole is not None else None)


def _moves(select: exp.Select) -> bool:
    """Whether an inner join's condition may as well stand in WHERE: no later join makes its rows optional."""
    return not any(str(each.args.get("side") or "").upper() in ("RIGHT", "FULL") for each in select.find_all(exp.Join))


def _is_inner(join: exp.Join) -> bool:
    plain = not join.args.get("side") and not join.args.get("method")
    return plain and str(join.args.get("kind") or "").upper() in _INNER


def _unnamed(sources: list[Source], parts: list[exp.Expr], resolver: Resolver) -> list[Source]:
    """Sources of which no condition names a field."""
    named: set[str] = set()
    for part in parts:
        for node in part.find_all(exp.Column):
            meant = resolver.meant.get(id(node))
            named.add(resolver.folded(meant[0].alias if meant is not None and not node.table else node.table))
    return [each for each in sources if each.alias not in named and each.columns and each.spelled]


def _named(source: Source) -> exp.Expr:
    """A condition that always holds and names a source."""
    first = next(iter(source.columns.values()))
    if source.use is not None:
        key = next((each for each in source.use.table.primary_key if each in source.columns.values()), first)
        source.use.needed[key] = None
        first = key
    empty = exp.Is(this=column(first, source.spelled), expression=exp.Null())
    return some([empty, exp.Not(this=empty.copy())]) or exp.true()
