"""Backups of keys over a project: made, checked before they are needed, restored, and checked again afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from governance.flows.opening.opening_keys import kek_provider, subject_store_path
from governance.flows.protect.keeping_keys import key_event
from governance.jobs.tombstones import Tombstones
from governance.protect.keyring.backup import BackedUpKey, read_backup, restore_backup, write_backup
from governance.protect.keyring.base import KeyState, KeyUse
from governance.writing import replace_file_with
from policies.errors import BadInputError

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.protect.keyring.file import FileKeyring

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """Something wrong with a backup, or with the keys as they are."""

    kind: str
    """`destroyed_since`: a backup would bring it back; `missing`: what it encrypted could not be read;
    `other_keyring`: the backup belongs to another project; `returned`: it was destroyed, and is here again."""
    use: str
    """What the key is for."""
    key: str
    """Its id; empty where only their number is known."""
    count: int = 1
    """How many keys it is about."""

    def to_json(self) -> dict[str, str]:
        """As plain data; without an id, `key` says how many."""
        return {"kind": self.kind, "use": str(self.use), "key": self.key or f"{self.count} keys"}


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What a check found."""

    keys: int
    """How many keys that still have material were looked at, of the keyring's file."""
    subjects: int
    """How many persons' keys that still have material were looked at."""
    problems: tuple[KeyProblem, ...]
    """What is wrong, in the order it was found."""
    destroyed: int = 0
    """How many of the returned keys were destroyed again."""


def backup_keys(gov: Governance, path: Path, passphrase: str) -> int:
    """Write all keys to a file under a passphrase of its own; gives its size in bytes.

    Side effects: the file is replaced as a whole, readable by its owner alone; the backup is recorded. Raises
    KeyringError, ConfigError, LedgerError.
    """
    made = gov.clock().astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if passphrase and gov.project.config.keyring.provider == "file" and passphrase == gov.project.passphrase():
        raise BadInputError(
            "keys backup",
            found="the passphrase of the keyring",
            expected="one of the backup's own",
            next_step="give another: who finds both files must not open both with one secret",
        )
    replace_file_with(path, write_backup(gov.keyring, passphrase, made))
    path.chmod(0o600)
    ring = gov.keyring
    counts = {"keys": len(ring.list()), "subjects": ring.subjects.counts()["active"] if ring.has_subjects() else 0}
    gov.ledger.append(key_event(gov, "key.backup", "key:all", counts=counts))
    return path.stat().st_size


def check_backup(gov: Governance, path: Path, passphrase: str) -> KeyCheck:
    """Open a backup to its end and compare it with the keys as they are now. Recorded where there is a keyring.

    Raises TamperedError for a backup that does not open, KeyringError, LedgerError.
    """
    ring = gov.keyring if gov.project.keyring_path.exists() else None
    with path.open(encoding="ascii", errors="replace") as lines:
        ring_id, keys = read_backup(lines, passphrase)
        found = _Comparison(ring, _standing(gov) if ring else frozenset())
        if ring is not None and ring_id != ring.ring_id:
            found.problems.append(KeyProblem("other_keyring", "keyring", ring_id))
            found.ring = None
        found.take(keys)
    checked = KeyCheck(found.keys, found.subjects, tuple(found.problems))
    if ring is not None:
        _record(gov, checked)
    return checked


def check_keys(gov: Governance) -> KeyCheck:
    """Compare the keys, perhaps restored, with tombstones and the ledger; destroy again what has returned. Recorded.

    Raises KeyringError, LedgerError.
    """
    ring = gov.keyring
    problems: list[KeyProblem] = []
    ours = {info.id: info for info in ring.list()}
    for key_id in _recorded(gov, "key.destroyed"):
        info = ours.get(key_id)
        if info is not None and info.use is KeyUse.DATA and info.state is not KeyState.DESTROYED:
            ring.destroy(key_id)
            problems.append(KeyProblem("returned", info.use, key_id))
    made = _recorded(gov, "key.created", but="key:subject-kek")  # that one goes with every person's key
    problems += [KeyProblem("missing", "any", key_id) for key_id in made if key_id not in ours]
    subjects = _destroy_returned(gov) if ring.has_subjects() else []
    problems += [KeyProblem("returned", KeyUse.SUBJECT, key_id) for key_id in subjects]
    active = ring.subjects.counts()["active"] if ring.has_subjects() else 0
    keys = sum(info.state is not KeyState.DESTROYED for info in ours.values())
    again = sum(each.kind == "returned" for each in problems)
    checked = KeyCheck(keys, active, tuple(problems), again)
    _record(gov, checked)
    return checked


def restore_keys(gov: Governance, path: Path, passphrase: str) -> KeyCheck:
    """Put the keys of a backup where the project has none, then check them as `check_keys` does. Recorded.

    Raises KeyringError where a keyring or a store of persons' keys lies already, TamperedError, LedgerError.
    """
    project = gov.project
    with path.open(encoding="ascii", errors="replace") as lines:
        for _ in read_backup(lines, passphrase)[1]:
            pass  # to its end, before anything is written
    with path.open(encoding="ascii", errors="replace") as lines:
        ring_id, keys = read_backup(lines, passphrase)
        where = subject_store_path(project)
        restore_backup(ring_id, keys, project.keyring_path, kek_provider(project), subjects=where)
    gov.ledger.append(key_event(gov, "key.restored", "key:all", counts={"keys": len(gov.keyring.list())}))
    return check_keys(gov)


class _Comparison:
    """A backup beside the keyring as it is."""

    def __init__(self, ring: FileKeyring | None, graves: frozenset[str]) -> None:
        self.ring = ring
        self.keys = self.subjects = 0
        self.problems: list[KeyProblem] = []
        self._graves = graves
        self._matched = 0

    def take(self, keys: Iterable[BackedUpKey]) -> None:
        """Look at every key of the backup."""
        ours = {each.id: each for each in self.ring.list()} if self.ring else {}
        seen: set[str] = set()
        rest = iter(keys)
        while some := list(islice(rest, _AT_ONCE)):
            self._take_subjects([each for each in some if each.info.use is KeyUse.SUBJECT and each.material])
            for each in some:
                if each.info.use is KeyUse.SUBJECT or not each.material:
                    continue
                self.keys += 1
                seen.add(each.info.id)
                live = ours.get(each.info.id)
                if live is not None and live.state is KeyState.DESTROYED:
                    self.problems.append(KeyProblem("destroyed_since", live.use, live.id))
        for info in ours.values():
            if info.id not in seen and info.state is not KeyState.DESTROYED and info.use is not KeyUse.SUBJECT_KEK:
                self.problems.append(KeyProblem("missing", info.use, info.id))
        if self.ring is not None and self.ring.has_subjects():
            self._missing_subjects(self.ring)

    def _take_subjects(self, keys: Sequence[BackedUpKey]) -> None:
        self.subjects += len(keys)
        if self.ring is None or not keys or not self.ring.has_subjects():
            return
        states = self.ring.subjects.states([each.info.id for each in keys])
        for each in keys:
            grave = self.ring.subjects.tombstone(bytes.fromhex(each.info.of)).hex()
            if states.get(each.info.id) is KeyState.DESTROYED or grave in self._graves:
                self.problems.append(KeyProblem("destroyed_since", KeyUse.SUBJECT, each.info.id))
            self._matched += states.get(each.info.id) is KeyState.ACTIVE

    def _missing_subjects(self, ring: FileKeyring) -> None:
        missing = ring.subjects.counts()["active"] - self._matched
        if missing > 0:
            self.problems.append(KeyProblem("missing", KeyUse.SUBJECT, "", missing))


def _destroy_returned(gov: Governance) -> list[str]:
    subjects, graves = gov.keyring.subjects, _standing(gov)
    returned = [ref for ref in subjects.refs() if subjects.tombstone(ref).hex() in graves]
    if not returned:
        return []
    destroyed = subjects.destroy(returned)
    for key_id in destroyed:
        gov.ledger.append(key_event(gov, "key.destroyed", "key:subject", refs={"key": key_id}))
    return destroyed


def _standing(gov: Governance) -> frozenset[str]:
    book = Tombstones(gov.records, clock=gov.clock, new_id=gov.new_id)
    return frozenset(each.ref for each in book.standing())


def _recorded(gov: Governance, kind: str, *, but: str = "") -> list[str]:
    events = (event for event in gov.ledger.events(kind) if event.outcome == "done" and but not in event.rules)
    return list(dict.fromkeys(event.refs["key"] for event in events if "key" in event.refs))


def _record(gov: Governance, checked: KeyCheck) -> None:
    counts = {"keys": checked.keys, "subjects": checked.subjects, "problems": len(checked.problems)}
    outcome = "failed" if checked.problems else "done"
    gov.ledger.append(key_event(gov, "key.checked", "key:all", outcome=outcome, counts=counts))
