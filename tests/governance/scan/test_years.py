"""Birth dates are told by how they spread, among people only; other dates are not taken for them."""

import datetime as dt
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.memory import MemoryStore
from governance.scan.engines.local import scan_store
from governance.scan.makeup import makeup_of
from governance.scan.options import ScanOptions
from governance.scan.profile import ColumnProfile
from governance.scan.years import looks_born, year_traits

ROWS = 300
GIVEN = ("Anna", "Peter", "Maria", "James", "Laura", "David", "Susan", "Robert", "Emma", "Karl")
THINGS = ("red", "green", "blue", "large", "small")


def days(first, last, *, seed=7, rows=ROWS):
    chance, start = random.Random(seed), dt.date(first, 1, 1)
    span = (dt.date(last, 12, 31) - start).days
    return [start + dt.timedelta(days=chance.randint(0, span)) for _ in range(rows)]


def traits(texts):
    values = pa.array(texts, pa.string())
    return year_traits(values, np.ones(len(texts), np.int64), makeup_of(values))


def born(texts):
    return looks_born(ColumnProfile(rows=len(texts), traits=traits(texts)))


def label(dates, *, name="c2", people=True, kind=None):
    beside = [(GIVEN if people else THINGS)[place % 5] for place in range(len(dates))]
    table = pa.table({"c1": beside, name: pa.array([each if kind else str(each) for each in dates], kind)})
    found = scan_store(MemoryStore("memory", {"t": table}), ScanOptions()).datasets[0].fields[1].label
    return found.entity if found else None


@pytest.mark.parametrize(
    "text", ["1984-05-17", "1984/5/17", "05/17/1984", "17.5.1984", "19840517", "1984年5月17日", "1984-05-17T00:00:00Z"]
)
def test_dates_are_read_in_many_forms(text):
    assert traits([text]) == {"month.05": 1, "year.1984": 1}


@pytest.mark.parametrize("text", ["1984-05", "555-123-4567", "99999999", "19841399", "call 1984-05-17", "1.984.051"])
def test_other_numbers_are_no_dates(text):
    assert traits([text]) == {}


def test_time_of_day_and_first_of_month_are_counted():
    assert traits(["1984-05-01 10:15:00"]) == {"day.first": 1, "day.time": 1, "month.05": 1, "year.1984": 1}


@given(st.lists(st.dates(dt.date(1850, 1, 1), dt.date(2100, 1, 1)).map(str), min_size=2), st.data())
def test_parts_add_up_to_the_whole(texts, data):
    cut = data.draw(st.integers(1, len(texts) - 1))
    one, other = traits(texts[:cut]), traits(texts[cut:])
    assert traits(texts) == {key: one.get(key, 0) + other.get(key, 0) for key in sorted({*one, *other})}


def test_dates_over_many_decades_look_like_births():
    assert born([str(each) for each in days(1940, 2003)]) > 0.5


@pytest.mark.parametrize(
    "texts",
    [
        [str(each) for each in days(1995, 2024)],
        [str(each) for each in days(1700, 2003)],
        [f"{each} 14:3{each.day % 10}:00" for each in days(1940, 2003)],
        [str(each.replace(day=1)) for each in days(1940, 2003)],
        [str(each.replace(month=1)) for each in days(1940, 2003)],
        [str(each) for each in days(1980, 1990)],
        [str(each) for each in days(1940, 2003, rows=20)],
    ],
    ids=["recent", "historic", "with a time", "first of month", "one month", "one decade", "few"],
)
def test_other_dates_do_not(texts):
    assert born(texts) == 0


@pytest.mark.parametrize("kind", [None, pa.date32()], ids=["text", "date"])
@pytest.mark.parametrize("name", ["c2", "date", "日期"])
def test_such_dates_beside_people_are_dates_of_birth(name, kind):
    assert label(days(1940, 2003), name=name, kind=kind) == "DATE_OF_BIRTH"


def test_such_dates_beside_things_are_not():
    assert label(days(1940, 2003), people=False) is None


@pytest.mark.parametrize("name", ["founded_on", "contract_date", "hired"])
def test_name_of_another_date_keeps_its_meaning(name):
    assert label(days(1940, 2003), name=name) is None
