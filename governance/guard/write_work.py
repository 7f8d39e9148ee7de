"""One write while it is rewritten, and what is told of it when it is finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from governance.access.permits import DatasetPermit
from governance.guard.predicate_sql import Bindings
from governance.guard.rewrite import Permit, Rewritten, SealedCell, WritePlan, deciding_fields, row_fields
from governance.guard.schema import StoreSchema, TableShape
from governance.guard.scopes import Resolver
from governance.guard.write_cells import Parameters
from governance.ledger.events import EventObject
from policies.nouns import Action, DatasetRef, FieldRef
from policies.row_conditions import ExistsIn


class Asked:
    """Asks for permits, and remembers which were asked for."""

    def __init__(self, permit: Permit) -> None:
        self._permit = permit
        self.found: dict[tuple[DatasetRef, Action | None], DatasetPermit] = {}

    def __call__(self, ref: DatasetRef, action: Action | None = None) -> DatasetPermit:
        """The permit of a dataset, for an action that writes or for reading. Raises AccessRefusedError."""
        permit = self._permit(ref, action) if action is not None else self._permit(ref)
        self.found[ref, action] = permit
        return permit


@dataclass(slots=True, eq=False)
class Work:
    """What is known of one statement while it is rewritten."""

    table: TableShape
    """The target."""
    alias: str
    """What the statement calls it."""
    ref: DatasetRef
    """The same, as policies name it."""
    action: Action
    """`write` or `delete`."""
    asked: Asked
    """The permits that it is made of."""
    bindings: Bindings
    """Its bound values."""
    resolver: Resolver
    """What its names mean."""
    parameters: Parameters
    """Its numbered parameters."""
    fenced: bool = False
    """Whether the derived tables are fenced."""
    derived: list[exp.Select] = field(default_factory=list)
    """The derived tables in it."""
    written: list[str] = field(default_factory=list)
    """The fields that it names as written."""
    returned: list[str] = field(default_factory=list)
    """The fields that RETURNING shows."""
    omitted: dict[FieldRef, str] = field(default_factory=dict)
    """Fields that `*` in RETURNING left out, with why."""
    cells: tuple[SealedCell, ...] = ()
    """Parameters that become tokens."""
    many: bool = False
    """Whether it can be written out for many sets of parameters."""
    inserts: bool = False
    """Whether it is an INSERT."""
    writes: dict[str, set[str]] = field(default_factory=dict)
    """Table to what is done with it."""
    own: list[exp.Expr] = field(default_factory=list)
    """Conditions of the guard's own outside of derived tables."""
    touched: list[TableShape] = field(default_factory=list)
    """Other tables that a deletion reaches."""
    before: str | None = None
    """`WritePlan.before`."""
    key_returned: bool = False
    """Whether the key of a row inserted stands behind the columns that RETURNING asked for."""
    kept: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    """Of a DELETE that holds are asked for: the fields of key and of subject key that come back."""


def finished(
    base: Rewritten,
    work: Work,
    schema: StoreSchema,
    within: DatasetPermit,
    read: DatasetPermit | None,
    conditions: Sequence[ExistsIn],
    *,
    checked: bool,
) -> Rewritten:
    """The rewritten statement, with all that it reads and writes itself added to what its sources read."""
    fold, table = schema.folded, work.table
    permits = [within, *([read] if read is not None else [])]
    asked = work.asked.found
    objects = [EventObject(str(FieldRef(work.ref.store, work.ref.dataset, each)), "clear") for each in work.written]
    objects = objects or [EventObject(str(work.ref))]
    rules = set(base.rules)
    for permit in permits:
        rules |= {rule.rule_id for rule in (*permit.allow, *permit.deny, *permit.special)}
    for each in work.written:
        rules |= {rule.rule_id for rule in within.fields[each].rules} if each in within.fields else set()
    for each in work.returned:
        if read is None:
            break
        rules |= {rule.rule_id for rule in read.fields[each].rules}
        ref = str(FieldRef(work.ref.store, work.ref.dataset, each))
        objects += [EventObject(ref, treatment) for treatment in read.fields[each].treatments]
    rules |= {condition.rule_id for condition in conditions}
    reads = dict(base.reads)
    own = {field_ for permit in permits for field_ in deciding_fields(permit) | row_fields(permit)}
    own |= {field_ for part in work.kept or () for field_ in part}
    own |= {*table.primary_key, *work.returned, *(f for each in conditions for f in each.fields)}
    own |= {field_ for linked in table.writing.linked for field_ in linked}
    reads[fold(table.name)] = reads.get(fold(table.name), frozenset()) | {fold(each) for each in own}
    for condition in conditions:
        more = frozenset(fold(each) for each in condition.columns)
        reads[fold(condition.table)] = reads.get(fold(condition.table), frozenset()) | more
    for each_table, fields in _keys_met(schema, [table, *work.touched]):
        reads[each_table] = reads.get(each_table, frozenset()) | fields
    datasets = tuple(dict.fromkeys([work.ref, *(ref for ref, _ in asked)]))
    key = table.primary_key[0] if len(table.primary_key) == 1 else ""
    plan = WritePlan(
        work.action,
        work.ref,
        len(work.returned),
        checked,
        work.many,
        work.inserts and bool(key) and within.is_clear(key),
        work.cells,
        work.parameters.added,
        {fold(each): frozenset(map(fold, what)) for each, what in work.writes.items()},
        (len(work.kept[0]), len(work.kept[1])) if work.kept is not None else None,
        tuple(
            DatasetRef(schema.store, each.dataset)
            for each in work.touched
            if "delete" in work.writes.get(each.name, ())
        ),
        work.before,
        key_returned=work.key_returned,
    )
    return Rewritten(
        base.sql,
        base.attributes,
        datasets,
        tuple(asked),
        tuple(asked.values()),
        tuple(dict.fromkeys([*objects, *base.objects])),
        tuple(sorted(rules)),
        tuple(sorted({*base.omitted, *work.omitted})),
        work.fenced,
        reads,
        write=plan,
    )


def _keys_met(schema: StoreSchema, tables: Sequence[TableShape]) -> Iterator[tuple[str, frozenset[str]]]:
    """Tables with the fields that the database itself reads to keep foreign keys of the tables written."""
    fold = schema.folded
    for table in tables:
        for to, fields in table.writing.refers_to:
            other = schema.find(None, to)
            met = fields or (other.primary_key if other is not None else ())
            yield fold(to), frozenset(map(fold, met))
        for each in table.writing.referred_by:
            yield fold(each.table), frozenset(map(fold, each.fields))
            yield fold(table.name), frozenset(map(fold, each.referred or table.primary_key))
