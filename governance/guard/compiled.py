"""What a compiled policy is: views for each purpose and set of roles, who may use them, and what was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.nouns import Action, DatasetRef

Columns = Mapping[tuple[str, str], frozenset[str]]
"""By schema and table, names of columns."""


@dataclass(frozen=True, slots=True)
class CompiledView:
    """One dataset as one use sees it."""

    dataset: DatasetRef
    """What it is a view of."""
    select: str
    """Its query."""
    reads: Columns
    """What its owner must be able to read."""

    @property
    def name(self) -> str:
        """Its name in the schema of its use: that of the dataset."""
        return self.dataset.dataset

    @property
    def digest(self) -> str:
        """Of its query."""
        return hashlib.sha256(self.select.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class CompiledUse:
    """One purpose, for everybody whom the same lines of the policy match."""

    purpose: str
    """The purpose."""
    subjects: tuple[str, ...]
    """The subjects whose lines decide: roles, `*`, or a user; sorted."""
    schema: str
    """The schema that holds its views."""
    role: str
    """The database role that may read them."""
    logins: tuple[str, ...]
    """The database roles of the people, sorted."""
    views: tuple[CompiledView, ...]
    """Its views, by name."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A dataset or field that a use has no view of, although lines give it."""

    purpose: str
    """The purpose."""
    subjects: tuple[str, ...]
    """The subjects."""
    place: str
    """The dataset or field."""
    why: str
    """What stands in the way."""


@dataclass(frozen=True, slots=True)
class AttributeRow:
    """An attribute of a person, as one kind of value that rules compare it as."""

    login: str
    """The person's database role."""
    attribute: str
    """Its name."""
    kind: str
    """As `connectors.base.Field.type`."""
    value: str = field(repr=False)
    """The value as PostgreSQL reads it from text."""


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy as a PostgreSQL database can keep it."""

    store: str
    """The store."""
    database: str
    """The database that it was compiled for."""
    action: Action
    """`read` or `export`."""
    policy: str
    """The digest of the policy."""
    owner: str
    """The database role that owns the views and reads the tables, column by column."""
    own_schema: str
    """The schema that holds the attributes."""
    uses: tuple[CompiledUse, ...]
    """By schema."""
    attributes: tuple[AttributeRow, ...]
    """Sorted; no two for one login, name and kind."""
    base_schemas: tuple[str, ...]
    """The schemas in which the store's datasets lie, sorted."""
    left_out: tuple[LeftOut, ...]
    """What the uses do not have."""

    @property
    def reads(self) -> Columns:
        """What the owner must be able to read."""
        found: dict[tuple[str, str], frozenset[str]] = {}
        for use in self.uses:
            for view in use.views:
                for table, columns in view.reads.items():
                    found[table] = found.get(table, frozenset()) | columns
        return {table: found[table] for table in sorted(found)}

    @property
    def logins(self) -> tuple[str, ...]:
        """Everybody who may read a view, sorted."""
        return tuple(sorted({login for use in self.uses for login in use.logins}))

    @property
    def mark(self) -> str:
        """How the comments of all that was made for this store and action begin: by it, it is found again."""
        return f"customer-data-governance, {self.action} of store {self.store}:"
