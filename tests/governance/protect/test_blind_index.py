"""Cells of blind indexes: equal by the rule, unrelated across fields, truncated, found across a rotation."""

import copy
import datetime as dt
import hmac
import pickle
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.protect.blind_index import FEWEST_VALUES, FieldIndex, IndexKey
from governance.protect.keyring.base import KeyInfo, KeyState, KeyUse
from governance.protect.keyring.file import FileKeyring
from governance.protect.protector import Protector
from governance.protect.tokens import FieldPlace
from policies.catalog import BlindIndex, parse_catalog
from policies.errors import BadInputError, CatalogError, KeyringError
from policies.nouns import DatasetRef, FieldRef

MARKER = "planted.marker@zebra-quagga.example"
KEY = IndexKey(KeyInfo("0102030405060708", KeyUse.BLIND_INDEX, "s1/d1", KeyState.ACTIVE), b"i" * 32)
PLACE = FieldPlace("s1", "d1", "f2")
CUSTOMERS = DatasetRef("crm", "customers")
EMAIL = FieldRef("crm", "customers", "email")
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
          email:
            id: f2
            category: user.contact.email
            status: confirmed
            encrypted: true
            blind_index: {field: email_bidx, normalise: email}
          email_bidx: {id: f3, category: user.contact.email, status: confirmed}
          phone:
            id: f4
            category: user.contact.phone_number
            status: confirmed
            encrypted: true
            blind_index: {field: phone_bidx, normalise: phone, region: DE, bits: 20}
          phone_bidx: {id: f5, category: user.contact.phone_number, status: confirmed}
          note: {id: f6, category: user.content, status: confirmed, encrypted: true}
"""


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    return FileKeyring.create(tmp_path_factory.mktemp("keys") / "keyring.json", "one", scrypt_n=2**14)


@pytest.fixture(scope="module")
def protector(ring):
    return Protector(ring, parse_catalog(CATALOG))


def cell(value, inner="string", place=PLACE, **declared):
    return FieldIndex(place, BlindIndex(field="x", **declared), inner).cells(KEY, [value])[0]


def test_the_layout_is_the_documented_one():
    def part(raw):
        return len(raw).to_bytes(4, "big") + raw

    words = [b"governance.blind-index\x01", b"s1", b"d1", b"f2", b"email", b"", b"", b"sann@x.io"]
    full = hmac.digest(b"i" * 32, b"".join(map(part, words)), "sha256")
    assert cell("Ann@X.io", normalise="email", bits=256) == b"\x01\x01\x02\x03\x04" + full
    assert cell("Ann@X.io", normalise="email") == b"\x01\x01\x02\x03\x04" + full[:4]
    assert cell("Ann@X.io", normalise="email", bits=11) == b"\x01\x01\x02\x03\x04" + full[:1] + bytes([full[1] & 0xE0])


SAME = [
    ("exact", {}, "string", "Ann", "Ann"),
    ("exact", {}, "decimal", Decimal("1.0"), Decimal("1.00")),
    ("exact", {}, "decimal", Decimal("-0"), Decimal("0E+3")),
    ("exact", {}, "json", {"a": 1, "b": [{"c": 2, "d": 3}]}, {"b": [{"d": 3, "c": 2}], "a": 1}),
    ("exact", {}, "decimal", 10**31, Decimal("1E+31")),
    ("exact", {}, "json", {1: "x", "a": 2}, {"a": 2, "1": "x"}),
    ("exact", {}, "date", dt.date(2026, 1, 2), dt.date(2026, 1, 2)),
    ("text", {}, "string", "  Straße  München ", "STRASSE münchen"),
    ("text", {}, "string", "ＡＮＮ　王", "ann 王"),
    ("text", {}, "string", "e\u0301", "é"),
    ("email", {}, "string", " Ann.Lee@X.IO", "ann.lee@x.io"),
    ("email", {}, "string", "ａｎｎ＠x.io", "ann@x.io"),
    ("phone", {"region": "DE"}, "string", "0171 2345678", "+49 (171) 234-5678"),
    ("phone", {"region": "CN"}, "string", "138 1234 5678", "+8613812345678"),
    ("phone", {"region": "CN"}, "string", "１３８１２３４５６７８", "138-1234-5678"),
    ("phone", {}, "string", "12 34", "1234"),
    ("email", {"path": "contact.email"}, "json", {"contact": {"email": "A@x.io"}}, {"contact": {"email": "a@X.io"}}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "more", "inner", "one", "other"), SAME)
def test_values_that_the_rule_calls_equal_share_a_cell(rule, more, inner, one, other):
    assert cell(one, inner, normalise=rule, **more) == cell(other, inner, normalise=rule, **more)


DIFFERENT = [
    ("exact", {}, "string", "Ann", "ann"),
    ("exact", {}, "string", "Ann", "Ann "),
    ("exact", {}, "json", {"a": 1}, {"a": 2}),
    ("text", {}, "string", "ann", "anne"),
    ("email", {}, "string", "ann@x.io", "ann+1@x.io"),
    ("phone", {"region": "DE"}, "string", "0171 2345678", "0171 2345679"),
    ("phone", {"region": "US"}, "string", "201-555-0123", "201-555-0123 ext. 5"),
    ("phone", {}, "string", "no number", "12"),
]


@pytest.mark.parametrize(("rule", "more", "inner", "one", "other"), DIFFERENT)
def test_other_values_do_not(rule, more, inner, one, other):
    assert cell(one, inner, normalise=rule, bits=256, **more) != cell(other, inner, normalise=rule, bits=256, **more)


@pytest.mark.parametrize("value", [Decimal("1234567.890"), Decimal("1E+9999999"), Decimal("-0.00")])
def test_a_decimal_has_one_cell_whatever_a_thread_sets_for_decimals(value):
    plain = cell(value, "decimal", normalise="exact", bits=256)
    with localcontext(prec=3, Emax=6, Emin=-6):
        assert cell(value, "decimal", normalise="exact", bits=256) == plain


def deep(levels):
    value = "leaf"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("inner", "value"),
    [("float", 10**400), ("json", deep(20_000)), ("json", {(1, 2): 3})],
    ids=["large", "deep", "key"],
)
def test_a_value_that_its_type_cannot_hold_is_refused(inner, value):
    with pytest.raises(BadInputError, match="cannot hold"):
        cell(value, inner, normalise="exact")


def test_null_has_no_cell_and_empty_text_has_one(protector):
    cells = protector.index_cells(EMAIL, [None, "", "a@x.io"], "string")
    assert cells[0] is None
    assert cells[1] not in (None, cells[2])
    assert cell({"other": 1}, "json", path="mail", normalise="email") is None
    assert protector.search_cells(EMAIL, "", "string") == [cells[1]]
    with pytest.raises(BadInputError, match="no value"):
        protector.search_cells(EMAIL, None, "string")


@settings(max_examples=200, deadline=None)
@given(st.text(), st.sampled_from(["exact", "text", "email", "phone"]), st.integers(8, 256))
def test_every_text_has_a_cell_of_its_length_that_depends_on_nothing_else(value, rule, bits):
    made = cell(value, normalise=rule, bits=bits)
    assert made == cell(value, normalise=rule, bits=bits)
    assert len(made) == 5 + -(-bits // 8)
    assert bits % 8 == 0 or made[-1] & ((1 << (-bits % 8)) - 1) == 0


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_text_and_email_are_idempotent(value):
    for rule in ("text", "email"):
        index = FieldIndex(PLACE, BlindIndex(field="x", normalise=rule), "string")
        once = index.normalised([value])[0][1:].decode()
        assert index.normalised([once]) == index.normalised([value])


def test_the_same_value_in_two_fields_datasets_or_stores_is_not_linked():
    places = [PLACE, FieldPlace("s1", "d1", "f3"), FieldPlace("s1", "d2", "f2"), FieldPlace("s2", "d1", "f2")]
    assert len({cell(MARKER, place=each) for each in places}) == len(places)


def test_few_bits_put_many_values_under_one_cell_and_same_value_tells_them_apart(protector):
    phone = FieldRef("crm", "customers", "phone")
    cells = {cell(f"v{number}", bits=8) for number in range(5_000)}
    assert len(cells) == 256
    assert protector.same_value(phone, "string", "0171 2345678", "+491712345678")
    assert not protector.same_value(phone, "string", "0171 2345678", "+491712345679")
    assert not protector.same_value(phone, "string", None, None)


def test_cells_tell_nothing_to_who_lacks_the_key():
    other = IndexKey(KeyInfo("1112131415161718", KeyUse.BLIND_INDEX, "s1/d1", KeyState.ACTIVE), b"o" * 32)
    index = FieldIndex(PLACE, BlindIndex(field="x", bits=256), "string")
    assert index.cells(KEY, [MARKER])[0][5:] != index.cells(other, [MARKER])[0][5:]
    assert MARKER.encode() not in index.cells(KEY, [MARKER])[0]


def test_sealed_columns_are_tokens_and_cells(protector):
    keys = [(1,), (2,), (3,)]
    sealed = protector.seal_columns(CUSTOMERS, {"email": ["A@x.io", None, "a@X.io "], "note": ["n", "m", None]}, keys)
    assert sorted(sealed) == ["email", "email_bidx", "note"]
    assert sealed["email_bidx"][0] == sealed["email_bidx"][2] != sealed["email_bidx"][1] is None
    assert sealed["email"][0] != sealed["email"][2]
    assert protector.decrypt_column(EMAIL, sealed["email"], keys, "string") == ["A@x.io", None, "a@X.io "]
    assert protector.index_fields(CUSTOMERS) == {"email": "email_bidx", "phone": "phone_bidx"}
    with pytest.raises(CatalogError):
        protector.seal_columns(CUSTOMERS, {"id": [1]}, [(1,)])
    with pytest.raises(CatalogError, match="without a blind index"):
        protector.search_cells(FieldRef("crm", "customers", "note"), "n", "string")


def test_sealed_columns_of_persons_have_the_same_cells(protector):
    keys = [(1,), (2,)]
    one = protector.seal_columns(CUSTOMERS, {"email": ["a@x.io", "b@x.io"]}, keys, subjects=[10, 20])
    assert one["email_bidx"] == protector.index_cells(EMAIL, ["a@x.io", "b@x.io"], "string")
    assert protector.decrypt_column(EMAIL, one["email"], keys) == ["a@x.io", "b@x.io"]


def test_search_goes_across_a_rotation_until_the_old_key_is_destroyed(tmp_path):
    ring = FileKeyring.create(tmp_path / "keyring.json", "one", scrypt_n=2**14)
    protector = Protector(ring, parse_catalog(CATALOG))
    [before] = protector.index_cells(EMAIL, ["a@x.io"], "string")
    old, new = ring.rotate("s1/d1", KeyUse.BLIND_INDEX)
    [after] = protector.index_cells(EMAIL, ["a@x.io"], "string")
    assert before != after
    assert protector.search_cells(EMAIL, "a@x.io", "string") == [after, before]
    assert after.startswith(protector.current_cells_start(EMAIL))
    assert not before.startswith(protector.current_cells_start(EMAIL))
    other = Protector(FileKeyring.open(tmp_path / "keyring.json", "one"), parse_catalog(CATALOG))
    assert other.search_cells(EMAIL, "a@x.io", "string") == [after, before]
    ring.destroy(old.id)
    for each in (protector, other):  # another process notices at its next use
        assert each.search_cells(EMAIL, "a@x.io", "string") == [after]
    assert ring.list()[-1].id == new.id


def test_index_keys_serve_nothing_else(ring, protector):
    protector.index_cells(EMAIL, ["a"], "string")
    [info] = [each for each in ring.list() if each.use is KeyUse.BLIND_INDEX]
    assert info.of == "s1/d1"
    with pytest.raises(KeyringError):
        ring.key(info.id)


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_index_keys_hide_and_refuse_to_be_copied(take):
    with pytest.raises(KeyringError):
        take(KEY)
    assert repr(KEY) == "IndexKey(0102030405060708, active)"
    assert not hasattr(KEY, "__dict__")


def test_few_distinct_values_are_refused_unless_a_reason_is_given(protector):
    with pytest.raises(BadInputError, match="2 distinct values") as caught:
        protector.require_spread(EMAIL, [MARKER, MARKER.upper(), "b@x.io", None], "string")
    assert "zebra" not in str(caught.value)
    protector.require_spread(EMAIL, [f"{number}@x.io" for number in range(FEWEST_VALUES)], "string")
    FieldIndex(PLACE, BlindIndex(field="x", few_values="a closed list of partners"), "string").require_spread(2)


@pytest.mark.parametrize(
    ("rule", "inner", "value"), [("text", "string", 5), ("exact", "string", 5), ("exact", "date", MARKER)]
)
def test_a_value_of_another_type_is_refused_without_being_repeated(rule, inner, value):
    with pytest.raises(BadInputError) as caught:
        cell(value, inner, normalise=rule)
    assert "zebra" not in str(caught.value)


@pytest.mark.parametrize("inner", ["integer", "date", "json", "binary"])
def test_a_rule_for_text_is_refused_for_other_types(inner):
    with pytest.raises(BadInputError, match="normalise: email"):
        FieldIndex(PLACE, BlindIndex(field="x", normalise="email"), inner)


BAD = {
    "not encrypted": (
        "encrypted: true\n            blind_index: {field: email_bidx",
        "blind_index: {field: email_bidx",
    ),
    "absent": ("field: email_bidx", "field: nowhere"),
    "encrypted itself": ("field: email_bidx", "field: note"),
    "itself": ("field: email_bidx", "field: email"),
    "twice": ("field: phone_bidx", "field: email_bidx"),
    "a key": ("field: email_bidx", "field: id"),
    "another category": ("email_bidx: {id: f3, category: user.contact.email", "email_bidx: {id: f3, category: none"),
    "too few bits": ("bits: 20", "bits: 7"),
    "region without phones": ("normalise: email", "normalise: email, region: DE"),
    "unknown rule": ("normalise: email", "normalise: soundex"),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_wrong_declaration_is_refused(change):
    assert change[0] in CATALOG
    with pytest.raises(CatalogError):
        parse_catalog(CATALOG.replace(*change))


def test_a_category_of_few_values_is_refused_unless_a_reason_is_given():
    few = CATALOG.replace("user.contact.email", "user.demographic.gender")
    with pytest.raises(CatalogError, match="few distinct values"):
        parse_catalog(few)
    parse_catalog(few.replace("normalise: email", "normalise: text, few_values: asked for by the clinic"))
