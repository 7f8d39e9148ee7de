"""The work of one erasure plan: steps over all stores, built from the plan's facts and the sealed person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection

from governance.jobs.key_order import among
from governance.jobs.plan import Plan, stale
from governance.jobs.work import Key, Step
from governance.requests.erasure_steps import Once, RowDeletion, TakingOut
from governance.requests.erasure_table import ErasureTable
from policies.errors import ConfigError
from policies.nouns import DatasetRef

KIND = "erasure"
"""The kind of plan and job."""
PURPOSE = "governance.erasure"
"""The purpose under which it is recorded."""

Doing = Callable[[Connection], object]
"""What is done once for a store."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What a plan says of one step, enough to build it again."""

    name: str
    """The step's name."""
    what: str
    """`forget`, `cut`, `anonymise`, `crypto_shred`, `delete` or `end`."""
    dataset: str
    """The dataset; for `forget` and `end` one of the store's."""
    fields: tuple[str, ...] = ()
    """The fields that are changed."""

    @property
    def ref(self) -> DatasetRef:
        """The dataset as a reference."""
        return DatasetRef(*self.dataset.split(".", 1))

    @property
    def action(self) -> str:
        """What the ledger calls it: rows that go are deleted, all else takes a person out."""
        return "delete" if self.what == "delete" else "erase"

    def to_json(self) -> dict[str, Any]:
        """For the plan's facts."""
        return {"name": self.name, "what": self.what, "dataset": self.dataset, "fields": list(self.fields)}

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> StepFacts:
        """From the plan's facts."""
        return cls(said["name"], said["what"], said["dataset"], tuple(said["fields"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """The work of one plan."""

    plan: Plan
    """The plan."""
    steps: Sequence[Step]
    """In their order."""
    prints: Mapping[str, str]
    """Dataset to the fingerprint of its table now."""
    after: Callable[[], Mapping[str, Any]]
    """Looks for the person again, and gives what was found."""
    rules: tuple[str, ...]
    """The duties that keep records."""
    digest: str
    """Of what decides now."""

    @property
    def kind(self) -> str:
        """The kind of job."""
        return KIND

    @property
    def purpose(self) -> str:
        """The purpose under which it is recorded."""
        return PURPOSE

    def check(self, connection: Connection) -> None:
        """Return when rules and tables are as the plan saw them. Raises StalePlanError."""
        del connection
        if self.plan.versions["rules"] != self.digest:
            raise stale(self.plan, "an erasure.yaml, or a duty of retention.yaml, that was changed since")
        if dict(self.plan.facts["tables"]) != dict(self.prints):
            raise stale(self.plan, "a table whose schema was changed since")

    def findings(self, connection: Connection) -> Mapping[str, Any]:
        """What is left of the person."""
        del connection
        return self.after()


def row_step(
    facts: StepFacts,
    table: ErasureTable,
    keys: Sequence[Key],
    dialect: str,
    *,
    cut: frozenset[str] = frozenset(),
    planning: bool = False,
) -> RowDeletion | TakingOut:
    """The step over rows of one table; for `planning`, with rows that are referred to until others are gone.

    Raises ConfigError for a field that cannot become what it must.
    """
    typed = [table.typed(key) for key in keys]
    theirs = among(table.key, typed) if typed else sa.false()
    common: dict[str, Any] = {
        "name": facts.name,
        "dataset": facts.ref,
        "action": facts.action,
        "table": table.table,
        "key": table.key,
        "subject": tuple(table.table.c[name] for name in table.subject),
        "states": states(table, cut),
    }
    if facts.what == "delete":
        needs = theirs if planning else sa.and_(theirs, sa.not_(table.referred))
        return RowDeletion(**common, needs=needs)
    values: Mapping[str, ColumnElement[Any]] = dict.fromkeys(facts.fields, sa.null())
    if facts.what == "anonymise":
        values = table.values(facts.fields, dialect)
    return TakingOut(**common, needs=sa.and_(theirs, table.undone(values)), values=values)


def states(table: ErasureTable, cut: frozenset[str] = frozenset()) -> tuple[ColumnElement[Any], ...]:
    """Key and person of a record, but for fields that the erasure itself empties first.

    A person is erased whatever else has changed in their records since the plan; a record that has become somebody
    else's is left alone.
    """
    return (*table.key, *(table.table.c[name] for name in table.subject if name not in cut))


def shredded(table: ErasureTable) -> tuple[str, ...]:
    """The fields that a crypto-shredding empties. Raises ConfigError for a dataset that has none."""
    fields = tuple(name for name in table.encrypted if table.table.c[name].nullable)
    if not fields:
        raise ConfigError(
            f"erasure.yaml, {table.dataset}, action",
            found="`crypto_shred` for a dataset without encrypted fields that may be empty",
            expected="fields that the catalog calls `encrypted: subject`",
            next_step="encrypt them first, or choose another action",
        )
    return fields


def once(facts: StepFacts, do: Doing) -> Once:
    """A step that is done once for a store."""
    return Once(name=facts.name, dataset=facts.ref, action=facts.action, do=do)
