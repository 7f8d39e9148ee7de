"""The SQL of each mask equals its Python form on both kinds of store."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.guard.masks_sql import mask_sql
from governance.guard.parsing import render
from governance.protect.masks import MASKS

VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30),
    st.text("aB1@. ;，（+0123456789", max_size=20),
    st.sampled_from(
        ["", "a", "@", "a@b", "ab@c.de", "a@b@c", "ann@x.io", "王小明", "+4915112345678", "0912-345-678", "12345678"]
    ),
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def cells(request):
    """A connection with one column of text to write to."""
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres_module_url")
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE cells (v TEXT)")
        connection.exec_driver_sql("INSERT INTO cells VALUES (NULL)")
        yield connection
        connection.rollback()
    engine.dispose()


def masked(connection, name, value):
    kind = connection.dialect.name
    connection.execute(sa.text("UPDATE cells SET v = :v"), {"v": value})
    form = render(mask_sql(name, kind, "v"), kind)
    sql = f"SELECT {form} FROM cells AS gov_row"
    return connection.execution_options(no_parameters=True).exec_driver_sql(sql).scalar()


@pytest.mark.parametrize("name", sorted(MASKS))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(value=VALUES)
def test_sql_mask_equals_python_mask(cells, name, value):
    assert masked(cells, name, value) == MASKS[name].apply(value)


@pytest.mark.parametrize("name", sorted(MASKS))
def test_null_stays_null(cells, name):
    assert masked(cells, name, None) is None


def test_every_mask_has_a_sql_form():
    assert all(mask_sql(name, kind, "v") is not None for name in MASKS for kind in ("sqlite", "postgresql"))


def test_unknown_mask_has_none():
    assert mask_sql("nothing", "sqlite", "v") is None
