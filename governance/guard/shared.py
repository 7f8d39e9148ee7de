"""What all guarded connections of one store share: the driver's pool, the plans, the schema and who decides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from governance.guard.base import Decryptor, Encryptor, Permits, Recorder, RowPredicate
from governance.guard.held import StopOf
from governance.guard.nodes import TEMPORARY
from governance.guard.parsing import dialect_of
from governance.guard.plans import Planner
from governance.guard.recording import Drafts
from governance.guard.watch import SchemaWatch
from policies.row_conditions import ExistsIn


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """The parts of one guarded store. May be shared by threads."""

    store: str
    """The store's name."""
    kind: str
    """`sqlite`, `postgresql` or `mysql`."""
    permits: Permits
    """The access policy."""
    predicate: RowPredicate
    """Further conditions on rows."""
    recorder: Recorder
    """The ledger."""
    decryptor: Decryptor | None
    """Opens encrypted fields; None where there are none."""
    encryptor: Encryptor | None
    """Makes their tokens; None where there are none."""
    planner: Planner
    """Makes and keeps plans."""
    watch: SchemaWatch
    """The schema as it is now."""
    default_schema: str
    """Where a bare name is looked up."""
    driver_errors: tuple[type[BaseException], ...]
    """What the driver raises."""
    raw_cursor: Callable[[Any], Any]
    """Opens a cursor of the driver's that takes numbered parameters."""
    check_in: Callable[[Any], None]
    """Gives a driver's connection back to the pool."""
    drafts: Drafts
    """Drafts of decisions made before."""
    clock: Callable[[], dt.datetime]
    """Gives the present, aware."""
    stop_of: StopOf | None = None
    """What holds stop in a dataset; None where nobody asks."""
    _qualified: dict[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """The driver's placeholder."""
        return "?" if self.kind == "sqlite" else "%s"

    def own_table(self, condition: ExistsIn) -> str:
        """The table of a condition with its schema, quoted."""
        schema = TEMPORARY.get(self.kind, self.default_schema) if condition.temporary else self.default_schema
        return '"{}"."{}"'.format(schema.replace('"', '""'), condition.table.replace('"', '""'))

    def qualified(self, sql: str) -> str:
        """A constant SELECT of ours with each table's schema written out: nothing is looked up by a search path."""
        if self.kind != "postgresql" or "pg_catalog." in sql:
            return sql
        if sql not in self._qualified:
            tree = dialect_of(self.kind).parse(sql)[0] or exp.Select()
            for table in tree.find_all(exp.Table):
                if not table.db:
                    table.set("db", exp.Identifier(this=self.default_schema, quoted=True))
            self._qualified[sql] = dialect_of(self.kind).generate(tree, comments=False)
        return self._qualified[sql]
