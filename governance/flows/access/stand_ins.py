"""Empty databases that stand in for CRMs where the guard and consent need a table to compare with.

A CRM takes no SQL, but what the policy and consent ask of a record is SQL. So each CRM has a SQLite file with the
tables and fields that the catalog names and not one record: `gov.filter` decides against its schema, and the projection
of consent, which a database holds itself, lies in it. The files lie in a folder that the system's user alone may read
and that goes when the project is closed; what they hold is made anew from the records.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from connectors.sql.faults import translated
from connectors.sql.silent import silenced
from governance.consent.projection_tables import EPOCH_TABLE, TABLE
from policies.catalog import CatalogStore


class _Untyped(sa.types.UserDefinedType[Any]):
    """A column without a type, which SQLite has: what it reads back is no type that is known."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Nothing."""
        return ""


_TYPES: Mapping[str, type[sa.types.TypeEngine[Any]]] = {
    "binary": sa.LargeBinary,
    "boolean": sa.Boolean,
    "date": sa.Date,
    "datetime": sa.DateTime,
    "decimal": sa.Numeric,
    "float": sa.Float,
    "integer": sa.Integer,
    "json": sa.JSON,
    "other": _Untyped,
    "time": sa.Time,
}
"""The column type of each word of `Field.type`; text for every other."""


class StandIns:
    """The stand-ins of one project, each made when it is first asked for. May be shared by threads."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._shapes: dict[str, CatalogStore] = {}
        self._lock = threading.Lock()

    def url(self, store: str) -> str:
        """The address of a store's stand-in, which need not be there yet."""
        with self._lock:
            if self._folder is None:
                self._folder = TemporaryDirectory(prefix="governance-")
            return f"sqlite:///{Path(self._folder.name) / store}.db"

    def shape(self, store: str, entry: CatalogStore) -> None:
        """Give a stand-in the tables and fields that the catalog names now; what it held of consent goes.

        Raises StoreError for fields that differ in their capitals alone.
        """
        url = self.url(store)
        with self._lock:
            if self._shapes.get(store) == entry:
                return
            engine = silenced(sa.create_engine(url, poolclass=sa.NullPool))
            tables = sa.MetaData()
            for name, dataset in entry.datasets.items():
                columns = (
                    sa.Column(field, _TYPES.get(each.type or "", sa.Text))
                    for field, each in dataset.fields.items()
                    if ":" not in field  # a path in a column of JSON is no column
                )
                sa.Table(name, tables, *columns)
            earlier = sa.MetaData()
            for name in (*self._shapes[store].datasets, TABLE, EPOCH_TABLE) if store in self._shapes else ():
                sa.Table(name, earlier)
            with translated(store), engine.begin() as connection:
                earlier.drop_all(connection)
                tables.create_all(connection)
            self._shapes[store] = entry

    def close(self) -> None:
        """Take the files away."""
        with self._lock:
            if self._folder is not None:
                self._folder.cleanup()
            self._folder = None
            self._shapes.clear()
