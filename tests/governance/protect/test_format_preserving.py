"""FF1: the published samples, round trips, refused domains; and what it does not promise."""

import copy
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.protect.format_preserving import FormatPreserving, ff1
from governance.protect.keyring.base import KeyUse
from governance.protect.tokens import FieldPlace
from policies.errors import BadInputError, InstallationError, KeyringError

PLACE = FieldPlace("s1", "d1", "f2")
MARKER = "4111111111111111"
LONG = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
SAMPLES = [  # NIST, "FF1 samples" to SP 800-38G: key length, radix, tweak, plaintext, ciphertext
    (16, 10, "", "0123456789", "2433477484"),
    (16, 10, "39383736353433323130", "0123456789", "6124200773"),
    (16, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (24, 10, "", "0123456789", "2830668132"),
    (24, 10, "39383736353433323130", "0123456789", "2496655549"),
    (24, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (32, 10, "", "0123456789", "6657667009"),
    (32, 10, "39383736353433323130", "0123456789", "1001623463"),
    (32, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]


@pytest.mark.parametrize(("size", "radix", "tweak", "plain", "sealed"), SAMPLES)
def test_the_published_samples(size, radix, tweak, plain, sealed):
    cipher = ff1(bytes.fromhex(LONG)[:size], ALPHABET[:radix])
    assert cipher.encrypt(plain, tweak=bytes.fromhex(tweak)) == sealed
    assert cipher.decrypt(sealed, tweak=bytes.fromhex(tweak)) == plain


@pytest.fixture(scope="module")
def numbers(keyring):
    return FormatPreserving(keyring, PLACE)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("0123456789", min_size=6, max_size=30) | st.none(), max_size=4))
def test_texts_keep_their_form_and_come_back(numbers, values):
    made = numbers.encrypt(values)
    assert [each and len(each) for each in made] == [each and len(each) for each in values]
    assert numbers.decrypt(made) == values


def test_other_alphabets(keyring):
    letters = FormatPreserving(keyring, PLACE, alphabet="天地玄黃宇宙洪荒日月")
    assert letters.decrypt(letters.encrypt(["天地玄黃宇宙", None])) == ["天地玄黃宇宙", None]


def test_fields_and_keys_are_separated(keyring, numbers):
    assert numbers.encrypt([MARKER]) == numbers.encrypt([MARKER])
    assert FormatPreserving(keyring, FieldPlace("s1", "d1", "f3")).encrypt([MARKER]) != numbers.encrypt([MARKER])
    before, old = numbers.encrypt([MARKER]), numbers.key_id
    keyring.rotate("s1/d1", KeyUse.FORMAT)
    assert FormatPreserving(keyring, PLACE).encrypt([MARKER]) != before
    assert FormatPreserving(keyring, PLACE, key_id=old).decrypt(before) == [MARKER]
    with pytest.raises(KeyringError):
        FormatPreserving(keyring, PLACE, key_id="00" * 8)


@pytest.mark.parametrize("value", ["12345", "", "1234-5678-9012", "１２３４５６", 4111111111111111, "1" * 1001])
def test_small_domains_and_other_signs_are_refused_without_being_repeated(numbers, value):
    for act in (numbers.encrypt, numbers.decrypt):
        with pytest.raises(BadInputError) as caught:
            act([value])
        assert not value or str(value)[:12] not in str(caught.value)


@pytest.mark.parametrize("alphabet", ["", "1", "112"])
def test_a_wrong_alphabet_is_refused(keyring, alphabet):
    with pytest.raises(BadInputError):
        FormatPreserving(keyring, PLACE, alphabet=alphabet)


def test_without_the_package_the_extra_is_named(keyring, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ffx", None)
    with pytest.raises(InstallationError, match="fpe"):
        FormatPreserving(keyring, PLACE)


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_the_key_hides(numbers, take):
    with pytest.raises(KeyringError):
        take(numbers._key)
    assert repr(numbers._key).startswith("Ff1Key(")
