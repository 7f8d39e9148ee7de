"""Stages of a customer's life: prospect, customer, loyal, lapsed, lost, or the firm's own, read off a record.

    stages:
      crm.customers:                                        # predicates: the first stage whose test is TRUE
        prospect: {where: first_order_at is None}
        lost: {since: last_order_at, after: P5Y}
        lapsed: {since: last_order_at, after: P2Y}
        customer: {}
      crm.leads: {field: status, map: {N: prospect, W: customer}}

`since` and `after` hold of a record whose day in `since` is longer ago than `after`. A stage is a list of predicates of
the one language for one day, so that a store's SQL, the guard and Python decide alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from policies.nouns import Scalar
from policies.periods import Period, parse_period
from policies.predicate import (
    Among,
    Compare,
    Conjunction,
    Constant,
    Disjunction,
    FieldOperand,
    Node,
    Not,
    Predicate,
    Truth,
    parse_predicate,
)
from policies.yaml_files import FileModel


def period_text(text: str) -> str:
    """The text of a period, checked. Raises ValueError."""
    parse_period(text)
    return text


PeriodText = Annotated[str, AfterValidator(period_text)]


class StageEntry(FileModel):
    """One stage by a test, as it is written; without any, all records that no stage above has taken."""

    where: str | None = None
    """A predicate of the one language."""
    since: str | None = None
    """A field with a day or time."""
    after: PeriodText | None = None
    """How long ago `since` must be."""

    @model_validator(mode="after")
    def _since_with_after(self) -> StageEntry:
        if (self.since is None) != (self.after is None):
            raise ValueError("`since` together with `after`")
        return self


class StageMap(FileModel):
    """Stages by the values of a field."""

    field: str
    """The field."""
    map: dict[Scalar, str] = Field(min_length=1)
    """Its values to stages."""


def _entry(value: Any) -> Any:
    return StageMap.model_validate(value) if isinstance(value, dict) and "map" in value else value


StagesEntry = Annotated[StageMap | dict[str, StageEntry], BeforeValidator(_entry)]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a dataset."""

    name: str
    """Such as `lapsed`."""
    test: Predicate
    """What its records meet, besides `since`."""
    since: str | None = None
    """A field with a day or time that must be longer ago than `after`."""
    after: Period | None = None
    """How long ago."""

    def on(self, today: dt.date) -> Node:
        """The test of one day."""
        if self.since is None or self.after is None:
            return self.test.root
        day = Constant(self.after.cutoff(today).isoformat())
        return Conjunction((self.test.root, Compare("<", FieldOperand(self.since), day)))


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The stages of one dataset, in the order in which they are tried."""

    stages: tuple[Stage, ...]
    """The first whose test is TRUE is the record's; a record may have none."""

    @property
    def names(self) -> tuple[str, ...]:
        """Each stage once, in order."""
        return tuple(dict.fromkeys(each.name for each in self.stages))

    @property
    def fields(self) -> frozenset[str]:
        """The fields that decide."""
        since = {each.since for each in self.stages if each.since}
        return frozenset(since).union(*(each.test.fields for each in self.stages))

    @property
    def digest_text(self) -> str:
        """All that decides, as one text."""
        return "\x1e".join(f"{each.name}\x1d{each.test.text}\x1d{each.since}\x1d{each.after}" for each in self.stages)

    def tests(self, today: dt.date) -> tuple[tuple[str, Predicate], ...]:
        """Stage and test of a day, in order."""
        return tuple((each.name, Predicate(f"stage {each.name}", each.on(today))) for each in self.stages)

    def of(self, row: Mapping[str, Any], today: dt.date) -> str | None:
        """The stage of a record; None for none."""
        return next((name for name, test in self.tests(today) if test.evaluate(row, {})), None)

    def surely_not(self, names: tuple[str, ...], today: dt.date) -> Predicate:
        """TRUE of a record that is for certain in a stage other than these; an unknown test admits nothing."""
        ways: list[Node] = []
        barred: list[Node] = []
        for each in self.stages:
            if each.name in names:
                barred.append(Not(each.on(today)))
            else:
                ways.append(_all([each.on(today), *barred]))
        root = Disjunction(tuple(ways)) if len(ways) > 1 else ways[0] if ways else Truth(Constant(value=False))
        return Predicate("surely not " + " or ".join(names), root)


def _all(nodes: list[Node]) -> Node:
    return Conjunction(tuple(nodes)) if len(nodes) > 1 else nodes[0]


def lifecycle(entry: StageMap | Mapping[str, StageEntry], place: str) -> Lifecycle:
    """The stages of a dataset as they are written. Raises PredicateError."""
    if isinstance(entry, StageMap):
        by_stage: dict[str, list[Scalar]] = {}
        for value, name in entry.map.items():
            by_stage.setdefault(name, []).append(value)
        return Lifecycle(tuple(Stage(name, _among(entry.field, values)) for name, values in by_stage.items()))
    return Lifecycle(tuple(_stage(name, each, f"{place}, stage `{name}`") for name, each in entry.items()))


def _among(field: str, values: list[Scalar]) -> Predicate:
    root = Among(FieldOperand(field), tuple(Constant(each) for each in values))
    return Predicate(f"{field} in {tuple(values)!r}", root)


def _stage(name: str, entry: StageEntry, place: str) -> Stage:
    test = parse_predicate(entry.where, place) if entry.where else Predicate("True", Truth(Constant(value=True)))
    return Stage(name, test, entry.since, parse_period(entry.after) if entry.after else None)
