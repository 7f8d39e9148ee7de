"""`cipher: siv`: equal values are equal tokens of one field, and of no other; nothing altered opens."""

import copy
import datetime as dt
import pickle

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.protect.deterministic import SivKey, open_cells, seal_cells
from governance.protect.keyring.base import KeyInfo, KeyState, KeyUse
from governance.protect.keyring.file import FileKeyring
from governance.protect.protector import Protector
from governance.protect.tokens import FieldPlace
from policies.catalog import parse_catalog
from policies.errors import CatalogError, DecryptionError, KeyringError
from policies.nouns import DatasetRef, FieldRef

MARKER = "planted.marker@zebra-quagga.example"
PLACE = FieldPlace("s1", "d1", "f2")
KEY = SivKey(KeyInfo("0102030405060708", KeyUse.DETERMINISTIC, "s1/d1", KeyState.ACTIVE), b"k" * 32)
OTHER = SivKey(KeyInfo("1112131415161718", KeyUse.DETERMINISTIC, "s1/d1", KeyState.ACTIVE), b"o" * 32)
CODE = FieldRef("crm", "customers", "code")
PLAIN = FieldRef("crm", "customers", "plain")
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
          code: {id: f2, category: user.unique_id, status: confirmed, encrypted: true, cipher: siv}
          plain: {id: f3, category: user.unique_id, status: confirmed, encrypted: true}
"""
GOLDEN = "dde27ab45bbd7ae14b96a6d269de8db58ef85a4a"
"""Synthetic nonce and ciphertext of one token; deterministic, so a change of layout or derivation would break it."""


@pytest.fixture
def ring(tmp_path):
    return FileKeyring.create(tmp_path / "keyring.json", "one", scrypt_n=2**14)


@pytest.fixture
def protector(ring):
    return Protector(ring, parse_catalog(CATALOG))


def test_the_layout_is_the_documented_one():
    def part(raw):
        return len(raw).to_bytes(4, "big") + raw

    label = b"governance.token\x01\x02"
    cipher = AESSIV(HKDF(SHA256(), 64, None, label).derive(b"k" * 32))
    bound = b"".join(map(part, [label, b"s1", b"d1", b"f2", KEY.id_bytes]))
    [token] = seal_cells(KEY, PLACE, [b"s\xe5\xbc\xa0"])
    assert cipher.decrypt(token[10:], [bound]) == b"s\xe5\xbc\xa0"
    assert token == bytes.fromhex("0102" + "0102030405060708" + GOLDEN)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=1) | st.none(), max_size=5))
def test_bytes_come_back_and_equal_ones_are_equal(plaintexts):
    tokens = seal_cells(KEY, PLACE, plaintexts)
    assert open_cells([OTHER, KEY], PLACE, tokens) == plaintexts
    assert tokens == seal_cells(KEY, PLACE, plaintexts)


def test_every_flipped_byte_every_cut_and_every_extension_is_refused():
    [token] = seal_cells(KEY, PLACE, [b"s" + MARKER.encode()])
    spoilt = [token[:at] + bytes([token[at] ^ flip]) + token[at + 1 :] for at in range(len(token)) for flip in (1, 255)]
    for each in (*spoilt, *(token[:size] for size in range(len(token))), token + b"\x00", MARKER, MARKER.encode(), 5):
        with pytest.raises(DecryptionError) as caught:
            open_cells([KEY], PLACE, [each])
        assert "zebra" not in str(caught.value)


@pytest.mark.parametrize(
    "place", [FieldPlace("s2", "d1", "f2"), FieldPlace("s1", "d2", "f2"), FieldPlace("s1", "d1", "f3")]
)
def test_a_token_moved_to_another_field_is_refused_and_tells_no_equality(place):
    [token] = seal_cells(KEY, PLACE, [b"sabc"])
    with pytest.raises(DecryptionError):
        open_cells([KEY], place, [token])
    if place.key_of == PLACE.key_of:
        assert seal_cells(KEY, place, [b"sabc"]) != [token]


def test_a_token_under_another_key_id_is_refused():
    [token] = seal_cells(KEY, PLACE, [b"sabc"])
    with pytest.raises(DecryptionError):
        open_cells([KEY, OTHER], PLACE, [token[:2] + OTHER.id_bytes + token[10:]])


def test_retired_keys_and_keys_of_another_dataset_do_not_encrypt():
    retired = SivKey(KeyInfo("0102030405060708", KeyUse.DETERMINISTIC, "s1/d1", KeyState.RETIRED), b"k" * 32)
    for key, place in ((retired, PLACE), (KEY, FieldPlace("s1", "d2", "f2"))):
        with pytest.raises(KeyringError):
            seal_cells(key, place, [b"s"])


def test_a_field_takes_tokens_of_its_declared_cipher_only(protector):
    keys = [(1,), (2,)]
    siv = protector.encrypt_column(CODE, ["a", "a"], keys, "string")
    gcm = protector.encrypt_column(PLAIN, ["a", "a"], keys, "string")
    assert siv[0] == siv[1]
    assert gcm[0] != gcm[1]
    assert protector.decrypt_column(CODE, siv, keys) == ["a", "a"]
    for field, tokens in ((CODE, gcm), (PLAIN, siv)):
        with pytest.raises(DecryptionError):
            protector.decrypt_column(field, tokens, keys)
    changed = Protector(protector._keyring, parse_catalog(CATALOG.replace(", cipher: siv", "")))
    with pytest.raises(DecryptionError):
        changed.decrypt_column(CODE, siv, keys)


def test_null_and_empty_stay_distinct_and_types_are_told(protector):
    tokens = protector.encrypt_column(CODE, ["", None], [(1,), (2,)], "string")
    assert tokens[1] is None
    assert protector.decrypt_column(CODE, tokens, [(1,), (2,)], "string") == ["", None]
    with pytest.raises(DecryptionError):
        protector.decrypt_column(CODE, tokens, [(1,), (2,)], "integer")


def test_search_and_reading_go_across_a_rotation(ring, protector):
    [before] = protector.encrypt_column(CODE, ["a"], [(1,)], "string")
    old, _ = ring.rotate("s1/d1", KeyUse.DETERMINISTIC)
    [after] = protector.encrypt_column(CODE, ["a"], [(1,)], "string")
    assert protector.search_cells(CODE, "a", "string") == [after, before]
    assert protector.decrypt_column(CODE, [before, after], [(1,), (2,)]) == ["a", "a"]
    ring.destroy(old.id)
    assert protector.search_cells(CODE, "a", "string") == [after]
    with pytest.raises(DecryptionError):
        protector.decrypt_column(CODE, [before], [(1,)])
    with pytest.raises(CatalogError):
        protector.search_cells(CODE, None, "string")


def test_persons_keys_and_few_values_are_refused(protector):
    with pytest.raises(CatalogError, match="siv"):
        protector.encrypt_column_of_subjects(CODE, ["a"], [(1,)], "string", subjects=[1])
    for change in (("user.unique_id", "user.demographic.gender"), ("encrypted: true, cipher", "cipher")):
        with pytest.raises(CatalogError):
            parse_catalog(CATALOG.replace(*change))


def test_sealed_columns_of_a_deterministic_field(protector):
    sealed = protector.seal_columns(DatasetRef("crm", "customers"), {"code": [dt.date(2026, 1, 2)]}, [(1,)])
    assert protector.decrypt_column(CODE, sealed["code"], [(1,)]) == [dt.date(2026, 1, 2)]


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_keys_hide_and_refuse_to_be_copied(take):
    with pytest.raises(KeyringError):
        take(KEY)
    assert repr(KEY) == "SivKey(0102030405060708, active)"
    assert not hasattr(KEY, "__dict__")
