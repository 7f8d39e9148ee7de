"""Encrypts what a session is about to write, at the one place where the whole record is visible: before the flush.

The objects hold clear values before and after; only during the flush do their encrypted attributes hold tokens. A token
is bound to the record's key, so that must be known before the write: declared by the application, given by a Python
default, or a `gov_row_id` UUID column that is filled here. A key that the store generates comes too late: refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Dialect, Table, event, inspect
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, sessionmaker
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.schema import CallableColumnDefault, ScalarElementColumnDefault

from governance.protect.encrypted_type import Encrypted, Token
from governance.protect.protector import Protector
from governance.protect.search import IndexCell, resolved
from policies.errors import StatementRefusedError
from policies.nouns import DatasetRef, FieldRef

ROW_ID = "gov_row_id"
"""The UUID column that serves as record key where the store generates the real one."""


def install(
    target: Session | sessionmaker[Any],
    protector: Protector,
    store: str,
    *,
    new_row_id: Callable[[], uuid.UUID] = uuid.uuid4,
) -> None:
    """Have a session, or every session of a factory, encrypt its `Encrypted` columns, and resolve searches of them.

    A field that the catalog gives a blind index has its cell written with it; the class must map that column.
    `store` is the store's name in the catalog; `new_row_id` gives UUIDs for `gov_row_id` columns.
    A flush raises StatementRefusedError when a record's key is not known or was changed, CatalogError for a field or
    dataset that the catalog does not describe, BadInputError for a value of a wrong type, KeyringError.
    """
    unit = _UnitOfWork(protector, store, new_row_id)
    event.listen(target, "before_flush", unit.before_flush)
    event.listen(target, "after_flush_postexec", unit.after_flush)
    event.listen(target, "after_soft_rollback", unit.after_rollback)
    event.listen(target, "do_orm_execute", unit.resolve)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """An attribute that holds a token until the flush is over."""

    target: object
    name: str
    value: Any

    def __repr__(self) -> str:
        return f"_Sealed({self.name})"


@dataclass(slots=True)
class _Cell:
    """A value to encrypt."""

    target: object
    name: str
    value: Any
    key: tuple[Any, ...]
    subject: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"_Cell({self.name})"


@dataclass(slots=True)
class _Column:
    """The values to encrypt of one field, so that they are encrypted together."""

    inner: str
    cells: list[_Cell] = field(default_factory=list)


class _UnitOfWork:
    """The listeners of one installation. What is sealed is kept on the session, not here: sessions share this."""

    def __init__(self, protector: Protector, store: str, new_row_id: Callable[[], uuid.UUID]) -> None:
        self._protector = protector
        self._store = store
        self._new_row_id = new_row_id

    def before_flush(self, session: Session, *_: object) -> None:
        """Put tokens in the place of new and changed values."""
        columns: dict[FieldRef, _Column] = {}
        for target in [*session.new, *session.dirty]:
            mapper = inspect(target).mapper
            if _encrypted(mapper):
                self._collect(session, mapper, target, columns)
        sealed = _sealed(session)
        self._write_cells(columns)
        for ref, column in columns.items():
            if all(cell.value is None for cell in column.cells):
                continue
            for cell, token in zip(column.cells, self._tokens(ref, column), strict=True):
                if token is not None:
                    sealed.append(_Sealed(cell.target, cell.name, cell.value))
                    setattr(cell.target, cell.name, Token(token))

    def _tokens(self, ref: FieldRef, column: _Column) -> Sequence[bytes | None]:
        """The tokens of one field, under the keys of persons where the catalog says so."""
        values, keys = [cell.value for cell in column.cells], [cell.key for cell in column.cells]
        if not self._protector.is_of_subjects(ref):
            return self._protector.encrypt_column(ref, values, keys, column.inner)
        people = [cell.subject for cell in column.cells]
        return self._protector.encrypt_column_of_subjects(ref, values, keys, column.inner, subjects=people)

    @staticmethod
    def after_flush(session: Session, *_: object) -> None:
        """Put the clear values back, as what the store holds."""
        for each in _take(session):
            set_committed_value(each.target, each.name, each.value)

    @staticmethod
    def after_rollback(session: Session, *_: object) -> None:
        """Put the clear values back after a flush that failed, as what is still to be written."""
        for each in _take(session):
            if isinstance(inspect(each.target).dict.get(each.name), Token):
                setattr(each.target, each.name, each.value)

    def resolve(self, state: ORMExecuteState) -> None:
        """Put cells in the place of what a statement looks for in encrypted fields."""
        state.statement = resolved(state.statement, self._protector, self._store)

    def _write_cells(self, columns: dict[FieldRef, _Column]) -> None:
        """Put blind-index cells beside the values, before these become tokens."""
        for ref, column in columns.items():
            index = self._protector.index_fields(ref.of).get(ref.field)
            if index is None:
                continue
            cells = self._protector.index_cells(ref, [each.value for each in column.cells], column.inner)
            for each, cell in zip(column.cells, cells, strict=True):
                setattr(each.target, _index_attribute(each.target, ref, index), None if cell is None else Token(cell))

    def _collect(self, session: Session, mapper: Mapper[Any], target: object, columns: dict[FieldRef, _Column]) -> None:
        for table, attributes in _encrypted(mapper).items():
            dataset = DatasetRef(self._store, f"{table.schema}.{table.name}" if table.schema else table.name)
            dialect = session.get_bind(mapper).dialect
            key, subject = (
                tuple(self._key_part(mapper, target, dataset, table, name, dialect) for name in names)
                for names in (self._protector.record_key(dataset), self._protector.subject_key(dataset))
            )
            for name, (field_name, inner) in attributes.items():
                for value in inspect(target).attrs[name].history.added or ():
                    ref = FieldRef(dataset.store, dataset.dataset, field_name)
                    columns.setdefault(ref, _Column(inner)).cells.append(_Cell(target, name, value, key, subject))

    def _key_part(
        self, mapper: Mapper[Any], target: object, dataset: DatasetRef, table: Table, name: str, dialect: Dialect
    ) -> Any:
        column = table.columns.get(name)
        if column is None or not mapper.columns.contains_column(column):
            raise _refused(dataset, f"no mapped column `{name}`, which the catalog names as record or subject key")
        attribute = mapper.get_property_by_column(column).key
        state = inspect(target)
        if getattr(target, attribute) is None:
            self._give(target, attribute, column)
        elif state.persistent and state.attrs[attribute].history.deleted:
            raise _refused(dataset, "a changed record or subject key; its tokens are bound to the old one")
        value = getattr(target, attribute)
        if value is None:
            raise _refused(dataset, f"a record whose key `{name}` the store generates")
        bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        return bind(value) if bind else value  # as the driver will read it back

    def _give(self, target: object, attribute: str, column: Column[Any]) -> None:
        if column.name == ROW_ID:
            setattr(target, attribute, self._new_row_id())
        elif isinstance(column.default, ScalarElementColumnDefault):
            setattr(target, attribute, column.default.arg)
        elif isinstance(column.default, CallableColumnDefault):
            setattr(target, attribute, column.default.arg(None))  # type: ignore[arg-type]  # no context before the flush


def _encrypted(mapper: Mapper[Any]) -> dict[Table, dict[str, tuple[str, str]]]:
    """The encrypted columns of a mapping, by table and attribute: the column's name and its inner type."""
    found: dict[Table, dict[str, tuple[str, str]]] = {}
    for prop in mapper.column_attrs:
        for column in prop.columns:
            if isinstance(column, Column) and isinstance(column.type, Encrypted):
                found.setdefault(column.table, {})[prop.key] = (column.name, column.type.inner)
    return found


def _index_attribute(target: object, ref: FieldRef, index: str) -> str:
    mapper = inspect(target).mapper
    for prop in mapper.column_attrs:
        for column in prop.columns:
            if isinstance(column, Column) and column.name == index and isinstance(column.type, IndexCell):
                return str(prop.key)
    raise StatementRefusedError(
        str(ref),
        found=f"a blind index `{index}` in the catalog, and no such IndexCell column in the class",
        expected="the column, so that what is written can be found again",
        next_step=f"map `{index}` with the type IndexCell, or take blind_index out of the catalog",
    )


_SEALED = "governance.sealed"


def _sealed(session: Session) -> list[_Sealed]:
    found: list[_Sealed] = session.info.setdefault(_SEALED, [])
    return found


def _take(session: Session) -> Iterator[_Sealed]:
    found: Iterable[_Sealed] = session.info.pop(_SEALED, ())
    return iter(found)


def _refused(dataset: DatasetRef, found: str) -> StatementRefusedError:
    return StatementRefusedError(
        str(dataset),
        found=found,
        expected="a record key, and for `encrypted: subject` a subject key, that is known before the write and stays",
        next_step=f"set it in the application, give it a Python default, or add a `{ROW_ID}` UUID column",
    )
