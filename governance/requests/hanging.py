"""What a walk keeps from one question to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from governance.requests.store_rows import Row
from governance.requests.subject_map import DatasetMap
from governance.requests.traced import RecordKey


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that holds an identifier."""

    dataset: DatasetMap
    """Where it lies."""
    row: Row = field(repr=False)
    """What is read of it."""
    by: str
    """The field that holds the identifier."""


@dataclass(slots=True)
class Hanging:
    """Values by which records of the other side of a link are looked for, each with where it is from."""

    values: dict[tuple[str, ...], RecordKey] = field(default_factory=dict, repr=False)
    """As they are compared, to as the store has them."""
    steps: dict[tuple[str, ...], int] = field(default_factory=dict, repr=False)
    """How many joins lie before the record that holds each."""
    of_persons: set[tuple[str, ...]] = field(default_factory=set, repr=False)
    """Those that a record of a dataset of persons holds."""
