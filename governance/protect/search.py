"""`Customer.email.search("x@y")`: the condition by which an encrypted field is searched, on its blind-index column.

    class Customer(Base):
        email: Mapped[str | None] = mapped_column(Encrypted(String, index="email_bidx"))
        email_bidx: Mapped[bytes | None] = mapped_column(IndexCell, deferred=True, index=True)

    db.scalars(select(Customer).where(Customer.email.search("x@y"))).all()

A condition is made without any key. The value that is sought hides in it until a session or engine that has a protector
runs the statement: there it is replaced by the cells under which it may lie, one for each index key that rows may still
be under. Run by anything else, the statement is refused and nothing is sent. With few `bits`, rows that only share the
cell come too: compare after reading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import VARBINARY, Connection, Engine, LargeBinary, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter, ColumnElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from governance.protect.blind_index import LONGEST
from policies.errors import BadInputError
from policies.nouns import FieldRef

if TYPE_CHECKING:
    from governance.protect.protector import Protector

_INFO = "governance.search"
_SIZED = ("mariadb", "mysql")


@dataclass(frozen=True, slots=True, repr=False)
class Sought:
    """A value that a statement looks for, before it is turned into cells. Hides it in repr."""

    dataset: str
    """The table, with its schema where it has one."""
    field: str
    """The encrypted column."""
    inner: str
    """The type of the value."""
    value: Any
    """The value."""

    def __repr__(self) -> str:
        return f"Sought({self.dataset}.{self.field})"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise BadInputError(
            "search of an encrypted field",
            found="an attempt to copy or pickle the value that is sought",
            expected="a condition that is made where it is run",
            next_step="make it again from the value",
        )


class IndexCell(TypeDecorator[Any]):
    """The type of a column of blind-index cells: only what Protect made is written or compared."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Bytes of unknown length, but where such a column cannot have an index, bytes of the longest cell."""
        return dialect.type_descriptor(VARBINARY(LONGEST) if dialect.name in _SIZED else LargeBinary())

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ARG002 the base class's form
        """Let cells and None through. Raises ClearWriteError for anything else."""
        from governance.protect.encrypted_type import ClearWriteError, Token

        if value is None or isinstance(value, Token):
            return value
        raise ClearWriteError(
            "blind index",
            found="a value that is no cell, or a search that no protector has resolved",
            expected="cells that Protect makes",
            next_step="search through Governance.session or Governance.engine, or a session of encrypt_writes",
        )

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """As above; a cursor that encrypts is given cells as they are, so that it knows who made them."""
        from governance.protect.encrypted_type import ENCRYPTS

        if not getattr(dialect, ENCRYPTS, False):
            return super().bind_processor(dialect)
        return lambda value: self.process_bind_param(value, dialect)

    def __repr__(self) -> str:
        return "IndexCell()"


def condition(column: ColumnElement[Any], index: str | None, inner: str, value: Any) -> ColumnElement[bool]:
    """The condition that the encrypted column holds a value; NULL never does. Raises BadInputError."""
    table: Any = getattr(column, "table", None)
    cells = table.c.get(index) if table is not None and index is not None else None
    if cells is None or value is None:
        raise BadInputError(
            "search of an encrypted field",
            found="no value" if cells is not None else "a column without a blind-index column beside it",
            expected="a value, and `Encrypted(..., index=COLUMN)` with that column in the same table",
            next_step="ask for `IS NULL`" if cells is not None else "declare both, and blind_index in the catalog",
        )
    while hasattr(table, "element"):
        table = table.element
    dataset = f"{table.schema}.{table.name}" if table.schema else table.name
    sought = Sought(dataset, _base_name(column), inner, value)
    found: ColumnElement[bool] = cells.in_([sought])
    return found


def serve_searches(target: Session | Engine, protector: Protector, store: str) -> None:
    """Have a session or an engine resolve searches, `store` being the store's name in the catalog."""
    if isinstance(target, Engine):
        event.listen(target, "before_execute", _Core(protector, store), retval=True)
    else:
        target.info[_INFO] = (protector, store)


def resolved(statement: Any, protector: Protector, store: str) -> Any:
    """The statement with cells in the place of what it looks for; itself when it looks for nothing.

    Raises CatalogError for a field without a blind index, BadInputError, KeyringError.
    """
    if not any(_is_sought(each) for each in visitors.iterate(statement)):
        return statement

    def put_cells(bind: BindParameter[Any]) -> None:
        if _is_sought(bind):
            found: list[Sought] = bind.value  # type: ignore[assignment]  # `_is_sought` has looked
            bind.value = [cell for sought in found for cell in _cells(sought, protector, store)]

    return visitors.cloned_traverse(statement, {}, {"bindparam": put_cells})


class _Core:
    """The listener of one engine."""

    def __init__(self, protector: Protector, store: str) -> None:
        self._told = (protector, store)

    def __call__(self, _: Connection, element: Any, many: Any, one: Any, __: Any) -> tuple[Any, Any, Any]:
        return resolved(element, *self._told), many, one


@event.listens_for(Session, "do_orm_execute")
def _serve(state: ORMExecuteState) -> None:
    told = state.session.info.get(_INFO)
    if told is not None:
        state.statement = resolved(state.statement, *told)


def _cells(sought: Sought, protector: Protector, store: str) -> list[bytes]:
    from governance.protect.encrypted_type import Token

    field = FieldRef(store, sought.dataset, sought.field)
    return [Token(each) for each in protector.search_cells(field, sought.value, sought.inner)]


def _is_sought(element: Any) -> bool:
    value = element.value if isinstance(element, BindParameter) else None
    return isinstance(value, list) and bool(value) and isinstance(value[0], Sought)


def _base_name(column: Any) -> str:
    return str(next(iter(column.base_columns)).name)
