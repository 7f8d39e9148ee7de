"""HMAC-SHA-256 with separated domains: hashes that nobody without the key can make or try out."""

from __future__ import annotations

import hashlib
import hmac
from typing import NoReturn

from policies.errors import KeyringError


class HmacKeyedHash:
    """Keyed hashes under one key. The domain is length-prefixed, so no two domains and texts ever meet."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod=hashlib.sha256)  # holds the key schedule; copied for each text

    def digest(self, domain: str, data: bytes) -> str:
        """The hash as 64 hex digits."""
        name = domain.encode()
        state = self._keyed.copy()
        state.update(len(name).to_bytes(4, "big") + name + data)
        return state.hexdigest()

    def __repr__(self) -> str:
        return "HmacKeyedHash()"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise KeyringError(
            "keyed-hash key",
            found="an attempt to copy or pickle it",
            expected="a key that stays in its keyring",
            next_step="open the keyring where the key is needed",
        )
