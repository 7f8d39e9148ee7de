"""Arrow columns are encrypted to the same tokens that values would have, and come back as they were."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.protect.protector import Protector
from policies.catalog import parse_catalog
from policies.errors import BadInputError, DecryptionError
from policies.nouns import FieldRef

MARKER = "planted.marker@zebra-quagga.example"
TEXT = FieldRef("crm", "customers", "text")
OTHER = FieldRef("crm", "customers", "other")
PAIR = FieldRef("crm", "visits", "note")
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          text: {id: f2, category: user.content, status: confirmed, encrypted: true}
          other: {id: f3, category: user.content, status: confirmed, encrypted: true, cipher: siv}
      visits:
        id: d2
        record_key: [code, day]
        fields:
          code: {id: f1, category: none, status: confirmed}
          day: {id: f2, category: none, status: confirmed}
          note: {id: f3, category: user.content, status: confirmed, encrypted: true}
"""
COLUMNS = {
    "string": (pa.string(), st.text()),
    "large": (pa.large_string(), st.text()),
    "binary": (pa.binary(), st.binary()),
    "integer": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "short": (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "date": (pa.date32(), st.dates()),
    "boolean": (pa.bool_(), st.booleans()),
    "float": (pa.float64(), st.floats(allow_nan=False)),
    "datetime": (pa.timestamp("us"), st.datetimes()),
    "decimal": (pa.decimal128(20, 4), st.decimals(-(10**9), 10**9, places=4)),
}
INNER = {"large": "string", "short": "integer"}


@pytest.fixture(scope="module")
def protector(keyring):
    return Protector(keyring, parse_catalog(CATALOG))


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_come_back_and_equal_what_values_give(protector, name):
    kind, values = COLUMNS[name]
    inner = INNER.get(name, name)

    @settings(max_examples=40, deadline=None)
    @given(st.lists(values | st.none(), max_size=6), st.integers(0, 2))
    def check(told, skipped):
        column = pa.array(told, kind)[skipped:]  # a slice, so that offsets do not begin at 0
        keys = pa.array(range(len(told)))[skipped:]
        for field in (TEXT, OTHER):
            tokens = protector.encrypt_array(field, column, keys, inner)
            assert tokens.type == pa.binary()
            assert tokens.null_count == column.null_count
            assert protector.decrypt_array(field, tokens, keys, inner, kind).equals(column)
            by_value = protector.decrypt_column(field, tokens.to_pylist(), [(key,) for key in keys.to_pylist()], inner)
            assert by_value == column.to_pylist()

    check()


def test_chunks_and_keys_of_several_parts(protector):
    column = pa.chunked_array([["a", None], ["", "张"]])
    keys = pa.StructArray.from_arrays(
        [pa.array(["x", "x", "y", "y"]), pa.array([dt.date(2026, 1, day) for day in range(1, 5)])], ["code", "day"]
    )
    tokens = protector.encrypt_array(PAIR, column, keys, "string")
    assert protector.decrypt_array(PAIR, tokens, keys, "string").to_pylist() == ["a", None, "", "张"]
    by_value = protector.decrypt_column(PAIR, tokens.to_pylist(), [tuple(each.values()) for each in keys.to_pylist()])
    assert by_value == ["a", None, "", "张"]
    with pytest.raises(DecryptionError):
        protector.decrypt_array(PAIR, tokens[::-1], keys, "string")


def test_clear_text_and_moved_tokens_are_refused(protector):
    keys = pa.array([1, 2])
    tokens = protector.encrypt_array(TEXT, pa.array(["a", "b"]), keys, "string")
    with pytest.raises(BadInputError, match="column of string") as caught:
        protector.decrypt_array(TEXT, pa.array([MARKER, MARKER]), keys, "string")
    assert "zebra" not in str(caught.value)
    for bad in (pa.array([tokens[1].as_py(), tokens[0].as_py()]), pa.array([MARKER.encode(), tokens[1].as_py()])):
        with pytest.raises(DecryptionError) as refused:
            protector.decrypt_array(TEXT, bad, keys, "string")
        assert "zebra" not in str(refused.value)
    with pytest.raises(DecryptionError):
        protector.decrypt_array(TEXT, tokens, keys, "binary")


def test_a_column_of_another_type_is_refused_without_a_value(protector):
    with pytest.raises(BadInputError) as caught:
        protector.encrypt_array(TEXT, pa.array([MARKER]), pa.array([1]), "date")
    assert "zebra" not in str(caught.value)
    assert (
        protector.encrypt_array(TEXT, pa.array([], pa.string()), pa.array([], pa.int64()), "string").to_pylist() == []
    )
    assert protector.decrypt_array(TEXT, pa.array([None], pa.binary()), pa.array([1]), "decimal").to_pylist() == [None]
    tokens = protector.encrypt_array(TEXT, pa.array([Decimal("1.50")]), pa.array([1]), "decimal")
    assert protector.decrypt_array(TEXT, tokens, pa.array([1]), "decimal").to_pylist() == [Decimal("1.50")]
