"""The guarded connection: one principal, one purpose, a short list of names; what is not on it is closed off."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple, NoReturn, Self

from governance.access.permits import DatasetPermit
from governance.guard.base import NoConditions, UseContext
from governance.guard.bounds import RunningTime
from governance.guard.conditions import meets
from governance.guard.cursor import CLOSED_OFF, GuardedCursor
from governance.guard.filter import RecordFilter
from governance.guard.neutral import neutral_error
from governance.guard.opening import OpenedRows
from governance.guard.own_statements import OwnStatements, is_idle
from governance.guard.plans import Parameters, Plan
from governance.guard.recording import Recording, Use
from governance.guard.schema import StoreSchema
from governance.guard.second_check import SecondCheck
from governance.guard.shared import Shared
from governance.guard.watch import VERSION_SQL
from governance.guard.writing import Border, Written, write
from governance.ledger.events import stamp
from policies.errors import AccessRefusedError, GovernanceError, SchemaDriftError, StatementRefusedError, StoreError
from policies.nouns import Action, DatasetRef
from policies.row_conditions import ExistsIn

_SAVEPOINT = re.compile(r"\s*(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) ([A-Za-z_][A-Za-z0-9_]{0,60})\s*")
_DIALECT_OWN = {
    "mysql": frozenset(
        {
            "COMMIT",
            "SELECT @@transaction_isolation",
            "SELECT @@tx_isolation",
            *(
                f"SET SESSION TRANSACTION ISOLATION LEVEL {level}"
                for level in ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
            ),
        }
    ),
    "sqlite": frozenset({"PRAGMA read_uncommitted", "PRAGMA read_uncommitted = 0"}),
    "postgresql": frozenset({"show transaction isolation level"}),
}
"""What SQLAlchemy's dialects run of themselves to ask for or reset an isolation level."""
_UNSENDABLE = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
"""What drivers raise over parameters that they cannot send."""
_USUAL_FORMS = (tuple, dict, list)
_LEVELS = (None, "", "DEFERRED", "IMMEDIATE", "EXCLUSIVE")


class TransactionInfo(NamedTuple):
    """What PostgreSQL's dialect asks of a connection before it asks for the isolation level."""

    transaction_status: Any
    """As the driver has it: idle, in a transaction, or in one that failed."""


class GuardedConnection:
    """What a driver's connection is to SQLAlchemy, pandas and people; the driver's own is behind none of its names."""

    __slots__ = (
        *("__check", "__checkout", "__context", "__driver", "__info", "__recording", "__shared", "__time"),
        "__weakref__",
    )

    def __init__(self, shared: Shared, context: UseContext, checkout: Any) -> None:
        self.__shared = shared
        self.__context = context
        self.__checkout = checkout
        self.__driver = checkout.dbapi_connection
        self.__info: dict[Any, Any] = checkout.info
        self.__check: SecondCheck | None = self.__info.get("gov_check")  # SQLite's alone
        self.__time: RunningTime | None = self.__info.get("gov_time")  # SQLite's alone
        self.__recording = Recording(shared.recorder, context, shared.drafts, shared.permits.versions)

    def __repr__(self) -> str:
        return f"GuardedConnection({self.__shared.store})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a guarded connection " + CLOSED_OFF)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"`{name}` " + CLOSED_OFF)

    # --- PEP 249

    def cursor(self, *_: object, **options: object) -> GuardedCursor:
        """A cursor. The driver's own kinds of cursor, named ones included, are all this one."""
        del options
        self.__raw()
        return GuardedCursor(self)

    def commit(self) -> None:
        """End the transaction."""
        self.__plainly(lambda raw: raw.commit())

    def rollback(self) -> None:
        """Give the transaction up."""
        if self.__check is None or (self.__driver or self.__raw()).in_transaction:
            self.__plainly(lambda raw: raw.rollback())

    def close(self) -> None:
        """Give the driver's connection back; from now on everything is refused."""
        checkout, self.__checkout, self.__driver = self.__checkout, None, None
        if checkout is not None:
            self.__shared.check_in(checkout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what dialects ask for

    @property
    def isolation_level(self) -> Any:
        """The driver's isolation level."""
        return getattr(self.__raw(), "isolation_level", None)

    @isolation_level.setter
    def isolation_level(self, level: Any) -> None:
        if self.__shared.kind == "sqlite" and level not in _LEVELS:
            raise _closed("an isolation level that SQLite does not have")
        if self.__shared.kind == "mysql":
            raise _closed("an isolation level that MariaDB's driver does not have")
        self.__plainly(lambda raw: setattr(raw, "isolation_level", level))

    @property
    def in_transaction(self) -> bool:
        """Whether SQLite is inside a transaction."""
        return bool(self.__raw().in_transaction)

    @property
    def info(self) -> TransactionInfo:
        """Of all that PostgreSQL's driver says there, only whether a transaction is open."""
        if self.__shared.kind != "postgresql":
            raise AttributeError("`info` " + CLOSED_OFF)
        return TransactionInfo(self.__raw().info.transaction_status)

    @property
    def autocommit(self) -> Any:
        """Whether PostgreSQL's driver begins no transaction; with MariaDB's what sets that."""
        return self.__set_autocommit if self.__shared.kind == "mysql" else self.__raw().autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self.__plainly(lambda raw: setattr(raw, "autocommit", bool(value)))

    def __set_autocommit(self, value: object) -> None:
        """MariaDB's driver has a method where PostgreSQL's has an attribute."""
        self.__changed()
        self.__plainly(lambda raw: raw.autocommit(bool(value)))

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written."""
        return not self.__context.writes

    @property
    def closed(self) -> bool:
        """Whether nothing can be run any more."""
        if self.__checkout is None:
            return True
        if self.__check is not None:  # SQLite's connections do not end of themselves
            return False
        raw = self.__driver
        return not getattr(raw, "open", True) or bool(getattr(raw, "closed", False))

    @property
    def broken(self) -> bool:
        """Whether PostgreSQL's connection was lost."""
        return self.__checkout is not None and bool(getattr(self.__driver, "broken", False))

    # --- what the cursor asks for

    @property
    def _driver_errors(self) -> tuple[type[BaseException], ...]:
        return self.__shared.driver_errors

    @property
    def _counts(self) -> bool:
        """Whether the driver's `executemany` gives a number of rows."""
        return self.__shared.kind == "mysql"

    def _neutral(self, error: BaseException) -> GovernanceError:
        return neutral_error(self.__shared.store, error)

    def _begin(self) -> None:
        """A call to the database begins: its time is counted from now."""
        if self.__time is not None:
            self.__time.end = None

    def _guarded_run(self, sql: str, parameters: Parameters) -> tuple[Any, Use | None, tuple[Any, ...]]:
        raw, check = self.__driver or self.__raw(), self.__check
        if not parameters and (_SAVEPOINT.fullmatch(sql) or sql in _DIALECT_OWN[self.__shared.kind]):
            self.__changed()
            return self.__run(raw, check.ours if check else nullcontext(), sql, None), None, ()
        parameters = _of_usual_form(parameters)
        known = self.__shared.watch.known
        if known is not None:
            try:
                return self.__attempt(raw, sql, parameters, known)
            except _OutdatedError:
                pass
        return self.__attempt(raw, sql, parameters, None)

    def __attempt(
        self, raw: Any, sql: str, parameters: Parameters, known: StoreSchema | None
    ) -> tuple[Any, Use | None, tuple[Any, ...]]:
        """Run a statement; with `known`, on the schema as it was last seen, which is asked for while the read is open.

        Raises _OutdatedError where the schema is another one: nothing of what was read is handed out.
        """
        check = self.__check
        plan, values, version = self.__planned(sql, parameters, known=known)
        if plan.rewritten.write is not None:
            if known is not None and self.__is_outdated(known):
                raise _OutdatedError
            return self.__write(sql, [parameters], version), None, plan.rewritten.omitted
        use = self.__recording.allowed(plan.rewritten, sql)
        reading = check.statement(plan.rewritten.sql, plan.rewritten.reads) if check else nullcontext()
        try:
            cursor = self.__run(raw, reading, plan.rewritten.sql, values)
            self.__check_version(cursor, plan.rewritten.sql, version)
        except BaseException as error:
            if use is not None:
                use.close("failed")
            if known is not None and isinstance(error, GovernanceError) and self.__is_outdated(known):
                raise _OutdatedError from None
            raise
        if plan.rewritten.sealed:
            cursor = OpenedRows(cursor, plan.rewritten, self.__shared.decryptor)
        return cursor, use, plan.rewritten.omitted

    def _guarded_many(self, sql: str, sets: list[Parameters]) -> tuple[Any, None, tuple[Any, ...]]:
        sets = [_of_usual_form(each) for each in sets]
        if not sets:
            return Written(None, [], 0, None), None, ()
        plan, _, version = self.__planned(sql, sets[0])
        if plan.rewritten.write is None:
            raise _closed("many sets of parameters for a statement that reads")
        return self.__write(sql, sets, version), None, plan.rewritten.omitted

    def __write(self, sql: str, sets: list[Parameters], version: Any) -> Written:
        shared, raw, check = self.__shared, self.__raw(), self.__check

        def run(plan: Plan, values: Any) -> Any:
            made = plan.rewritten
            allowing = (
                check.statement(made.sql, made.reads, made.write.writes if made.write else None)
                if check
                else nullcontext()
            )
            cursor = self.__run(raw, allowing, made.sql, values)
            self.__check_version(cursor, made.sql, version)
            return cursor

        border = Border(
            lambda parameters, rows: self.__planned(sql, parameters, rows)[0],
            run,
            lambda plan: self.__recording.allowed(plan.rewritten, sql),
            lambda: self.__hold(raw),
            self.__command,
            shared.stop_of,
        )
        return write(border, self.__context, sets, shared.encryptor)

    def __changed(self) -> None:
        """A setting of the driver's connection may differ from now on; it is set anew when it is given back."""
        if self.__checkout is not None:
            self.__info["gov_changed"] = True

    def __hold(self, raw: Any) -> tuple[Sequence[str], Sequence[str]]:
        """Begin what a write can be taken back to: a transaction where the driver begins none, else a savepoint."""
        if self.__shared.kind == "sqlite":
            if not raw.in_transaction and raw.isolation_level is not None:
                self.__command(f"BEGIN {raw.isolation_level}")
            alone = not raw.in_transaction
        else:
            alone = bool(raw.get_autocommit() if self.__shared.kind == "mysql" else raw.autocommit)
        if alone:
            self.__command("BEGIN")
            return ("COMMIT",), ("ROLLBACK",)
        self.__command("SAVEPOINT gov_write")
        return ("RELEASE SAVEPOINT gov_write",), ("ROLLBACK TO SAVEPOINT gov_write", "RELEASE SAVEPOINT gov_write")

    def __command(self, sql: str) -> None:
        check = self.__check
        self.__run(self.__raw(), check.ours if check else nullcontext(), sql, None).close()

    def _guarded_filter(self, records: Any, dataset: DatasetRef) -> Any:
        shared, context = self.__shared, self.__context
        try:
            self.__prepare()
            schema = self.__schema()
            schema.check(dataset.dataset)
            permit = shared.permits.permit(context.principal, context.purpose, context.action, dataset)
            conditions = shared.predicate.conditions(dataset, context.purpose)
            fields = schema.tables[dataset.dataset].fields
            treating = RecordFilter(
                permit,
                context.principal.attributes,
                {name: field.type for name, field in fields.items()},
                encrypted=shared.planner.encrypted(dataset.dataset),
                meets=lambda some: meets(
                    some, conditions, shared.own_table, shared.mark, self.__ask, stamp(shared.clock())
                ),
            )
            shown = treating.treat(records)
        except (AccessRefusedError, SchemaDriftError) as error:
            self.__recording.refused(f"filter {dataset}", error)
            raise
        use = self.__recording.filtered(permit, [each.rule_id for each in conditions], f"filter {dataset}")
        use.rows = len(shown)
        use.close("done")
        return shown

    def __ask(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of a constant statement of ours with bound values."""
        raw, check = self.__raw(), self.__check
        failure: GovernanceError | None = None
        rows: Sequence[Sequence[Any]] = ()
        cursor = raw.cursor()
        self._begin()
        try:
            with check.ours if check else nullcontext():
                cursor.execute(sql, values)
                rows = cursor.fetchall()
        except self.__shared.driver_errors as error:
            failure = self._neutral(error)
        finally:
            cursor.close()
        if failure is not None:
            raise failure
        return rows

    def __permit(self, ref: DatasetRef, action: Action | None = None) -> DatasetPermit:
        context = self.__context
        if action is not None and not context.writes:
            raise StatementRefusedError(
                "statement",
                found="a statement that writes, on a connection that reads",
                expected="a SELECT, or a connection that was opened to write",
                next_step="open the store with `writes=True`; the policy decides on each statement",
                rule_ids=("guard.kind",),
            )
        return self.__shared.permits.permit(context.principal, context.purpose, action or context.action, ref)

    def __planned(
        self, sql: str, parameters: Parameters, rows: int = 1, *, known: StoreSchema | None = None
    ) -> tuple[Plan, Any, Any]:
        shared, context = self.__shared, self.__context
        unconditional = type(shared.predicate) is NoConditions  # it looks at nothing
        try:
            if not unconditional:
                self.__prepare()
            numbered = shared.planner.numbered(sql, parameters)
            schema = known or self.__schema()
            conditions = None if unconditional else self.__conditions()
            plan = shared.planner.plan(numbered, parameters, schema, self.__permit, conditions, rows=rows)
            return plan, plan.values(parameters, context) if rows == 1 else None, schema.version
        except (AccessRefusedError, SchemaDriftError) as error:
            if known is not None and self.__is_outdated(known):
                raise _OutdatedError from None
            self.__recording.refused(sql, error)
            raise

    def __conditions(self) -> Callable[[DatasetRef], tuple[ExistsIn, ...]]:
        """What the row predicate asks of each dataset: one answer for one statement."""
        predicate, purpose = self.__shared.predicate, self.__context.purpose
        asked: dict[DatasetRef, tuple[ExistsIn, ...]] = {}

        def conditions(ref: DatasetRef) -> tuple[ExistsIn, ...]:
            if ref not in asked:
                asked[ref] = predicate.conditions(ref, purpose)
            return asked[ref]

        return conditions

    def __is_outdated(self, known: StoreSchema) -> bool:
        return bool(self.__version() != known.version)

    def __check_version(self, cursor: Any, sql: str, version: Any) -> None:
        """SQLite: the schema that the statement ran on is the one that it was planned on; its read is still open."""
        check = self.__check
        if check is None or check.is_seen(sql, version):
            return
        if self.__version() == version:
            check.see(sql, version)
        else:
            cursor.close()
            raise StoreError(
                f"store {self.__shared.store}",
                found="a schema that changed while the statement was being read",
                expected="one schema from the check to the run",
                next_step="try again",
            )

    def __schema(self) -> StoreSchema:
        """The schema as it is now."""
        return self.__shared.watch.current(self.__version, self.__shared.default_schema, now=self.__is_fresh())

    def __version(self) -> tuple[object, ...]:
        """What the store answers to the question for its schema's version."""
        sql = VERSION_SQL[self.__shared.kind]
        if self.__check is not None:
            try:
                with self.__check.ours:
                    return (self.__driver or self.__raw()).execute(sql).fetchone() or ()
            except self.__shared.driver_errors:
                pass  # asked again below, for an error of our own
        return tuple(self.__first_row(sql) or ())

    def __run(self, raw: Any, allowing: Any, sql: str, values: Any) -> Any:
        failure: GovernanceError | None = None
        cursor = self.__shared.raw_cursor(raw)
        self._begin()
        try:
            with allowing:
                cursor.execute(sql, values) if values is not None else cursor.execute(sql)
        except self.__shared.driver_errors as error:
            failure = self._neutral(error)
        except _UNSENDABLE as error:  # the driver's own words would repeat the parameter
            failure = self._neutral(error)
        if failure is not None:
            cursor.close()
            raise failure
        return cursor

    def __first_row(self, sql: str) -> Sequence[object] | None:
        """The first row of a constant SELECT of ours, in the transaction of the statement to come."""
        raw, check = self.__raw(), self.__check
        cursor = self.__run(raw, check.ours if check else nullcontext(), self.__shared.qualified(sql), None)
        try:
            row: Sequence[object] | None = cursor.fetchone()
            return row
        finally:
            cursor.close()

    def __prepare(self) -> None:
        """Let the row predicate look at the store before a statement is planned."""
        self.__shared.predicate.prepare(self.__shared.store, self.__context.purpose, self.__own())

    def __own(self) -> OwnStatements:
        raw, kind = self.__raw(), self.__shared.kind
        return OwnStatements(
            kind,
            self.__shared.mark,
            self.__first_row,
            self.__plainly,
            self.__info,
            self.__context.writes,
            is_idle(raw, kind),
        )

    def __is_fresh(self) -> bool:
        """Whether this is the first statement on a new connection of the driver."""
        return bool(self.__info.pop("gov_fresh", False))

    def __plainly(self, act: Callable[[Any], object]) -> None:
        raw, check = self.__raw(), self.__check
        failure: GovernanceError | None = None
        self._begin()
        try:
            with check.ours if check else nullcontext():
                act(raw)
        except self.__shared.driver_errors as error:
            failure = self._neutral(error)
        if failure is not None:
            raise failure

    def __raw(self) -> Any:
        if self.__checkout is None:
            raise _closed("a connection that was given back")
        return self.__driver


class _OutdatedError(Exception):
    """The schema is not the one that a statement was planned on; the statement is to be planned anew."""


def _of_usual_form(parameters: Parameters) -> Parameters:
    """Parameters that are looked at as often as need be and stay the same; of any other class they are copied."""
    if parameters is None or type(parameters) in _USUAL_FORMS:  # what the rest asks takes longer than all looking up
        return parameters
    try:
        if isinstance(parameters, Mapping):
            return dict(parameters)
        if not isinstance(parameters, str | bytes):
            return tuple(parameters)
    except _UNSENDABLE:
        pass
    raise _closed("parameters that are neither a sequence nor a mapping")


def _closed(found: str) -> StatementRefusedError:
    return StatementRefusedError(
        "connection",
        found=found,
        expected="an open guarded connection",
        next_step="open the store again with a principal and a purpose",
        rule_ids=("guard.connection",),
    )
