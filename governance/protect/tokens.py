r"""Tokens: what stands in an encrypted cell.

    offset  bytes  what
    0       1      version, 0x01
    1       1      algorithm, 0x01 = AES-256-GCM
    2       8      key id, of the dataset's key or of a person's (`keyring/subjects.py`)
    10      12     nonce, random
    22      n      ciphertext of the canonical plaintext (`plaintexts.py`)
    22+n    16     tag

Associated data, each part behind its length in 4 bytes, big-endian:

    format label "governance.token" || version || algorithm
    stable id of the store, of the dataset, of the field
    record key (`record_keys.py`)
    key id, 8 bytes

So a token opens only in its own cell: moved to another row, field or dataset, cut, or given another header, it raises
DecryptionError. An older token of the same cell does open; that replay is not detected.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.protect.keyring.base import KEY_ID_BYTES, DataKey, KeyState, KeyUse
from governance.protect.lengths import joined, prefixed
from governance.protect.plaintexts import refused_token
from governance.protect.record_keys import bound_keys
from policies.errors import KeyringError

HEADER = b"\x01\x01"
"""Version and algorithm."""
LABEL = b"governance.token" + HEADER
"""The format label in associated data."""
NONCE_BYTES = 12
TAG_BYTES = 16
_KEY_ID_END = len(HEADER) + KEY_ID_BYTES
_NONCE_END = _KEY_ID_END + NONCE_BYTES
SHORTEST = _NONCE_END + TAG_BYTES
"""No token is shorter."""


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """Which field a token belongs to, by the ids that survive renames."""

    store_id: str
    """As in the catalog: `s1`."""
    dataset_id: str
    """As in the catalog: `d1`."""
    field_id: str
    """As in the catalog: `f1`."""

    @property
    def key_of(self) -> str:
        """What the data key of this field serves."""
        return f"{self.store_id}/{self.dataset_id}"

    def bound(self) -> bytes:
        """The associated data before the record key."""
        return joined(LABEL, self.store_id, self.dataset_id, self.field_id)


def encrypt_cells(
    key: DataKey, place: FieldPlace, record_keys: Sequence[Any], plaintexts: Sequence[bytes | None]
) -> list[bytes | None]:
    """The tokens of many cells of one field; None stays None. Raises KeyringError for a key that may not encrypt."""
    if key.info.state is not KeyState.ACTIVE or key.info.of != place.key_of:
        raise KeyringError(
            f"key {key.info.id}",
            found="a key that may not encrypt this dataset",
            expected=f"the active key of {place.key_of}",
            next_step="ask the keyring for it",
        )
    key.spend(len(plaintexts))
    head, before, after = HEADER + key.id_bytes, place.bound(), prefixed(key.id_bytes)
    encrypt = key.cipher.encrypt
    random = os.urandom(NONCE_BYTES * len(plaintexts))  # one call for the column; each cell still has its own nonce
    nonces = [random[at : at + NONCE_BYTES] for at in range(0, len(random), NONCE_BYTES)]
    return [
        None if plaintext is None else head + nonce + encrypt(nonce, plaintext, before + record_key + after)
        for plaintext, nonce, record_key in zip(plaintexts, nonces, bound_keys(record_keys), strict=True)
    ]


def encrypt_cells_of_subjects(
    keys: Sequence[DataKey], place: FieldPlace, record_keys: Sequence[Any], plaintexts: Sequence[bytes | None]
) -> list[bytes | None]:
    """The tokens of many cells of one field, each under the key of its person; None stays None.

    Raises KeyringError for a key that is no active key of a person.
    """
    for key in set(keys):
        if key.info.use is not KeyUse.SUBJECT or key.info.state is not KeyState.ACTIVE:
            raise KeyringError(
                f"key {key.info.id}",
                found="a key that may not encrypt a person's fields",
                expected="the active key of a person",
                next_step="ask the keyring for it",
            )
    before = place.bound()
    random = os.urandom(NONCE_BYTES * len(plaintexts))
    nonces = [random[at : at + NONCE_BYTES] for at in range(0, len(random), NONCE_BYTES)]
    return [
        None
        if plaintext is None
        else HEADER
        + key.id_bytes
        + nonce
        + key.cipher.encrypt(nonce, plaintext, before + record_key + prefixed(key.id_bytes))
        for key, plaintext, nonce, record_key in zip(keys, plaintexts, nonces, bound_keys(record_keys), strict=True)
    ]


def key_ids(tokens: Sequence[Any]) -> list[str]:
    """The distinct ids of keys that tokens name, in the order of tokens; what is no token of ours names none."""
    heads = {
        bytes(token[:_KEY_ID_END]): None
        for token in tokens
        if isinstance(token, bytes | bytearray | memoryview) and len(token) >= SHORTEST
    }
    return [head[len(HEADER) :].hex() for head in heads if head.startswith(HEADER)]


def decrypt_cells(
    find_key: Callable[[str], DataKey], place: FieldPlace, record_keys: Sequence[Any], tokens: Sequence[bytes | None]
) -> list[bytes | None]:
    """The plaintexts of many cells of one field; None stays None.

    Raises DecryptionError, without detail, when any cell is not a token made for it.
    """
    before = place.bound()
    ciphers: dict[bytes, tuple[AESGCM, bytes]] = {}
    return [
        None if token is None else _decrypt(token, before + record_key, ciphers, find_key, place)
        for token, record_key in zip(tokens, bound_keys(record_keys), strict=True)
    ]


def encrypt(key: DataKey, place: FieldPlace, record_key: Any, plaintext: bytes) -> bytes:
    """The token of one cell. Raises KeyringError."""
    token = encrypt_cells(key, place, [record_key], [plaintext])[0]
    if token is None:
        raise refused_token()
    return token


def decrypt(find_key: Callable[[str], DataKey], place: FieldPlace, record_key: Any, token: bytes) -> bytes:
    """The plaintext of one cell. Raises DecryptionError, without detail."""
    plaintext = decrypt_cells(find_key, place, [record_key], [token])[0]
    if plaintext is None:
        raise refused_token()
    return plaintext


def _decrypt(
    token: Any,
    bound: bytes,
    ciphers: dict[bytes, tuple[AESGCM, bytes]],
    find_key: Callable[[str], DataKey],
    place: FieldPlace,
) -> bytes:
    if not isinstance(token, bytes | bytearray | memoryview) or len(token) < SHORTEST:
        raise refused_token()
    token = bytes(token)
    if not token.startswith(HEADER):
        raise refused_token()
    key_id = token[2:_KEY_ID_END]
    known = ciphers.get(key_id)
    if known is None:
        known = ciphers[key_id] = _cipher(find_key, key_id, place)
    cipher, after = known
    try:
        return cipher.decrypt(token[_KEY_ID_END:_NONCE_END], token[_NONCE_END:], bound + after)
    except InvalidTag:
        raise refused_token() from None


def _cipher(find_key: Callable[[str], DataKey], key_id: bytes, place: FieldPlace) -> tuple[AESGCM, bytes]:
    try:
        key = find_key(key_id.hex())
    except KeyringError:
        raise refused_token() from None
    if key.info.use is not KeyUse.SUBJECT and key.info.of != place.key_of:
        raise refused_token()  # a person's key serves every dataset; the cell is bound by the associated data
    return key.cipher, prefixed(key_id)
