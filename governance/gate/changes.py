"""What a migration, model or schema does to the schema, as far as it was read, and what was not.

Every reader gives the same changes, so that a rule never knows in which spelling a change was written.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass


class ChangeKind(enum.StrEnum):
    """What happens to a dataset or field."""

    ADD_FIELD = "add_field"
    """A field appears: `ADD COLUMN`, a column of `CREATE TABLE`, of a view, of `CREATE TABLE AS`."""
    ADD_FIELDS_OF = "add_fields_of"
    """All fields of `target` appear in the dataset: `SELECT *`, `LIKE`, `INHERITS`."""
    RENAME_FIELD = "rename_field"
    """A field gets another name."""
    RENAME_DATASET = "rename_dataset"
    """A dataset gets another name."""
    DROP_FIELD = "drop_field"
    """A field goes."""
    DROP_DATASET = "drop_dataset"
    """A dataset goes."""
    RETYPE_FIELD = "retype_field"
    """A field gets another type."""
    SET_DEFAULT = "set_default"
    """A field gets a constant as its default."""
    FILL_FIELD = "fill_field"
    """Values of `sources` are put into a field that is there: `UPDATE ... SET`, `INSERT ... SELECT`, a trigger."""
    SHOW_FIELD = "show_field"
    """A function gives out values of `sources`."""
    HASH_FIELD = "hash_field"
    """A hash without a key is made of `sources`."""
    COPY_ROWS = "copy_rows"
    """Whole rows of `target` are put into the dataset."""
    ADD_INDEX = "add_index"
    """`fields` get an index or a unique constraint."""
    ADD_REFERENCE = "add_reference"
    """`fields` get a foreign key to `target`."""
    DROP_REFERENCE = "drop_reference"
    """A foreign key goes; `name` is the constraint's."""
    DROP_CONSTRAINT = "drop_constraint"
    """A constraint of a kind that is not stated goes; `name` is the constraint's."""
    GRANT = "grant"
    """A database role may read or write the dataset; `*` stands for all."""
    DROP_FILTER = "drop_filter"
    """What hides rows or values in the database goes: row-level security, a policy, a label."""
    ADD_TRIGGER = "add_trigger"
    """The function `name` runs for rows of the dataset."""
    SILENCE = "silence"
    """Triggers of the dataset are switched off."""
    REMOVE_ROWS = "remove_rows"
    """Rows of the dataset are deleted or rewritten."""
    LITERALS = "literals"
    """Constant values are written into the dataset."""


@dataclass(frozen=True, slots=True)
class Source:
    """A field that values are taken from."""

    dataset: str
    """The dataset; `new` for the row that a trigger sees, empty where the statement does not tell."""
    field: str
    """The field; `*` for all of them."""


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
    through: str = ""
    """By what values get there: `view`, `materialized_view`, `table_as`, `update`, `insert`, `trigger`, `function`,
    `generated`, `default`."""
    sources: tuple[Source, ...] = ()
    """The fields that values come from, where they come from others."""
    fields: tuple[str, ...] = ()
    """The fields of an index or a foreign key."""
    target: str = ""
    """The dataset that a foreign key refers to, or that whole rows come from."""
    name: str = ""
    """The name of a constraint or function; never shown."""
    required: bool = False
    """Whether the field must have a value and has no default."""
    public: bool = False
    """Whether a grant is to everybody."""
    certain: bool = True
    """Whether it surely happens; False below a condition. What may not happen never undoes an earlier change."""
    texts: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """Constants that are written, for the detector alone; never shown."""


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
