import datetime as dt
import uuid
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.protect.deterministic import SivKey, seal_cells
from governance.protect.keyring.base import DataKey, KeyInfo, KeyState, KeyUse
from governance.protect.plaintexts import INNERS, decode_values, encode_values
from governance.protect.record_keys import record_key_bytes
from governance.protect.tokens import FieldPlace, count_clear, decrypt, decrypt_cells, encrypt, encrypt_cells
from policies.errors import BadInputError, DecryptionError, KeyringError

KEY = DataKey(KeyInfo("0102030405060708", KeyUse.DATA, "s1/d1", KeyState.ACTIVE), b"k" * 32)
OTHER = DataKey(KeyInfo("1112131415161718", KeyUse.DATA, "s1/d1", KeyState.ACTIVE), b"o" * 32)
STRANGE = DataKey(KeyInfo("2122232425262728", KeyUse.DATA, "s1/d2", KeyState.ACTIVE), b"o" * 32)
PLACE = FieldPlace("s1", "d1", "f1")
GOLDEN = "1938488e8d16a0401fb224081cf378cdcbbf93eb"
"""Ciphertext and tag of one token, made once; a change of the layout would break it."""
MARKER = "marker-Zhang-13812345678"


def find(key_id):
    for key in (KEY, OTHER, STRANGE):
        if key.info.id == key_id:
            return key
    raise KeyringError("keyring", found="nothing", expected="a key", next_step="none")


def open_token(token, *, place=PLACE, record_key=1):
    return decrypt(find, place, record_key, token)


VALUES = {
    "string": st.text(),
    "integer": st.integers(),
    "decimal": st.decimals(allow_nan=False),
    "float": st.floats(allow_nan=False),
    "boolean": st.booleans(),
    "date": st.dates(),
    "datetime": st.datetimes(timezones=st.none() | st.just(dt.UTC)),
    "time": st.times(),
    "json": st.recursive(
        st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner | st.none()),
    ),
    "binary": st.binary(),
}


def test_every_type_has_a_round_trip():
    assert set(VALUES) == set(INNERS)


@pytest.mark.parametrize("inner", sorted(INNERS))
def test_values_come_back_as_they_were(inner):
    @settings(max_examples=60, deadline=None)
    @given(st.lists(VALUES[inner] | st.none(), max_size=5))
    def check(values):
        keys = list(range(len(values)))
        tokens = encrypt_cells(KEY, PLACE, keys, encode_values(values, inner))
        back = decode_values(decrypt_cells(find, PLACE, keys, tokens), inner)
        assert back == values
        assert [type(each) for each in back] == [type(each) for each in values]

    check()


def test_empty_text_and_none_stay_distinct():
    tokens = encrypt_cells(KEY, PLACE, [1, 2], encode_values(["", None], "string"))
    assert tokens[0] is not None
    assert tokens[1] is None
    assert decode_values(decrypt_cells(find, PLACE, [1, 2], tokens)) == ["", None]


def test_the_layout_is_the_documented_one():
    token = encrypt(KEY, PLACE, 1, b"sabc")
    assert token[:2] == b"\x01\x01"
    assert token[2:10].hex() == KEY.info.id
    assert len(token) == 2 + 8 + 12 + 4 + 16


def test_a_token_written_by_this_layout_in_the_past_still_opens():
    token = bytes.fromhex(
        "01010102030405060708" + "000102030405060708090a0b" + GOLDEN,
    )
    assert open_token(token, record_key=(7, "x")) == b"s\xe5\xbc\xa0"


def test_the_same_value_gives_another_token_each_time():
    assert len({encrypt(KEY, PLACE, 1, b"s") for _ in range(50)}) == 50


def test_every_flipped_byte_is_refused():
    token = encrypt(KEY, PLACE, 1, b"s" + MARKER.encode())
    for at in range(len(token)):
        for flip in (0x01, 0x80, 0xFF):
            spoiled = token[:at] + bytes([token[at] ^ flip]) + token[at + 1 :]
            with pytest.raises(DecryptionError):
                open_token(spoiled)


def test_every_cut_and_every_extension_is_refused():
    token = encrypt(KEY, PLACE, 1, b"sabc")
    for length in range(len(token)):
        with pytest.raises(DecryptionError):
            open_token(token[:length])
    with pytest.raises(DecryptionError):
        open_token(token + b"\x00")


@pytest.mark.parametrize(
    ("place", "record_key"),
    [
        (FieldPlace("s2", "d1", "f1"), 1),
        (FieldPlace("s1", "d2", "f1"), 1),
        (FieldPlace("s1", "d1", "f2"), 1),
        (FieldPlace("s1", "d1f1", ""), 1),
        (PLACE, 2),
        (PLACE, "1"),
        (PLACE, (1, 1)),
        (PLACE, b"1"),
    ],
)
def test_a_moved_token_is_refused(place, record_key):
    with pytest.raises(DecryptionError):
        open_token(encrypt(KEY, PLACE, 1, b"sabc"), place=place, record_key=record_key)


@pytest.mark.parametrize("other", [OTHER, STRANGE])
def test_a_token_under_another_key_id_is_refused(other):
    token = encrypt(KEY, PLACE, 1, b"sabc")
    with pytest.raises(DecryptionError):
        open_token(token[:2] + other.id_bytes + token[10:])


@pytest.mark.parametrize("cell", ["text", "", b"", b"\x01", MARKER.encode() * 3, 5, b"\x00" * 60])
def test_clear_text_in_the_cell_is_refused_and_not_repeated(cell):
    with pytest.raises(DecryptionError) as caught:
        open_token(cell)
    assert MARKER not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_older_token_of_the_same_cell_still_opens_which_the_docs_say():
    older, newer = (encrypt(KEY, PLACE, 1, each) for each in (b"sold", b"snew"))
    assert (open_token(older), open_token(newer)) == (b"sold", b"snew")


def test_cells_that_are_no_tokens_are_counted_for_the_report():
    token = encrypt(KEY, PLACE, 1, b"sa")
    cells = [token, memoryview(token), None, "", MARKER, b"", token[:20], b"\x02" + token[1:], MARKER.encode() * 3, 5]
    assert count_clear(cells) == 7
    assert count_clear([seal_cells(SivKey(KEY.info, b"k" * 32), PLACE, [b"sa"])[0], token]) == 0


def test_one_bad_cell_refuses_the_whole_column():
    tokens = encrypt_cells(KEY, PLACE, [1, 2], [b"sa", b"sb"])
    with pytest.raises(DecryptionError):
        decrypt_cells(find, PLACE, [1, 2], tokens[::-1])


def test_a_type_that_was_not_written_is_refused():
    tokens = encrypt_cells(KEY, PLACE, [1], encode_values([5], "integer"))
    with pytest.raises(DecryptionError):
        decode_values(decrypt_cells(find, PLACE, [1], tokens), "string")


def test_a_retired_key_and_a_key_of_another_dataset_do_not_encrypt():
    retired = DataKey(KeyInfo("0102030405060708", KeyUse.DATA, "s1/d1", KeyState.RETIRED), b"k" * 32)
    for key in (retired, STRANGE):
        with pytest.raises(KeyringError):
            encrypt(key, PLACE, 1, b"s")


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        ("string", 5),
        ("string", b"x"),
        ("string", "\ud800" + MARKER),
        ("integer", True),
        ("integer", "5"),
        ("decimal", 1.5),
        pytest.param("float", 10**400, id="float-too-large"),
        ("date", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("json", {"a": float("nan")}),
        ("json", {"a": object()}),
        ("money", 5),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_without_being_repeated(inner, value):
    with pytest.raises(BadInputError) as caught:
        encode_values([value], inner)
    assert MARKER not in str(caught.value)


UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (1, (1,)),
        (True, 1),
        (Decimal("7.00"), 7),
        (UUID, UUID.hex),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02 03:04:05.000000"),  # noqa: DTZ001 as a store holds it
        (b"ab", memoryview(b"ab")),
        ((1, "a"), [1, "a"]),
    ],
)
def test_a_key_as_written_equals_the_key_as_a_driver_reads_it(written, read):
    assert record_key_bytes(written) == record_key_bytes(read)


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), ("a", b"a"), (("a", "bc"), ("ab", "c")), (("a",), ("a", "")), ((1, 2), (2, 1))]
)
def test_different_keys_never_give_the_same_bytes(one, other):
    assert record_key_bytes(one) != record_key_bytes(other)


@pytest.mark.parametrize("key", [None, (1, None), 1.5, Decimal("1.5"), Decimal("NaN"), object(), "\ud800"])
def test_what_cannot_be_a_key_is_refused(key):
    with pytest.raises(BadInputError):
        record_key_bytes(key)


def test_keys_hide_and_refuse_to_be_copied():
    import copy
    import pickle

    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(KeyringError):
            take(KEY)
    assert repr(KEY) == "DataKey(0102030405060708, active)"
    assert not hasattr(KEY, "__dict__")
