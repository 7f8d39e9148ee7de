"""The projection of consent in a store: the table that a query joins, and how far it has come.

`gov_consent` holds the store's own subject keys, so it lies where that store's data lies and nowhere else. It changes
in transactions that first move `gov_consent_epoch` on, and only from the very epoch that the change was computed from:
of two processes that bring it up to date at once, one wins and the other looks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, inspect, update
from sqlalchemy.exc import SQLAlchemyError

from governance.consent.packing import PACKED, Slots, packed_table, replace_packed
from governance.consent.projection_tables import ENDS, EPOCH_TABLE, TABLE, TARGET, KeyKind, tables_of, target_code
from policies.errors import StoreError

HEAD_SQL = f"SELECT epoch, origin, tree, key_kind FROM {EPOCH_TABLE} WHERE id = 1"  # noqa: S608 - a constant
"""The one query that tells whether the projection is up to date; the same text on every dialect."""
ProjectedRow = tuple[str, str, str, str, str]
"""Purpose, channel, form, state and end of one row."""
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class ProjectionHead:
    """How far a projection is."""

    epoch: int
    """Of the newest change that it holds; 0 when it is new."""
    origin: str
    """Whose epochs these are; empty when it is new."""
    tree: str
    """Digest of the purposes that it was computed under."""
    key_kind: str
    """A KeyKind."""


@dataclass(frozen=True, slots=True)
class SubjectRows:
    """All that the projection is to hold of one person from now on."""

    key: str | int = field(repr=False)
    """The store's subject key."""
    rows: tuple[ProjectedRow, ...]
    """Purpose, channel, form, state, end; empty to forget the person."""


def key_kind_of(engine: Engine, dataset: str, field_name: str) -> KeyKind:
    """The kind of a store's subject-key field, as the store declares it. Raises StoreError when there is none."""
    schema, _, table = dataset.rpartition(".")
    with translated(f"{dataset}.{field_name}"):
        columns = {each["name"]: each["type"] for each in inspect(engine).get_columns(table, schema=schema or None)}
    if field_name not in columns:
        raise StoreError(
            f"{dataset}.{field_name}",
            found="no such field",
            expected="the subject key that the catalog names",
            next_step="correct `subject_key` in catalog.yaml",
        )
    return KeyKind.of(columns[field_name])


class ConsentProjection:
    """The projection in one store. Every method raises StoreError when the store fails."""

    def __init__(self, store: str, engine: Engine) -> None:
        self.store = store
        """The store's name."""
        self.engine = engine
        """A plain engine that may write our two tables."""

    @property
    def packs(self) -> bool:
        """Whether the store holds the packed table as well."""
        return self.engine.dialect.name == "sqlite"

    def create(self, key_kind: KeyKind) -> None:
        """Make the tables, empty, at epoch 0; does nothing where they are. Never called on a read.

        Raises StoreError when they were made for another kind of key.
        """
        table, epochs = tables_of(key_kind)
        with self._transaction() as connection:
            self._drop_earlier_form(connection, table, epochs)
            table.create(connection, checkfirst=True)
            epochs.create(connection, checkfirst=True)
            if self.packs:
                packed_table(key_kind).create(connection, checkfirst=True)
            head = head_of(connection.exec_driver_sql(HEAD_SQL).first())
            if head is None:
                first = {"id": 1, "epoch": 0, "origin": "", "tree": "", "key_kind": str(key_kind)}
                connection.execute(insert(epochs).values(**first))
        if head is not None and head.key_kind != key_kind:
            raise StoreError(
                f"{self.store}.{TABLE}",
                found=f"subject keys of kind {head.key_kind}",
                expected=f"kind {key_kind}",
                next_step="drop the two gov_consent tables and run `governance init --consent-in STORE` again",
            )

    def is_made(self) -> bool:
        """Whether its tables are there."""
        with translated(f"{self.store}.{TABLE}"):
            return inspect(self.engine).has_table(TABLE)

    def is_made_now(self) -> bool:
        """Whether its tables are there, in the form of this release."""
        table, _ = tables_of(KeyKind.STRING)
        with self._transaction() as connection:
            return inspect(connection).has_table(TABLE) and not self._is_earlier_form(connection, table)

    def head(self) -> ProjectionHead | None:
        """How far it is; None when the tables are there but their one row is not."""
        with self._transaction() as connection:
            return head_of(connection.exec_driver_sql(HEAD_SQL).first())

    def move(
        self,
        old: ProjectionHead,
        new: ProjectionHead,
        changes: Iterable[SubjectRows],
        *,
        wipe: bool,
        slots: Slots = MappingProxyType({}),
    ) -> bool:
        """Replace what it holds of some people, and its head, in one transaction; with `wipe`, drop the rest first.

        `slots` are those of the purposes that `changes` were computed under; without them nothing is packed, and
        queries that look there find nobody.
        Gives False, and changes nothing, when its head is no longer `old`. Doing it twice does no harm.
        """
        table, epochs = tables_of(KeyKind(old.key_kind))
        with self._transaction() as connection:
            moved = connection.execute(
                update(epochs)
                .where(epochs.c.id == 1, epochs.c.epoch == old.epoch)
                .where(epochs.c.origin == old.origin, epochs.c.tree == old.tree)
                .values(epoch=new.epoch, origin=new.origin, tree=new.tree)
            )
            if moved.rowcount != 1:
                connection.rollback()
                return False
            if wipe:
                self._check_form(connection, table)
                connection.execute(delete(table))
                if self.packs:
                    connection.execute(delete(packed_table(KeyKind(old.key_kind))))
            for batch in _batches(changes):
                self._replace(connection, KeyKind(old.key_kind), batch, new.epoch, slots)
        return True

    def _drop_earlier_form(self, connection: Connection, table: Table, epochs: Table) -> None:
        """Drop tables that an earlier release made without all columns; all that they hold is computed anew."""
        if not self._is_earlier_form(connection, table):
            return
        try:
            table.drop(connection)
            if self.packs:
                packed_table(KeyKind.STRING).drop(connection, checkfirst=True)
            epochs.drop(connection, checkfirst=True)
        except SQLAlchemyError as cause:
            raise StoreError(
                f"{self.store}.{TABLE}",
                found=f"tables of an earlier release that cannot be dropped ({type(cause).__name__})",
                expected="no views over them, such as a compiled policy, and the right to drop them",
                next_step="drop the views, run `governance init --consent-in STORE`, then compile the policy again",
            ) from None

    def _check_form(self, connection: Connection, table: Table) -> None:
        if self._is_earlier_form(connection, table):
            raise StoreError(
                f"{self.store}.{TABLE}",
                found="the columns of an earlier release, or no packed table",
                expected=f"the column `{TARGET}`, and on SQLite the table `{PACKED}`",
                next_step="run `governance init --consent-in STORE`, which makes the projection anew",
            )

    def _is_earlier_form(self, connection: Connection, table: Table) -> bool:
        found = inspect(connection)
        if not found.has_table(TABLE):
            return False
        lacks = not {*table.c.keys()} <= {each["name"] for each in found.get_columns(TABLE)}
        return lacks or (self.packs and not found.has_table(PACKED))

    def _replace(
        self, connection: Connection, kind: KeyKind, batch: list[SubjectRows], epoch: int, slots: Slots
    ) -> None:
        table, _ = tables_of(kind)
        typed = [(key, each.rows) for each in batch if (key := kind.typed(each.key)) is not None]
        if not typed:
            return
        gone = delete(table).where(table.c.subject_key == bindparam("gone"))
        connection.execute(gone, [{"gone": key} for key, _ in typed])
        rows = [
            {"subject_key": key, "purpose": purpose, "channel": channel, "form": form, "state": state, "epoch": epoch}
            | {TARGET: target_code(purpose, channel), ENDS: ends}
            for key, standings in typed
            for purpose, channel, form, state, ends in standings
        ]
        if rows:
            connection.execute(insert(table), rows)
        if self.packs:
            replace_packed(connection, packed_table(kind), typed, slots)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with translated(f"{self.store}.{TABLE}"), self.engine.connect() as connection:
            yield connection
            connection.commit()


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn errors of the store, whose text can carry keys of people, into a StoreError that carries none."""
    try:
        yield
    except SQLAlchemyError as cause:
        raise StoreError(
            place,
            found=type(cause).__name__,
            expected="a store that answers and holds the projection of consent",
            next_step="run `governance doctor`; `governance init --consent-in STORE` makes the projection",
        ) from None


def head_of(row: Sequence[object] | None) -> ProjectionHead | None:
    """The head in the first row that `HEAD_SQL` gave; None when there is none."""
    if row is None:
        return None
    epoch, origin, tree, key_kind = row
    return ProjectionHead(int(str(epoch)), str(origin), str(tree), str(key_kind))


def _batches(changes: Iterable[SubjectRows]) -> Iterator[list[SubjectRows]]:
    batch: list[SubjectRows] = []
    for each in changes:
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
