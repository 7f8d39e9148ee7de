"""The file of persons' keys: SQLite, apart from ordinary backups, shared by several processes.

gov_key_store     ring, epoch                       one row: whose store it is; the epoch rises with each destroy
gov_subject_key   id       8 bytes, leads tokens
                  ref      32 bytes, keyed reference of the person; of a destroyed key, the tombstone's reference
                  state    active or destroyed
                  kek      id of the KEK in the keyring's file that wraps it; null once destroyed
                  wrapped  nonce || AES-256-GCM(KEK, key), with (format, ring, id, ref) as associated data; or null
                  created, destroyed
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from governance.protect.keyring.base import KEY_ID_BYTES
from governance.protect.keyring.opened_keys import REF_BYTES
from governance.protect.keyring.opening import PACKED_BYTES, WRAPPED_BYTES
from policies.errors import KeyringError

_BUSY_SECONDS = 60
_AT_ONCE = 500
_FEW = 1_000
_SCANNED = 8
"""Where more than every eighth key is asked for, reading all of them is quicker than looking each up."""
_SPANS = [(bytes([first]), bytes([first + 16]) if first < 240 else b"\xff" * 9) for first in range(0, 256, 16)]
"""Sixteen parts of all ids, so that no piece is longer than SQLite can put together."""
_SETTINGS = (
    "PRAGMA journal_mode=WAL",  # who reads never waits for who rewraps
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-32768",  # 32 MB: keys lie in random order, so each look-up is another page
)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS gov_key_store (ring TEXT NOT NULL, epoch INTEGER NOT NULL)",
    (
        "CREATE TABLE IF NOT EXISTS gov_subject_key (id BLOB PRIMARY KEY, ref BLOB NOT NULL UNIQUE,"
        " state TEXT NOT NULL, kek TEXT, wrapped BLOB, created TEXT NOT NULL, destroyed TEXT) WITHOUT ROWID"
    ),
    "CREATE INDEX IF NOT EXISTS ix_gov_subject_key_kek ON gov_subject_key (kek)",
)
_COLUMNS = "id, ref, state, kek, wrapped, created, destroyed"


class SubjectRow(NamedTuple):
    """One person's key as it is stored; made by the hundred thousand, so a tuple."""

    id: bytes
    """The key's id."""
    ref: bytes
    """The person's reference; of a destroyed key, the tombstone's."""
    state: str
    """`active` or `destroyed`."""
    kek: str | None
    """The KEK that wraps it."""
    wrapped: bytes | None
    """Its wrapped material."""
    created: str
    """When it was made; empty where nobody told the time."""
    destroyed: str | None
    """When it was destroyed."""

    def __repr__(self) -> str:
        return f"SubjectRow({self.id.hex()}, {self.state})"


class SubjectStore:
    """Rows of persons' keys. One thread at a time uses it; every method raises KeyringError when the file fails."""

    def __init__(self, path: Path, ring_id: str, *, may_create: bool) -> None:
        self._path = path
        self._ring_id = ring_id
        if not may_create and not path.is_file():
            raise _unusable(path)
        self._connect()

    def epoch(self) -> int:
        """Rises whenever a key is destroyed. What was unwrapped before no longer counts."""
        with self._translated():
            if os.getpid() != self._process:  # a connection must not cross a fork
                self._connect()
            return int(self._connection.execute("SELECT epoch FROM gov_key_store").fetchone()[0])

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that nobody else's write falls into; durable when the block ends."""
        with self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def by_id(self, ids: Sequence[bytes]) -> dict[bytes, SubjectRow]:
        """The rows of key ids."""
        return {row.id: row for row in self._where("id", ids)}

    def by_ref(self, refs: Sequence[bytes]) -> dict[bytes, SubjectRow]:
        """The rows of references."""
        return {row.ref: row for row in self._where("ref", refs)}

    def packed(self, column: str, values: Sequence[bytes], kek: str) -> bytes:
        """Id, reference and wrapped material of keys, by `id` or `ref`, that lie under one KEK, and perhaps others.

        One piece of bytes, `PACKED_BYTES` for each key, put together by SQLite: an object for each row would cost more
        than opening what is in it.
        """
        with self._translated():
            if len(values) > _FEW and len(values) * _SCANNED > self._count():
                pieces = [self._packed("id >= ? AND id < ?", each, kek) for each in _SPANS]
            else:
                ordered = sorted(values)  # neighbours lie on one page
                lots = [ordered[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]
                pieces = [self._packed(f"{column} IN ({', '.join('?' * len(lot))})", lot, kek) for lot in lots]
            return b"".join(pieces)

    def _packed(self, condition: str, values: Sequence[bytes], kek: str) -> bytes:
        query = (
            "SELECT count(*), CAST(group_concat(id || ref || wrapped, '') AS BLOB) FROM gov_subject_key"  # noqa: S608
            f" WHERE {condition} AND +kek = ? AND length(id) = {KEY_ID_BYTES} AND length(ref) = {REF_BYTES}"
            f" AND length(wrapped) = {WRAPPED_BYTES}"  # of another length: a spoilt one
        )
        count, packed = self._connection.execute(query, (*values, kek)).fetchone()
        return packed if count and len(packed) == count * PACKED_BYTES else b""

    def not_under(self, kek: str, limit: int) -> list[SubjectRow]:
        """Some of the keys that another KEK wraps."""
        query = f"SELECT {_COLUMNS} FROM gov_subject_key WHERE kek < ? OR kek > ? LIMIT ?"  # noqa: S608 constant
        with self._translated():
            return [SubjectRow(*row) for row in self._connection.execute(query, (kek, kek, limit))]

    def all(self) -> Iterator[SubjectRow]:
        """Every row, in the order of ids, as of one moment."""
        with self._translated():
            for row in self._connection.execute(f"SELECT {_COLUMNS} FROM gov_subject_key ORDER BY id"):  # noqa: S608
                yield SubjectRow._make(row)

    def counts(self) -> dict[str, int]:
        """How many keys there are by state."""
        with self._translated():
            rows = self._connection.execute("SELECT state, count(*) FROM gov_subject_key GROUP BY state")
            return {"active": 0, "destroyed": 0, **dict(rows.fetchall())}

    def add(self, rows: Sequence[SubjectRow]) -> None:
        """Insert rows; within `writing`."""
        with self._translated():
            self._connection.executemany(
                f"INSERT INTO gov_subject_key ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 constant
                [(r.id, r.ref, r.state, r.kek, r.wrapped, r.created, r.destroyed) for r in rows],
            )

    def rewrap(self, kek: str, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Put keys under another KEK: ids with their new wrapping; within `writing`."""
        with self._translated():
            self._connection.executemany(
                "UPDATE gov_subject_key SET kek = ?, wrapped = ? WHERE id = ?", [(kek, w, i) for i, w in rows]
            )

    def bury(self, key_id: bytes, tombstone: bytes, time: str) -> None:
        """Delete a key's wrapped material and raise the epoch; within `writing`."""
        with self._translated():
            self._connection.execute(
                "UPDATE gov_subject_key SET state = 'destroyed', kek = NULL, wrapped = NULL, ref = ?, destroyed = ?"
                " WHERE id = ?",
                (tombstone, time, key_id),
            )
            self._connection.execute("UPDATE gov_key_store SET epoch = epoch + 1")

    def forget_log(self) -> None:
        """Have no old page left in the write-ahead log, unless another process is just reading one."""
        with self._translated():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def _where(self, column: str, values: Sequence[bytes]) -> Iterator[SubjectRow]:
        with self._translated():
            for start in range(0, len(values), _AT_ONCE):
                some = values[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(some))
                query = f"SELECT {_COLUMNS} FROM gov_subject_key WHERE {column} IN ({marks})"  # noqa: S608 our words
                for row in self._connection.execute(query, some).fetchall():
                    yield SubjectRow._make(row)

    def _count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM gov_subject_key").fetchone()[0])

    def _connect(self) -> None:
        with self._translated():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._process = os.getpid()
            for each in _SETTINGS:
                self._connection.execute(each).fetchall()
            self._make()
            ring = self._connection.execute("SELECT ring FROM gov_key_store").fetchone()[0]
        if ring != self._ring_id:
            raise KeyringError(
                f"key store {self._path.name}",
                found="the store of another keyring",
                expected="the store that belongs to this keyring",
                next_step="restore both from one backup, or correct keyring.subjects in governance.yaml",
            )

    def _make(self) -> None:
        if self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'ix_gov_subject_key_kek'").fetchone():
            return
        with self.writing():
            for each in _SCHEMA:
                self._connection.execute(each)
            self._connection.execute(
                "INSERT INTO gov_key_store SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM gov_key_store)", (self._ring_id,)
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError):
            raise _unusable(self._path) from None


def _unusable(path: Path) -> KeyringError:
    return KeyringError(
        f"key store {path.name}",
        found="no file of persons' keys that can be read and written",
        expected="the file that belongs to this keyring",
        next_step="restore it with `governance keys restore`, or correct keyring.subjects in governance.yaml",
    )
