"""Numbers of the report on quality: scores of places and dimensions, and how they moved since the last run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audits.report import Share, Text, text

DIMENSIONS = ("completeness", "validity", "freshness", "uniqueness", "consistency", "vocabulary")
"""The dimensions in reading order."""
NO_PURPOSE = "completeness.no_purpose"
"""The rule about fields, not values: it counts among tasks, not in scores."""

Measure = Mapping[str, Any]
"""One entry of `measures`, see docs/json/quality.md."""


@dataclass(frozen=True, slots=True)
class Score:
    """What was looked at and what of it is wrong, now and in the last run."""

    checked: int
    """Looked at."""
    faulty: int
    """Wrong."""
    moved: float | None = None
    """By how much the share that is right has grown since the last run, over what both looked at; None without one."""

    @property
    def value(self) -> float | None:
        """The share that is right; None where nothing was looked at."""
        return 1 - self.faulty / self.checked if self.checked else None

    @property
    def share(self) -> Share | None:
        """The same for a report."""
        return None if self.value is None else Share(self.value)

    @property
    def change(self) -> Text | None:
        """How it moved, in points of a hundred; None where nothing is known."""
        if self.moved is None:
            return None
        points = round(self.moved * 100, 1)
        return text("quality.change_points", points=f"{points:+.1f}") if points else text("quality.change_none")


def score_of(measures: Iterable[Measure]) -> Score:
    """The score of some measures together: every value and record counts alike."""
    counted = [each for each in measures if NO_PURPOSE not in each["rules"]]
    both = [each for each in counted if each["before"] is not None]
    now, before = _share(both), _share(each["before"] for each in both)
    moved = None if now is None or before is None else now - before
    return Score(sum(each["checked"] for each in counted), sum(each["faulty"] for each in counted), moved)


def _share(numbers: Iterable[Mapping[str, Any]]) -> float | None:
    """The share that is right."""
    counted = [(each["checked"], each["faulty"]) for each in numbers]
    checked = sum(each for each, _ in counted)
    return 1 - sum(each for _, each in counted) / checked if checked else None


def dataset_of(measure: Measure, datasets: Sequence[str]) -> str:
    """The dataset that a measure is about: the longest name that its place starts with."""
    place = measure["place"]
    found = [each for each in datasets if place == each or place.startswith(f"{each}.")]
    return max(found, key=len, default=place)


def without_purpose(measures: Iterable[Measure]) -> list[Measure]:
    """Fields that are required although no purpose needs them."""
    return [each for each in measures if NO_PURPOSE in each["rules"]]
