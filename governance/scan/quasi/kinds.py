"""The table of quasi-identifying kinds: which categories and entities count, and which datasets hold people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from governance.scan.result import Label
from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.taxonomy import Taxonomy
from policies.yaml_files import FileModel, check_model


class _Body(FileModel):
    kinds: list[str]
    entities: list[str]
    people: list[str]


@dataclass(frozen=True, slots=True)
class QuasiKinds:
    """What the pack `quasi_identifiers` says."""

    categories: tuple[str, ...]
    """Categories that count, most telling first; what lies below one is not meant."""
    entities: tuple[str, ...]
    """Entities that count whatever their category."""
    people: tuple[str, ...]
    """A label of, or below, one of these says that rows are about people."""

    def rank(self, entity: str, category: str) -> int | None:
        """How telling a kind is, 0 the most; None for one that does not count."""
        if entity in self.entities:
            return len(self.categories) + self.entities.index(entity)
        return self.categories.index(category) if category in self.categories else None

    def about_people(self, labels: Iterable[Label]) -> bool:
        """Whether one of a dataset's labels says that its rows are about people."""
        return any(Taxonomy.is_under(label.category, parent) for label in labels for parent in self.people)


@cache
def load_kinds(on: dt.date = dt.date.max) -> QuasiKinds:
    """The table in force on a day. Raises PackError when the pack is wrong."""
    body = check_model(_Body, load_pack("quasi_identifiers", on).body, "pack quasi_identifiers", error=PackError)
    return QuasiKinds(tuple(body.kinds), tuple(body.entities), tuple(body.people))
