"""The keyed hash by which jobs and holds name a row or a person without keeping the key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

from governance.ledger.base import KeyedHash
from policies.nouns import DatasetRef


def key_digest(keyed_hash: KeyedHash, scope: str, dataset: DatasetRef, values: Sequence[Any]) -> str:
    """The hash of a key in a dataset, as 64 hex digits.

    A number and its decimal text give the same hash, so that a key can be typed in; a NULL is not a text. What is
    hashed is a JSON list, put together here because this runs once for each row of a job.
    """
    parts = [_quoted(str(dataset)), *("null" if each is None else _quoted(each) for each in map(_text, values))]
    return keyed_hash.digest(f"jobs.{scope}", f"[{', '.join(parts)}]".encode())


def _text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if isinstance(value, dt.datetime) and value.tzinfo is not None:  # one instant, whatever the session's zone
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date | dt.datetime | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
