"""What a run found, in numbers: how much of each place was looked at, and how much of it breaks which rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from policies.quality_rules import DIMENSIONS

SCHEMA = "governance.quality/1"
"""The name of the machine form; a change that breaks readers gives it another number."""


class FaultSink(Protocol):
    """Takes single rows that break a rule, as they are found."""

    def __call__(self, place: str, rule: str, key: tuple[str | None, ...], detail: str = "") -> None:
        """One row; `detail` is a technical word, such as the number of a group of duplicates."""
        ...


@dataclass(slots=True)
class Tally:
    """Cells or rows looked at and found wrong, by place and dimension; filled while stores are read."""

    checked: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By place and dimension, how many were looked at."""
    faulty: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By place and rule, how many break it."""

    def count(self, place: str, dimension: str, checked: int) -> None:
        """Add what was looked at."""
        self.checked[place, dimension] += checked

    def fault(self, place: str, rule: str, number: int = 1) -> None:
        """Add what breaks a rule."""
        if number:
            self.faulty[place, rule] += number


@dataclass(frozen=True, slots=True)
class Measure:
    """One dimension of one place."""

    place: str
    """A field or dataset."""
    dimension: str
    """The dimension."""
    checked: int
    """Cells or rows looked at."""
    broken: Mapping[str, int]
    """Rule to the number of those that break it; each breaks one at most."""
    before: tuple[int, int] | None = None
    """Looked at and faulty in the last run; None when there was none."""

    @property
    def faulty(self) -> int:
        """How many are wrong."""
        return sum(self.broken.values())

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "place": self.place,
            "dimension": self.dimension,
            "checked": self.checked,
            "faulty": self.faulty,
            "rules": dict(sorted(self.broken.items())),
            "before": None if self.before is None else {"checked": self.before[0], "faulty": self.before[1]},
        }


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that a run left out."""

    place: str
    """Where."""
    reason: str
    """A key of the words files."""
    detail: str = ""
    """A number or technical word that completes the reason."""


@dataclass(frozen=True, slots=True)
class QualityResult:
    """A whole run."""

    stores: tuple[str, ...]
    """The stores that were asked for."""
    failed: tuple[Unseen, ...]
    """Those that could not be read."""
    rows: Mapping[str, int]
    """Records read, by dataset."""
    measures: tuple[Measure, ...]
    """What was found, by place and dimension."""
    not_seen: tuple[Unseen, ...] = ()
    """What was left out."""
    datasets: tuple[str, ...] = ()
    """The datasets that were looked at."""
    last_run: str | None = None
    """When the run before was made; None when there was none."""
    decision: str = ""
    """The ledger's decision that it was read under."""

    def score(self, dimension: str) -> float | None:
        """The share of what was looked at that is as it must be; None where nothing was."""
        own = [each for each in self.measures if each.dimension == dimension]
        checked = sum(each.checked for each in own)
        return 1 - sum(each.faulty for each in own) / checked if checked else None

    def broken(self, rule_or_dimension: str) -> int:
        """How many break a rule, or any rule of a dimension."""
        return sum(
            number
            for each in self.measures
            for rule, number in each.broken.items()
            if rule_or_dimension in (rule, each.dimension)
        )

    def to_json(self) -> dict[str, Any]:
        """The documented machine form."""
        return {
            "schema": SCHEMA,
            "stores": list(self.stores),
            "failed": [{"place": each.place, "reason": each.reason} for each in self.failed],
            "datasets": list(self.datasets),
            "rows": dict(self.rows),
            "measures": [each.to_json() for each in self.measures],
            "not_seen": [{"place": each.place, "reason": each.reason, "detail": each.detail} for each in self.not_seen],
            "last_run": self.last_run,
            "decision": self.decision,
        }


def measures_of(tally: Tally) -> tuple[Measure, ...]:
    """The measures of a tally, sorted by place, dimensions in the order of reports."""
    found = []
    for (place, dimension), checked in tally.checked.items():
        broken = {
            rule: number
            for (where, rule), number in tally.faulty.items()
            if where == place and rule.partition(".")[0] == dimension
        }
        found.append(Measure(place, dimension, checked, broken))
    return tuple(sorted(found, key=lambda each: (each.place, DIMENSIONS.index(each.dimension))))
