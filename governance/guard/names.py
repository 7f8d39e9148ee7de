"""What names in a statement mean: uses of base tables, sources of a FROM, scopes and results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from governance.access.permits import DatasetPermit
from governance.guard.schema import StoreSchema, TableShape
from policies.errors import StatementRefusedError
from policies.nouns import FieldRef


@dataclass(slots=True, eq=False)
class Use:
    """One reference of a statement to a base table."""

    table: TableShape
    """The table."""
    permit: DatasetPermit
    """What may be seen of it."""
    node: exp.Table
    """Where it stands."""
    alias: str
    """By what name the statement calls it."""
    select: exp.Select
    """The SELECT whose FROM it stands in."""
    needed: dict[str, None] = field(default_factory=dict)
    """Fields that the statement names, in order."""
    star: bool = False
    """Whether all visible fields are asked for."""
    unstarred: set[str] = field(default_factory=set)
    """Visible fields that `*` leaves out all the same."""
    keys: tuple[str, ...] = ()
    """Fields of the record's key that opening its tokens takes, in key order."""
    nullable: bool = False
    """Whether an outer join may stand NULLs in for its row."""
    pushed: list[exp.Expr] = field(default_factory=list)
    """Conditions of the statement that may be decided inside."""
    within: DatasetPermit | None = None
    """A second permit, to write or delete, whose rows it is held to as well."""


@dataclass(frozen=True, slots=True)
class Output:
    """One column of a query's result."""

    name: str | None
    """What it is called; None when the database makes up a name."""
    use: Use | None = None
    """The base table that it comes from unchanged."""
    field: str | None = None
    """The field of it."""


@dataclass(slots=True, eq=False)
class Source:
    """Something in a FROM."""

    alias: str
    """Its name, folded; empty without one."""
    columns: dict[str, str]
    """Folded name to exact name, in order."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Folded names that exist but may not be seen, with why."""
    use: Use | None = None
    """The base table, if it is one."""
    spelled: str = ""
    """Its name as written."""


@dataclass(slots=True, eq=False)
class Scope:
    """What names mean inside one query."""

    parent: Scope | None
    """The query around it."""
    sources: list[Source] = field(default_factory=list)
    """What its FROM holds."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Names that its result gives, folded to exact."""
    outputs: list[Output] = field(default_factory=list)
    """Its result."""


def unknown_field(hiding: list[Source], folded: str, schema: StoreSchema) -> StatementRefusedError:
    """The refusal of a name that is no visible field, or that a source of FROM hides."""
    if not hiding or hiding[0].use is None:
        return StatementRefusedError(
            "statement",
            found="a name that is no visible field of what FROM holds",
            expected="fields of the catalog",
            next_step="check the spelling; text stands in single quotes",
            rule_ids=("guard.unknown_field",),
        )
    why, dataset = hiding[0].hidden[folded], hiding[0].use.permit.dataset
    known = [*hiding[0].use.table.fields, *hiding[0].use.permit.hidden]
    name = next((each for each in known if schema.folded(each) == folded), "a field")
    return StatementRefusedError(
        str(FieldRef(dataset.store, dataset.dataset, name)),
        found=f"a field that this use may not see ({why})",
        expected="fields that the policy gives for this purpose",
        next_step="leave the field out, or see `governance policy explain`",
        rule_ids=(f"guard.hidden.{why}",),
    )


def renamed(outputs: list[Output], columns: list[str]) -> list[str | None]:
    """The names of a result whose first columns get other names."""
    names = [each.name for each in outputs]
    return [*columns, *names[len(columns) :]]


def mark_nullable(sources: list[Source]) -> None:
    """Note that an outer join may stand NULLs in for the rows of sources."""
    for source in sources:
        if source.use is not None:
            source.use.nullable = True
