"""The `Keyring` protocol, and keys that can be used but not looked at, copied or pickled."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.ledger.base import KeyedHash, Signer
from policies.errors import KeyringError

if TYPE_CHECKING:
    from governance.protect.keyring.opened_keys import PersonKeyBatch

KEY_BYTES = 32
KEY_ID_BYTES = 8

Made = TypeVar("Made")


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
    SUBJECT = "subject"
    """Encrypts the fields of one person; lies in the subject key store, not in the keyring's file."""
    SUBJECT_KEK = "subject-kek"
    """Wraps the keys of the subject key store."""
    TOMBSTONE = "tombstone"
    """Makes the references of tombstones."""
    BLIND_INDEX = "blind-index"
    """Makes the blind-index cells of one dataset."""
    DETERMINISTIC = "deterministic"
    """Encrypts the fields of one dataset that are declared `cipher: siv`."""
    FORMAT = "format"
    """Encrypts format-preserving numbers of one dataset."""


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
    created: str = ""
    """When it was made, in UTC as `2026-11-22T08:00:00Z`; empty where nobody told the time."""
    uses: int = 0
    """How many encryptions were reserved for it; never fewer than were made. Not counted for a person's key."""


class SecretKey:
    """What every key has in common: its id can be shown, and it refuses to be copied or pickled."""

    __slots__ = ("info",)

    def __init__(self, info: KeyInfo) -> None:
        self.info = info
        """What may be told of it."""

    def __repr__(self) -> str:
        return f"{type(self).__name__.lstrip('_')}({self.info.id}, {self.info.state})"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise KeyringError(
            f"key {self.info.id}",
            found="an attempt to copy or pickle it",
            expected="a key that stays in its keyring",
            next_step="open the keyring where the key is needed",
        )


class DataKey(SecretKey):
    """An AES-256-GCM key. Shows its id only, and refuses to be copied or pickled."""

    __slots__ = ("_cipher", "_spend", "id_bytes")

    def __init__(self, info: KeyInfo, material: bytes, spend: Callable[[int], None] | None = None) -> None:
        if len(material) != KEY_BYTES:
            raise KeyringError(
                f"key {info.id}",
                found=f"{len(material)} bytes",
                expected=f"{KEY_BYTES} bytes",
                next_step="restore the keyring from a backup",
            )
        super().__init__(info)
        self.id_bytes = bytes.fromhex(info.id)
        """The id as it stands in tokens."""
        self._cipher = AESGCM(material)
        self._spend = spend

    def spend(self, uses: int) -> None:
        """Reserve encryptions before they are made. Raises KeyringError when the key may make no more of them."""
        if self._spend is not None:
            self._spend(uses)

    @property
    def cipher(self) -> AESGCM:
        """The cipher, made once for each key. It offers no way back to the key."""
        return self._cipher


class PersonKeys(Protocol):
    """Keys of persons, told by the stable id of a store and that store's own subject key."""

    def batch(self, space: str, values: Sequence[Any]) -> PersonKeyBatch:
        """The active keys of persons for one batch of cells; made where there is none. Raises KeyringError."""
        ...

    def of(self, space: str, values: Sequence[Any]) -> Sequence[DataKey]:
        """The active keys of persons, in their order; made where there is none. Raises KeyringError."""
        ...


class Keyring(Protocol):
    """A place that holds wrapped keys. Every method raises KeyringError when it cannot give what was asked for."""

    def data_key(self, dataset_id: str) -> DataKey:
        """The active key of a dataset by its stable id, `s1/d1`; created on first use."""
        ...

    def key(self, key_id: str) -> DataKey:
        """The data key of an id, of a dataset or of a person, active or retired; a destroyed or unknown one raises."""
        ...

    def keys(self, key_ids: Sequence[str]) -> Mapping[str, DataKey]:
        """The data keys of many ids, found together; a destroyed or unknown one is left out."""
        ...

    def person_keys(self, key_ids: Sequence[bytes]) -> PersonKeyBatch | None:
        """The keys of persons of many ids, in their order; None when any is no key of a person, or destroyed."""
        ...

    def person_states(self, key_ids: Sequence[str]) -> Mapping[str, KeyState]:
        """The states of those ids that are of keys of persons, destroyed ones included."""
        ...

    @property
    def subjects(self) -> PersonKeys:
        """The keys of persons."""
        ...

    def family(self, use: KeyUse, of: str, make: Callable[[KeyInfo, bytes], Made]) -> Sequence[Made]:
        """What `make` makes of each key of a use that still has material: the active one first, created on first use,
        then retired ones, newest first.
        """
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
