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


def trace_text(trace: Trace) -> str:
    """The same for a terminal."""
    found = trace_json(trace)
    lines = [f"{found['records']} record(s) in {sum(each['own'] > 0 for each in found['datasets'])} dataset(s)"]
    for each in found["datasets"]:
        ways = ", ".join(f"{count} by {way}" for way, count in each["reached"].items())
        lines.append(f"  {each['dataset']}: {each['own']} ({ways})")
    for name, kinds in found["linked"].items():
        lines.append(f"  on {name} hang {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}")
    for store, count in found["subject_keys"].items():
        lines.append(f"known in {store} under {count} subject key(s)")
    lines += map(_ambiguity, found["ambiguous"])
    lines += [f"not looked at: {each['place']} ({each['reason']})" for each in found["unreached"]]
    return "\n".join(lines)


def keys_rows(trace: Trace) -> Iterator[tuple[str, str, str]]:
    """Each record's dataset, how it was reached, and its key, for a file that the caller names."""
    for each in trace.records:
        yield str(each.dataset), each.reach.value, " ".join("" if part is None else str(part) for part in each.key)


def _ambiguity(each: dict[str, Any]) -> str:
    if each["reason"] == "several":
        return f"CONFIRM: {each['persons']} subject keys of {each['place']} look like one person"
    return f"CONFIRM: {each['persons']} persons share the {each['kind']} in {each['place']}; it was not followed"
