"""What is known of one person over all stores: the records found, how each was reached, and what was not reached.

Values never show in a repr. Whoever erases, exports or rectifies takes its records from here and from nowhere else.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connectors.crm.base import Linked
from policies.errors import AccessRefusedError
from policies.nouns import DatasetRef, FieldRef, Scalar

RecordKey = tuple[Scalar, ...]
"""A record's key: the values of the catalog's `record_key`, or of the primary key, in their order."""


class Reach(enum.StrEnum):
    """How a record was reached."""

    IDENTIFIER = "identifier"
    """A field of it holds an identifier of the person."""
    SUBJECT_KEY = "subject_key"
    """Its subject key is one of the person's."""
    JOIN = "join"
    """It hangs on another record of the person by a foreign key or a declared join."""
    MENTION = "mention"
    """A free text of it names an identifier; the record itself may be about somebody else."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """One thing by which a person is looked for."""

    kind: str
    """`email`, `phone`, `id`, `name` or another kind that the subject map knows."""
    value: str = field(repr=False)
    """The value as it was given."""


@dataclass(frozen=True, slots=True)
class TracedRecord:
    """One record of a person, or one that mentions the person."""

    dataset: DatasetRef
    """Where it lies."""
    key: RecordKey = field(repr=False)
    """Which one it is."""
    reach: Reach
    """How it was reached first."""
    by: FieldRef | None
    """The field that matched, or that joins; None for a subject key alone."""
    steps: int
    """How many joins lie between it and a record that an identifier gave; 0 for such a record."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A place that could not be looked at, or not in full."""

    place: str
    """A store, dataset or field."""
    reason: str
    """A code such as `store_down`, `encrypted_without_index`, `no_key`, `not_reviewed`, `limit`."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Something that a person must look at before the records are taken for those of one person."""

    place: str
    """A field, or the dataset of persons for `several`."""
    kind: str
    """The identifier's kind, or `join`; empty for `several`."""
    reason: str
    """`shared`: more persons have it than one may be, so it was not followed; `several`: one person under several
    subject keys, who may be several persons."""
    persons: int
    """How many subject keys."""


@dataclass(frozen=True, slots=True)
class Trace:
    """All that was found of one person."""

    records: tuple[TracedRecord, ...]
    """The records, by dataset in the order of the catalog, then in the order in which they were reached."""
    subject_keys: Mapping[str, frozenset[RecordKey]] = field(repr=False)
    """By store the subject keys under which the person is known there; several when a person is stored twice."""
    unreached: tuple[Unreached, ...] = ()
    """What was not looked at; an empty tuple means that every reviewed dataset was."""
    ambiguous: tuple[Ambiguous, ...] = ()
    """What a human must confirm before records leave, change or go."""
    spaces: Mapping[DatasetRef, frozenset[RecordKey]] = field(default_factory=dict, repr=False)
    """The same subject keys by dataset of persons: a store can hold several kinds of persons, who share numbers."""
    linked: Mapping[tuple[DatasetRef, RecordKey], tuple[Linked, ...]] = field(default_factory=dict, repr=False)
    """What hangs on own records of a CRM and is no dataset of its own, such as attachments and mails."""

    def own(self) -> Iterator[TracedRecord]:
        """The records that are about the person: all but mentions."""
        return (each for each in self.records if each.reach is not Reach.MENTION)

    def of(self, dataset: DatasetRef) -> tuple[TracedRecord, ...]:
        """The records of one dataset that are about the person."""
        return tuple(each for each in self.own() if each.dataset == dataset)

    def hanging(self) -> dict[str, dict[str, int]]:
        """How many things of each kind hang on the own records of each dataset of a CRM."""
        found: dict[str, dict[str, int]] = {}
        for (dataset, _), things in self.linked.items():
            for each in things:
                counts = found.setdefault(str(dataset), {})
                counts[each.kind] = counts.get(each.kind, 0) + 1
        return found

    def mentions(self) -> dict[str, int]:
        """How many records of each dataset only mention the person."""
        found: dict[str, int] = {}
        for each in self.records:
            if each.reach is Reach.MENTION:
                found[str(each.dataset)] = found.get(str(each.dataset), 0) + 1
        return found

    def counts(self) -> dict[str, int]:
        """How many own records each dataset holds."""
        found: dict[str, int] = {}
        for each in self.own():
            found[str(each.dataset)] = found.get(str(each.dataset), 0) + 1
        return found


def check_one_person(trace: Trace, *, confirmed: bool) -> None:
    """Refuse a trace of several subject keys that nobody has confirmed to be one person. Raises AccessRefusedError."""
    several = next((each for each in trace.ambiguous if each.reason == "several"), None)
    if several is not None and not confirmed:
        raise AccessRefusedError(
            several.place,
            found=f"{several.persons} subject keys that look like one person",
            expected="one, or a human who has looked at them: else it would reach somebody else",
            next_step="look at `subject find --keys FILE`, then say --confirmed, or name the internal key alone",
            rule_ids=("subject.several",),
        )
