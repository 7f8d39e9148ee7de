"""What a write must not do: each check refuses a statement before it runs, and says by which rule.

A write tells by success and failure, and it moves values. So it may only compute with what is shown in clear, must not
touch a field that decides who sees what, and must set nothing off that reaches further than the permit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sqlglot import exp

from governance.access.permits import DatasetPermit
from governance.guard.names import Use
from governance.guard.parsing import refused
from governance.guard.rewrite import Permit, row_fields, treatment_fields
from governance.guard.schema import StoreSchema, TableShape, ascii_lower
from governance.guard.scopes import Resolver
from governance.guard.sealed import Sealing
from policies.errors import AccessRefusedError, StatementRefusedError
from policies.nouns import Action, DatasetRef, FieldRef
from policies.row_conditions import ExistsIn

_DECIDING = (exp.Where, exp.Having, exp.Group, exp.Order)
_MOST_STEPS = 20


def check_target(table: TableShape) -> None:
    """Return when a table can be written to at all. Raises StatementRefusedError."""
    if not table.writing.is_table:
        raise refused("a view as the target of a write", "a table", "guard.write.view", "write to the tables behind it")
    if table.writing.acts:
        raise refused(
            "a table with triggers, rules, heirs or keys that replace rows",
            "a table that does nothing by itself when it is written",
            "guard.write.trigger",
            "write to it with a database user of its own, outside the guard",
        )


def check_writable(permit: DatasetPermit, fields: Iterable[str]) -> None:
    """Return when each field may be written in every row of the permit. Raises AccessRefusedError."""
    for field in fields:
        if not permit.is_clear(field):
            why = permit.hidden.get(field, "not clear in every row" if field in permit.fields else "not_in_catalog")
            raise AccessRefusedError(
                _ref(permit, field),
                found=f"a field that this use may not write ({why})",
                expected="a line that gives `write` on it in `clear`",
                next_step="leave the field out, or see `governance policy explain`",
                rule_ids=("guard.write.field",),
            )


def check_held_in_clear(permit: DatasetPermit, fields: Iterable[str]) -> None:
    """Return when each field that is set is also read in clear: a mask never flows back."""
    for field in fields:
        if not permit.is_clear(field):
            raise AccessRefusedError(
                _ref(permit, field),
                found="a change of a field that this use does not read in clear",
                expected="fields whose present value this use may see",
                next_step="leave the field out, or give `read` in `clear` on it for this purpose",
                rule_ids=("guard.write.masked",),
            )


def check_set(
    table: TableShape, read: DatasetPermit, write: DatasetPermit, fields: list[str], conditions: tuple[ExistsIn, ...]
) -> None:
    """Return when setting fields of visible rows tells nothing of what is hidden and changes nobody's view.

    Raises StatementRefusedError or AccessRefusedError.
    """
    check_writable(write, fields)
    check_held_in_clear(read, fields)
    touched = set(fields)
    if touched & set(table.primary_key):
        raise refused("a change of a primary key", "keys that stay", "guard.write.key", "insert another row")
    referred = {field for each in table.writing.referred_by for field in each.referred or table.primary_key}
    if touched & referred:
        raise refused("a change of a field that other tables refer to", "keys that stay", "guard.write.key")
    persons = {field for each in conditions for field in each.fields}
    deciding = row_fields(read) | row_fields(write)
    if touched & (treatment_fields(read) | persons) or (
        touched & deciding and not all(read.is_clear(each) for each in deciding)
    ):
        raise AccessRefusedError(
            str(read.dataset),
            found="a change of a field that decides who sees what of the row",
            expected="fields that no line of this use decides by",
            next_step="have it changed by a use that sees the whole row in clear",
            rule_ids=("guard.write.deciding",),
        )
    _check_linked(table, read, touched)


def _check_linked(table: TableShape, read: DatasetPermit, touched: set[str]) -> None:
    for linked in table.writing.linked:
        words = {ascii_lower(word) for word in linked}
        mine = {each for each in table.fields if ascii_lower(each) in words}
        if touched & mine and not all(read.is_clear(each) for each in mine):
            raise refused(
                "a field that the database computes or checks together with one that this use does not see in clear",
                "fields that stand alone",
                "guard.write.linked",
                "have it changed by a use that sees these fields in clear",
            )


def check_flow(resolver: Resolver, root: exp.Expr, sealing: Sealing, target: Use | None = None) -> None:
    """Return when every value that a write computes comes from fields in clear; conditions may use treated ones.

    `target` is the statement's own table: it is treated where its rows are chosen, in the WHERE of `root`, and bare
    where new values are computed. Raises StatementRefusedError.
    """
    chosen = root.args.get("where")
    for node, use, field in resolver.bound:
        if field in sealing.encrypted(use.table.dataset) and not _asks_for_null(node):
            raise _not_clear(use, field, "an encrypted field")
        treated = _is_inside(node, chosen) if use is target else _decides(node, root)
        if not use.permit.is_clear(field) and not treated:
            raise _not_clear(use, field, "a field that this use does not read in clear")
    for use in resolver.uses:
        if use.star and use is not target:
            for field in use.permit.fields:
                if not use.permit.is_clear(field) or field in sealing.encrypted(use.table.dataset):
                    raise _not_clear(use, field, "a field, under `*`, that this use does not read in clear")


def check_reach(
    schema: StoreSchema,
    table: TableShape,
    permit: Permit,
    conditions: Callable[[DatasetRef], tuple[ExistsIn, ...]],
) -> Iterator[tuple[TableShape, set[str]]]:
    """What a deletion takes along in other tables: each with `delete`, or `update FIELD`.

    Raises StatementRefusedError or AccessRefusedError unless this use may do so to every row of them.
    """
    waiting, seen = [table], {table.dataset}
    while waiting:
        for each in waiting.pop().writing.referred_by:
            if each.on_delete == "keep":
                continue
            other = schema.find(each.schema, each.table)
            if other is None or len(seen) > _MOST_STEPS:
                raise _too_far(f"{schema.store}", "a deletion that reaches a table that is not in the catalog")
            schema.check(other.dataset)
            check_target(other)
            ref = DatasetRef(schema.store, other.dataset)
            deletes = each.on_delete == "cascade"
            given = permit(ref, Action.DELETE if deletes else Action.WRITE)
            read = permit(ref)
            whole = all(_is_whole(one) for one in (given, read)) and not conditions(ref)
            if not whole or not (deletes or all(given.is_clear(field) for field in each.fields)):
                raise _too_far(str(ref), "a deletion that takes along rows of another dataset")
            if not deletes:
                _check_linked(other, read, set(each.fields))
            yield other, {"delete"} if deletes else {f"update {field}" for field in each.fields}
            if deletes and other.dataset not in seen:
                seen.add(other.dataset)
                waiting.append(other)


def _is_whole(permit: DatasetPermit) -> bool:
    return any(rule.rows is None for rule in permit.allow) and not permit.deny and not permit.special


def _decides(node: exp.Expr, root: exp.Expr) -> bool:
    """Whether a name stands in a condition or an order, so that its value goes nowhere."""
    child: exp.Expr = node
    while child is not root and child.parent is not None:
        if isinstance(child.parent, _DECIDING):
            return True
        if isinstance(child.parent, exp.Join) and child.arg_key in ("on", "using"):
            return True
        child = child.parent
    return False


def _is_inside(node: exp.Expr, part: object) -> bool:
    step: exp.Expr | None = node
    while step is not None and step is not part:
        step = step.parent
    return step is not None


def _asks_for_null(node: exp.Expr) -> bool:
    return isinstance(node.parent, exp.Is) and isinstance(node.parent.expression, exp.Null)


def _not_clear(use: Use, field: str, found: str) -> StatementRefusedError:
    return StatementRefusedError(
        _ref(use.permit, field),
        found=f"{found}, as a source of what is written",
        expected="fields in clear: a mask never flows back",
        next_step="leave it out of what is written",
        rule_ids=("guard.write.source",),
    )


def _too_far(place: str, found: str) -> AccessRefusedError:
    return AccessRefusedError(
        place,
        found=found,
        expected="a permit for every row that the deletion reaches",
        next_step="delete the referring rows first, or give this use the whole dataset",
        rule_ids=("guard.write.reach",),
    )


def _ref(permit: DatasetPermit, field: str) -> str:
    return str(FieldRef(permit.dataset.store, permit.dataset.dataset, field))
