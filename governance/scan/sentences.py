"""`Sentences`: what is kept of the long texts of a column, of which some are read whole and all are screened.

Reading a text with every detector takes a hundred times as long as telling that it holds no e-mail, phone or account.
So of the distinct texts of a column those with the smallest hashes are read whole, and a share in them stands for the
share in all. What identifies by itself must not be averaged away: every text is screened for it, and the texts in which
it stands are read too, smallest hashes first, until there are so many that their spacing tells the share.

Two parts of a column merge to what the whole would have given: whichever texts are kept of the whole have the smallest
hashes in their parts too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.scan import sketch
from governance.scan.tally import HIT_SKETCH, SHAPES, Tally

MOST = 1000
"""So many texts of a column are read whole: what none of them holds is in at most 0.3 % of all, at 95 %."""
COUNTED = 64
"""So many texts with an entity that identifies by itself are counted one by one; beyond, their share is estimated."""
SAMPLED = frozenset({"ADDRESS", "AGE", "DATE_OF_BIRTH", "GENDER", "HEALTH", "LOCATION", "ORGANIZATION", "PERSON"})
"""Entities that only their words tell; nobody looks for them in more than `MOST` texts."""

REFUSED, WEAK, STRONG, SURE = range(4)
_WHOLE = 4
_CHANCE = 8

Seen = tuple[int, int, int]
"""The hash of a text, the rows that hold it, and a code."""
Text = tuple[int, int, tuple[tuple[str, int], ...]]
"""The hash of a text, the rows that hold it, and a code for each entity."""
Shapes = tuple[tuple[int, str], ...]
"""Hashes of texts with the shape of a hit in each."""


def code_of(quality: int, *, whole: bool, chance: float) -> int:
    """The best place of an entity in a text as one number: how sure, the whole text or not, how often by chance."""
    return quality + _WHOLE * whole + _CHANCE * round(chance * 1000)


def quality_of(code: int) -> int:
    """The quality that a code holds."""
    return code % _WHOLE


@dataclass(frozen=True, slots=True, repr=False)
class Sentences:
    """The long texts of a column, or of a part of it. Holds hashes and shapes, no text."""

    rows: int = 0
    """Rows with such a text."""
    texts: tuple[Text, ...] = ()
    """The texts that were read whole: those with the smallest hashes, ascending."""
    counted: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    """By entity that is not sampled: the texts with the smallest hashes that hold a strong one, ascending."""
    shapes: Mapping[str, Shapes] = field(default_factory=dict)
    """By entity: shapes of the hits with the smallest hashes, ascending."""

    def __repr__(self) -> str:
        return f"Sentences({self.rows} rows, {len(self.texts)} texts read)"

    @property
    def complete(self) -> bool:
        """Whether every text was read whole."""
        return len(self.texts) < MOST

    @property
    def distinct(self) -> int:
        """Distinct texts: exact when every one was read, else an estimate."""
        return sketch.count(tuple(key for key, _, _ in self.texts), MOST)

    def merge(self, other: Sentences) -> Sentences:
        """Both parts together; the order of parts has no effect."""
        if not self.rows or not other.rows:
            return self if self.rows else other
        texts: dict[int, Text] = {text[0]: text for text in self.texts}
        for key, rows, found in other.texts:
            texts[key] = (key, rows + texts[key][1], found) if key in texts else (key, rows, found)
        entities = sorted({*self.counted, *other.counted})
        return kept(
            self.rows + other.rows,
            texts.values(),
            {each: _both(self.counted.get(each, ()), other.counted.get(each, ())) for each in entities},
            {
                each: (*self.shapes.get(each, ()), *other.shapes.get(each, ()))
                for each in sorted({*self.shapes, *other.shapes})
            },
        )

    def tallies(self) -> dict[str, Tally]:
        """What was found, by entity, as counts of rows; estimates where not every text was read."""
        by_entity: dict[str, list[Seen]] = {each: [] for each in self.counted}
        for key, rows, found in self.texts:
            for entity, code in found:
                by_entity.setdefault(entity, []).append((key, rows, code))
        return {entity: self._tally(entity, by_entity[entity]) for entity in sorted(by_entity)}

    def _tally(self, entity: str, read: list[Seen]) -> Tally:
        seen = self.counted.get(entity, ())
        codes = [*read, *seen]
        strong, weak, refused = _Share(), _Share(), _Share()
        for _, rows, code in read:
            (refused, weak, strong, strong)[code % _WHOLE].add(rows, code)
        judged = 0 if self.complete else len(self.texts)
        if not self.complete:
            total = sum(rows for _, rows, _ in self.texts)
            weak, refused = weak.scaled(self.rows / total), refused.scaled(self.rows / total)
            strong, judged = self._strong(entity, strong.scaled(self.rows / total), seen)
        return Tally(
            refused=refused.rows,
            weak=weak.rows,
            strong=strong.rows,
            whole_weak=weak.whole,
            whole_strong=strong.whole,
            chance_permille=max(code // _CHANCE for _, _, code in codes),
            sure=strong.sure,
            values=tuple(sorted({key for key, _, code in codes if code % _WHOLE}))[:HIT_SKETCH],
            shapes=self.shapes.get(entity, ()),
            judged=judged,
        )

    def _strong(self, entity: str, sampled: _Share, seen: tuple[Seen, ...]) -> tuple[_Share, int]:
        """The rows with a strong hit, and on how many texts that rests; 0 when every one was counted."""
        counted = _Share()
        for _, rows, code in seen:
            counted.add(rows, code)
        if len(seen) < COUNTED:
            alone = entity not in SAMPLED or counted.rows > sampled.rows
            return (counted, 0) if alone else (sampled, len(self.texts))
        if seen[-1][0] <= self.texts[-1][0]:
            return sampled, len(self.texts)
        texts = sketch.count(tuple(key for key, _, _ in seen), COUNTED)
        share = min(1.0, texts / max(1, self.distinct))
        return counted.scaled(share * self.rows / counted.rows), max(len(self.texts), round(COUNTED / share))

    def to_json(self) -> dict[str, Any]:
        """As plain data with sorted keys."""
        return {
            "counted": {each: [list(seen) for seen in self.counted[each]] for each in sorted(self.counted)},
            "rows": self.rows,
            "shapes": {each: [list(pair) for pair in self.shapes[each]] for each in sorted(self.shapes)},
            "texts": [[key, rows, [list(pair) for pair in found]] for key, rows, found in self.texts],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Sentences:
        """From plain data."""
        return cls(
            data["rows"],
            tuple((key, rows, tuple((entity, code) for entity, code in found)) for key, rows, found in data["texts"]),
            {each: tuple((key, rows, code) for key, rows, code in seen) for each, seen in data["counted"].items()},
            {each: tuple((key, text) for key, text in pairs) for each, pairs in data["shapes"].items()},
        )


NO_SENTENCES = Sentences()
"""No long text."""


def kept(
    rows: int,
    texts: Iterable[Text],
    counted: Mapping[str, Iterable[Seen]],
    shapes: Mapping[str, Iterable[tuple[int, str]]],
) -> Sentences:
    """What is kept of some texts: those with the smallest hashes, and no shape of another."""
    few = tuple(sorted(texts)[:MOST])
    least = {each: tuple(sorted(seen)[:COUNTED]) for each, seen in counted.items() if seen}
    read = {key for key, _, _ in few}
    shown = {
        each: tuple(
            sorted({pair for pair in pairs if pair[0] in read or pair[0] in _keys(least.get(each, ()))})[:SHAPES]
        )
        for each, pairs in shapes.items()
    }
    return Sentences(rows, few, least, {each: pairs for each, pairs in shown.items() if pairs})


def _keys(seen: Iterable[Seen]) -> set[int]:
    return {key for key, _, _ in seen}


def _both(one: Iterable[Seen], other: Iterable[Seen]) -> list[Seen]:
    rows: dict[int, Seen] = {each[0]: each for each in one}
    for key, count, code in other:
        rows[key] = (key, count + rows[key][1], code) if key in rows else (key, count, code)
    return list(rows.values())


@dataclass(slots=True)
class _Share:
    """Rows of one quality."""

    rows: int = 0
    whole: int = 0
    sure: int = 0

    def add(self, rows: int, code: int) -> None:
        self.rows += rows
        self.whole += rows * bool(code & _WHOLE)
        self.sure += rows * (code % _WHOLE == SURE)

    def scaled(self, by: float) -> _Share:
        """The same share of more rows; what was seen stays at least one row."""
        return _Share(*(max(round(by * each), min(each, 1)) for each in (self.rows, self.whole, self.sure)))
