"""A keyring in one file, safe with several processes; the keys of persons lie in a store of their own beside it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.keyring.base import DataKey, KeyInfo, KeyState, KeyUse, Made
from governance.protect.keyring.file_lock import file_lock
from governance.protect.keyring.kek import KekProvider
from governance.protect.keyring.key_file import KeyEntry, KeyFile
from governance.protect.keyring.opened_keys import PersonKeyBatch
from governance.protect.keyring.passphrase import SCRYPT_N, PassphraseProvider
from governance.protect.keyring.shared_file import SharedKeyFile, refused, unusable
from governance.protect.keyring.subjects import SubjectKeys
from governance.protect.keyring.use_counts import LIMIT, ROTATE_AT, UseCounts
from governance.protect.signing import Ed25519Signer
from governance.writing import replace_durably

SUBJECT_STORE = "subject-keys.db"
"""The file of persons' keys, beside the keyring's file unless another path is given."""
_SUBJECTS = "subjects"
_PROJECT = "project"


class FileKeyring:
    """Keys in a file, wrapped under a KEK that a provider opens.

    A change by another process is noticed at the next use: a key destroyed there is gone here too.
    """

    def __init__(
        self, file: SharedKeyFile, *, clock: Callable[[], dt.datetime] | None = None, subjects: Path | None = None
    ) -> None:
        self._file = file
        self._clock = clock
        self._subject_path = subjects or file.path.with_name(SUBJECT_STORE)
        self._data_keys: dict[str, DataKey] = {}
        self._families: dict[tuple[KeyUse, str], list[Any]] = {}
        self._read_count = 0
        self._turn = threading.RLock()
        self._counts = UseCounts(self._reserve)
        self._on_created: Callable[[KeyInfo], None] | None = None
        self._on_subjects_created: Callable[[int], None] = lambda _: None

    @classmethod
    def create(
        cls,
        path: Path,
        unlock: str | KekProvider,
        *,
        scrypt_n: int = SCRYPT_N,
        clock: Callable[[], dt.datetime] | None = None,
        subjects: Path | None = None,
    ) -> FileKeyring:
        """A new, empty keyring in a file that does not exist yet, under passphrase or provider. Raises KeyringError."""
        provider = _provider(unlock, scrypt_n)
        create_file(path, lambda: KeyFile.fresh(provider))
        return cls.open(path, provider, clock=clock, subjects=subjects)

    @classmethod
    def open(
        cls,
        path: Path,
        unlock: str | KekProvider,
        *,
        clock: Callable[[], dt.datetime] | None = None,
        subjects: Path | None = None,
    ) -> FileKeyring:
        """The keyring of a file. Raises KeyringError: without detail when passphrase or provider does not open it.

        `clock` dates the keys that are made; `subjects` is the file of persons' keys.
        """
        return cls(SharedKeyFile(path, _provider(unlock, SCRYPT_N)), clock=clock, subjects=subjects)

    def on_created(self, tell: Callable[[KeyInfo], None]) -> None:
        """Have each newly made key of the file told, after it is durable: the ledger records it."""
        self._on_created = tell

    def on_subjects_created(self, tell: Callable[[int], None]) -> None:
        """Have the number of newly made persons' keys told, after they are durable: the ledger records it."""
        self._on_subjects_created = tell

    def close(self) -> None:
        """Release the file of persons' keys; the next use opens it again."""
        opened: SubjectKeys | None = self.__dict__.pop("subjects", None)
        if opened is not None:
            opened.close()

    # --- keys in use

    def data_key(self, dataset_id: str) -> DataKey:
        """The active key of a dataset by its stable id, `s1/d1`; created on first use, replaced when it is worn out.

        Raises KeyringError.
        """
        with self._turn:
            entry = self._active(KeyUse.DATA, dataset_id)
            if entry.info.uses >= ROTATE_AT:
                self._rotate(dataset_id, only=entry.info.id)
                entry = self._active(KeyUse.DATA, dataset_id)
            return self._unwrapped(entry)

    def key(self, key_id: str) -> DataKey:
        """The data key of an id, of a dataset or of a person, active or retired. Raises KeyringError."""
        with self._turn:
            entry = self._ring().find(key_id)
            if entry is not None and entry.info.use is KeyUse.DATA:
                return self._unwrapped(entry)
            subjects = entry is None and self._has_subjects()
        if subjects:
            return self.subjects.key(key_id)
        raise refused(self.path, "no data key of this id", "a key of this keyring", "restore its backup")

    def keys(self, key_ids: Sequence[str]) -> Mapping[str, DataKey]:
        """The data keys of many ids, found together; a destroyed or unknown one is left out. Raises KeyringError."""
        found: dict[str, DataKey] = {}
        with self._turn:
            entries = {each.info.id: each for each in self._ring().entries if each.info.use is KeyUse.DATA}
            for key_id in key_ids:
                entry = entries.get(key_id)
                if entry is not None and entry.info.state is not KeyState.DESTROYED:
                    found[key_id] = self._unwrapped(entry)
            rest = [each for each in key_ids if each not in entries] if self._has_subjects() else []
        return found | self.subjects.keys(rest) if rest else found

    def person_keys(self, key_ids: Sequence[bytes]) -> PersonKeyBatch | None:
        """The keys of persons of many ids, in their order; None when any is no key of a person. Raises KeyringError."""
        return self.subjects.batch_of_ids(key_ids) if self.has_subjects() else None

    def signer(self, name: str) -> Ed25519Signer:
        """The signer of a name; created on first use. Raises KeyringError."""
        with self._turn:
            entry = self._active(KeyUse.LEDGER_SIGN, name)
            return Ed25519Signer(f"governance.{name}/{entry.info.id}", self._file.loaded.unwrap(entry))

    def keyed_hash(self) -> HmacKeyedHash:
        """The keyed hash of this project; created on first use. Raises KeyringError."""
        with self._turn:
            return self._hash(KeyUse.KEYED_HASH)

    def tombstone_hash(self) -> HmacKeyedHash:
        """The keyed hash of tombstones; its key is older than every person's key. Raises KeyringError."""
        with self._turn:
            return self._hash(KeyUse.TOMBSTONE)

    def family(self, use: KeyUse, of: str, make: Callable[[KeyInfo, bytes], Made]) -> Sequence[Made]:
        """What `make` makes of each key of a use that still has material: the active one first, then retired ones.

        The active key is created on first use. Raises KeyringError.
        """
        with self._turn:
            active = self._active(use, of)
            family = self._families.get((use, of))
            if family is None:
                rest = [
                    each
                    for each in reversed(self._ring().entries)
                    if (each.info.use, each.info.of) == (use, of) and each is not active and each.wrapped
                ]
                family = [make(each.info, self._file.loaded.unwrap(each)) for each in (active, *rest)]
                self._families[use, of] = family
            return tuple(family)

    def person_states(self, key_ids: Sequence[str]) -> Mapping[str, KeyState]:
        """The states of those ids that are of keys of persons, destroyed ones included. Raises KeyringError."""
        return self.subjects.states(key_ids) if self.has_subjects() else {}

    @cached_property
    def subjects(self) -> SubjectKeys:
        """The keys of persons, in a store apart from ordinary backups; made on first use. Raises KeyringError."""
        made = SubjectKeys(self._subject_path, self, clock=self._clock)
        made.on_created(self._tell_subjects)
        return made

    def list(self) -> Sequence[KeyInfo]:
        """Every key of the file that was ever made, in the order of creation. Raises KeyringError."""
        with self._turn:
            return tuple(entry.info for entry in self._ring().entries)

    # --- changes

    def rotate(self, dataset_id: str, use: KeyUse = KeyUse.DATA) -> tuple[KeyInfo | None, KeyInfo]:
        """Give a dataset a new active key of a use; the old one still decrypts. Gives both. Raises KeyringError."""
        with self._turn:
            return self._rotate(dataset_id, use)

    def retire(self, key_id: str) -> None:
        """Let a key decrypt but encrypt no more. Raises KeyringError."""
        self._change(key_id, KeyState.RETIRED)

    def destroy(self, key_id: str) -> None:
        """Drop a key's material for good; backups of the file may still hold it. Raises KeyringError."""
        self._change(key_id, KeyState.DESTROYED)

    def reissue_kek(self, new: KekProvider | None = None, *, keep_old: bool = False) -> None:
        """Put every key under a new KEK, opened by another provider if one is given; no data is touched.

        With `keep_old` the provider of before opens it too, until `drop_old_keks`. Persons' keys get a new KEK of their
        own. Raises KeyringError; started again after a kill it finishes.
        """
        with self._turn:
            old = self._file.provider
            with self._file.changing() as ring:
                ring.reissue([new or old, *([old] if new is not None and keep_old else [])])
            self._file.provider = new or old
            subjects = self._has_subjects()
        if subjects:
            self.subjects.reissue()

    def drop_old_keks(self) -> int:
        """Let nothing open the KEK but this provider's newest wrapping; gives how many went. Raises KeyringError."""
        with self._turn, self._file.changing() as ring:
            return ring.keep_slot(self._file.provider)

    def kek_providers(self) -> tuple[str, ...]:
        """The kinds of provider that open the KEK; two while a new one is taking over. Raises KeyringError."""
        with self._turn:
            return tuple(str(slot["provider"]) for slot in self._ring().slots)

    def materials(self) -> Sequence[tuple[KeyInfo, bytes]]:
        """Every key of the file with its material, for a backup; empty for a destroyed one. Raises KeyringError."""
        with self._turn:
            ring = self._ring()
            return [(entry.info, ring.unwrap(entry) if entry.wrapped else b"") for entry in ring.entries]

    # --- for the store of persons' keys

    @property
    def path(self) -> Path:
        """The keyring's file."""
        return self._file.path

    @property
    def ring_id(self) -> str:
        """The keyring's own id."""
        with self._turn:
            return self._ring().ring_id

    def subject_kek(self, key_id: str | None = None) -> tuple[str, AESGCM]:
        """Id and cipher of the KEK of persons' keys: the active one, created on first use, or that of an id.

        Raises KeyringError.
        """
        with self._turn:
            if key_id is None:
                self._active(KeyUse.TOMBSTONE, _PROJECT)  # first, so that it is in every backup of a person's key
                entry: KeyEntry | None = self._active(KeyUse.SUBJECT_KEK, _SUBJECTS)
            else:
                entry = self._ring().find(key_id)
            if entry is None or entry.info.use is not KeyUse.SUBJECT_KEK:
                raise refused(
                    self.path, "a person's key under a KEK that is gone", "one KEK", "restore a backup of both"
                )
            return entry.info.id, AESGCM(self._file.loaded.unwrap(entry))

    def renew_subject_kek(self) -> str:
        """Retire the KEK of persons' keys and make another; gives its id. Raises KeyringError."""
        with self._turn, self._file.changing() as ring:
            for entry in ring.entries:
                if entry.info.use is KeyUse.SUBJECT_KEK and entry.info.state is KeyState.ACTIVE:
                    ring.set_state(entry, KeyState.RETIRED)
            return ring.add(KeyUse.SUBJECT_KEK, _SUBJECTS, self._now()).info.id

    def drop_subject_keks(self, *, but: str) -> None:
        """Forget every KEK of persons' keys but one. Raises KeyringError."""
        with self._turn, self._file.changing() as ring:
            ring.entries = [e for e in ring.entries if e.info.use is not KeyUse.SUBJECT_KEK or e.info.id == but]

    def spend(self, key_id: str, uses: int) -> None:
        """Reserve encryptions under a key of the file before they are made. Raises KeyringError."""
        with self._turn:
            self._counts.spend(key_id, uses)

    def has_subjects(self) -> bool:
        """Whether a person's key was ever made. Raises KeyringError."""
        with self._turn:
            return self._has_subjects()

    def __repr__(self) -> str:
        return f"FileKeyring({self.path.name}, {len(self._ring().entries)} keys)"

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise refused(self.path, "an attempt to copy or pickle it", "a keyring opened where it is used", "open it")

    # --- inside the lock of this process

    def _ring(self) -> KeyFile:
        ring = self._file.current()
        if self._file.read_count != self._read_count:
            self._forget()
            self._read_count = self._file.read_count
        return ring

    def _has_subjects(self) -> bool:
        return any(entry.info.use is KeyUse.SUBJECT_KEK for entry in self._ring().entries)

    def _hash(self, use: KeyUse) -> HmacKeyedHash:
        return HmacKeyedHash(self._file.loaded.unwrap(self._active(use, _PROJECT)))

    def _active(self, use: KeyUse, of: str) -> KeyEntry:
        found = self._ring().active(use, of)
        if found is not None:
            return found
        with self._file.changing() as ring:
            found = ring.active(use, of)  # another process may have made it while we waited
            if found is not None:
                return found
            made = ring.add(use, of, self._now())
        self._tell(made.info)
        return made

    def _rotate(
        self, dataset_id: str, use: KeyUse = KeyUse.DATA, *, only: str | None = None
    ) -> tuple[KeyInfo | None, KeyInfo]:
        with self._file.changing() as ring:
            old = ring.active(use, dataset_id)
            if old is not None and only is not None and old.info.id != only:
                return None, old.info  # another process has replaced the worn key already
            for entry in ring.entries:
                if (entry.info.use, entry.info.of, entry.info.state) == (use, dataset_id, KeyState.ACTIVE):
                    ring.set_state(entry, KeyState.RETIRED)
            new = ring.add(use, dataset_id, self._now())
        self._forget()
        self._tell(new.info)
        return old.info if old else None, new.info

    def _unwrapped(self, entry: KeyEntry) -> DataKey:
        if entry.info.state is KeyState.DESTROYED:
            raise refused(self.path, "a key that was destroyed", "a key that exists", "its data cannot be read")
        key = self._data_keys.get(entry.info.id)
        if key is None:
            key_id = entry.info.id
            key = DataKey(entry.info, self._file.loaded.unwrap(entry), lambda uses: self.spend(key_id, uses))
            self._data_keys[key_id] = key
        return key

    def _change(self, key_id: str, state: KeyState) -> None:
        with self._turn:
            with self._file.changing() as ring:
                entry = ring.find(key_id)
                if entry is None or entry.info.state is KeyState.DESTROYED:
                    raise refused(self.path, "no such key, or a destroyed one", "a key of this keyring", "list keys")
                ring.set_state(entry, state)
            self._forget()

    def _forget(self) -> None:
        self._data_keys.clear()
        self._families.clear()

    def _reserve(self, key_id: str, uses: int) -> None:
        with self._file.changing() as ring:
            entry = ring.find(key_id)
            if entry is None or entry.info.state is KeyState.DESTROYED:
                raise refused(self.path, "a key that was destroyed", "a key that exists", "ask the keyring for another")
            if entry.info.uses + uses > LIMIT:
                raise refused(self.path, "a key that is used up", "a younger key", "ask the keyring for the active one")
            entry.info = replace(entry.info, uses=entry.info.uses + uses)

    def _tell_subjects(self, count: int) -> None:
        self._on_subjects_created(count)

    def _tell(self, made: KeyInfo) -> None:
        if self._on_created is not None:
            self._on_created(made)

    def _now(self) -> str:
        return self._clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if self._clock else ""


def create_file(path: Path, make: Callable[[], KeyFile]) -> None:
    """Write a keyring to a file that does not exist yet. Raises KeyringError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(path):
            if path.exists():
                raise refused(path, "a keyring", "no file", "open it, or name another path")
            replace_durably(path, make().dump())
    except OSError:
        raise unusable(path) from None


def _provider(unlock: str | KekProvider, scrypt_n: int) -> KekProvider:
    return PassphraseProvider(lambda: unlock, scrypt_n=scrypt_n) if isinstance(unlock, str) else unlock
