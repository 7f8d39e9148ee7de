r"""Deterministic tokens, for fields that the catalog declares `cipher: siv`: equal values of a field are equal tokens.

    offset  bytes  what
    0       1      version, 0x01
    1       1      algorithm, 0x02 = AES-256-SIV (RFC 5297)
    2       8      key id, of the dataset's deterministic key
    10      16     synthetic nonce, which authenticates too
    26      n      ciphertext of the canonical plaintext (`plaintexts.py`)

The one string of associated data, each part behind its length in 4 bytes, big-endian:

    format label "governance.token" || version || algorithm
    stable id of the store, of the dataset, of the field
    key id, 8 bytes

The record's key is not in it, or equal values would differ: a token moved to another *record* of the same field opens,
and cannot be told from that record's own. Moved to another field or dataset, cut, altered, it does not open. Who reads
the store sees which records are equal, and how often each value occurs. The 64 bytes of the SIV key are made from the
32 of the keyring by HKDF-SHA-256 (RFC 5869) without salt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from governance.protect.keyring.base import KEY_ID_BYTES, KeyInfo, KeyState, SecretKey
from governance.protect.lengths import joined, prefixed
from governance.protect.plaintexts import refused_token
from governance.protect.tokens import FieldPlace
from policies.errors import KeyringError

HEADER = b"\x01\x02"
"""Version and algorithm."""
LABEL = b"governance.token" + HEADER
"""The format label in associated data."""
_KEY_ID_END = len(HEADER) + KEY_ID_BYTES
SHORTEST = _KEY_ID_END + 16 + 1
"""No token is shorter: a plaintext has one byte at least."""
_SIV_KEY_BYTES = 64


def expand(material: bytes, label: bytes, length: int, salt: bytes | None = None) -> bytes:
    """Bytes for one purpose from a key: HKDF-SHA-256."""
    return HKDF(SHA256(), length, salt, label).derive(material)


class SivKey(SecretKey):
    """A key of deterministic tokens. Shows its id only, and refuses to be copied or pickled."""

    __slots__ = ("_cipher", "id_bytes")

    def __init__(self, info: KeyInfo, material: bytes) -> None:
        super().__init__(info)
        self.id_bytes = bytes.fromhex(info.id)
        """The id as it stands in tokens."""
        self._cipher = AESSIV(expand(material, LABEL, _SIV_KEY_BYTES))

    @property
    def cipher(self) -> AESSIV:
        """The cipher. It offers no way back to the key."""
        return self._cipher


def seal_cells(key: SivKey, place: FieldPlace, plaintexts: Sequence[bytes | None]) -> list[bytes | None]:
    """The tokens of many cells of one field; None stays None. Raises KeyringError for a key that may not encrypt."""
    if key.info.state is not KeyState.ACTIVE or key.info.of != place.key_of:
        raise KeyringError(
            f"key {key.info.id}",
            found="a key that may not encrypt this dataset",
            expected=f"the active key of {place.key_of}",
            next_step="ask the keyring for it",
        )
    return sought_cells(key, place, plaintexts)


def sought_cells(key: SivKey, place: FieldPlace, plaintexts: Sequence[bytes | None]) -> list[bytes | None]:
    """The tokens that values have under a key, a retired one too: what a search compares with."""
    head, bound, encrypt = HEADER + key.id_bytes, [_bound(place, key.id_bytes)], key.cipher.encrypt
    return [None if each is None else head + encrypt(each, bound) for each in plaintexts]


def open_cells(keys: Sequence[SivKey], place: FieldPlace, tokens: Sequence[Any]) -> list[bytes | None]:
    """The plaintexts of many cells of one field; None stays None.

    Raises DecryptionError, without detail, when any cell is not a token made for this field.
    """
    openers = {HEADER + key.id_bytes: (key.cipher.decrypt, [_bound(place, key.id_bytes)]) for key in keys}
    found: list[bytes | None] = []
    for token in tokens:
        if token is None:
            found.append(None)
            continue
        opener = openers.get(bytes(token[:_KEY_ID_END])) if _is_long_enough(token) else None
        if opener is None:
            raise refused_token()
        try:
            found.append(opener[0](bytes(token[_KEY_ID_END:]), opener[1]))
        except InvalidTag:
            raise refused_token() from None
    return found


def _is_long_enough(token: Any) -> bool:
    return isinstance(token, bytes | bytearray | memoryview) and len(token) >= SHORTEST


def _bound(place: FieldPlace, key_id: bytes) -> bytes:
    return joined(LABEL, place.store_id, place.dataset_id, place.field_id) + prefixed(key_id)
