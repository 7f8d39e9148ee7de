r"""Archives: rows that left the store, in an encrypted file that shows when a byte of it was changed, moved or cut off.

    file   = "GOVARCHIVE1\n" || header || frame*
    header = length (4 bytes, big-endian) || RFC 8259 JSON: schema, job, dataset, fields, key fields, key id
    frame  = length (4 bytes) || kind ("r" rows, "e" end) || nonce (12 bytes) || AES-256-GCM ciphertext and tag

Associated data of a frame: label, SHA-256 of the header, number of the frame (8 bytes), kind; each part behind its
length. Rows are cells behind their lengths, each in its canonical bytes (`protect/plaintexts.py`), NULL as length
0xFFFFFFFF. The end frame holds the number of rows; a file without one was not finished. One frame is one transaction.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from cryptography.exceptions import InvalidTag

from governance.jobs.work import Intended
from governance.protect.keyring.base import DataKey
from governance.protect.lengths import joined, prefixed
from governance.protect.plaintexts import decode_values, encode_values, natural_inner
from policies.errors import TamperedError

MAGIC = b"GOVARCHIVE1\n"
SCHEMA = "governance.archive/1"
_LABEL = b"governance.archive"
_SIZE_BYTES = 4
_NONCE_BYTES = 12
_NULL = b"\xff" * _SIZE_BYTES
_ROWS, _END = b"r", b"e"
_HEADER_BYTES = 1_000_000

FindKey = Callable[[str], DataKey]
"""Gives a key by its id. Raises KeyringError."""


@dataclass(frozen=True, slots=True)
class ArchiveHeader:
    """What an archive says of itself in clear: names of tables and fields, never a value."""

    job: str
    """The job that wrote it."""
    dataset: str
    """The dataset whose rows it holds."""
    fields: tuple[str, ...]
    """The fields of each row, in order."""
    key_fields: tuple[str, ...]
    """Those that make the record's key."""
    key: str
    """The id of the key that encrypts it."""

    def to_bytes(self) -> bytes:
        """The header's JSON."""
        said = {"schema": SCHEMA} | {name: getattr(self, name) for name in ArchiveHeader.__slots__}
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()

    def bound(self, number: int, kind: bytes) -> bytes:
        """The associated data of a frame."""
        return joined(_LABEL, hashlib.sha256(self.to_bytes()).digest(), number.to_bytes(8, "big"), kind)


@dataclass(slots=True)
class ArchiveWriter:
    """Appends rows to an archive. What it has appended is on the disk and was read back."""

    path: Path
    """The file; made with the first row."""
    header: ArchiveHeader
    """Its header."""
    key: DataKey
    """Encrypts it."""
    _frames: int | None = field(default=None, init=False)
    _rows: int = field(default=0, init=False)
    _ended: bool = field(default=False, init=False)

    def append(self, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows behind those that are there, and read them back. Raises TamperedError when they read otherwise."""
        if self._frames is None:
            self._begin()
        self._write(_ROWS, encode_rows(rows))
        self._rows += len(rows)

    def take_back(self, intended: Intended) -> None:
        """Cut off the last frame when its rows are those of a batch that was not committed."""
        if not self.path.exists():
            return
        with ArchiveReader(self.path, lambda _: self.key) as reader:
            place, last = reader.last_frame()
            mine = [reader.key_of(row) in intended for row in last]
        if mine and all(mine):
            with self.path.open("r+b") as file:
                file.truncate(place)
                os.fsync(file.fileno())
        self._frames = None

    def finish(self) -> dict[str, Any] | None:
        """End the archive; gives its name, rows and SHA-256, None when no row went into it."""
        if self._frames is None and self.path.exists():
            self._begin()
        if self._frames is None:
            return None
        if not self._ended:
            self._write(_END, str(self._rows).encode())
            self._ended = True
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"file": self.path.name, "rows": self._rows, "sha256": digest, "key": self.header.key}

    def _begin(self) -> None:
        """Make the file, or find the end of what a run before has written."""
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            head = self.header.to_bytes()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(MAGIC + prefixed(head))
                _to_disk(file)
            self._frames = self._rows = 0
            return
        with ArchiveReader(self.path, lambda _: self.key) as reader:
            if reader.header != self.header:
                raise _tampered(self.path, "the archive of another job or table")
            self._rows = sum(len(rows) for rows in reader.frames())
            self._frames, self._ended, end = reader.number, reader.ended is not None, reader.place
        with self.path.open("r+b") as file:  # what a kill left of a frame that was never finished
            file.truncate(end)

    def _write(self, kind: bytes, plain: bytes) -> None:
        number = self._frames or 0
        self.key.spend(1)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = kind + nonce + self.key.cipher.encrypt(nonce, plain, self.header.bound(number, kind))
        with self.path.open("r+b") as file:
            place = file.seek(0, os.SEEK_END)
            file.write(prefixed(sealed))
            _to_disk(file)
            file.seek(place + _SIZE_BYTES)
            back = file.read(len(sealed))
        if _opened(self.key, self.header, number, back, self.path)[1] != plain:
            raise _tampered(self.path, "rows that read otherwise than they were written")
        self._frames = number + 1


class ArchiveReader:
    """Reads an archive frame by frame. Raises TamperedError for any byte that is not as it was written."""

    def __init__(self, path: Path, find_key: FindKey) -> None:
        self._path = path
        with ExitStack() as stack:  # closed again when the header is none
            self._file = stack.enter_context(path.open("rb"))
            self.header = self._header()
            """What it says of itself."""
            self._key = find_key(self.header.key)
            stack.pop_all()
        self.place = self._file.tell()
        """Where the last whole frame ends."""
        self.number = 0
        """How many frames were read."""
        self.ended: int | None = None
        """The number of rows that the end frame states; None before it was read."""

    def frames(self) -> Iterator[list[list[Any]]]:
        """The rows of each frame, in order."""
        while (raw := self._next()) is not None:
            kind, plain = _opened(self._key, self.header, self.number, raw, self._path)
            if self.ended is not None:
                raise _tampered(self._path, "something behind its end")
            if kind == _END:
                self.ended = int(plain)
            self.number += 1
            self.place = self._file.tell()
            if kind == _ROWS:
                yield decode_rows(plain, len(self.header.fields))

    def rows(self) -> Iterator[list[Any]]:
        """Every row of a finished archive. Raises TamperedError for one that was cut off or not finished."""
        seen = 0
        for frame in self.frames():
            seen += len(frame)
            yield from frame
        if self.ended != seen:
            raise _tampered(self._path, "an archive without its end")

    def last_frame(self) -> tuple[int, list[list[Any]]]:
        """Where the last frame of rows begins, and its rows; no rows for an archive that has none, or has ended."""
        begins, last = self.place, list[list[Any]]()
        while True:
            before = self.place
            found = next(self.frames(), None)
            if found is None:
                return begins, [] if self.ended is not None else last
            begins, last = before, found

    def key_of(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """The record key of a row."""
        return tuple(row[self.header.fields.index(name)] for name in self.header.key_fields)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _header(self) -> ArchiveHeader:
        head = self._file.read(len(MAGIC) + _SIZE_BYTES)
        size = int.from_bytes(head[len(MAGIC) :], "big")
        if head[: len(MAGIC)] != MAGIC or not 0 < size <= _HEADER_BYTES:
            raise _tampered(self._path, "a file that is no archive")
        try:
            said = json.loads(self._file.read(size))
            if said.pop("schema") != SCHEMA:
                raise _tampered(self._path, "an archive of another schema")
            fields, key_fields = tuple(said.pop("fields")), tuple(said.pop("key_fields"))
            return ArchiveHeader(**said, fields=fields, key_fields=key_fields)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise _tampered(self._path, "an archive whose header was changed") from None

    def _next(self) -> bytes | None:
        """The next frame; None at the end, and where a kill has left a part of one."""
        size = self._file.read(_SIZE_BYTES)
        raw = self._file.read(int.from_bytes(size, "big")) if len(size) == _SIZE_BYTES else b""
        return raw if raw and len(raw) == int.from_bytes(size, "big") else None


def encode_rows(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as bytes. Raises BadInputError for a value of a type that cannot be kept."""
    parts: list[bytes] = []
    for row in rows:
        for value in row:
            raw = None if value is None else encode_values([value], natural_inner([value]))[0]
            parts.append(_NULL if raw is None else prefixed(raw))
    return b"".join(parts)


def decode_rows(plain: bytes, width: int) -> list[list[Any]]:
    """The inverse of `encode_rows`."""
    cells: list[bytes | None] = []
    place = 0
    while place < len(plain):
        size = plain[place : place + _SIZE_BYTES]
        place += _SIZE_BYTES
        if size == _NULL:
            cells.append(None)
            continue
        end = place + int.from_bytes(size, "big")
        cells.append(plain[place:end])
        place = end
    values = decode_values(cells)
    return [values[at : at + width] for at in range(0, len(values), width)]


def _opened(key: DataKey, header: ArchiveHeader, number: int, raw: bytes, path: Path) -> tuple[bytes, bytes]:
    kind, nonce, sealed = raw[:1], raw[1 : 1 + _NONCE_BYTES], raw[1 + _NONCE_BYTES :]
    try:
        return kind, key.cipher.decrypt(nonce, sealed, header.bound(number, kind))
    except (InvalidTag, ValueError):
        raise _tampered(path, "a part that was changed, moved or cut") from None


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _tampered(path: Path, found: str) -> TamperedError:
    return TamperedError(
        f"archive {path.name}",
        found=found,
        expected=f"an archive of schema {SCHEMA}, byte for byte",
        next_step="take it from a backup; `governance retention archive restore-check FILE` says whether that is whole",
    )
