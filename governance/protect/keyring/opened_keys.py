r"""Opened keys of persons, and batches of them that encrypt and decrypt cells.

An opened key is one piece of bytes, since hundreds of thousands of objects that the garbage collector knows would cost
more than unwrapping:

    offset  bytes  what
    0       12     id, 8 bytes, behind its length
    12      36     reference, 32 bytes, behind its length
    48      32     key
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NoReturn

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.protect.keyring.base import KEY_ID_BYTES
from governance.protect.lengths import prefixed
from policies.errors import KeyringError

REF_BYTES = 32
ID = slice(4, 4 + KEY_ID_BYTES)
"""Where an opened key has its id."""
REF = slice(ID.stop + 4, ID.stop + 4 + REF_BYTES)
"""Where it has its person's reference."""
NAME_BYTES = REF.stop
"""Id and reference, each behind its length."""
_NAMED, _KEY = slice(0, ID.stop), slice(NAME_BYTES, None)


def key_id_of(opened: bytes) -> bytes:
    """The id of an opened key."""
    return opened[ID]


def ref_of(opened: bytes) -> bytes:
    """The reference of an opened key's person."""
    return opened[REF]


def opened_key(key_id: bytes, ref: bytes, material: bytes) -> bytes:
    """An opened key of its parts."""
    return prefixed(key_id) + prefixed(ref) + material


def key_of(opened: bytes) -> bytes:
    """The key itself."""
    return opened[_KEY]


class PersonKeyBatch:
    """Active keys of persons for one batch of cells, in their order. Shows their number only, and is not pickled.

    Holds the keys themselves and makes a cipher when its turn comes: a hundred thousand ciphers at once are slow to
    make and slow to keep.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys

    def encrypt(
        self, nonces: Iterable[bytes], texts: Iterable[bytes | None], bound: Iterable[bytes], head: bytes
    ) -> list[bytes | None]:
        """Each text under its key, as `head`, key id, nonce and ciphertext; None stays None.

        The associated data of each is one of `bound`, and the key's id behind its length.
        """
        return [
            None
            if text is None
            else head + key[ID] + nonce + AESGCM(key[_KEY]).encrypt(nonce, text, each + key[_NAMED])
            for key, nonce, text, each in zip(self._keys, nonces, texts, bound, strict=True)
        ]

    def decrypt(self, nonces: Iterable[bytes], texts: Iterable[bytes], bound: Iterable[bytes]) -> list[bytes | None]:
        """The inverse of `encrypt`, of ciphertexts without what stands before them. Raises InvalidTag."""
        return [
            AESGCM(key[_KEY]).decrypt(nonce, text, each + key[_NAMED])
            for key, nonce, text, each in zip(self._keys, nonces, texts, bound, strict=True)
        ]

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"PersonKeyBatch({len(self._keys)} keys)"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise KeyringError(
            "persons' keys",
            found="an attempt to copy or pickle them",
            expected="keys that stay in their keyring",
            next_step="open the keyring where the keys are needed",
        )
