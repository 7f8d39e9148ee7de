"""Users and their attributes from a table of a store."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connectors.sql.address import normalised
from connectors.sql.silent import silenced
from governance.project import Project
from policies.config import PrincipalsConfig
from policies.errors import ConfigError, StoreError
from policies.nouns import Scalar
from policies.principals import MOST_PRINCIPALS


def principals_of_table(project: Project, config: PrincipalsConfig) -> dict[str, dict[str, Scalar]]:
    """Every user of the table that the configuration names, as it stands now. Opens one connection and closes it.

    Raises ConfigError for a store that is no database or a name that stands there twice, StoreError when the table
    cannot be read; no error holds a name or a value.
    """
    place = f"principals, table {config.store}.{config.table}"
    url = normalised(f"stores.{config.store}.url", project.database_url(config.store, place))
    engine = silenced(sa.create_engine(url, poolclass=sa.NullPool))
    try:
        with engine.connect() as connection:
            rows = connection.execute(_select(config)).all()
    except sa.exc.SQLAlchemyError as cause:
        raise StoreError(
            place,
            found=type(cause).__name__,
            expected="a database that answers, with this table and these columns",
            next_step="run `governance doctor`; until then everybody is refused",
        ) from None
    found = {row[0]: dict(zip(config.attributes, map(_plain, row[1:]), strict=True)) for row in rows}
    if len(found) < len(rows):
        raise ConfigError(
            place,
            found=f"{len(rows) - len(found)} name(s) that stand there more than once",
            expected="one row a user",
            next_step="correct the table, or name a view that has one row a user",
        )
    return found


def _select(config: PrincipalsConfig) -> sa.Select[Any]:
    schema, _, name = config.table.rpartition(".")
    columns = {config.name, *config.attributes.values()}
    table = sa.table(name, *(sa.column(each) for each in sorted(columns)), schema=schema or None)
    chosen = [table.c[config.name], *(table.c[column] for column in config.attributes.values())]
    labelled = [column.label(f"gov_{place}") for place, column in enumerate(chosen)]
    return sa.select(*labelled).limit(MOST_PRINCIPALS + 1)


def _plain(value: Any) -> Any:
    """A value as a file would hold it: conditions compare dates and times with text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value
