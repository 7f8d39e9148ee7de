"""A trace as plain data: counts and how records were reached, never a value or a key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from governance.requests.traced import Trace

SCHEMA = "governance.subject-found/1"
"""The form of the JSON."""
KEYS_HEAD = ("dataset", "reach", "key")
"""The columns of a file of record keys."""


def trace_json(trace: Trace) -> dict[str, Any]:
    """How much was found where, how, and what was not."""
    datasets: dict[str, Counter[str]] = {}
    for each in trace.records:
        datasets.setdefault(str(each.dataset), Counter())[each.reach.value] += 1
    return {
        "schema": SCHEMA,
        "records": sum(trace.counts().values()),
        "datasets": [
            {"dataset": name, "own": trace.counts().get(name, 0), "reached": dict(sorted(counts.items()))}
            for name, counts in datasets.items()
        ],
        "linked": trace.hanging(),
        "subject_keys": {store: len(keys) for store, keys in sorted(trace.subject_keys.items())},
        "unreached": [{"place": each.place, "reason": each.reason} for each in trace.unreached],
        "ambiguous": [
            {"place": each.place, "kind": each.kind, "reason": each.reason, "persons": each.persons}
            for each in trace.ambiguous
        ],
    }


def keys_rows(trace: Trace) -> Iterator[tuple[str, str, str]]:
    """Each record's dataset, how it was reached, and its key, for a file that the caller names."""
    for each in trace.records:
        yield str(each.dataset), each.reach.value, " ".join("" if part is None else str(part) for part in each.key)
