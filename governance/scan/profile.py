"""`ColumnProfile`: what is kept of a column once its values are gone.

Everything in it is a count, a maximum or a bottom-k set, so that merging is associative and commutative and a column
gives the same profile whichever way it was split. It holds no value: hashes and shapes only, and it prints neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from governance.scan import sketch
from governance.scan.sentences import NO_SENTENCES, Sentences
from governance.scan.tally import Tally
from governance.scan.text.models.readings import UNREAD, Readings


@dataclass(frozen=True, slots=True, repr=False)
class ColumnProfile:
    """A column, or a path inside a JSON column, in bounded memory."""

    rows: int = 0
    """Rows read, nulls included."""
    nulls: int = 0
    """Rows without a value; empty text counts as none."""
    length: int = 0
    """Sum of the lengths of all values, in code points."""
    longest: int = 0
    """Length of the longest value."""
    distinct: tuple[int, ...] = ()
    """Sketch of all values."""
    traits: dict[str, int] = field(default_factory=dict)
    """Rows that have a trait of form, such as `digits` or `wordy`."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    """What was found, by entity; without what stands in `sentences`."""
    sentences: Sentences = NO_SENTENCES
    """Its long texts."""
    readings: Readings = UNREAD
    """What models read in some of its texts; nothing where none were used."""

    def __repr__(self) -> str:
        return f"ColumnProfile({self.rows} rows, {self.nulls} nulls, {len(self.tallies)} entities)"

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.nulls

    @property
    def distinct_count(self) -> int:
        """Distinct values: exact below 1,024, an estimate above; never more than the rows with a value."""
        return min(sketch.count(self.distinct), self.filled)

    @property
    def mean_length(self) -> float:
        """Mean length of a value in code points."""
        return self.length / self.filled if self.filled else 0.0

    def share(self, trait: str) -> float:
        """Share of the values that have a trait."""
        return self.traits.get(trait, 0) / self.filled if self.filled else 0.0

    def merge(self, other: ColumnProfile) -> ColumnProfile:
        """Both parts together; the order of parts has no effect."""
        return ColumnProfile(
            self.rows + other.rows,
            self.nulls + other.nulls,
            self.length + other.length,
            max(self.longest, other.longest),
            sketch.merge(self.distinct, other.distinct),
            {key: self.traits.get(key, 0) + other.traits.get(key, 0) for key in sorted({*self.traits, *other.traits})},
            {
                key: _both(self.tallies.get(key), other.tallies.get(key))
                for key in sorted({*self.tallies, *other.tallies})
            },
            self.sentences.merge(other.sentences),
            self.readings.merge(other.readings),
        )

    def estimated(self) -> ColumnProfile:
        """The same column with what its long texts hold among its tallies."""
        if not self.sentences.rows:
            return self
        found = self.sentences.tallies()
        tallies = {key: _both(self.tallies.get(key), found.get(key)) for key in sorted({*self.tallies, *found})}
        return replace(self, tallies=tallies, sentences=NO_SENTENCES)

    def to_json(self) -> dict[str, Any]:
        """As plain data with sorted keys."""
        return {
            "rows": self.rows,
            "nulls": self.nulls,
            "length": self.length,
            "longest": self.longest,
            "distinct": list(self.distinct),
            "traits": {key: self.traits[key] for key in sorted(self.traits)},
            "tallies": {key: self.tallies[key].to_json() for key in sorted(self.tallies)},
            "sentences": self.sentences.to_json(),
            "readings": self.readings.to_json(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ColumnProfile:
        """From plain data."""
        return cls(
            data["rows"],
            data["nulls"],
            data["length"],
            data["longest"],
            tuple(data["distinct"]),
            dict(data["traits"]),
            {key: Tally.from_json(each) for key, each in data["tallies"].items()},
            Sentences.from_json(data["sentences"]),
            Readings.from_json(data["readings"]),
        )


def _both(one: Tally | None, other: Tally | None) -> Tally:
    if one is None or other is None:
        return one or other or Tally()
    return one.merge(other)
