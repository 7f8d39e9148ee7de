"""The parts of a dataset together give its rows, each once and in order, whatever stands in them."""

import pickle
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import FULL, NotSeen, Sample
from connectors.cells import text_column, text_of
from connectors.files.store import FileStore
from connectors.memory import MemoryStore
from connectors.parts import joined_notes, parts_of
from connectors.sql.store import SqlStore

CELLS = st.sampled_from(['"a ""q"" , b\n c"', '5" pipe', '"x"y"z', '""', "王小明", '"第一\r\n行"', '"', "7", '"\n\n"'])


def rows_of(reading):
    with reading as opened:
        return [row for batch in opened for row in batch.to_pylist()]


def sent(part):
    return pickle.loads(pickle.dumps(part))


def both(store, size_bytes):
    """All rows by one pass, by parts that were pickled, and how many parts there were."""
    (dataset,) = store.datasets()
    names = [field.name for field in dataset.fields]
    parts = parts_of(store, dataset.name, names, FULL, size_bytes=size_bytes)
    in_parts = [row for part in parts for row in rows_of(sent(part).read())]
    return rows_of(store.read(dataset.name, names, FULL)), in_parts, len(parts)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=30, max_size=60),
    st.integers(1, 200),
    st.sampled_from(["utf-8", "gb18030"]),
)
def test_csv_is_cut_only_where_a_row_begins(rows, size_bytes, encoding):
    rows = [(one if one != '"' else "'", two if two != '"' else "'") for one, two in rows]
    text = "id,a,b\n" + "".join(f"{number},{one},{two}\n" for number, (one, two) in enumerate(rows))
    with TemporaryDirectory() as folder:
        path = f"{folder}/x.csv"
        with open(path, "wb") as file:  # noqa: PTH123 one line
            file.write(text.encode(encoding))
        whole, in_parts, count = both(FileStore("s", path, encoding=encoding), size_bytes)
    assert in_parts == whole
    assert count > 1


def test_file_in_utf16_is_one_part(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n" + "1,2\n" * 500, encoding="utf-16")
    whole, in_parts, count = both(FileStore("s", str(tmp_path)), 100)
    assert in_parts == whole
    assert count == 1


def test_parquet_is_cut_between_row_groups(tmp_path):
    pq.write_table(pa.table({"a": range(100)}), tmp_path / "x.parquet", row_group_size=10)
    whole, in_parts, count = both(FileStore("s", str(tmp_path)), 1)
    assert in_parts == whole
    assert count == 10


@pytest.mark.parametrize("server", ["sqlite_url", "postgres_url", "mysql_url"])
def test_table_is_cut_by_its_integer_key(server, request):
    url = request.getfixturevalue(server)
    engine = sa.create_engine(SqlStore("s", url)._url if server != "sqlite_url" else url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (id integer PRIMARY KEY, a varchar(20))"))
        connection.execute(
            sa.text("INSERT INTO t VALUES (:i, :a)"), [{"i": 7 * n - 50, "a": f"v{n}"} for n in range(500)]
        )
    engine.dispose()
    whole, in_parts, count = both(SqlStore("s", url), 512 * 50)
    assert in_parts == whole
    assert count == 10


def test_password_is_not_shown_by_a_part(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    sa.create_engine(url).connect().close()
    assert "sqlite:" not in repr(SqlStore("s", url))


def test_sample_is_one_part_with_the_rows_of_a_pass(tmp_path):
    (tmp_path / "x.csv").write_text("a\n" + "".join(f"{n}\n" for n in range(5000)), encoding="utf-8")
    store, sample = FileStore("s", str(tmp_path)), Sample(50, seed=4)
    (part,) = parts_of(store, "x.csv", ["a"], sample, size_bytes=100)
    assert rows_of(sent(part).read()) == rows_of(store.read("x.csv", ["a"], sample))


def test_store_that_cannot_cut_gives_one_part():
    store = MemoryStore("m", {"t": pa.table({"a": [1, 2]})})
    (part,) = parts_of(store, "t", ["a"], FULL)
    assert rows_of(part.read()) == [{"a": 1}, {"a": 2}]


def test_notes_of_parts_are_counted_together_unless_they_name_a_place():
    one, two = NotSeen("s.t.c", "not_seen.long_cell", "2"), NotSeen("s.t.c", "not_seen.binary", "BLOB")
    assert joined_notes([[one, two], [one, two]]) == [two, NotSeen("s.t.c", "not_seen.long_cell", "4")]
    assert joined_notes([[NotSeen("s.t", "not_seen.ragged_row", "1, first at row 3")]]) is None


NUMBERS = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**63), 2**63 - 1))


@given(st.lists(NUMBERS, max_size=8))
def test_text_of_a_number_does_not_depend_on_its_neighbours(values):
    assert text_column(values).to_pylist() == [text_of(value) for value in values]


def test_telephone_number_kept_as_a_float_has_no_exponent():
    assert text_column([13812345678.0, 4111111111111111.0]).to_pylist() == ["13812345678", "4111111111111111"]
