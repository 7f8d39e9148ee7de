"""What a walk has found so far: records, the subject keys that the person has, and what a human must confirm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from governance.requests.store_rows import Row, written
from governance.requests.subject_map import DatasetMap, SubjectMap
from governance.requests.traced import Ambiguous, Reach, RecordKey, Trace, TracedRecord, Unreached
from policies.nouns import DatasetRef, FieldRef, Scalar

Person = tuple[DatasetRef, tuple[str, ...]]
"""A dataset of persons with the key of one, in the form in which keys are compared."""


@dataclass(slots=True)
class Found:
    """Grows while the walk goes on."""

    known: SubjectMap
    """The map."""
    most_persons: int
    """So many subject keys of one dataset of persons may be one person's."""
    limit: int
    """So many records are kept at most."""
    records: dict[tuple[DatasetRef, RecordKey], TracedRecord] = field(default_factory=dict, repr=False)
    """By dataset and key."""
    persons: dict[Person, RecordKey] = field(default_factory=dict, repr=False)
    """The person's subject keys, as the store has them."""
    steps: dict[Person, int] = field(default_factory=dict, repr=False)
    """How many joins lie before a subject key."""
    shared: dict[tuple[str, str], int] = field(default_factory=dict)
    """What was not followed: place and kind, to how many persons have it."""
    unreached: list[Unreached] = field(default_factory=list)
    """What could not be looked at."""

    def person_of(self, dataset: DatasetMap, row: Row) -> Person | None:
        """Whom a row is about; None where its subject key is NULL or nobody can tell."""
        parts = subject_of(dataset, row)
        if dataset.space is None or parts is None:
            return None
        person = dataset.space, written(parts)
        if person in self.persons and dataset.is_of_persons:
            self.persons[person] = parts
        return person

    def admits(self, persons: Mapping[Person, RecordKey]) -> bool:
        """Whether all these may be one with the person: at most `most_persons` of each dataset of persons."""
        together = {**self.persons, **persons}
        counts: dict[DatasetRef, int] = {}
        for space, _ in together:
            counts[space] = counts.get(space, 0) + 1
        touched = {space for space, _ in persons}
        return all(counts[space] <= self.most_persons for space in touched)

    def adopt(self, persons: Mapping[Person, RecordKey], steps: int) -> list[Person]:
        """Take subject keys for the person's; gives those that are new."""
        new = [each for each in persons if each not in self.persons]
        for each in new:
            self.persons[each] = persons[each]
            self.steps[each] = steps
        return new

    def add(self, dataset: DatasetMap, row: Row, reach: Reach, by: FieldRef | None, steps: int) -> bool:
        """Keep a record; gives whether it is one of the person's own that was not known as such."""
        place = dataset.ref, row.key
        before = self.records.get(place)
        if before is not None and (before.reach is not Reach.MENTION or reach is Reach.MENTION):
            return False
        if before is None and len(self.records) >= self.limit:
            self.say(str(dataset.ref), "limit")
            return False
        self.records[place] = TracedRecord(dataset.ref, row.key, reach, by, steps)
        return reach is not Reach.MENTION

    def say(self, place: str, reason: str) -> None:
        """Note what could not be looked at, once."""
        note = Unreached(place, reason)
        if note not in self.unreached:
            self.unreached.append(note)

    def is_full(self) -> bool:
        """Whether no more records are kept."""
        return len(self.records) >= self.limit

    def trace(self) -> Trace:
        """All of it, sorted by the order of the catalog."""
        order = {ref: place for place, ref in enumerate(self.known.datasets)}
        keys: dict[str, set[RecordKey]] = {}
        spaces: dict[DatasetRef, set[RecordKey]] = {}
        for (space, _), key in self.persons.items():
            keys.setdefault(space.store, set()).add(key)
            spaces.setdefault(space, set()).add(key)
        ambiguous = [Ambiguous(place, kind, "shared", count) for (place, kind), count in self.shared.items()]
        ambiguous += [
            Ambiguous(str(space).rstrip("."), "", "several", len(own)) for space, own in spaces.items() if len(own) > 1
        ]
        return Trace(
            tuple(sorted(self.records.values(), key=lambda each: order[each.dataset])),
            {store: frozenset(each) for store, each in keys.items()},
            (*self.known.unreached, *self.unreached),
            tuple(ambiguous),
            {space: frozenset(each) for space, each in spaces.items()},
        )


def subject_of(dataset: DatasetMap, row: Row) -> RecordKey | None:
    """The subject key that a row holds; None when a part of it is NULL."""
    parts = values_of(row, dataset.entry.subject_key)
    return parts if parts and None not in parts else None


def values_of(row: Row, fields: tuple[str, ...]) -> tuple[Scalar, ...]:
    """Some fields of a row."""
    return tuple(row.values.get(name) for name in fields)
