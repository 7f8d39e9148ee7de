"""Chapter: what people decided, and where the store has moved away from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from governance.demo.stage import Line, Stage, table
from policies.nouns import LabelStatus
from policies.taxonomy import HARMLESS


def catalog(stage: Stage, drift: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """How much is reviewed, and what a fresh scan says against it."""
    decided = [entry for _, entry in stage.gov.catalog.walk()]
    confirmed = sum(entry.status is LabelStatus.CONFIRMED for entry in decided)
    yield from stage.say("catalog", confirmed=confirmed, drift=len(drift))
    rows = [(stage.word(f"drift_{each['kind']}"), each["place"], each["detail"]) for each in _some(drift)]
    yield from table(rows)
    yield from stage.command("governance catalog diff")


def _some(drift: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The first of each kind, and three that are new; what looks harmless comes last."""
    ranked = sorted(drift, key=lambda each: (each["kind"], each["detail"] == HARMLESS))
    for kind, found in groupby(ranked, key=lambda each: each["kind"]):
        yield from islice(found, 3 if kind == "new" else 1)
