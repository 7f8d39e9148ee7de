"""Single rows that break a rule, kept in the scratch database until a work list is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from governance.quality.people import APART
from governance.quality.scratch import Scratch

ROWS_AT_ONCE = 200
"""Records of one statement of a work list."""


@dataclass(frozen=True, slots=True, repr=False)
class RowFault:
    """One row that breaks a rule."""

    key: tuple[str, ...]
    """What identifies the record."""
    place: str
    """The field or dataset."""
    rule: str
    """The rule."""
    detail: str
    """A technical word, such as the number of a group of duplicates."""

    def __repr__(self) -> str:
        return f"RowFault({self.place}, {self.rule})"


class RowFaults:
    """A FaultSink that keeps its rows on disk."""

    def __init__(self, scratch: Scratch, places: dict[str, str]) -> None:
        self._db = scratch.connection
        self._places = places
        self._db.execute("CREATE TABLE fault (dataset, key, place, rule, detail)")

    def __call__(self, place: str, rule: str, key: tuple[str | None, ...], detail: str = "") -> None:
        """Keep one row."""
        written = APART.join("" if part is None else part for part in key)
        self._db.execute("INSERT INTO fault VALUES (?,?,?,?,?)", (self._places[place], written, place, rule, detail))

    def datasets(self) -> list[str]:
        """The datasets that have any, sorted."""
        return [row[0] for row in self._db.execute("SELECT DISTINCT dataset FROM fault ORDER BY dataset")]

    def lots(self, dataset: str) -> Iterator[Sequence[RowFault]]:
        """The rows of a dataset, those of one record together, in lots of some records each."""
        order = "SELECT key, place, rule, detail FROM fault WHERE dataset = ? ORDER BY key, place, rule"
        lot: list[RowFault] = []
        keys: set[str] = set()
        for key, place, rule, detail in self._db.execute(order, (dataset,)):
            if key not in keys and len(keys) == ROWS_AT_ONCE:
                yield lot
                lot, keys = [], set()
            keys.add(key)
            lot.append(RowFault(tuple(key.split(APART)), place, rule, detail))
        if lot:
            yield lot
