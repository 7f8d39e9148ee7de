"""What the walk asks of a store: rows that hold some values, an identifier, or a text that names one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from governance.requests.forms import Form
from governance.requests.subject_map import DatasetMap
from governance.requests.traced import RecordKey, Unreached
from policies.nouns import Scalar


@dataclass(frozen=True, slots=True)
class Row:
    """What is read of one record: its key, and the fields by which the walk goes on."""

    key: RecordKey = field(repr=False)
    """Its key; for a file without one its number, from 1."""
    values: Mapping[str, Scalar] = field(repr=False)
    """The fields asked for, encrypted identifiers opened; those that cannot be opened are None."""


class Rows(Protocol):
    """One store, raw. Raises StoreError when it is down or not as it was described; the message holds no value."""

    unreached: list[Unreached]
    """What could not be looked at, added as it is met."""

    def matching(
        self, dataset: DatasetMap, fields: Sequence[str], values: Collection[RecordKey], needed: Sequence[str]
    ) -> Iterator[Row]:
        """The rows whose fields hold one of these combinations; `needed` names the fields of the answer."""
        ...

    def identified(
        self, dataset: DatasetMap, sought: Mapping[str, Sequence[Form]], needed: Sequence[str]
    ) -> Iterator[tuple[Row, str, Form]]:
        """The rows of which a field holds one of the identifiers sought in it, with that field and identifier."""
        ...

    def mentioning(self, dataset: DatasetMap, forms: Sequence[Form]) -> Iterator[tuple[Row, str]]:
        """The rows of which a free text names one of the identifiers, with the field."""
        ...


def same(one: Sequence[Scalar], other: Sequence[Scalar]) -> bool:
    """Whether two keys are equal, whatever types two stores give their parts."""
    return written(one) == written(other)


def written(key: Sequence[Scalar]) -> tuple[str, ...]:
    """A key by which those of two stores are compared: `42` and 42 are one."""
    return tuple("" if each is None else str(int(each)) if isinstance(each, bool) else str(each) for each in key)
