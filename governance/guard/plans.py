"""Statements turned into plans, and plans kept: bounded, and found again only by all that they were made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from governance.access.permits import DatasetPermit
from governance.guard.base import UseContext
from governance.guard.kept import Kept
from governance.guard.placeholders import NUMBERED, Numbered, pick
from governance.guard.predicate_sql import MOMENT, AttributeSlot, attribute_value
from governance.guard.record_types import typed_attribute
from governance.guard.rewrite import Permit, Rewritten
from governance.guard.schema import StoreSchema
from governance.guard.sealed import NOTHING_SEALED, Sealing
from governance.guard.totals import kinds_of
from governance.guard.write_rewrite import StatementRewriter
from governance.ledger.events import stamp
from policies.nouns import Action, DatasetRef, Scalar
from policies.row_conditions import ExistsIn

PLANS_KEPT = 1_000
"""Plans in memory for one store; the one used longest ago goes first."""
PARAMETER_CHARACTERS = 10_000
"""A longer text parameter could make an expression raise for its size, so the statement is fenced."""

Parameters = Sequence[Any] | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs for a statement of a certain principal's subjects, purpose and action."""

    numbered: Numbered
    """The statement with numbered parameters."""
    rewritten: Rewritten
    """What runs in its place."""
    kind: str
    """Of store."""

    clock: Callable[[], dt.datetime]
    """Gives the moment of a statement."""

    def values(self, parameters: Parameters, context: UseContext) -> Any:
        """The bound values as the driver takes them: the statement's own, then what the guard binds."""
        return self.bound(pick(self.numbered.slots, parameters), context)

    def bound(self, own: Sequence[Any], context: UseContext) -> Any:
        """The same, from the statement's own values in the order of their numbers."""
        asked = self.rewritten.attributes
        values = [*own, *[stamp(self.clock()) if slot.type == MOMENT.type else _bound(context, slot) for slot in asked]]
        if self.kind == "sqlite":
            return dict(zip(_names(len(values)), values, strict=True))
        return values


@lru_cache(maxsize=256)
def _names(count: int) -> tuple[str, ...]:
    """What so many bound values are called in SQLite."""
    return tuple(f"gov{place}" for place in range(1, count + 1))


def _bound(context: UseContext, slot: AttributeSlot) -> Scalar:
    """An attribute as it is bound; NULL, which admits nothing, for one that the database could not read as its type."""
    value = context.principal.attributes.get(slot.name)
    if type(value) is str and slot.type == "string":  # what most are, and what all of that type are bound as
        return value
    value = attribute_value(value, slot.type)
    return value if typed_attribute(value, slot.type) is not None else None


class Planner:
    """Makes plans for one store, and finds them again.

    A plan holds the very permits it was made of, and is found by their identity: another permit, schema, condition or
    statement makes another plan. The principal takes no part beyond the permits; attributes are bound values.
    """

    def __init__(
        self,
        kind: str,
        sealing: Sealing = NOTHING_SEALED,
        *,
        clock: Callable[[], dt.datetime],
        most: int = PLANS_KEPT,
    ) -> None:
        self._kind = kind
        self._clock = clock
        self._sealing = sealing
        self._texts: Kept[tuple[str, bool], Numbered] = Kept(most)
        self._asked: Kept[tuple[str, str], tuple[tuple[DatasetRef, Action | None], ...]] = Kept(most)
        self._plans: Kept[Hashable, Plan] = Kept(most)
        self._latest: Kept[str, tuple[Plan, StoreSchema]] = Kept(most)

    def __len__(self) -> int:
        return len(self._plans)

    def encrypted(self, dataset: str) -> frozenset[str]:
        """The encrypted fields of a dataset."""
        return self._sealing.encrypted(dataset)

    def numbered(self, sql: str, parameters: Parameters) -> Numbered:
        """A statement with numbered parameters. Raises StatementRefusedError."""
        key = (sql, parameters is not None)
        found = self._texts.get(key)
        if found is None:
            found = NUMBERED[self._kind](sql, parameters is not None)
            self._texts.put(key, found)
        return found

    def plan(
        self,
        numbered: Numbered,
        parameters: Parameters,
        schema: StoreSchema,
        permit: Permit,
        conditions: Callable[[DatasetRef], tuple[ExistsIn, ...]] | None,
        *,
        rows: int = 1,
    ) -> Plan:
        """The plan of a statement; with `rows`, of an INSERT of one row written out for so many.

        `conditions` gives those of a dataset's rows; None where no dataset has any.
        Raises StatementRefusedError, AccessRefusedError or SchemaDriftError.
        """
        plain = rows > 1  # such rows are parameters alone: no row of the store is met
        force = not plain and _has_long_text(parameters)
        kinds = kinds_of(pick(numbered.slots, parameters)) if self._kind == "postgresql" and not plain else ()
        usual = not (plain or force or kinds or conditions)
        if usual and (latest := self._again(numbered, schema, permit)) is not None:
            return latest
        asked = self._asked.get((numbered.sql, schema.fingerprint))
        if asked is not None:
            for ref, _ in asked:
                schema.check(ref.dataset)
            permits = [permit(ref, action) if action is not None else permit(ref) for ref, action in asked]
            held = [conditions(ref) for ref, _ in asked] if conditions else ()
            found = self._plans.get(_key(numbered, schema, permits, held, (kinds, force, rows)))
            if found is not None:
                if usual:
                    self._latest.put(numbered.sql, (found, schema))
                return found
        rewritten = StatementRewriter(schema, permit, conditions or _unconditional, self._sealing).rewrite(
            numbered.sql, len(numbered.slots), kinds=kinds, force_fence=force, rows=rows
        )
        made = Plan(numbered, rewritten, self._kind, self._clock)
        self._asked.put((numbered.sql, schema.fingerprint), rewritten.asked)
        held = [conditions(ref) for ref, _ in rewritten.asked] if conditions else ()
        self._plans.put(_key(numbered, schema, rewritten.permits, held, (kinds, force, rows)), made)
        return made

    def _again(self, numbered: Numbered, schema: StoreSchema, permit: Permit) -> Plan | None:
        """The plan that a statement had last, where it is of this schema and the very permits that are given now."""
        latest = self._latest.get(numbered.sql)
        if latest is None or latest[0].numbered is not numbered or latest[1] is not schema:
            return None
        plan = latest[0]
        for (ref, action), held in zip(plan.rewritten.asked, plan.rewritten.permits, strict=True):
            if (permit(ref) if action is None else permit(ref, action)) is not held:
                return None
        return plan


def _key(
    numbered: Numbered,
    schema: StoreSchema,
    permits: Sequence[DatasetPermit],
    conditions: Sequence[tuple[ExistsIn, ...]],
    parameters: tuple[tuple[str, ...], bool, int],
) -> Hashable:
    asked = (
        ()
        if not any(conditions)
        else tuple(
            (
                *(each.table, tuple(each.match.items()), tuple(each.among.items()), each.rule_id, each.spared),
                *(each.ends, each.absent),
            )
            for conditions_of_one in conditions
            for each in (*conditions_of_one, _NO_MORE)
        )
    )
    return (numbered.sql, numbered.slots, schema.fingerprint, tuple(map(id, permits)), asked, parameters)


def _unconditional(_: DatasetRef) -> tuple[ExistsIn, ...]:
    return ()


_TEXTS = (str, bytes)
_NO_MORE = ExistsIn("", {}, {}, "")


def _has_long_text(parameters: Parameters) -> bool:
    by_name = type(parameters) is not tuple and isinstance(parameters, Mapping)
    for value in parameters.values() if by_name else parameters or ():  # type: ignore[union-attr]  # just asked
        if isinstance(value, _TEXTS) and len(value) > PARAMETER_CHARACTERS:
            return True
    return False
