"""Encrypted fields: opened in the result of the outermost SELECT, and of no use to a statement anywhere else.

A token says nothing that a statement could compare, group or sort by, so naming such a field elsewhere is refused;
only `IS NULL` may ask about it. The keys of the records travel behind the visible columns and end in the cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from governance.guard import hazards
from governance.guard.names import Output, Use
from governance.guard.nodes import column
from governance.guard.nodes import name as quoted
from governance.guard.scopes import Resolver
from policies.errors import StatementRefusedError
from policies.nouns import FieldRef

KEY = "gov_key_"
"""Columns of a derived table that hold a record's key; no statement can name them."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """What the catalog says of encrypted fields."""

    encrypted: Callable[[str], frozenset[str]]
    """The encrypted fields of a dataset."""
    record_key: Callable[[str], tuple[str, ...]]
    """The fields that identify a record of a dataset."""
    type_of: Callable[[str, str], str | None] = lambda _, __: None
    """The type of the clear values of a field; None when the catalog does not say."""
    index_of: Callable[[str], Mapping[str, str]] = lambda _: {}
    """The encrypted fields of a dataset that have a blind index, each with the field that holds its cells."""
    of_subjects: Callable[[str], frozenset[str]] = lambda _: frozenset()
    """Those of the encrypted fields of a dataset that are encrypted under the keys of persons."""
    subject_key: Callable[[str], tuple[str, ...]] = lambda _: ()
    """The fields that tell the person of a record of a dataset."""
    holds: bool = False
    """Whether holds are asked for before records go."""


NOTHING_SEALED = Sealing(lambda _: frozenset(), lambda _: ())
"""A store without encrypted fields."""


@dataclass(frozen=True, slots=True)
class SealedOutput:
    """One column of the result that holds tokens."""

    field: FieldRef
    """The field."""
    place: int
    """Which column, from 0."""
    keys: tuple[int, ...]
    """Which columns hold the record's key, in key order."""


def open_outputs(
    tree: exp.Query, outputs: list[Output], resolver: Resolver, sealing: Sealing
) -> tuple[SealedOutput, ...]:
    """The columns of the result to be opened; adds their records' keys to the statement.

    Raises StatementRefusedError where an encrypted field is named in any other place.
    """
    for node, use, field in resolver.bound:
        if field in _opened(use, sealing) and not (_is_result(node, tree) or _asks_for_null(node)):
            raise _refused(_ref(use, field))
    simple = _is_simple(tree)
    for use in resolver.uses:
        if use.star and not (simple and use.select is tree):
            use.unstarred |= _opened(use, sealing)
            resolver.omitted.update({_ref(use, field): "encrypted" for field in use.unstarred})
    found = [
        (place, output.use, output.field)
        for place, output in enumerate(outputs)
        if output.use is not None and output.field is not None and output.field in _opened(output.use, sealing)
    ]
    if not found or not isinstance(tree, exp.Select) or not simple:
        return ()
    _check_ordinals(tree, {place for place, _, _ in found})
    _check_aliases(tree, {outputs[place].name for place, _, _ in found}, resolver)
    _name_stars(tree, outputs, resolver)
    return _with_keys(tree, found, sealing, len(outputs))


def _opened(use: Use, sealing: Sealing) -> frozenset[str]:
    """The encrypted fields that a permit may give in clear; others are NULL already."""
    fields = sealing.encrypted(use.table.dataset)
    return frozenset(
        each for each in fields if each in use.permit.fields and "clear" in use.permit.fields[each].treatments
    )


def _is_simple(tree: exp.Query) -> bool:
    if not isinstance(tree, exp.Select) or tree.args.get("distinct") is not None or hazards.is_grouped(tree):
        return False
    return not any(join.args.get("using") or join.args.get("method") for join in tree.find_all(exp.Join))


def _is_result(node: exp.Expr, tree: exp.Query) -> bool:
    if not isinstance(node, exp.Column) or not _is_simple(tree):
        return False
    holder = node.parent if isinstance(node.parent, exp.Alias) else node
    return holder.parent is tree and holder.arg_key == "expressions"


def _asks_for_null(node: exp.Expr) -> bool:
    parent = node.parent
    return isinstance(parent, exp.Is) and isinstance(parent.expression, exp.Null)


def _check_ordinals(tree: exp.Select, places: set[int]) -> None:
    order = tree.args.get("order")
    for item in order.expressions if order is not None else []:
        inner = item.this
        if isinstance(inner, exp.Literal) and not inner.is_string and int(inner.name or 0) - 1 in places:
            raise _refused("statement")


def _check_aliases(tree: exp.Select, names: set[str | None], resolver: Resolver) -> None:
    """Refuse a name that stands for an opened column of the result and not for a field of FROM."""
    bound = {id(node) for node, _, _ in resolver.bound}
    folded = {resolver.folded(each) for each in names if each is not None}
    for node in tree.find_all(exp.Column):
        if id(node) not in bound and not node.table and resolver.folded(node.name) in folded:
            raise _refused("statement")


def _name_stars(tree: exp.Select, outputs: list[Output], resolver: Resolver) -> None:
    """Write each `*` out, so that the keys behind the visible columns are not among it."""
    named: list[exp.Expr] = []
    scope = resolver.scopes[id(tree)]
    for projection in tree.expressions:
        if isinstance(projection, exp.Star):
            sources = scope.sources
        elif isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            sources = [each for each in scope.sources if each.spelled == projection.table]
        else:
            named.append(projection)
            continue
        for source in sources:
            named += [
                column(each, source.spelled) if source.spelled else exp.Column(this=quoted(each))
                for each in source.columns.values()
            ]
    if len(named) != len(outputs):
        raise _refused("statement")
    tree.set("expressions", named)


def _with_keys(
    tree: exp.Select, found: list[tuple[int, Use, str]], sealing: Sealing, width: int
) -> tuple[SealedOutput, ...]:
    places: dict[int, tuple[int, ...]] = {}
    for _, use, field in found:
        if id(use) in places:
            continue
        use.keys = sealing.record_key(use.table.dataset)
        if not use.keys or any(each not in use.table.fields for each in use.keys):
            raise _refused(_ref(use, field))
        places[id(use)] = tuple(range(width, width + len(use.keys)))
        for place in range(len(use.keys)):
            tree.append("expressions", column(f"{KEY}{place}", use.alias))
        width += len(use.keys)
    return tuple(SealedOutput(_ref(use, field), place, places[id(use)]) for place, use, field in found)


def _ref(use: Use, field: str) -> FieldRef:
    dataset = use.permit.dataset
    return FieldRef(dataset.store, dataset.dataset, field)


def _refused(place: object) -> StatementRefusedError:
    return StatementRefusedError(
        str(place),
        found="an encrypted field outside the plain result of the outermost SELECT",
        expected="the bare field in the SELECT list, without DISTINCT, GROUP BY, set operation or USING; or IS NULL",
        next_step="select the field as it is, and compare, sort or group after reading",
        rule_ids=("guard.encrypted",),
    )
