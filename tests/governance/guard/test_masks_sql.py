"""The SQL of each mask equals its Python form on every kind of store, value by value."""

from __future__ import annotations

import datetime as dt
import decimal
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from governance.guard.masks_sql import mask_sql
from governance.guard.parsing import render
from governance.protect.masks import MASKS

PLAIN = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(PLAIN, max_size=30),
    st.text("aB1@. ;，（+0123456789Xx-年", max_size=20),
    st.text("张欧阳司马諸葛小明𠮷 éa", max_size=6),
    st.text("北京市朝阳区县縣區省路号自治小社園园地12", max_size=20),
    st.sampled_from(
        ["", " ", "a", "@", "a@b", "ab@c.de", "a@b@c", "ann@x.io", "王小明",
         "+4915112345678", "0912-345-678", "12345678",
         "11010519491231002X", "110105491231002", "a b", "Ann Lee", "Ann  Lee", " Ann", "Ann ", "e\u0301a", "𠮷田",
         "a\\b", "'", "%s", "1990-02-03", "1990", "1990年", "１９９０", "Ä", "ß", "ſ", "😀😀 😀"]
    ),
)  # fmt: skip
TYPES = {
    "string": {"": "TEXT"},
    "integer": {"": "BIGINT"},
    "float": {"": "DOUBLE PRECISION", "sqlite": "REAL"},
    "decimal": {"": "NUMERIC(30, 8)"},
    "date": {"": "DATE"},
    "datetime": {"postgresql": "TIMESTAMP", "mysql": "DATETIME(6)", "sqlite": "TIMESTAMP"},
}
EDGES = st.sampled_from(
    [0.05, 0.15, 0.25, -0.05, 8.35, 180.0, 180.01, -180.0, 1e15, 1.0000001e15, -1e15, 999.9999, -0.1]
)
VALUES = {
    "string": TEXTS,
    "integer": st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 20_000),
    "float": st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False) | st.floats(-200, 200).map(
        lambda each: each if abs(each) > 1e-300 else 0.0) | EDGES,
    "decimal": st.decimals(-(10**20), 10**20, places=8) | st.decimals(-200, 200, places=2),
    "date": st.dates(dt.date(1000, 1, 1)),
    "datetime": st.datetimes(dt.datetime(1000, 1, 1)),  # noqa: DTZ001 as a store without zones has it
}  # fmt: skip
KEPT = [(name, type_) for name, mask in MASKS.items() for type_ in TYPES if mask.keeps(type_)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def store(request):
    """A connection with a table for each type of field."""
    fixture = {"postgresql": "postgres_module_url", "mysql": "mysql_module_url"}.get(request.param)
    engine = sa.create_engine(request.getfixturevalue(fixture) if fixture else "sqlite://")
    with engine.connect() as connection:
        for type_, natives in TYPES.items():
            native = natives.get(request.param, natives.get(""))
            connection.exec_driver_sql(f"CREATE TABLE {type_}_cells (n INTEGER, v {native})")
        connection.commit()
        yield connection
        connection.rollback()
    engine.dispose()


def masked(connection, name, type_, values):
    kind = connection.dialect.name
    connection.execute(sa.text(f"DELETE FROM {type_}_cells"))
    rows = [{"n": n, "v": stored(kind, value)} for n, value in enumerate(values)]
    connection.execute(sa.text(f"INSERT INTO {type_}_cells VALUES (:n, :v)"), rows)
    tree = mask_sql(name, kind, "v", type_)
    form = tree.sql("mysql", identify=True, normalize_functions=False) if kind == "mysql" else render(tree, kind)
    plain = connection.execution_options(no_parameters=True)
    return list(plain.exec_driver_sql(f"SELECT {form} FROM {type_}_cells AS gov_row ORDER BY n").scalars())


def stored(kind, value):
    """SQLite has no dates and no decimals."""
    if kind != "sqlite" or value is None:
        return value
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, dt.date) else value


def python_mask(kind, name, type_, value):
    return MASKS[name].apply(stored(kind, value), type_)


@pytest.mark.parametrize(("name", "type_"), KEPT)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_sql_mask_equals_python_mask(store, name, type_, data):
    kind = store.dialect.name
    if kind == "sqlite" and type_ == "decimal":
        type_ = "float"  # it has no decimals
    values = data.draw(st.lists(VALUES[type_] | st.none(), min_size=25, max_size=60))
    assert masked(store, name, type_, values) == [python_mask(kind, name, type_, value) for value in values]


@pytest.mark.parametrize("name", [name for name, type_ in KEPT if type_ == "string"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(values=st.lists(TEXTS, min_size=20, max_size=60))
@example(
    values=[
        "北京市朝阳区建国路88号",
        "新疆维吾尔自治区乌鲁木齐市天山区",
        "台北市大安區仁愛路",
        "幸福小区3号",
        "12 Main St",
    ]
)
@example(
    values=["欧阳娜娜", "欧阳修", "张三", "張簡", "司马", "𠮷田さん", "O'Brien Ann", "Ann\tLee", "\n", "a\n", "ab\n"]
)
def test_texts_are_masked_alike_in_every_store(store, name, values):
    assert masked(store, name, "string", values) == [MASKS[name].apply(value) for value in values]


@pytest.mark.parametrize(("name", "type_"), KEPT)
def test_null_stays_null(store, name, type_):
    assert masked(store, name, type_, [None]) == [None]


@pytest.mark.parametrize("name", ["year", "bucket_10", "grid"])
def test_what_sqlite_holds_of_another_type_gives_null(name):
    type_ = {"year": "date", "bucket_10": "integer", "grid": "float"}[name]
    with driver("sqlite://") as connection:
        connection.exec_driver_sql("CREATE TABLE cells (v)")
        connection.exec_driver_sql("INSERT INTO cells VALUES ('ann'), (x'00'), ('2026-1-1'), ('')")
        form = render(mask_sql(name, "sqlite", "v", type_), "sqlite")
        found = connection.exec_driver_sql(f"SELECT {form} FROM cells AS gov_row").scalars()
        assert list(found) == [None] * 4


@contextmanager
def driver(url):
    """A connection on which a percent sign stands for itself."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        yield connection.execution_options(no_parameters=True)
    engine.dispose()


@pytest.mark.parametrize("native", ["INTEGER", "SMALLINT", "NUMERIC", "REAL", "DATE", "TIMESTAMP", "TIMESTAMPTZ"])
def test_no_value_of_postgresql_makes_a_mask_fail(postgres_module_url, native):
    extremes = {
        "INTEGER": [-(2**31), 2**31 - 1],
        "SMALLINT": [-32768, 32767],
        "NUMERIC": ["NaN", "Infinity", "1e400", "-1e400"],
        "REAL": ["NaN", "-Infinity", "3e38"],
        "DATE": ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"],
        "TIMESTAMP": ["infinity", "-infinity", "4713-01-01 BC", "294276-12-31"],
        "TIMESTAMPTZ": ["infinity", "-infinity", "4713-01-02 BC", "294276-12-31", "0001-01-01", "9999-12-31 23:59:59"],
    }[native]  # fmt: skip
    type_ = {"NUMERIC": "decimal", "REAL": "float", "DATE": "date"}.get(native, "integer")
    type_ = "datetime" if native.startswith("TIMESTAMP") else type_
    with driver(postgres_module_url) as connection:
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE cells (v {native})")
        for value in extremes:
            connection.exec_driver_sql(f"INSERT INTO cells VALUES ('{value}')")
        for name in (name for name, mask in MASKS.items() if mask.keeps(type_)):
            form = render(mask_sql(name, "postgresql", "v", type_), "postgresql")
            found = connection.exec_driver_sql(f"SELECT ({form})::text FROM cells AS gov_row").all()
            assert len(found) == len(extremes)


def test_zero_dates_of_mysql_give_null(mysql_module_url):
    with driver(mysql_module_url) as connection:
        connection.exec_driver_sql("SET SESSION sql_mode = ''")
        connection.exec_driver_sql("CREATE TEMPORARY TABLE cells (v DATE, u BIGINT UNSIGNED)")
        connection.exec_driver_sql(
            "INSERT INTO cells VALUES ('0000-00-00', 18446744073709551615), ('2026-00-00', 1234)"
        )
        day = mask_sql("year", "mysql", "v", "date").sql("mysql", identify=True)
        wide = mask_sql("bucket_1000", "mysql", "u", "integer").sql("mysql", identify=True)
        found = connection.exec_driver_sql(f"SELECT {day}, {wide} FROM cells AS gov_row").all()
        assert found == [(None, None), (dt.date(2026, 1, 1), 1000)]


def test_every_mask_has_a_sql_form_for_each_type_that_it_keeps():
    for kind in ("sqlite", "postgresql", "mysql"):
        assert all(mask_sql(name, kind, "v", type_) is not None for name, type_ in KEPT)


def test_another_type_and_an_unknown_mask_have_none():
    assert mask_sql("nothing", "sqlite", "v") is None
    assert mask_sql("email", "postgresql", "v", "date") is None
    assert mask_sql("redact", "postgresql", "v", "integer") is None


def test_a_decimal_stays_exact(store):
    if store.dialect.name != "sqlite":
        values = [decimal.Decimal("52300.99"), decimal.Decimal("-0.01")]
        assert masked(store, "bucket_1000", "decimal", values) == [decimal.Decimal(52000), decimal.Decimal(-1000)]
