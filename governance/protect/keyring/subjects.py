"""One key for each person, so that destroying it makes all that it encrypted unreadable, wherever copies lie.

A person is told by a *space* and a value: the stable id of a store, and that store's own subject key. The store of keys
holds neither, only a keyed reference. See `destroy` for what crypto-shredding does and does not reach.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.ledger.base import KeyedHash
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.keyring.base import (
    KEY_BYTES,
    KEY_ID_BYTES,
    DataKey,
    KeyInfo,
    KeyState,
    KeyUse,
)
from governance.protect.keyring.opened_keys import PersonKeyBatch, key_id_of, key_of, opened_key, ref_of
from governance.protect.keyring.opening import open_all
from governance.protect.keyring.subject_store import SubjectRow, SubjectStore
from governance.protect.keyring.wrapping import unwrap, wrap
from governance.protect.lengths import joined, prefixed
from governance.protect.record_keys import record_key_bytes
from policies.errors import KeyringError

FORMAT = "governance.subject-keys/1"
_DOMAIN = "subject-key"
_REMEMBERED = 100_000
_REWRAPPED_AT_ONCE = 5_000


class KekSource(Protocol):
    """What this store needs of the keyring's file. Methods raise KeyringError."""

    @property
    def ring_id(self) -> str:
        """The keyring's own id."""
        ...

    def keyed_hash(self) -> HmacKeyedHash:
        """Makes references of persons."""
        ...

    def tombstone_hash(self) -> KeyedHash:
        """Makes references of tombstones."""
        ...

    def subject_kek(self, key_id: str | None = None) -> tuple[str, AESGCM]:
        """Id and cipher of the active KEK of persons' keys, or of the one of an id."""
        ...

    def renew_subject_kek(self) -> str:
        """Make another KEK active."""
        ...

    def drop_subject_keks(self, *, but: str) -> None:
        """Forget every KEK but one."""
        ...

    def has_subjects(self) -> bool:
        """Whether a person's key was ever made."""
        ...

    def spend(self, key_id: str, uses: int) -> None:
        """Reserve encryptions under a key of the file."""
        ...


class SubjectKeys:
    """The keys of persons, unwrapped when they are used and forgotten as soon as any process destroys one."""

    def __init__(self, path: Path, ring: KekSource, *, clock: Callable[[], dt.datetime] | None = None) -> None:
        self._ring = ring
        self._clock = clock
        self._turn = threading.RLock()
        self._store = SubjectStore(path, ring.ring_id, may_create=not ring.has_subjects())
        self._before = joined(FORMAT, ring.ring_id)
        self._epoch = -1
        self._by_id: dict[bytes, bytes] = {}
        self._by_ref: dict[bytes, bytes] = {}
        self._on_created: Callable[[int], None] | None = None

    def on_created(self, tell: Callable[[int], None]) -> None:
        """Have the number of newly made keys told, after they are durable: the ledger records it."""
        self._on_created = tell

    def ref(self, space: str, value: Any) -> bytes:
        """The keyed reference of a person: 32 bytes. A number and its digits as text are one person.

        Raises BadInputError for a value that cannot be a key.
        """
        return self._refs(space, [value])[0]

    def tombstone(self, ref: bytes) -> bytes:
        """The reference that a tombstone holds of a person: 32 bytes, under a key of its own."""
        return bytes.fromhex(self._ring.tombstone_hash().digest(_DOMAIN, ref))

    def of(self, space: str, values: Sequence[Any]) -> list[DataKey]:
        """The active keys of persons, in their order; made where there is none.

        Raises KeyringError for a person whose key was destroyed: what was erased is not begun anew by accident.
        """
        return [_data_key(each) for each in self._found(self._refs(space, values))]

    def batch(self, space: str, values: Sequence[Any]) -> PersonKeyBatch:
        """As `of`, as the keys of one batch of cells. Raises KeyringError."""
        return PersonKeyBatch(self._found(self._refs(space, values)))

    def key(self, key_id: str) -> DataKey:
        """The key of an id. Raises KeyringError for a destroyed or unknown one."""
        found = self.keys([key_id]).get(key_id)
        if found is None:
            _refuse("no key of this id, or a destroyed one", "its data cannot be read")
        return found

    def keys(self, key_ids: Sequence[str]) -> dict[str, DataKey]:
        """The keys of many ids, found together; a destroyed or unknown one is left out."""
        wanted = [each for each in map(bytes.fromhex, key_ids) if len(each) == KEY_ID_BYTES]
        with self._turn:
            self._refresh()
            missing = _new(wanted, self._by_id)
            if missing:
                self._unwrap("id", missing)
            return {each.hex(): _data_key(self._by_id[each]) for each in wanted if each in self._by_id}

    def batch_of_ids(self, key_ids: Sequence[bytes]) -> PersonKeyBatch | None:
        """The keys of many ids in their order, to decrypt with; None when any is destroyed or unknown here."""
        with self._turn:
            self._refresh()
            missing = _new(key_ids, self._by_id)
            opened, absent = self._unwrap("id", missing) if missing else ([], [])
            return None if absent else PersonKeyBatch(_in_order(key_ids, opened, self._by_id))

    def destroy(self, refs: Sequence[bytes]) -> list[str]:
        """Destroy the keys of persons, by reference, and re-issue the KEK of all others; gives the ids destroyed.

        Deletes the wrapped keys here and what any process remembers of them, at its next use. Older copies of this
        store are of no use with the keyring as it is now; a copy of both from one time opens until it is gone.
        Started again after a kill, it finishes. Raises KeyringError.
        """
        with self._turn:
            self._by_id.clear()
            self._by_ref.clear()
            with self._store.writing():
                rows = self._store.by_ref(list(dict.fromkeys(refs)))
                for ref, row in rows.items():
                    self._store.bury(row.id, self.tombstone(ref), self._now())
            self.reissue()
            return sorted(row.id.hex() for row in rows.values())

    def reissue(self) -> int:
        """Put every key under a new KEK and forget the old ones; gives how many. Other processes go on meanwhile."""
        with self._turn:
            kek_id = self._ring.renew_subject_kek()
            kek, count = self._ring.subject_kek(kek_id)[1], 0
            while True:
                with self._store.writing():
                    rows = self._store.not_under(kek_id, _REWRAPPED_AT_ONCE)
                    if not rows:  # whoever makes a key now waits, and will find the new KEK
                        self._ring.drop_subject_keks(but=kek_id)
                        break
                    self._ring.spend(kek_id, len(rows))
                    self._store.rewrap(kek_id, [(r.id, wrap(kek, self._material(r), self._bound(r))) for r in rows])
                    count += len(rows)
            self._store.forget_log()
            return count

    def known(self, refs: Sequence[bytes]) -> dict[bytes, str]:
        """Those of some references, of persons or tombstones, that the store holds, with the ids of their keys."""
        with self._turn:
            return {ref: row.id.hex() for ref, row in self._store.by_ref(refs).items()}

    def states(self, key_ids: Sequence[str]) -> dict[str, KeyState]:
        """The states of those keys that the store holds."""
        with self._turn:
            rows = self._store.by_id([bytes.fromhex(each) for each in key_ids])
            return {row.id.hex(): KeyState(row.state) for row in rows.values()}

    def refs(self) -> Iterator[bytes]:
        """The references of all persons whose keys are active."""
        with self._turn:
            yield from [row.ref for row in self._store.all() if row.state == KeyState.ACTIVE]

    def counts(self) -> Mapping[str, int]:
        """How many keys there are, active and destroyed."""
        with self._turn:
            return self._store.counts()

    def rows(self) -> Iterator[tuple[SubjectRow, bytes]]:
        """Every key with its material, for a backup; empty material for a destroyed one."""
        with self._turn:
            for row in self._store.all():
                yield row, self._material(row) if row.wrapped else b""

    def put(self, rows: Sequence[tuple[SubjectRow, bytes]]) -> None:
        """Keys whose material exists already, into an empty store: from a backup."""
        with self._turn, self._store.writing():
            kek_id, kek = self._ring.subject_kek()
            self._ring.spend(kek_id, len(rows))
            self._store.add([self._wrapped(row, material, kek_id, kek) for row, material in rows])

    def close(self) -> None:
        """Release the file."""
        with self._turn:
            self._store.close()

    def __repr__(self) -> str:
        return "SubjectKeys()"

    def __reduce_ex__(self, _: object) -> NoReturn:
        _refuse("an attempt to copy or pickle it", "open the keyring where it is used")

    def _refs(self, space: str, values: Sequence[Any]) -> list[bytes]:
        before = prefixed(space.encode())
        return self._ring.keyed_hash().digests(_DOMAIN, _persons(before, values))

    # --- inside the lock of this process

    def _found(self, refs: Sequence[bytes]) -> list[bytes]:
        """The keys of references, in their order; made where there is none."""
        made, known = 0, self._by_ref
        with self._turn:
            self._refresh()
            missing = _new(refs, known)
            opened, absent = self._unwrap("ref", missing) if missing else ([], [])
            if absent:
                made = self._make(absent)
                opened, absent = self._unwrap("ref", absent)
            found = _in_order(refs, opened, known) if not absent else []
        if absent:
            _refuse("a person whose key was destroyed", "write under a new subject key, or not at all")
        if made and self._on_created is not None:
            self._on_created(made)
        return found

    def _refresh(self) -> None:
        epoch = self._store.epoch()
        if epoch != self._epoch or max(len(self._by_id), len(self._by_ref)) > _REMEMBERED:
            self._by_id.clear()
            self._by_ref.clear()
            self._epoch = epoch

    def _make(self, refs: Sequence[bytes]) -> int:
        graves = {self.tombstone(ref) for ref in refs} if self._store.counts()["destroyed"] else set()
        with self._store.writing():
            there = self._store.by_ref([*refs, *graves])  # another process may have made some while we waited
            if any(row.state == KeyState.DESTROYED for row in there.values()):
                _refuse("a person whose key was destroyed", "write under a new subject key, or not at all")
            kek_id, kek = self._ring.subject_kek()
            new = [ref for ref in refs if ref not in there]
            self._ring.spend(kek_id, len(new))
            fresh = [
                SubjectRow(os.urandom(KEY_ID_BYTES), ref, KeyState.ACTIVE, None, None, self._now(), None) for ref in new
            ]
            self._store.add([self._wrapped(row, os.urandom(KEY_BYTES), kek_id, kek) for row in fresh])
        return len(new)

    def _wrapped(self, row: SubjectRow, material: bytes, kek_id: str, kek: AESGCM) -> SubjectRow:
        if not material:
            return row
        wrapped = wrap(kek, material, self._bound(row))
        return SubjectRow(row.id, row.ref, row.state, kek_id, wrapped, row.created, row.destroyed)

    def _unwrap(self, column: str, wanted: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
        """The opened keys of ids or references, in their order, remembered; and those that have no key."""
        by_id = column == "id"
        kek_id, cipher = self._ring.subject_kek()
        opened = open_all(self._store.packed(column, wanted, kek_id), column, wanted, self._before, cipher.decrypt)
        absent = []
        if not all(opened):  # destroyed, unknown, spoilt, or under another KEK
            rest = [name for name, key in zip(wanted, opened, strict=True) if not key]
            rows = self._store.by_id(rest) if by_id else self._store.by_ref(rest)
            slow = {name: self._opened(row) for name, row in rows.items()}
            opened = [key or slow.get(name, b"") for name, key in zip(wanted, opened, strict=True)]
            absent = [name for name in rest if not slow.get(name)]
        known = self._by_id if by_id else self._by_ref
        known.update(zip(wanted, opened, strict=True))
        for name in absent:
            del known[name]
        return opened, absent

    def _opened(self, row: SubjectRow) -> bytes:
        material = self._material(row)
        return opened_key(row.id, row.ref, material) if material else b""

    def _material(self, row: SubjectRow) -> bytes:
        """The key of a row; nothing when it is destroyed, also when that happened since the row was read."""
        while row.wrapped is not None:
            try:
                return unwrap(self._ring.subject_kek(row.kek)[1], row.wrapped, self._bound(row))
            except KeyringError:
                now = self._store.by_id([row.id]).get(row.id)  # was the KEK re-issued since the row was read?
                if now is None or now.kek == row.kek:
                    raise
                row = now
        return b""

    def _bound(self, row: SubjectRow) -> bytes:
        return self._before + prefixed(row.id) + prefixed(row.ref)

    def _now(self) -> str:
        return self._clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if self._clock else ""


def _new(names: Sequence[bytes], known: Mapping[bytes, bytes]) -> list[bytes]:
    """Those that are not known, each once."""
    return list(dict.fromkeys([name for name in names if name not in known] if known else names))


def _in_order(names: Sequence[bytes], just: list[bytes], known: Mapping[bytes, bytes]) -> list[bytes]:
    """The keys of ids or references in their order; `just` are those that were opened just now."""
    return just if len(just) == len(names) else [known[name] for name in names]


def _data_key(opened: bytes) -> DataKey:
    info = KeyInfo(key_id_of(opened).hex(), KeyUse.SUBJECT, ref_of(opened).hex(), KeyState.ACTIVE)
    return DataKey(info, key_of(opened))


def _persons(before: bytes, values: Sequence[Any]) -> list[bytes]:
    """The bytes of persons' keys in a store; a number and its digits as text are one person."""
    if set(map(type, values)) == {int}:
        texts = [b"%d" % value for value in values]
        longest = max(map(len, texts))
        heads = [before + prefixed(record_key_bytes("0" * size))[:-size] for size in range(1, longest + 1)]
        return [heads[len(text) - 1] + text for text in texts]
    return [before + prefixed(_person(value)) for value in values]


def _person(value: Any) -> bytes:
    parts = value if isinstance(value, tuple | list) else (value,)
    return record_key_bytes(tuple(str(part) if isinstance(part, int) else part for part in parts))


def _refuse(found: str, next_step: str) -> NoReturn:
    raise KeyringError("key store", found=found, expected="a person's key that exists", next_step=next_step)
