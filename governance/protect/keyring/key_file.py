"""The keyring's file: JSON, mode 0600, replaced whole, its every word authenticated under the passphrase.

    format   "governance.keyring/1"
    id       16 hex digits, random
    kdf      {name: "scrypt", salt, n, r, p}            RFC 7914; gives the key encryption key (KEK)
    keys     [{id, use, of, state, wrapped}]            in the order of creation; a destroyed key has no `wrapped`
    check    nonce || AES-256-GCM tag of nothing, with all of the above as associated data

    wrapped  nonce || AES-256-GCM(KEK, key material), with (format, ring id, key id, use, of) as associated data

Bytes are base64. The tag in `check` makes a wrong passphrase, an edited state and a removed key one and the same error.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from governance.protect.keyring.base import KEY_BYTES, KEY_ID_BYTES, KeyInfo, KeyState, KeyUse
from governance.protect.lengths import joined
from policies.errors import KeyringError

FORMAT = "governance.keyring/1"
SCRYPT_N = 2**17
"""Cost: 128 MB and about a quarter of a second for each try of a passphrase."""
_SCRYPT_N_ALLOWED = frozenset(2**power for power in range(14, 21))  # a bound on what a foreign file makes us spend
_NONCE_BYTES = 12


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
    kdf: dict[str, Any]
    entries: list[KeyEntry]
    kek: AESGCM

    def __repr__(self) -> str:
        return f"KeyFile({self.ring_id}, {len(self.entries)} keys)"

    @classmethod
    def fresh(cls, passphrase: str, scrypt_n: int) -> KeyFile:
        """An empty ring under a passphrase."""
        kdf = {"name": "scrypt", "salt": _text(os.urandom(16)), "n": scrypt_n, "r": 8, "p": 1}
        return cls(os.urandom(8).hex(), kdf, [], _derive(passphrase, kdf))

    @classmethod
    def parse(cls, content: bytes, kek: AESGCM | str) -> KeyFile:
        """The ring in a file's content, under its KEK or passphrase. Raises KeyringError, without detail."""
        try:
            document = json.loads(content)
            if document["format"] != FORMAT:
                raise locked()
            check = base64.b64decode(document.pop("check"), validate=True)
            kek = _derive(kek, document["kdf"]) if isinstance(kek, str) else kek
            kek.decrypt(check[:_NONCE_BYTES], check[_NONCE_BYTES:], _canonical(document))
            entries = [_entry(each) for each in document["keys"]]
            return cls(document["id"], document["kdf"], entries, kek)
        except (ValueError, TypeError, KeyError, AttributeError, InvalidTag):
            raise locked() from None

    def dump(self) -> bytes:
        """The content to write."""
        document = {"format": FORMAT, "id": self.ring_id, "kdf": self.kdf, "keys": [_plain(e) for e in self.entries]}
        nonce = os.urandom(_NONCE_BYTES)
        document["check"] = _text(nonce + self.kek.encrypt(nonce, b"", _canonical(document)))
        return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"

    def add(self, use: KeyUse, of: str) -> KeyEntry:
        """A new active key of the operating system's randomness."""
        info = KeyInfo(os.urandom(KEY_ID_BYTES).hex(), use, of, KeyState.ACTIVE)
        nonce = os.urandom(_NONCE_BYTES)
        wrapped = nonce + self.kek.encrypt(nonce, os.urandom(KEY_BYTES), self._bound(info))
        self.entries.append(KeyEntry(info, wrapped))
        return self.entries[-1]

    def unwrap(self, entry: KeyEntry) -> bytes:
        """The material of a key. Raises KeyringError."""
        try:
            return self.kek.decrypt(entry.wrapped[:_NONCE_BYTES], entry.wrapped[_NONCE_BYTES:], self._bound(entry.info))
        except (InvalidTag, ValueError):
            raise locked() from None

    def _bound(self, info: KeyInfo) -> bytes:
        return joined(FORMAT, self.ring_id, info.id, info.use, info.of)


def locked() -> KeyringError:
    """The one error of a file that does not open: it does not say what was wrong."""
    return KeyringError(
        "keyring",
        found="a file that this passphrase does not open",
        expected="the keyring and the passphrase that belong together",
        next_step="check the passphrase; if it is right, restore the keyring file from a backup",
    )


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file whole, durable, readable by its owner alone. Raises OSError."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)  # noqa: PTH105 atomic on every system
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the new name must outlive a power cut too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _derive(passphrase: str, kdf: dict[str, Any]) -> AESGCM:
    if kdf["name"] != "scrypt" or kdf["n"] not in _SCRYPT_N_ALLOWED or (kdf["r"], kdf["p"]) != (8, 1):
        raise locked()
    salt = base64.b64decode(kdf["salt"], validate=True)
    # The same passphrase typed on another system may arrive composed differently.
    text = unicodedata.normalize("NFC", passphrase).encode()
    return AESGCM(Scrypt(salt=salt, length=KEY_BYTES, n=kdf["n"], r=8, p=1).derive(text))


def _entry(document: dict[str, str]) -> KeyEntry:
    info = KeyInfo(document["id"], KeyUse(document["use"]), document["of"], KeyState(document["state"]))
    return KeyEntry(info, base64.b64decode(document["wrapped"], validate=True))


def _plain(entry: KeyEntry) -> dict[str, str]:
    info = entry.info
    return {"id": info.id, "use": info.use, "of": info.of, "state": info.state, "wrapped": _text(entry.wrapped)}


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
