"""What the ledger takes from outside: who signs checkpoints, and who makes keyed hashes. `protect` provides both."""

from __future__ import annotations

from typing import Protocol


class Verifier(Protocol):
    """Checks signatures of one public key."""

    @property
    def name(self) -> str:
        """The key's name in signed notes: no space, no `+`."""
        ...

    @property
    def public_key(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""
        ...

    def verify(self, data: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over the data; raises TamperedError when it is not."""
        ...


class Signer(Verifier, Protocol):
    """Signs with one Ed25519 key."""

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature over the data."""
        ...


class KeyedHash(Protocol):
    """Hashes that nobody without the key can make or try out."""

    def digest(self, domain: str, data: bytes) -> str:
        """The hash of some data as 64 hex digits; the same data in two domains gives unrelated hashes."""
        ...
