"""HMAC-SHA-256 with separated domains: hashes that nobody without the key can make or try out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from governance.protect.lengths import prefixed
from policies.errors import KeyringError

_DOMAINS_KEPT = 64


class HmacKeyedHash:
    """Keyed hashes under one key. The domain is length-prefixed, so no two domains and texts ever meet."""

    __slots__ = ("_keyed", "_started")

    def __init__(self, key: bytes) -> None:
        self._keyed = HMAC(key, SHA256())  # holds the key schedule; copied for each text
        self._started: dict[str, HMAC] = {}

    def digest(self, domain: str, data: bytes) -> str:
        """The hash as 64 hex digits."""
        started = self._started.get(domain)
        if started is None:
            started = self._keyed.copy()
            started.update(prefixed(domain.encode()))
            if len(self._started) < _DOMAINS_KEPT:
                self._started[domain] = started
        state = started.copy()
        state.update(data)
        return state.finalize().hex()

    def digests(self, domain: str, data: Iterable[bytes]) -> list[bytes]:
        """The hashes of many data in one domain: 32 bytes each, equal to the hex digits of `digest`."""
        return digests(self._keyed, prefixed(domain.encode()), data)

    def __repr__(self) -> str:
        return "HmacKeyedHash()"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise KeyringError(
            "keyed-hash key",
            found="an attempt to copy or pickle it",
            expected="a key that stays in its keyring",
            next_step="open the keyring where the key is needed",
        )


def digests(keyed: HMAC, before: bytes, data: Iterable[bytes]) -> list[bytes]:
    """HMAC of many texts that begin alike, under a key that is set up once."""
    start = keyed.copy()
    start.update(before)
    copy, found = start.copy, []
    for each in data:
        state = copy()
        state.update(each)
        found.append(state.finalize())
    return found
