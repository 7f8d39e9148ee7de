"""New records for tests: the tables of the newest migration in one go, once the migrations ran in this process.

Each test has records of its own, and to run every migration for each takes 80 ms on SQLite, 130 on PostgreSQL. What is
run here is what they ran, statement for statement; `governance/records/test_database.py` runs them, and compares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.config import Config
from sqlalchemy import Connection, event, inspect

from governance.records import database

Upgrade = Callable[[Config, str], None]
_READS = ("SELECT", "PRAGMA", "SHOW")


class FromTheFirst:
    """Alembic's `upgrade`, that repeats in an empty database of records what it did in the first one of its kind."""

    def __init__(self, upgrade: Upgrade) -> None:
        self.upgrade = upgrade
        """What runs the migrations."""
        self._done: dict[str, list[tuple[str, Any]]] = {}

    def __call__(self, config: Config, revision: str) -> None:
        """Run the migrations, or what they ran before."""
        connection: Connection | None = config.attributes.get("connection")
        ours = config.get_main_option("script_location") == str(database._MIGRATIONS)
        if connection is None or not ours or inspect(connection).get_table_names():
            self.upgrade(config, revision)
        elif connection.dialect.name not in self._done:
            self._done[connection.dialect.name] = self._watched(connection, config, revision)
        else:
            for sql, values in self._done[connection.dialect.name]:
                connection.exec_driver_sql(sql, values)

    def _watched(self, connection: Connection, config: Config, revision: str) -> list[tuple[str, Any]]:
        """Run the migrations; gives what they ran that was no question."""
        found: list[tuple[str, Any]] = []

        def note(_: object, __: object, sql: str, values: Any, *more: object) -> None:
            if sql.lstrip().upper().startswith(_READS):
                return
            assert more[-1] is False, "many sets of values at once"
            if connection.dialect.name == "postgresql" and found and not values and not found[-1][1]:
                sql = f"{found.pop()[0]};\n{sql}"  # one way to the server and back for all of them
            found.append((sql, values or None))

        event.listen(connection, "before_cursor_execute", note)
        try:
            self.upgrade(config, revision)
        finally:
            event.remove(connection, "before_cursor_execute", note)
        return found
