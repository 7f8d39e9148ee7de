"""The `Keyring` protocol, and keys that can be used but not looked at, copied or pickled."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.ledger.base import KeyedHash, Signer
from policies.errors import KeyringError

KEY_BYTES = 32
KEY_ID_BYTES = 8


class KeyState(enum.StrEnum):
    """What a key may still do."""

    ACTIVE = "active"
    """Encrypts and decrypts."""
    RETIRED = "retired"
    """Decrypts what it once encrypted; encrypts nothing more."""
    DESTROYED = "destroyed"
    """Its material is gone; what it encrypted cannot be read by anybody."""


class KeyUse(enum.StrEnum):
    """What a key is for; a key of one use never serves another."""

    DATA = "data"
    """Encrypts the fields of one dataset."""
    LEDGER_SIGN = "ledger-sign"
    """Signs checkpoints."""
    KEYED_HASH = "keyed-hash"
    """Makes keyed hashes."""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be told of a key."""

    id: str
    """16 hex digits; leads every token."""
    use: KeyUse
    """What it is for."""
    of: str
    """What it serves: the stable id of a dataset as `s1/d1`, or a name."""
    state: KeyState
    """What it may still do."""


class DataKey:
    """An AES-256-GCM key. Shows its id only, and refuses to be copied or pickled."""

    __slots__ = ("_cipher", "id_bytes", "info")

    def __init__(self, info: KeyInfo, material: bytes) -> None:
        if len(material) != KEY_BYTES:
            raise KeyringError(
                f"key {info.id}",
                found=f"{len(material)} bytes",
                expected=f"{KEY_BYTES} bytes",
                next_step="restore the keyring from a backup",
            )
        self.info = info
        """What may be told of it."""
        self.id_bytes = bytes.fromhex(info.id)
        """The id as it stands in tokens."""
        self._cipher = AESGCM(material)

    @property
    def cipher(self) -> AESGCM:
        """The cipher, made once for each key. It offers no way back to the key."""
        return self._cipher

    def __repr__(self) -> str:
        return f"DataKey({self.info.id}, {self.info.state})"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise KeyringError(
            f"key {self.info.id}",
            found="an attempt to copy or pickle it",
            expected="a key that stays in its keyring",
            next_step="open the keyring where the key is needed",
        )


class Keyring(Protocol):
    """A place that holds wrapped keys. Every method raises KeyringError when it cannot give what was asked for."""

    def data_key(self, dataset_id: str) -> DataKey:
        """The active key of a dataset by its stable id, `s1/d1`; created on first use."""
        ...

    def key(self, key_id: str) -> DataKey:
        """The data key of an id, active or retired; a destroyed or unknown one raises."""
        ...

    def signer(self, name: str) -> Signer:
        """The Ed25519 signer of a name; created on first use."""
        ...

    def keyed_hash(self) -> KeyedHash:
        """The keyed hash of this project; created on first use."""
        ...

    def list(self) -> Sequence[KeyInfo]:
        """Every key that was ever made, in the order of creation."""
        ...
