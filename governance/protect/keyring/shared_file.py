"""The keyring's file as several processes share it: read when it changed, changed under a lock, replaced whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.protect.keyring.file_lock import file_lock
from governance.protect.keyring.first_form import is_first_form, read_first_form
from governance.protect.keyring.kek import KekProvider
from governance.protect.keyring.key_file import KeyFile
from governance.writing import replace_durably
from policies.errors import KeyringError


class SharedKeyFile:
    """One keyring file. The caller sees to it that one thread at a time uses it."""

    def __init__(self, path: Path, provider: KekProvider) -> None:
        self.path = path
        """Where it lies."""
        self.provider = provider
        """What opens its KEK."""
        self.read_count = 0
        """How often it was read anew: what was remembered of it before no longer counts."""
        self._raw, self._content, self._mark = self._opened(None)

    def current(self) -> KeyFile:
        """The ring as it stands in the file now. Raises KeyringError."""
        try:
            if _mark(self.path.stat()) == self._mark:
                return self._content
        except OSError:
            raise unusable(self.path) from None
        return self._read_anew()

    @property
    def loaded(self) -> KeyFile:
        """The ring as it was read last: what an entry that was found then is unwrapped with."""
        return self._content

    @contextmanager
    def changing(self) -> Iterator[KeyFile]:
        """The ring to change; durable when the block ends, unchanged when it raises. Raises KeyringError."""
        try:
            with file_lock(self.path):
                ring = self._read_anew()  # whatever its mark says: nobody's change may be overwritten
                self._raw, self._mark = b"", ()  # should this fail, what is in memory is not what is in the file
                yield ring
                content = ring.dump()
                replace_durably(self.path, content)
                self._raw, self._mark = content, _mark(self.path.stat())
        except OSError:
            raise unusable(self.path) from None

    def _read_anew(self) -> KeyFile:
        raw, mark = _read(self.path)
        if raw != self._raw:
            self._raw, self._mark = b"", ()
            self._raw, self._content, mark = self._opened(self._content.kek)
            self.read_count += 1
        self._mark = mark
        return self._content

    def _opened(self, known: AESGCM | None) -> tuple[bytes, KeyFile, tuple[int, ...]]:
        before = None
        while True:
            raw, mark = _read(self.path)
            try:
                return raw, self._parse(raw, known), mark
            except KeyringError:
                if raw == before:  # twice: else file or passphrase may have changed between reading the two
                    raise
                before = raw

    def _parse(self, raw: bytes, known: AESGCM | None) -> KeyFile:
        if is_first_form(raw):
            return read_first_form(raw, self.provider)
        return KeyFile.parse(raw, self.provider, known)


def refused(path: Path, found: str, expected: str, next_step: str) -> KeyringError:
    """The error of a keyring that cannot do what was asked."""
    return KeyringError(f"keyring {path.name}", found=found, expected=expected, next_step=next_step)


def unusable(path: Path) -> KeyringError:
    """The error of a keyring whose file cannot be used."""
    return refused(
        path,
        "no file that can be read and written",
        "the keyring that `governance init` creates",
        "run `governance init`, or correct keyring.path in governance.yaml",
    )


def _read(path: Path) -> tuple[bytes, tuple[int, ...]]:
    try:
        with path.open("rb") as file:
            return file.read(), _mark(os.fstat(file.fileno()))
    except OSError:
        raise unusable(path) from None


def _mark(status: os.stat_result) -> tuple[int, ...]:
    """What changes whenever the file is replaced."""
    return (status.st_ino, status.st_mtime_ns, status.st_size)
