"""The keyed hash by which jobs and holds name a row or a person without keeping the key."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from governance.ledger.base import KeyedHash
from policies.nouns import DatasetRef


def key_digest(keyed_hash: KeyedHash, scope: str, dataset: DatasetRef, values: Sequence[Any]) -> str:
    """The hash of a key in a dataset, as 64 hex digits.

    A number and its decimal text give the same hash, so that a key can be typed in; a NULL is not a text.
    """
    document = [str(dataset), *(_text(value) for value in values)]
    return keyed_hash.digest(f"jobs.{scope}", json.dumps(document, ensure_ascii=True).encode())


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dt.datetime) and value.tzinfo is not None:  # one instant, whatever the session's zone
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
