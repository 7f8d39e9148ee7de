"""A copy of keyring and persons' keys in one file under a passphrase of its own, kept apart from the data's backups.

    line 1    {"format": "governance.keys-backup/1", "kdf": {salt, n, r, p}, "made": time}
    line 2..  base64 of nonce || AES-256-GCM(scrypt's key, JSON list of keys), up to 1,000 keys each
    last      the same of {"end": number of keys}

Associated data of a line: line 1 as it stands, and the number of the line. So a changed, moved, missing or added line,
or a file cut short, does not open. It holds the keys themselves: its passphrase protects everything.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from governance.protect.keyring.base import KeyInfo, KeyState, KeyUse
from governance.protect.keyring.file import FileKeyring, create_file
from governance.protect.keyring.kek import KekProvider
from governance.protect.keyring.key_file import KeyFile
from governance.protect.keyring.passphrase import SCRYPT_N, derived
from governance.protect.keyring.subject_store import SubjectRow
from governance.protect.keyring.wrapping import text_of, unwrap, wrap
from governance.protect.lengths import joined
from policies.errors import KeyringError, TamperedError

FORMAT = "governance.keys-backup/1"
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, repr=False)
class BackedUpKey:
    """One key of a backup. Holds its material, so it hides in repr."""

    info: KeyInfo
    """What may be told of it; a person's key serves the hex of the person's reference."""
    material: bytes
    """The key; empty for a destroyed one."""
    destroyed: str | None = None
    """When a person's key was destroyed."""


def write_backup(ring: FileKeyring, passphrase: str, made: str, *, scrypt_n: int = SCRYPT_N) -> Iterator[str]:
    """The lines of a backup of all keys. Raises KeyringError for an empty passphrase."""
    if not passphrase:
        raise KeyringError(
            "keys backup", found="an empty passphrase", expected="one of its own", next_step="give a passphrase"
        )
    kdf: dict[str, str | int] = {"salt": text_of(os.urandom(16)), "n": scrypt_n, "r": 8, "p": 1}
    under, head = derived(passphrase, kdf), json.dumps({"format": FORMAT, "kdf": kdf, "made": made})
    yield head + "\n"
    number = count = 0
    for some in _batches(_all(ring)):
        number, count = number + 1, count + len(some)
        yield text_of(wrap(under, json.dumps(some).encode(), joined(head, str(number)))) + "\n"
    yield text_of(wrap(under, json.dumps({"end": count}).encode(), joined(head, str(number + 1)))) + "\n"


def read_backup(lines: Iterable[str], passphrase: str) -> tuple[str, Iterator[BackedUpKey]]:
    """The keyring's id, and the keys: first those of the file, then persons'.

    Raises TamperedError for a file that this passphrase does not open, or that was changed or cut.
    """
    each = iter(lines)
    try:
        head = next(each).rstrip("\n")
        document = json.loads(head)
        if document["format"] != FORMAT:
            raise _not_a_backup()
        under = derived(passphrase, document["kdf"])
        opened = _opened(each, lambda line, number: unwrap(under, line, joined(head, str(number))))
        ring_id = str(next(opened)["ring"])
    except (StopIteration, ValueError, TypeError, KeyError, AttributeError, RecursionError, KeyringError):
        raise _not_a_backup() from None
    return ring_id, (_key(found) for found in opened)


def restore_backup(
    ring_id: str, keys: Iterable[BackedUpKey], path: Path, provider: KekProvider, *, subjects: Path | None = None
) -> FileKeyring:
    """A keyring from a backup, where there is none, under a new KEK.

    Data keys come back retired: their uses since the backup are not known, so none of them encrypts anything more.
    Raises KeyringError, also where a keyring or a store of persons' keys lies already.
    """
    every = iter(keys)
    persons: list[BackedUpKey] = []

    def make() -> KeyFile:
        file = KeyFile.fresh(provider, ring_id)
        for key in every:
            if key.info.use is KeyUse.SUBJECT:
                persons.append(key)
                break
            active_data = (key.info.use, key.info.state) == (KeyUse.DATA, KeyState.ACTIVE)
            file.put(replace(key.info, state=KeyState.RETIRED) if active_data else key.info, key.material)
        return file

    probe = subjects or path.with_name("subject-keys.db")
    if probe.exists():
        raise KeyringError(
            f"key store {probe.name}", found="a file", expected="none", next_step="move it away, with the keyring"
        )
    create_file(path, make)
    ring = FileKeyring.open(path, provider, subjects=subjects)
    while persons:
        persons += islice(every, _AT_ONCE)
        ring.subjects.put([(_row(key), key.material) for key in persons])
        persons = list(islice(every, 1))
    return ring


def _all(ring: FileKeyring) -> Iterator[dict[str, Any]]:
    yield {"ring": ring.ring_id}
    for info, material in ring.materials():
        if info.use is not KeyUse.SUBJECT_KEK:
            yield _plain(info, material, None)
    if ring.has_subjects():
        for row, material in ring.subjects.rows():
            info = KeyInfo(row.id.hex(), KeyUse.SUBJECT, row.ref.hex(), KeyState(row.state), row.created)
            yield _plain(info, material, row.destroyed)


def _plain(info: KeyInfo, material: bytes, destroyed: str | None) -> dict[str, Any]:
    return {
        "id": info.id,
        "use": info.use,
        "of": info.of,
        "state": info.state,
        "created": info.created,
        "uses": info.uses,
        "material": text_of(material),
        "destroyed": destroyed,
    }


def _key(found: dict[str, Any]) -> BackedUpKey:
    info = KeyInfo(
        found["id"], KeyUse(found["use"]), found["of"], KeyState(found["state"]), found["created"], found["uses"]
    )
    return BackedUpKey(info, base64.b64decode(found["material"], validate=True), found["destroyed"])


def _row(key: BackedUpKey) -> SubjectRow:
    info = key.info
    return SubjectRow(
        bytes.fromhex(info.id), bytes.fromhex(info.of), info.state, None, None, info.created, key.destroyed
    )


def _opened(lines: Iterator[str], unseal: Any) -> Iterator[dict[str, Any]]:
    count = 0
    for number, line in enumerate(lines, 1):
        try:
            found = json.loads(unseal(base64.b64decode(line.strip(), validate=True), number))
        except (ValueError, KeyringError):
            raise _not_a_backup() from None
        if isinstance(found, dict):
            if found["end"] != count or next(lines, None) is not None:
                raise _not_a_backup()
            return
        count += len(found)
        yield from found
    raise _not_a_backup()


def _batches(keys: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while some := list(islice(keys, _AT_ONCE)):
        yield some


def _not_a_backup() -> TamperedError:
    return TamperedError(
        "keys backup",
        found="a file that this passphrase does not open, or that was changed or cut",
        expected="a whole backup and its own passphrase",
        next_step="check the passphrase; if it is right, take another copy",
    )
