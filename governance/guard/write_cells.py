"""Parameters of a write: which of them become tokens, and one row of an INSERT written out for many."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from governance.guard.fences import conjuncts
from governance.guard.names import Use
from governance.guard.parsing import refused
from governance.guard.predicate_sql import placeholder
from governance.guard.rewrite import SealedCell
from governance.guard.scopes import Resolver
from governance.guard.sealed import Sealing
from policies.nouns import DatasetRef, FieldRef

_OWN = "gov"


class Parameters:
    """The numbered parameters of one statement, from 0."""

    def __init__(self, tree: exp.Expr, count: int) -> None:
        self.count = count
        found = [place_of(each) for each in tree.find_all(exp.Placeholder, exp.Parameter)]
        self._used = {place: found.count(place) for place in set(found)}

    def alone(self, node: exp.Expr) -> int | None:
        """Which parameter a value is, when it stands nowhere else; None for anything else."""
        place = place_of(bare(node))
        return place if place is not None and self._used.get(place) == 1 else None


def bare(node: exp.Expr) -> exp.Expr:
    """A value without the casts and parentheses around it."""
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    return node


def place_of(node: exp.Expr) -> int | None:
    """Which parameter a placeholder stands for, from 0; None for what is no placeholder."""
    text = ""
    if isinstance(node, exp.Placeholder):
        text = str(node.this or "").removeprefix(_OWN)
    elif isinstance(node, exp.Parameter):
        text = node.this.name
    return int(text) - 1 if text.isdigit() else None


def repeated(row: exp.Expr, rows: int, parameters: Parameters, kind: str) -> list[exp.Expr]:
    """One row of VALUES written out for so many sets of parameters, each with numbers of its own."""
    made: list[exp.Expr] = []
    for number in range(rows):
        copy = row.copy()
        for each in list(copy.find_all(exp.Placeholder, exp.Parameter)):
            place = place_of(each)
            if place is not None:
                each.replace(placeholder(kind, number * parameters.count + place + 1))
        made.append(copy)
    return made


def cells_of_insert(
    source: exp.Values,
    fields: Sequence[str],
    ref: DatasetRef,
    encrypted: frozenset[str],
    sealing: Sealing,
    parameters: Parameters,
) -> tuple[SealedCell, ...]:
    """The cells of encrypted fields in VALUES. Raises StatementRefusedError unless value and key are parameters."""
    if not encrypted:
        return ()
    keys = sealing.record_key(ref.dataset)
    cells: list[SealedCell] = []
    for row in source.expressions:
        values = dict(zip(fields, row.expressions, strict=True))
        named = [place_of(bare(values[each])) if each in values else None for each in keys]
        for field in sorted(encrypted):
            cells += _cell(field, values[field], named, ref, sealing, parameters)
    return tuple(cells)


def cells_of_update(  # noqa: PLR0913, PLR0917 what one resolved UPDATE consists of
    fields: Sequence[str],
    values: Sequence[exp.Expr],
    select: exp.Select,
    use: Use,
    resolver: Resolver,
    encrypted: frozenset[str],
    sealing: Sealing,
    parameters: Parameters,
) -> tuple[SealedCell, ...]:
    """The cells of encrypted fields in SET. Raises StatementRefusedError unless WHERE names one record by its key."""
    wanted = [(field, value) for field, value in zip(fields, values, strict=True) if field in encrypted]
    if not wanted:
        return ()
    equal: dict[str, int] = {}
    where = select.args.get("where")
    for part in conjuncts(where.this) if where is not None else []:
        if isinstance(part, exp.EQ):
            for one, other in ((part.this, part.expression), (part.expression, part.this)):
                meant, field = resolver.meant.get(id(one), (None, ""))
                place = place_of(bare(other))
                if meant is use and place is not None:
                    equal[field] = place
    named = [equal.get(each) for each in sealing.record_key(use.table.dataset)]
    cells: list[SealedCell] = []
    for field, value in wanted:
        cells += _cell(field, value, named, use.permit.dataset, sealing, parameters)
    return tuple(cells)


def _cell(
    field: str,
    value: exp.Expr,
    keys: Sequence[int | None],
    ref: DatasetRef,
    sealing: Sealing,
    parameters: Parameters,
) -> list[SealedCell]:
    if isinstance(bare(value), exp.Null):
        return []
    place = parameters.alone(value)
    known = [each for each in keys if each is not None]
    if place is None or not keys or len(known) < len(keys) or place in known:
        raise refused(
            f"a write of the encrypted field `{field}` without its record's key",
            "a parameter for the value, and parameters for every field of the record key",
            "guard.write.encrypted",
            "name the record key: in the row of an INSERT, or by `=` in the WHERE of an UPDATE",
        )
    return [
        SealedCell(FieldRef(ref.store, ref.dataset, field), sealing.type_of(ref.dataset, field), place, tuple(known))
    ]
