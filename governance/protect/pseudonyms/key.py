"""The key of pseudonyms, and what it says of each value."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from policies.errors import KeyringError

KEY_BYTES = 32
WORDS = 8
"""64-bit words that one keyed hash gives."""

Words = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]


class PseudonymKey:
    """A key from which each domain has one of its own, made by keyed BLAKE2b. Shows nothing and refuses pickling."""

    __slots__ = ("_material",)

    def __init__(self, material: bytes) -> None:
        if len(material) != KEY_BYTES:
            raise KeyringError(
                "pseudonym key",
                found=f"{len(material)} bytes",
                expected=f"{KEY_BYTES} bytes",
                next_step="take the key from the keyring",
            )
        self._material = material

    def words(self, domain: str, texts: Sequence[str], attempt: int = 0, block: int = 0) -> Words:
        """A row of WORDS numbers for each text: equal texts of one domain have equal rows, under this key only."""
        start = hashlib.blake2b(
            key=self._of("draw", domain),
            salt=attempt.to_bytes(8, "big") + block.to_bytes(8, "big"),
            digest_size=8 * WORDS,
        )
        digests = b"".join([_digest(start, text) for text in texts])
        return np.frombuffer(digests, dtype=">u8").astype(np.uint64).reshape(len(texts), WORDS)

    def cipher(self, domain: str) -> AESGCM:
        """What seals the mapping of a domain."""
        return AESGCM(self._of("seal", domain))

    def _of(self, use: str, domain: str) -> bytes:
        return hashlib.blake2b(
            domain.encode(), key=self._material, person=f"gov-pseudo-{use}".encode(), digest_size=KEY_BYTES
        ).digest()

    def __repr__(self) -> str:
        return "PseudonymKey()"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise KeyringError(
            "pseudonym key",
            found="an attempt to copy or pickle it",
            expected="a key that stays in its keyring",
            next_step="open the keyring where the key is needed",
        )


def _digest(start: hashlib.blake2b, text: str) -> bytes:
    state = start.copy()
    state.update(text.encode("utf-8", "surrogatepass"))
    return state.digest()
