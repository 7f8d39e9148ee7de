"""Seals small values of our own records, in the token form of fields, under a key of their own."""

from __future__ import annotations

from collections.abc import Sequence

from governance.protect.keyring.base import Keyring
from governance.protect.tokens import FieldPlace, decrypt, encrypt, encrypt_cells

_PLACE = FieldPlace("records", "consent_subjects", "sealed_key")


class KeyringSealer:
    """Seals with the keyring's key for `records/consent_subjects`, which is made on first use."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, data: bytes, context: bytes) -> bytes:
        """A token that `open` gives the data back from, under the same context only. Raises KeyringError."""
        return encrypt(self._keyring.data_key(_PLACE.key_of), _PLACE, context.decode(), data)

    def seal_all(self, data: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
        """The tokens of many data, each under its own context. Raises KeyringError."""
        key = self._keyring.data_key(_PLACE.key_of)
        tokens = encrypt_cells(key, _PLACE, [each.decode() for each in contexts], data)
        return [token for token in tokens if token is not None]

    def open(self, token: bytes, context: bytes) -> bytes:
        """The data of a token. Raises DecryptionError when it was moved, cut or altered."""
        return decrypt(self._keyring.key, _PLACE, context.decode(), token)
