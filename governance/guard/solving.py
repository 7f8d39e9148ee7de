"""Cases of two permits found by a solver (z3, the extra `smt`), where they are too many to be gone through one by one.

What a comparison answers for each value that a field can stand for (`witnesses.py`) is evaluated as ever and handed to
the solver as a table; the solver only has to find a row. So it knows nothing of text, dates or numbers, and decides
exactly what going through all cases would. Whatever it finds is evaluated once more before it is believed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from governance.access.permits import DatasetPermit, FieldPermit, FieldRule, RowRule
from policies.predicate import Conjunction, Disjunction, Node, Not, Predicate
from policies.witnesses import UndecidableError

EFFORT = 30_000_000
"""Steps that the solver takes for one question; the same question takes as many on every machine."""
MOST_PAIRS = 250_000
"""Pairs of values of two fields that are compared with one another, at most."""

Holds = Callable[[Predicate, Mapping[str, Any]], bool | None]
"""Whether a row meets a predicate, as one of the two policies evaluates it."""
Domains = Mapping[str, Sequence[Any]]
"""By field, the values that stand for all."""
ABSENT = "absent"
"""Not shown at all: hidden, refused, or in a row that is not visible."""


class Solver:
    """Rows of a dataset, as far as some predicates tell them apart.

    Raises UndecidableError when the extra is not installed.
    """

    def __init__(self, values: Domains) -> None:
        try:
            import z3
        except ImportError:
            raise UndecidableError("too many cases without the extra `smt`") from None
        self._z3 = z3
        self._values = values
        self._places = {name: z3.Int(name) for name in values}
        self._solver = z3.Solver()
        self._solver.set("rlimit", EFFORT)
        for name, place in self._places.items():
            self._solver.add(place >= 0, place < len(values[name]))

    def shows(self, permit: DatasetPermit, field: FieldPermit, holds: Holds) -> dict[str, Any]:
        """By treatment, and ABSENT, a formula that says for which rows a permit shows a field so."""
        z3 = self._z3
        visible = z3.And(
            z3.Or([self._gives(rule, holds) for rule in permit.allow]),
            *(self._spares(rule, holds) for rule in (*permit.deny, *permit.special)),
        )
        open_ = z3.And(visible, *(self._spares(rule, holds) for rule in field.denies))
        found: dict[str, list[Any]] = {ABSENT: [z3.Not(visible)], "null": [z3.And(visible, z3.Not(open_))]}
        undecided = open_
        for rule in field.rules:
            given = self._gives(rule, holds)
            found.setdefault(rule.treatment, []).append(z3.And(undecided, given))
            undecided = z3.And(undecided, z3.Not(given))
        found["null"].append(undecided)
        return {treatment: z3.Or(ways) for treatment, ways in found.items()}

    def row(self, *formulas: Any) -> dict[str, Any] | None:
        """A row for which all formulas hold; None when there is none.

        Raises UndecidableError when it takes more than `EFFORT`.
        """
        self._solver.push()
        try:
            self._solver.add(*formulas)
            answer = self._solver.check()
            if answer == self._z3.unsat:
                return None
            if answer != self._z3.sat:
                raise UndecidableError("conditions that take the solver too long")
            model = self._solver.model()
            places = {name: model.eval(place, model_completion=True) for name, place in self._places.items()}
            return {name: self._values[name][place.as_long()] for name, place in places.items()}
        finally:
            self._solver.pop()

    def _gives(self, rule: RowRule | FieldRule, holds: Holds) -> Any:
        return self._z3.BoolVal(True) if rule.rows is None else self._formulas(rule.rows.root, holds)[0]

    def _spares(self, rule: RowRule, holds: Holds) -> Any:
        return self._z3.BoolVal(False) if rule.rows is None else self._formulas(rule.rows.root, holds)[1]

    def _formulas(self, node: Node, holds: Holds) -> tuple[Any, Any]:
        """When a condition is true and when it is false; for other rows it is unknown."""
        z3 = self._z3
        match node:
            case Conjunction(nodes=nodes):
                parts = [self._formulas(each, holds) for each in nodes]
                return z3.And([part[0] for part in parts]), z3.Or([part[1] for part in parts])
            case Disjunction(nodes=nodes):
                parts = [self._formulas(each, holds) for each in nodes]
                return z3.Or([part[0] for part in parts]), z3.And([part[1] for part in parts])
            case Not(node=inner):
                true, false = self._formulas(inner, holds)
                return false, true
            case _:
                return self._table(Predicate("a condition", node), holds)

    def _table(self, leaf: Predicate, holds: Holds) -> tuple[Any, Any]:
        """What a single comparison answers, for each value of the fields that it names."""
        fields = sorted(leaf.fields)
        sizes = [range(len(self._values[name])) for name in fields]
        if len(fields) > 1 and len(sizes[0]) * len(sizes[1]) > MOST_PAIRS:
            raise UndecidableError("two fields with too many values to compare")
        met: dict[bool | None, list[Any]] = {True: [], False: [], None: []}
        for places in itertools.product(*sizes):
            row = {name: self._values[name][place] for name, place in zip(fields, places, strict=True)}
            at = [self._places[name] == place for name, place in zip(fields, places, strict=True)]
            met[holds(leaf, row)].append(self._z3.And(at))
        return self._z3.Or(met[True]), self._z3.Or(met[False])
