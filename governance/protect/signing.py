"""Ed25519 signatures for the ledger's checkpoints."""

from __future__ import annotations

from typing import NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from policies.errors import KeyringError, TamperedError


class Ed25519Verifier:
    """Checks signatures with a public key alone, so that anybody can verify a ledger offline."""

    def __init__(self, name: str, public_key: bytes) -> None:
        self.name = name
        """The key's name in signed notes."""
        self.public_key = public_key
        """32 bytes."""
        self._key = Ed25519PublicKey.from_public_bytes(public_key)

    def verify(self, data: bytes, signature: bytes) -> None:
        """Return when the signature is this key's over the data. Raises TamperedError."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            raise TamperedError(
                "signature",
                found="one that this key did not make over this text",
                expected=f"a signature of {self.name}",
                next_step="take the text as it was signed, unchanged",
            ) from None


class Ed25519Signer(Ed25519Verifier):
    """Signs with one key, which it does not show."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._secret = Ed25519PrivateKey.from_private_bytes(seed)
        super().__init__(name, self._secret.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of the signature over the data."""
        return self._secret.sign(data)

    def __repr__(self) -> str:
        return f"Ed25519Signer({self.name})"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise KeyringError(
            f"signing key {self.name}",
            found="an attempt to copy or pickle it",
            expected="a key that stays in its keyring",
            next_step="open the keyring where the key is needed",
        )
