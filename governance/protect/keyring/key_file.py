"""The keyring's file: JSON, mode 0600, replaced whole, its every word authenticated under the KEK.

    format   "governance.keyring/2"
    id       16 hex digits, random
    keks     [{provider, ...}]                          one KEK, as each provider wrapped it (`kek.py`)
    keys     [{id, use, of, state, created, uses, wrapped}]
                                                        in the order of creation; a destroyed key has no `wrapped`
    check    nonce || AES-256-GCM tag of nothing, under the KEK, with all of the above as associated data

    wrapped  nonce || AES-256-GCM(KEK, key material), with (format, ring id, key id, use, of) as associated data

Bytes are base64. The tag in `check` makes a wrong passphrase, an edited state and a removed key one and the same error.
There is more than one entry in `keks` only while a new passphrase is taking over from an old one, so that no process
that still holds the old one fails meanwhile. Files of the first form (`first_form.py`) still open; the next write
replaces them.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.protect.keyring.base import KEY_BYTES, KEY_ID_BYTES, KeyInfo, KeyState, KeyUse
from governance.protect.keyring.kek import KekProvider, Slot, locked
from governance.protect.keyring.wrapping import NONCE_BYTES, text_of, unwrap, wrap
from governance.protect.lengths import joined
from policies.errors import KeyringError

FORMAT = "governance.keyring/2"


@dataclass(slots=True)
class KeyEntry:
    """One key in the file."""

    info: KeyInfo
    """What may be told of it."""
    wrapped: bytes
    """Its wrapped material; empty once it is destroyed."""


@dataclass(slots=True)
class KeyFile:
    """The content of the file, unlocked. Holds the KEK, so it hides in repr."""

    ring_id: str
    slots: list[Slot]
    entries: list[KeyEntry]
    kek: AESGCM

    def __repr__(self) -> str:
        return f"KeyFile({self.ring_id}, {len(self.entries)} keys)"

    @classmethod
    def fresh(cls, provider: KekProvider, ring_id: str = "") -> KeyFile:
        """An empty ring under a new KEK; a new id unless one is given."""
        ring_id, kek = ring_id or os.urandom(8).hex(), os.urandom(KEY_BYTES)
        return cls(ring_id, [provider.wrap(kek, _slot_bound(ring_id))], [], AESGCM(kek))

    @classmethod
    def parse(cls, content: bytes, provider: KekProvider, known: AESGCM | None = None) -> KeyFile:
        """The ring in a file's content. A KEK that is known already spares asking the provider.

        Raises KeyringError: without detail when the file does not open, as the provider says when it does not answer.
        """
        try:
            document = json.loads(content)
            if document["format"] != FORMAT:
                raise locked()
            check = base64.b64decode(document.pop("check"), validate=True)
            bound = _canonical(document)
            kek = known if known is not None and _opens(known, check, bound) else _kek(document, provider)
            if kek is not known and not _opens(kek, check, bound):
                raise locked()
            return cls(document["id"], document["keks"], [_entry(each) for each in document["keys"]], kek)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise locked() from None

    def dump(self) -> bytes:
        """The content to write."""
        keys = [_plain(each) for each in self.entries]
        document: dict[str, Any] = {"format": FORMAT, "id": self.ring_id, "keks": self.slots, "keys": keys}
        document["check"] = text_of(wrap(self.kek, b"", _canonical(document)))
        return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"

    def add(self, use: KeyUse, of: str, created: str) -> KeyEntry:
        """A new active key of the operating system's randomness."""
        return self.put(
            KeyInfo(os.urandom(KEY_ID_BYTES).hex(), use, of, KeyState.ACTIVE, created), os.urandom(KEY_BYTES)
        )

    def put(self, info: KeyInfo, material: bytes) -> KeyEntry:
        """A key whose material exists already; none for a destroyed key."""
        wrapped = wrap(self.kek, material, self._bound(info)) if material else b""
        self.entries.append(KeyEntry(info, wrapped))
        return self.entries[-1]

    def find(self, key_id: str) -> KeyEntry | None:
        """The key of an id."""
        return next((each for each in self.entries if each.info.id == key_id), None)

    def active(self, use: KeyUse, of: str) -> KeyEntry | None:
        """The active key of a use and what it serves; the newest when two processes made one."""
        wanted = (use, of, KeyState.ACTIVE)
        return next((e for e in reversed(self.entries) if (e.info.use, e.info.of, e.info.state) == wanted), None)

    def unwrap(self, entry: KeyEntry) -> bytes:
        """The material of a key. Raises KeyringError."""
        return unwrap(self.kek, entry.wrapped, self._bound(entry.info))

    def set_state(self, entry: KeyEntry, state: KeyState) -> None:
        """Give a key another state; a destroyed one loses its material."""
        entry.info = replace(entry.info, state=state)
        entry.wrapped = b"" if state is KeyState.DESTROYED else entry.wrapped

    def reissue(self, providers: Sequence[KekProvider]) -> None:
        """Put every key under a new KEK that each of the providers opens."""
        raw = os.urandom(KEY_BYTES)
        kek = AESGCM(raw)
        slots = [each.wrap(raw, _slot_bound(self.ring_id)) for each in providers]
        for entry in self.entries:
            if entry.wrapped:
                entry.wrapped = wrap(kek, self.unwrap(entry), self._bound(entry.info))
        self.slots, self.kek = slots, kek

    def keep_slot(self, provider: KekProvider) -> int:
        """Drop every slot but the newest that this provider opens; gives how many went. Raises KeyringError."""
        for slot in reversed(self.slots):
            if _unslotted(slot, provider, self.ring_id) is not None:
                dropped = len(self.slots) - 1
                self.slots = [slot]
                return dropped
        raise locked()

    def _bound(self, info: KeyInfo) -> bytes:
        return joined(FORMAT, self.ring_id, info.id, info.use, info.of)


def _slot_bound(ring_id: str) -> bytes:
    return joined(FORMAT, ring_id, "kek")


def _kek(document: Mapping[str, Any], provider: KekProvider) -> AESGCM:
    for slot in document["keks"]:
        raw = _unslotted(slot, provider, document["id"])
        if raw is not None:
            return AESGCM(raw)
    raise locked()


def _unslotted(slot: Slot, provider: KekProvider, ring_id: str) -> bytes | None:
    """The KEK of a slot; None when this provider does not open it."""
    if slot["provider"] != provider.name:
        return None
    try:
        return provider.unwrap(slot, _slot_bound(ring_id))
    except KeyringError as cause:
        if cause.args == locked().args:
            return None
        raise


def _opens(kek: AESGCM, check: bytes, bound: bytes) -> bool:
    try:
        kek.decrypt(check[:NONCE_BYTES], check[NONCE_BYTES:], bound)
    except InvalidTag:
        return False
    return True


def _entry(document: Mapping[str, Any]) -> KeyEntry:
    info = KeyInfo(
        document["id"],
        KeyUse(document["use"]),
        document["of"],
        KeyState(document["state"]),
        document["created"],
        document["uses"],
    )
    return KeyEntry(info, base64.b64decode(document["wrapped"], validate=True))


def _plain(entry: KeyEntry) -> dict[str, Any]:
    info = entry.info
    return {
        "id": info.id,
        "use": info.use,
        "of": info.of,
        "state": info.state,
        "created": info.created,
        "uses": info.uses,
        "wrapped": text_of(entry.wrapped),
    }


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
