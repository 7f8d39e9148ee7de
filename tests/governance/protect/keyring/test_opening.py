"""Keys opened by the column: each under the id or reference that was asked for, whatever lies beside it."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from governance.protect.keyring.opened_keys import key_id_of, opened_key, ref_of
from governance.protect.keyring.opening import open_all
from governance.protect.keyring.wrapping import wrap
from governance.protect.lengths import prefixed

KEK, BEFORE = AESGCM(b"k" * 32), b"what comes first"


def row(key_id, ref, material):
    return key_id + ref + wrap(KEK, material, BEFORE + prefixed(key_id) + prefixed(ref))


def many(numbers, zeros):
    """Keys of numbers: id, reference, material. With `zeros`, references of two share their first eight bytes."""
    lead = bytes(8) if zeros else b""
    return {
        number: (number.to_bytes(8, "big"), (lead + number.to_bytes(8, "little")).ljust(32, b"r"), b"%032d" % number)
        for number in numbers
    }


@given(
    there=st.lists(st.integers(0, 10_000), max_size=40, unique=True),
    asked=st.lists(st.integers(0, 10_000), max_size=40, unique=True),
    column=st.sampled_from(["id", "ref"]),
)
def test_each_is_opened_in_the_order_asked_and_what_is_not_there_is_empty(there, asked, column):
    asked = asked + there[::2]
    keys = many({*there, *asked}, zeros=False)
    packed = b"".join(row(*keys[number]) for number in there)
    wanted = [keys[number][0 if column == "id" else 1] for number in asked]
    opened = open_all(packed, column, wanted, BEFORE, KEK.decrypt)
    assert opened == [opened_key(*keys[number]) if number in there else b"" for number in asked]
    assert [(key_id_of(each), ref_of(each)) for each in opened if each] == [
        keys[number][:2] for number in asked if number in there
    ]


def test_references_that_begin_alike_are_never_taken_for_each_other():
    keys = many(range(50), zeros=True)
    packed = b"".join(row(*keys[number]) for number in range(50))
    wanted = [keys[number][1] for number in reversed(range(50))]
    opened = open_all(packed, "ref", wanted, BEFORE, KEK.decrypt)
    assert any(opened)
    assert all(
        each in (b"", opened_key(*keys[number])) for number, each in zip(reversed(range(50)), opened, strict=True)
    )


@pytest.mark.parametrize("place", [0, 7, 8, 39, 40, 52, 99])
def test_a_row_with_one_bit_changed_opens_nothing_under_its_name(place):
    keys = many(range(3), zeros=False)
    packed = bytearray(b"".join(row(*keys[number]) for number in range(3)))
    packed[100 + place] ^= 1
    for column, name in (("id", 0), ("ref", 1)):
        opened = open_all(bytes(packed), column, [keys[1][name]], BEFORE, KEK.decrypt)
        assert opened == [b""]
        whole = open_all(bytes(packed), column, [keys[0][name], keys[2][name]], BEFORE, KEK.decrypt)
        assert whole == [opened_key(*keys[0]), opened_key(*keys[2])]
