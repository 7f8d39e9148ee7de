"""A keyring in one passphrase-protected file, safe with several processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.keyring.base import DataKey, KeyInfo, KeyState, KeyUse
from governance.protect.keyring.file_lock import file_lock
from governance.protect.keyring.key_file import SCRYPT_N, KeyEntry, KeyFile, locked, replace_file
from governance.protect.signing import Ed25519Signer
from policies.errors import KeyringError


class FileKeyring:
    """Keys in a file, wrapped under a key that scrypt makes of the passphrase.

    A change by another process is noticed at the next use: a key destroyed there is gone here too.
    """

    def __init__(self, path: Path, content: KeyFile, mark: tuple[int, ...]) -> None:
        self._path = path
        self._content = content
        self._mark = mark
        self._data_keys: dict[str, DataKey] = {}
        self._turn = threading.RLock()
        self._on_created: Callable[[KeyInfo], None] | None = None

    @classmethod
    def create(cls, path: Path, passphrase: str, *, scrypt_n: int = SCRYPT_N) -> FileKeyring:
        """A new, empty keyring in a file that does not exist yet. Raises KeyringError."""
        if not passphrase:
            raise _refused(path, "an empty passphrase", "a passphrase", "set GOVERNANCE_PASSPHRASE")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with file_lock(path):
                if path.exists():
                    raise _refused(path, "a keyring", "no file", "open it, or name another path")
                replace_file(path, KeyFile.fresh(passphrase, scrypt_n).dump())
        except OSError:
            raise _unusable(path) from None
        return cls.open(path, passphrase)

    @classmethod
    def open(cls, path: Path, passphrase: str) -> FileKeyring:
        """The keyring of a file. Raises KeyringError: without detail when the passphrase does not open it."""
        content, mark = _read(path)
        if not passphrase:
            raise locked()
        return cls(path, KeyFile.parse(content, passphrase), mark)

    def on_created(self, tell: Callable[[KeyInfo], None]) -> None:
        """Have each newly made key told, after it is durable: the ledger records it."""
        self._on_created = tell

    def data_key(self, dataset_id: str) -> DataKey:
        """The active key of a dataset by its stable id, `s1/d1`; created on first use. Raises KeyringError."""
        with self._turn:
            return self._unwrapped(self._active(KeyUse.DATA, dataset_id))

    def key(self, key_id: str) -> DataKey:
        """The data key of an id, active or retired. Raises KeyringError."""
        with self._turn:
            self._refresh()
            entry = next((each for each in self._content.entries if each.info.id == key_id), None)
            if entry is None or entry.info.use is not KeyUse.DATA:
                raise _refused(self._path, "no data key of this id", "a key of this keyring", "restore its backup")
            return self._unwrapped(entry)

    def signer(self, name: str) -> Ed25519Signer:
        """The signer of a name; created on first use. Raises KeyringError."""
        with self._turn:
            entry = self._active(KeyUse.LEDGER_SIGN, name)
            return Ed25519Signer(f"governance.{name}/{entry.info.id}", self._content.unwrap(entry))

    def keyed_hash(self) -> HmacKeyedHash:
        """The keyed hash of this project; created on first use. Raises KeyringError."""
        with self._turn:
            return HmacKeyedHash(self._content.unwrap(self._active(KeyUse.KEYED_HASH, "project")))

    def list(self) -> Sequence[KeyInfo]:
        """Every key that was ever made, in the order of creation. Raises KeyringError."""
        with self._turn:
            self._refresh()
            return tuple(entry.info for entry in self._content.entries)

    def retire(self, key_id: str) -> None:
        """Let a key decrypt but encrypt no more. Raises KeyringError."""
        self._change(key_id, KeyState.RETIRED)

    def destroy(self, key_id: str) -> None:
        """Drop a key's material for good; backups of the file may still hold it. Raises KeyringError."""
        self._change(key_id, KeyState.DESTROYED)

    def __repr__(self) -> str:
        return f"FileKeyring({self._path.name}, {len(self._content.entries)} keys)"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise _refused(self._path, "an attempt to copy or pickle it", "a keyring opened where it is used", "open it")

    # --- inside the lock of this process

    def _refresh(self) -> None:
        try:
            if _mark(self._path.stat()) == self._mark:
                return
        except OSError:
            raise _unusable(self._path) from None
        content, mark = _read(self._path)
        self._content, self._mark = KeyFile.parse(content, self._content.kek), mark
        self._data_keys.clear()

    def _find(self, use: KeyUse, of: str) -> KeyEntry | None:
        wanted = (use, of, KeyState.ACTIVE)
        return next((e for e in self._content.entries if (e.info.use, e.info.of, e.info.state) == wanted), None)

    def _active(self, use: KeyUse, of: str) -> KeyEntry:
        self._refresh()
        found = self._find(use, of)
        if found is not None:
            return found
        try:
            with file_lock(self._path):
                self._refresh()  # another process may have made it while we waited
                found = self._find(use, of)
                if found is not None:
                    return found
                made = self._content.add(use, of)
                self._write()
        except OSError:
            raise _unusable(self._path) from None
        if self._on_created is not None:
            self._on_created(made.info)
        return made

    def _unwrapped(self, entry: KeyEntry) -> DataKey:
        if entry.info.state is KeyState.DESTROYED:
            raise _refused(self._path, "a key that was destroyed", "a key that exists", "its data cannot be read")
        key = self._data_keys.get(entry.info.id)
        if key is None:
            key = self._data_keys[entry.info.id] = DataKey(entry.info, self._content.unwrap(entry))
        return key

    def _change(self, key_id: str, state: KeyState) -> None:
        try:
            with self._turn, file_lock(self._path):
                self._refresh()
                entry = next((each for each in self._content.entries if each.info.id == key_id), None)
                if entry is None or entry.info.state is KeyState.DESTROYED:
                    raise _refused(self._path, "no such key, or a destroyed one", "a key of this keyring", "list keys")
                info = entry.info
                entry.info = KeyInfo(info.id, info.use, info.of, state)
                entry.wrapped = b"" if state is KeyState.DESTROYED else entry.wrapped
                self._write()
                self._data_keys.clear()
        except OSError:
            raise _unusable(self._path) from None

    def _write(self) -> None:
        self._mark = ()  # should the write fail, what is in memory is not what is in the file
        replace_file(self._path, self._content.dump())
        self._mark = _mark(self._path.stat())


def _read(path: Path) -> tuple[bytes, tuple[int, ...]]:
    try:
        with path.open("rb") as file:
            return file.read(), _mark(os.fstat(file.fileno()))
    except OSError:
        raise _unusable(path) from None


def _mark(status: os.stat_result) -> tuple[int, ...]:
    """What changes whenever the file is replaced."""
    return (status.st_ino, status.st_mtime_ns, status.st_size)


def _refused(path: Path, found: str, expected: str, next_step: str) -> KeyringError:
    return KeyringError(f"keyring {path.name}", found=found, expected=expected, next_step=next_step)


def _unusable(path: Path) -> KeyringError:
    return _refused(
        path,
        "no file that can be read and written",
        "the keyring that `governance init` creates",
        "run `governance init`, or correct keyring.path in governance.yaml",
    )
