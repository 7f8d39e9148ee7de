"""From which day a record's period runs: a field, an event, the last activity over several tables, a contract's end.

    start: placed_at
    start: {event: {dataset: crm.tickets, field: closed_at, by: {customer_id: id}, where: kind == "goodbye"}}
    start: {last: [created_at, {dataset: crm.orders, field: placed_at, by: {customer_id: id}}]}
    start: {contract_end: {dataset: crm.contracts, field: ends_at, by: {customer_id: id}}}

The latest day counts. `by` maps fields of the other dataset to those of the record. A contract without an end is
running: the period of its record has not begun to end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, model_validator

from policies.errors import ConfigError
from policies.nouns import DatasetRef
from policies.predicate import Predicate, parse_predicate
from policies.yaml_files import FileModel


class ElsewhereEntry(FileModel):
    """Records of another dataset of the same store that belong to a record."""

    dataset: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*\..+$")
    """Which dataset, as `store.dataset`."""
    by: dict[str, str] = Field(min_length=1)
    """Its fields to the fields of the record that they must equal."""
    where: str | None = None
    """Which of its records, in the predicate language; all by default."""


class SourceEntry(ElsewhereEntry):
    """A day in another dataset."""

    field: str
    """The field with the day or time."""


class StartEntry(FileModel):
    """A start that is more than a field; one of the three."""

    event: SourceEntry | None = None
    """The latest event of a kind."""
    last: tuple[str | SourceEntry, ...] | None = Field(default=None, min_length=1)
    """The last activity: fields of the record, and days in other datasets."""
    contract_end: str | SourceEntry | None = None
    """The end of the last contract; one without an end is running."""

    @model_validator(mode="after")
    def _one_of_them(self) -> StartEntry:
        if sum(each is not None for each in (self.event, self.last, self.contract_end)) != 1:
            raise ValueError("one of `event`, `last` and `contract_end`")
        return self


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Records of another dataset that belong to a record."""

    dataset: DatasetRef
    """Which dataset, of the same store."""
    by: tuple[tuple[str, str], ...]
    """Each of its fields with the field of the record that it must equal."""
    where: Predicate | None
    """Which of them; None for all."""

    @property
    def digest_text(self) -> str:
        """All that decides, as one text."""
        return f"{self.dataset}\x1d{self.by}\x1d{self.where.text if self.where else ''}"


@dataclass(frozen=True, slots=True)
class Source:
    """One day from which a period may run."""

    field: str
    """The field with the day or time."""
    elsewhere: Elsewhere | None = None
    """In which other dataset; None for a field of the record itself."""
    open_end: bool = False
    """Whether a missing day means that there is no end yet: a contract that runs."""

    @property
    def text(self) -> str:
        """As reports show it."""
        return f"{self.elsewhere.dataset}.{self.field}" if self.elsewhere else self.field


@dataclass(frozen=True, slots=True)
class Start:
    """From which day a record's period runs: the latest of its sources."""

    sources: tuple[Source, ...]
    """At least one."""

    @property
    def text(self) -> str:
        """As reports show it."""
        return ", ".join(each.text for each in self.sources)

    @property
    def fields(self) -> frozenset[str]:
        """The record's own fields that decide."""
        own = {each.field for each in self.sources if each.elsewhere is None}
        return frozenset(own).union(ours for each in self.sources if each.elsewhere for _, ours in each.elsewhere.by)

    @property
    def digest_text(self) -> str:
        """All that decides, as one text; a field alone is its name."""
        if len(self.sources) == 1 and self.sources[0] == Source(self.sources[0].field):
            return self.sources[0].field
        parts = [
            f"{each.field}\x1c{each.open_end}\x1c{each.elsewhere.digest_text if each.elsewhere else ''}"
            for each in self.sources
        ]
        return "\x1e".join(parts)


def start_of(entry: str | StartEntry, place: str, store: str) -> Start:
    """A start as it is written. Raises PredicateError, and ConfigError for a dataset of another store."""
    if isinstance(entry, str):
        return Start((Source(entry),))
    if entry.contract_end is not None:
        return Start((_source(entry.contract_end, place, store, open_end=True),))
    return Start(tuple(_source(each, place, store) for each in entry.last or (entry.event,) if each is not None))


def elsewhere(entry: ElsewhereEntry, place: str, store: str) -> Elsewhere:
    """Records elsewhere as they are written. Raises PredicateError, and ConfigError for another store."""
    home, _, dataset = entry.dataset.partition(".")
    if home != store:
        raise ConfigError(
            place,
            found="a dataset of another store",
            expected=f"one of store {store}: a rule is decided inside the database",
            next_step="name a dataset of the same store, or copy the day into the record",
        )
    where = parse_row_predicate(entry.where, place) if entry.where else None
    return Elsewhere(DatasetRef(home, dataset), tuple(sorted(entry.by.items())), where)


def parse_row_predicate(text: str, place: str) -> Predicate:
    """A predicate that names no principal. Raises PredicateError, ConfigError."""
    predicate = parse_predicate(text, place)
    if predicate.attributes:
        raise ConfigError(
            place,
            found="an attribute of a principal",
            expected="fields and constants: nobody asks here",
            next_step="mend retention.yaml; see docs/retention.md",
        )
    return predicate


def plain_start(value: Any) -> Any:
    """`{field: NAME}` as the field's name; anything else as it is."""
    if isinstance(value, Mapping) and set(value) == {"field"}:
        return value["field"]
    return value


def _source(entry: str | SourceEntry, place: str, store: str, *, open_end: bool = False) -> Source:
    if isinstance(entry, str):
        return Source(entry, open_end=open_end)
    return Source(entry.field, elsewhere(entry, place, store), open_end)
