"""Whom an erasure is about, sealed: a plan file names nobody, so what its run needs lies beside it, encrypted.

{"rows": {step: [record key, ...]}, "subjects": {store: [subject key, ...]}, "identifiers": [{kind, value}, ...],
 "stays": {dataset: [record key, ...]}, "emptied": {dataset: [record key, ...]}}

The file lies in the folder of row lists under the plan's id. It is removed when the job has ended.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from governance.jobs.open_batch import Sealer
from governance.jobs.work import Key
from governance.requests.traced import Identifier
from policies.errors import TamperedError


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """Whom a plan is about."""

    rows: Mapping[str, Sequence[Key]] = field(repr=False)
    """Step to the record keys that it is about."""
    subjects: Mapping[str, Sequence[Key]] = field(repr=False)
    """Store to the person's subject keys there."""
    identifiers: Sequence[Identifier] = field(repr=False)
    """By what the person was looked for, and the subject keys that were found: by these they are looked for again."""
    stays: Mapping[str, Sequence[Key]] = field(repr=False)
    """Dataset to the record keys of rows that are kept as they are."""
    emptied: Mapping[str, Sequence[Key]] = field(repr=False)
    """Dataset to the record keys of rows that stay without the person in them."""


def sealed_path(folder: Path, plan_id: str) -> Path:
    """Where the sealed person of a plan lies."""
    return folder / f"{plan_id}.person"


def write_sealed(path: Path, plan_id: str, person: SealedPerson, sealer: Sealer) -> None:
    """Seal a person for a plan. Raises KeyringError."""
    document = {
        "rows": {name: [list(map(_plain, key)) for key in keys] for name, keys in person.rows.items()},
        "subjects": {name: [list(map(_plain, key)) for key in keys] for name, keys in person.subjects.items()},
        "identifiers": [{"kind": each.kind, "value": each.value} for each in person.identifiers],
        "stays": {name: [list(map(_plain, key)) for key in keys] for name, keys in person.stays.items()},
        "emptied": {name: [list(map(_plain, key)) for key in keys] for name, keys in person.emptied.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sealer.seal(json.dumps(document).encode(), _context(plan_id)))
    path.chmod(0o600)


def read_sealed(path: Path, plan_id: str, sealer: Sealer) -> SealedPerson:
    """The person of a plan. Raises TamperedError when the file is not there, DecryptionError when it was altered."""
    try:
        token = path.read_bytes()
    except OSError:
        raise TamperedError(
            f"erasure plan {plan_id}",
            found="no sealed file beside its row list",
            expected="the file that was written with the plan; it goes when the job has ended",
            next_step="make a new plan, and run it in the project that made it",
        ) from None
    document: dict[str, Any] = json.loads(sealer.open(token, _context(plan_id)))
    return SealedPerson(
        rows=_keys(document["rows"]),
        subjects=_keys(document["subjects"]),
        identifiers=[Identifier(each["kind"], each["value"]) for each in document["identifiers"]],
        stays=_keys(document["stays"]),
        emptied=_keys(document["emptied"]),
    )


def _keys(found: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, list[Key]]:
    return {name: [tuple(key) for key in keys] for name, keys in found.items()}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, uuid.UUID | dt.date | decimal.Decimal) else value


def _context(plan_id: str) -> bytes:
    return f"erasure-person/{plan_id}".encode()
