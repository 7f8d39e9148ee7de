"""What the ledger says of retention: runs with their batches, and whether each came to its end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audits.evidence import ids, moment
from audits.report import Count

PURPOSE = "governance.retention"
"""The purpose of jobs that delete what is due."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a plan over one dataset."""

    plan: str
    """Id of the plan; the job's where no plan is named."""
    dataset: str
    """The dataset that it worked on."""
    batches: tuple[Mapping[str, Any], ...]
    """Events of its batches, in order."""
    ending: Mapping[str, Any] | None
    """The event that ended it; None when none is recorded."""

    @property
    def rows(self) -> Count:
        """Rows brought to their end: what the batches count, else what the ending counts."""
        counted = self.batches or ((self.ending,) if self.ending else ())
        return Count(sum(int(each["counts"].get("rows", 0)) for each in counted), ids(*counted))

    @property
    def last(self) -> dt.datetime:
        """The moment of its last event."""
        return max(moment(each) for each in (*self.batches, *([self.ending] if self.ending else [])))

    @property
    def done(self) -> bool:
        """Whether it ended well."""
        return self.ending is not None and self.ending["outcome"] in (None, "done")

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ids of all its events."""
        return ids(*self.batches, *([self.ending] if self.ending else []))


def runs_of(events: Iterable[Mapping[str, Any]]) -> tuple[Run, ...]:
    """Every run in the order of its first event."""
    batches: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    endings: dict[tuple[str, str], Mapping[str, Any]] = {}
    for event in events:
        kind = event["kind"].replace("retention.", "job.")  # as earlier releases wrote it
        if kind not in {"job.batch", "job.done"} or event["purpose"] != PURPOSE:
            continue
        key = _key(event)
        found = batches.setdefault(key, [])
        if kind == "job.batch":
            found.append(event)
        else:
            endings[key] = event
    return tuple(Run(*key, tuple(found), endings.get(key)) for key, found in batches.items())


def _key(event: Mapping[str, Any]) -> tuple[str, str]:
    refs = event["refs"]
    dataset = event["objects"][0]["ref"] if event["objects"] else ""
    return refs.get("plan") or refs.get("job") or event["id"], dataset


def rows_done(runs: Sequence[Run]) -> Count:
    """Rows of all runs, with their events."""
    counts = [each.rows for each in runs]
    return Count(sum(each.value for each in counts), tuple(each for count in counts for each in count.evidence))
