"""New records for tests: the tables of the newest migration in one go, once the migrations ran in this process.

Each test has records of its own, and to run every migration for each takes a sixth of the whole suite's time. What is
made here is what they made, statement for statement; `governance/records/test_database.py` runs them, and compares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic.config import Config
from sqlalchemy import Connection

from governance.records import database

Upgrade = Callable[[Config, str], None]


class FromTheFirst:
    """Alembic's `upgrade`, that fills an empty SQLite database of records with what the first one came to be."""

    def __init__(self, upgrade: Upgrade) -> None:
        self.upgrade = upgrade
        """What runs the migrations."""
        self._made: list[str] | None = None

    def __call__(self, config: Config, revision: str) -> None:
        """Run the migrations, or what they made before."""
        connection: Connection | None = config.attributes.get("connection")
        if (
            connection is None
            or connection.dialect.name != "sqlite"
            or config.get_main_option("script_location") != str(database._MIGRATIONS)
            or connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first() is not None
        ):
            self.upgrade(config, revision)
            return
        if self._made is None:
            self.upgrade(config, revision)
            self._made = statements(connection.connection.driver_connection)
            return
        for each in self._made:
            connection.exec_driver_sql(each)


def statements(raw: Any) -> list[str]:
    """What makes a SQLite database anew: tables and indexes as they were written, and the rows of the migrations."""
    made = [row[0] for row in raw.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")]
    return made + [each for each in raw.iterdump() if each.startswith("INSERT INTO")]
