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
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag

from governance.protect.keyring.base import KEY_ID_BYTES, DataKey, KeyState, KeyUse
from governance.protect.keyring.opened_keys import PersonKeyBatch
from governance.protect.lengths import joined, prefixed
from governance.protect.plaintexts import refused_token
from governance.protect.record_keys import bound_keys
from policies.errors import KeyringError

HEADER = b"\x01\x01"
"""Version and algorithm."""
_SIV_HEADER = b"\x01\x02"  # deterministic.py
LABEL = b"governance.token" + HEADER
"""The format label in associated data."""
NONCE_BYTES = 12
TAG_BYTES = 16
_NONCE = struct.Struct(f"{NONCE_BYTES}s")
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
    head, after = HEADER + key.id_bytes, prefixed(key.id_bytes)
    encrypt, bound = key.cipher.encrypt, bound_keys(record_keys, place.bound())
    return [
        None if plaintext is None else head + nonce + encrypt(nonce, plaintext, record_key + after)
        for plaintext, nonce, record_key in zip(plaintexts, _nonces(len(plaintexts)), bound, strict=True)
    ]


def encrypt_cells_of_subjects(
    keys: PersonKeyBatch, place: FieldPlace, record_keys: Sequence[Any], plaintexts: Sequence[bytes | None]
) -> list[bytes | None]:
    """The tokens of many cells of one field, each under the key of its person; None stays None."""
    return keys.encrypt(_nonces(len(plaintexts)), plaintexts, bound_keys(record_keys, place.bound()), HEADER)


def _nonces(count: int) -> list[bytes]:
    """As many nonces, each drawn from the operating system, all in one call."""
    return [nonce for (nonce,) in _NONCE.iter_unpack(os.urandom(NONCE_BYTES * count))]


def count_clear(cells: Sequence[Any]) -> int:
    """How many cells hold something that has not the form of a token, clear text for example; NULL does not count."""
    return sum(each is not None and not _has_form(each) for each in cells)


def _has_form(cell: Any) -> bool:
    if not isinstance(cell, bytes | bytearray | memoryview):
        return False
    return bytes(cell[: len(HEADER)]) in (HEADER, _SIV_HEADER) and len(cell) > _KEY_ID_END + TAG_BYTES


def key_ids(tokens: Sequence[Any]) -> list[bytes]:
    """The distinct ids of keys that tokens name; what is no token of ours names none."""
    if set(map(type, tokens)) == {bytes}:
        heads = {token[:_KEY_ID_END] for token in tokens}
    else:
        heads = {bytes(each[:_KEY_ID_END]) for each in tokens if isinstance(each, bytes | bytearray | memoryview)}
    return [head[len(HEADER) :] for head in heads if len(head) == _KEY_ID_END and head.startswith(HEADER)]


def named_in_order(tokens: Sequence[Any]) -> list[bytes] | None:
    """The ids of the keys that tokens name, one for each; None when any cell is NULL or no token of ours."""
    if set(map(type, tokens)) != {bytes} or min(map(len, tokens)) < SHORTEST:
        return None
    heads = [token[:_KEY_ID_END] for token in tokens]
    return [head[2:] for head in heads] if {head[:2] for head in heads} == {HEADER} else None


def decrypt_cells(
    find_key: Callable[[str], DataKey], place: FieldPlace, record_keys: Sequence[Any], tokens: Sequence[Any]
) -> list[bytes | None]:
    """The plaintexts of many cells of one field; None stays None.

    Raises DecryptionError, without detail, when any cell is not a token made for it.
    """
    cells = tokens if set(map(type, tokens)) == {bytes} else [None if each is None else _bytes(each) for each in tokens]
    heads = {each[:_KEY_ID_END] for each in cells if each is not None}
    if any(len(each) < SHORTEST for each in cells if each is not None):
        raise refused_token()
    openers = {head: _opener(find_key, head, place) for head in heads}
    bound = bound_keys(record_keys, place.bound())
    try:
        if len(openers) == 1:  # the usual column
            [(decrypt, after)] = openers.values()
            return [
                None
                if token is None
                else decrypt(token[_KEY_ID_END:_NONCE_END], token[_NONCE_END:], record_key + after)
                for token, record_key in zip(cells, bound, strict=True)
            ]
        return [
            None if token is None else _decrypt(token, record_key, openers[token[:_KEY_ID_END]])
            for token, record_key in zip(cells, bound, strict=True)
        ]
    except InvalidTag:
        raise refused_token() from None


def decrypt_cells_of_subjects(
    keys: PersonKeyBatch, place: FieldPlace, record_keys: Sequence[Any], tokens: Sequence[bytes]
) -> list[bytes | None]:
    """The plaintexts of many cells, each with the key that its token names; there is no None among them.

    Raises DecryptionError, without detail, when any cell is not a token made for it.
    """
    nonces, texts = [each[_KEY_ID_END:_NONCE_END] for each in tokens], [each[_NONCE_END:] for each in tokens]
    try:
        return keys.decrypt(nonces, texts, bound_keys(record_keys, place.bound()))
    except InvalidTag:
        raise refused_token() from None


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


Opener = tuple[Callable[[bytes, bytes, bytes], bytes], bytes]


def _decrypt(token: bytes, bound: bytes, opener: Opener) -> bytes:
    decrypt, after = opener
    return decrypt(token[_KEY_ID_END:_NONCE_END], token[_NONCE_END:], bound + after)


def _bytes(token: Any) -> bytes:
    if not isinstance(token, bytes | bytearray | memoryview):
        raise refused_token()
    return bytes(token)


def _opener(find_key: Callable[[str], DataKey], head: bytes, place: FieldPlace) -> Opener:
    key_id = head[len(HEADER) :]
    if not head.startswith(HEADER):
        raise refused_token()
    try:
        key = find_key(key_id.hex())
    except KeyringError:
        raise refused_token() from None
    if key.info.use is not KeyUse.SUBJECT and key.info.of != place.key_of:
        raise refused_token()  # a person's key serves every dataset; the cell is bound by the associated data
    return key.cipher.decrypt, prefixed(key_id)
