"""The shared nouns: what a rule, a store and a report mean by a field, a sensitivity, a treatment or a principal."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Scalar = str | int | float | bool | None
"""A value that a principal's attribute or a predicate's constant may have."""


@dataclass(frozen=True, order=True, slots=True)
class DatasetRef:
    """A table, file, sheet or module of a store: `crm.customers`.

    Store names hold no dot; all behind the first dot is the dataset, so `crm.sales.orders` is the table `orders` of the
    database schema `sales`.
    """

    store: str
    """The store's name as in `governance.yaml`."""
    dataset: str
    """The dataset's name as the store lists it."""

    def __str__(self) -> str:
        return f"{self.store}.{self.dataset}"


@dataclass(frozen=True, order=True, slots=True)
class FieldRef:
    """A column or JSON path of a dataset: `crm.customers.email`."""

    store: str
    """The store's name as in `governance.yaml`."""
    dataset: str
    """The dataset's name as the store lists it."""
    field: str
    """The field's name; a path inside a JSON column is written `column:$.path`."""

    def __str__(self) -> str:
        return f"{self.store}.{self.dataset}.{self.field}"

    @property
    def of(self) -> DatasetRef:
        """The dataset that holds the field."""
        return DatasetRef(self.store, self.dataset)


class Sensitivity(enum.IntEnum):
    """How much harm a leak does, from least to most.

    `SPECIAL` is for the kinds of GDPR Art. 9 and PIPL Art. 28, which need a purpose that lists them.
    """

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3
    SPECIAL = 4

    @property
    def word(self) -> str:
        """The name as it stands in files and reports, in lower case."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Sensitivity:
        """The sensitivity that a word names. Raises KeyError for an unknown word."""
        return cls[word.upper()]


class Action(enum.StrEnum):
    """What is done with rows: `read` stays inside the application, `export` leaves it."""

    READ = "read"
    EXPORT = "export"
    WRITE = "write"
    DELETE = "delete"


class Effect(enum.StrEnum):
    """Whether a policy line gives or takes."""

    ALLOW = "allow"
    DENY = "deny"


class LabelStatus(enum.StrEnum):
    """What people have said of a label. Only `CONFIRMED` opens a field."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. Attributes enter statements as bound values only."""

    name: str
    """The user's name as in the policy."""
    roles: frozenset[str] = frozenset()
    """Roles held, inherited ones included."""
    attributes: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))
    """What predicates can name as `principal.NAME`."""

    def __repr__(self) -> str:
        return f"Principal({len(self.roles)} roles, {len(self.attributes)} attributes)"
