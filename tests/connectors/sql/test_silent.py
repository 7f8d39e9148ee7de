"""Whatever the application has SQLAlchemy log, no row of a store is in it."""

import io
import logging

import pytest
import sqlalchemy as sa

from connectors.base import FULL
from connectors.sql.silent import silenced
from connectors.sql.store import SqlStore

MARKER = "zebra-quagga@planted.example"


@pytest.fixture
def heard():
    """Everything that `sqlalchemy` says while it says all it can."""
    logger, spoken = logging.getLogger("sqlalchemy"), io.StringIO()
    handler, before = logging.StreamHandler(spoken), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield spoken
    logger.setLevel(before)
    logger.removeHandler(handler)


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mysql"])
def test_reading_a_store_logs_no_row(kind, request, heard):
    url = request.getfixturevalue(f"{kind}_url")
    engine = silenced(sa.create_engine(url))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE people (id integer PRIMARY KEY, email varchar(60))"))
        connection.execute(sa.text("INSERT INTO people VALUES (1, :email)"), {"email": MARKER})
    with engine.connect().execution_options(stream_results=True) as connection:
        assert connection.execute(sa.text("SELECT email FROM people")).scalar_one() == MARKER
    engine.dispose()
    store = SqlStore("crm", url)
    (dataset,) = store.datasets()
    with store.read(dataset.name, ["email"], FULL) as reading:
        assert MARKER in str([batch.to_pylist() for batch in reading])
    store.close()
    assert MARKER not in heard.getvalue()


def test_an_engine_that_is_not_silenced_is_heard(sqlite_url, heard):
    engine = sa.create_engine(sqlite_url)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT :email"), {"email": MARKER}).all()
    engine.dispose()
    assert MARKER in heard.getvalue()
