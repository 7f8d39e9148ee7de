"""Plain records, such as the answer of an API, treated as the same rows would be in a query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from governance.access.permits import DatasetPermit, FieldPermit, FieldRule, RowRule
from governance.guard.columns import ArrowColumns, Decided, PandasColumns, Rows
from governance.guard.predicate_sql import attribute_value
from governance.guard.record_types import UntypedValueError, comparable, typed_attribute, typed_value
from governance.guard.records import Record, as_mappings, is_frame, is_table, refused
from governance.protect.masks import MASKS
from policies.errors import PredicateError
from policies.nouns import Scalar
from policies.predicate import (
    Among,
    AttributeOperand,
    Compare,
    Conjunction,
    Constant,
    Disjunction,
    FieldOperand,
    Node,
    Not,
    Operand,
    Predicate,
    Truth,
)

Meets = Callable[[Sequence[Record]], Sequence[bool]]
"""Which of some records meet the further conditions, such as consent."""


class RecordFilter:
    """Treats records of one dataset by one permit; `types` gives each field's type as the catalog or store has it."""

    def __init__(
        self,
        permit: DatasetPermit,
        attributes: Mapping[str, Scalar],
        types: Mapping[str, str],
        *,
        encrypted: frozenset[str] = frozenset(),
        meets: Meets | None = None,
    ) -> None:
        self._permit = permit
        self._attributes = attributes
        self._types = types
        self._encrypted = encrypted
        self._meets = meets
        self._comparable: dict[Predicate, Predicate] = {}

    def treat(self, given: Any) -> Any:
        """Records of any form of `governance.guard.records`: tables give such tables, all else gives mappings.

        The visible rows in their order, each with its visible fields treated. A table's index and metadata, which no
        rule knows, are left out. Raises AccessRefusedError when a rule cannot be decided on a record.
        """
        if is_table(given):
            return self._table(given)
        if is_frame(given):
            return self._frame(given)
        return self.filter(as_mappings(given))

    def filter(self, records: Iterable[Record]) -> list[dict[str, Any]]:
        """The visible records in their order, each with its visible fields treated.

        Raises AccessRefusedError when a rule cannot be decided on a record.
        """
        visible = [record for record in records if self._is_visible(record)]
        if self._meets is not None:
            visible = [record for record, met in zip(visible, self._meets(visible), strict=True) if met]
        return [self._treated(record) for record in visible]

    def judged(self, record: Record, field: str | None = None) -> tuple[str | None, frozenset[str]]:
        """How one record shows a field of the permit, and the ids of the rules that decide; nothing is treated.

        A treatment; `clear` without a field; None for a record that is not visible. Conditions such as consent are not
        asked. Raises AccessRefusedError when a rule cannot be decided on the record.
        """
        permit = self._permit
        giving = {rule.rule_id for rule in permit.allow if self._gives(rule, record)}
        taking = {rule.rule_id for rule in (*permit.deny, *permit.special) if self._takes(rule, record)}
        if taking or not giving:
            return None, frozenset(taking)
        if field is None:
            return "clear", frozenset(giving)
        shown = permit.fields[field]
        denying = {rule.rule_id for rule in shown.denies if self._takes(rule, record)}
        if denying:
            return "null", frozenset(giving | denying)
        rule = self._deciding(shown, record)
        return ("null", frozenset(giving)) if rule is None else (rule.treatment, frozenset({*giving, rule.rule_id}))

    def _table(self, table: pa.Table | pa.RecordBatch) -> pa.Table:
        columns = ArrowColumns(table)
        decided, rows = self._decided(columns)
        shown = self._fields(columns.names)
        treated = {
            name: columns.treated(name, rows, decided.shown(permit, rows), self._treating(name))
            for name, permit in shown.items()
        }
        return pa.table(treated) if treated else table.schema.empty_table().select([])

    def _frame(self, frame: Any) -> Any:
        import pandas as pd

        columns = PandasColumns(frame, self._types)
        decided, rows = self._decided(columns)
        treated = {
            name: columns.treated(name, rows, decided.shown(permit, rows), self._treating(name))
            for name, permit in self._fields(columns.names).items()
        }
        return pd.DataFrame(treated, index=pd.RangeIndex(len(rows)))

    def _decided(self, columns: ArrowColumns | PandasColumns) -> tuple[Decided, Rows]:
        decided = Decided(columns, self._permit, self._holds)
        rows = decided.visible()
        if self._meets is not None:
            rows = rows[np.array(self._meets(decided.records(rows)), dtype=np.bool_)]
        return decided, rows

    def _fields(self, names: Sequence[str]) -> dict[str, FieldPermit]:
        return {name: permit for name, permit in self._permit.fields.items() if name in names}

    def _treating(self, field: str) -> Callable[[str, Any], Any]:
        return lambda treatment, value: self._treatment(treatment, value, field)

    def meets(self, predicate: Predicate, record: Record) -> bool | None:
        """Whether a record meets a predicate; None is unknown. Raises AccessRefusedError when that is undecidable."""
        return self._holds(predicate, record)

    def _gives(self, rule: RowRule | FieldRule, record: Record) -> bool:
        return rule.rows is None or self._holds(rule.rows, record) is True

    def _takes(self, rule: RowRule, record: Record) -> bool:
        return rule.rows is None or self._holds(rule.rows, record) is not False

    def _deciding(self, permit: FieldPermit, record: Record) -> FieldRule | None:
        """The rule that says how a field of a visible record is shown; None when no rule does."""
        return next((rule for rule in permit.rules if self._gives(rule, record)), None)

    def _is_visible(self, record: Record) -> bool:
        permit = self._permit
        if not any(self._gives(rule, record) for rule in permit.allow):
            return False
        return not any(self._takes(rule, record) for rule in (*permit.deny, *permit.special))

    def _treated(self, record: Record) -> dict[str, Any]:
        return {name: self._value(permit, record) for name, permit in self._permit.fields.items() if name in record}

    def _value(self, permit: FieldPermit, record: Record) -> Any:
        if any(self._takes(rule, record) for rule in permit.denies):
            return None
        rule = self._deciding(permit, record)
        return None if rule is None else self._treatment(rule.treatment, record[permit.field], permit.field)

    def _treatment(self, treatment: str, value: Any, field: str) -> Any:
        if treatment == "clear":
            return value
        if treatment == "null":
            return None
        mask = MASKS.get(treatment.removeprefix("mask:")) if treatment.startswith("mask:") else None
        if mask is None:
            raise refused(f"treatment `{treatment}`, which records cannot be given yet")
        if field in self._encrypted:
            return None
        return mask.apply(value, self._types.get(field, "string"))

    def _holds(self, predicate: Predicate, record: Record) -> bool | None:
        failed = ""
        try:
            if predicate not in self._comparable:
                self._comparable[predicate] = comparable(predicate, self._types)
            values = {
                name: typed_value(record[name], self._types.get(name, "")) for name in predicate.fields & set(record)
            }
            return self._comparable[predicate].evaluate({**record, **values}, self._typed(predicate))
        except UntypedValueError as error:
            failed = str(error)
        except PredicateError as error:
            failed = error.found
        raise refused(failed)

    def _typed(self, predicate: Predicate) -> Mapping[str, Scalar]:
        """The attributes that a predicate names, NULL where they are not of the type that they are compared with."""
        kinds: dict[str, str] = {}
        for operands in _groups(predicate.root):
            kind = _kind(operands, self._types)
            kinds.update({each.name: kind for each in operands if isinstance(each, AttributeOperand)})
        return {
            name: typed_attribute(attribute_value(self._attributes.get(name), kind), kind)
            for name, kind in kinds.items()
        }


def _groups(node: Node) -> list[tuple[Operand, ...]]:
    """Operands that are compared with one another."""
    match node:
        case Conjunction(nodes=nodes) | Disjunction(nodes=nodes):
            return [group for each in nodes for group in _groups(each)]
        case Not(node=inner):
            return _groups(inner)
        case Compare(left=left, right=right):
            return [(left, right)]
        case Among(operand=operand, items=items):
            return [(operand, *items)]
        case Truth(operand=AttributeOperand() as operand):
            return [(operand, Constant(True))]
        case _:
            return [(node.operand,)]


def _kind(operands: tuple[Operand, ...], types: Mapping[str, str]) -> str:
    for operand in operands:
        if isinstance(operand, FieldOperand):
            return types.get(operand.name, "string")
    for operand in operands:
        if isinstance(operand, Constant):
            value = operand.value
            return "boolean" if isinstance(value, bool) else "float" if isinstance(value, int | float) else "string"
    return "string"
