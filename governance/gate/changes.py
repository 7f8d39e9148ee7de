"""What a migration does to the schema, as far as it was read, and what was not."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ChangeKind(enum.StrEnum):
    """What happens to a dataset or field."""

    ADD_FIELD = "add_field"
    """A field appears: `ADD COLUMN`, a column of `CREATE TABLE`, of a view, of `CREATE TABLE AS`."""
    RENAME_FIELD = "rename_field"
    """A field gets another name."""
    RENAME_DATASET = "rename_dataset"
    """A dataset gets another name."""


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One change of the schema."""

    kind: ChangeKind
    """What happens."""
    dataset: str
    """The dataset, as policies name it; its new name where it is renamed."""
    field: str
    """The field; its new name where it is renamed; empty for a change of the dataset as a whole."""
    file: str
    """The migration, as a path with `/`."""
    line: int
    """Where in it, from 1."""
    native_type: str = ""
    """The type as the migration writes it; empty where it writes none."""
    comment: str = ""
    """The comment on the field; empty without one."""
    former: str = ""
    """The name before a renaming."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something in a migration that could not be understood, and so may do anything."""

    file: str
    """The migration, as a path with `/`."""
    line: int
    """Where in it, from 1."""
    what: str
    """Which kind of thing: the part behind `unread_` of a key of the words file `gate`."""
    detail: str = ""
    """A key word or kind of file that completes it; never text of the migration."""
    grave: bool = True
    """Whether it can add fields; False for what seldom does, such as the body of a function."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read in some migrations, in order."""

    changes: tuple[SchemaChange, ...] = ()
    """The changes."""
    unread: tuple[Unread, ...] = ()
    """What was not understood."""
    statements: int = 0
    """Statements and operations looked at."""

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.changes + other.changes, self.unread + other.unread, self.statements + other.statements)
