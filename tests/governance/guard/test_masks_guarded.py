# ruff: noqa: DTZ001 the store holds times without a zone
"""Masks of numbers and days through the guard: the value changes, its type stays."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from .hands import CONTEXT, HandPermits, catalog_store, dataset_permit
from .worlds import FIXTURES, KINDS, guard

PEOPLE = sa.Table(
    "people",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(80)),
    sa.Column("born", sa.Date),
    sa.Column("seen", sa.DateTime),
    sa.Column("salary", sa.Integer),
    sa.Column("lat", sa.Float),
    sa.Column("age", sa.SmallInteger),
    sa.Column("address", sa.String(200)),
)
MASKED = {
    "id": "clear",
    "name": "mask:name",
    "born": "mask:year",
    "seen": "mask:year",
    "salary": "mask:bucket_1000",
    "lat": "mask:grid",
    "age": "mask:age_band",
    "address": "mask:address",
}
ROW = {
    "id": 1, "name": "欧阳娜娜", "born": dt.date(1990, 2, 3), "seen": dt.datetime(2026, 5, 6, 7, 8), "salary": 52_345,
    "lat": 39.9163, "age": 36, "address": "北京市朝阳区建国路88号",
}  # fmt: skip


@pytest.fixture(params=KINDS)
def world(request):
    url = request.getfixturevalue(f"{FIXTURES[request.param]}_url")
    engine = sa.create_engine(url)
    PEOPLE.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(PEOPLE.insert(), [ROW, dict.fromkeys(ROW) | {"id": 2}])
    engine.dispose()
    permits = HandPermits({"people": dataset_permit("people", MASKED, None)})
    made = guard(url, catalog_store({"people": dict.fromkeys(MASKED)}), permits=permits)
    yield made
    made.store.close()


def test_masked_values_keep_the_type_of_their_field(world):
    with world.store.engine(CONTEXT).connect() as connection:
        one, empty = connection.execute(sa.select(PEOPLE).order_by(PEOPLE.c.id)).all()
    assert tuple(one) == (
        1, "欧阳**", dt.date(1990, 1, 1), dt.datetime(2026, 1, 1), 52_000, 39.9, 35, "北京市朝阳区****",
    )  # fmt: skip
    assert tuple(empty) == (2, *[None] * 7)


def test_masked_values_can_be_counted_and_compared(world):
    query = sa.select(sa.func.count()).where(PEOPLE.c.born == dt.date(1990, 1, 1), PEOPLE.c.salary % 1000 == 0)
    hidden = sa.select(sa.func.count()).where(PEOPLE.c.born == dt.date(1990, 2, 3))
    with world.store.engine(CONTEXT).connect() as connection:
        assert connection.execute(query).scalar() == 1
        assert connection.execute(hidden).scalar() == 0
