"""What every field of the demo store really holds, for measuring a scan and for the demo's reviewed catalog."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from governance.demo.wordlists import word_list
from policies.taxonomy import HARMLESS, Taxonomy, load_taxonomy

NONE = "none"
"""In `accept`: that a scan gives the field no entity."""
SPECIAL_DATASETS = frozenset({"clinic_visits"})
"""Datasets whose every row is about a patient."""
SPECIAL_ROWS: Mapping[str, str] = MappingProxyType({"customers": "clinic == True"})
"""Datasets some of whose rows are about patients, with the predicate that tells which."""
_TAXONOMY_DAY = dt.date(2026, 11, 1)


@dataclass(frozen=True, slots=True)
class FieldTruth:
    """The known label of one field.

    A label is right when its entity (`none` for no label) is `entity` or one of `accept`; a free text or container may
    also be labelled by anything it hides. A finding is right when its entity is one of these or of `hidden`; every
    entity of `hidden` must be found by a full scan.
    """

    entity: str | None
    """The entity of the field's values, by its name in the taxonomy; None when no detector should name one."""
    category: str
    """The data category that a careful reviewer would confirm."""
    accept: frozenset[str] = frozenset()
    """Other entities that are defensible, `none` for no entity."""
    hidden: frozenset[str] = frozenset()
    """Entities inside the cells beside or instead of `entity`; `BuiltStore.hidden` counts the cells."""
    free_text: bool = False
    """Whether people write sentences in it."""
    container: bool = False
    """Whether it is a JSON column, whose paths have labels of their own."""
    keys: bool = False
    """Whether the label is about the object keys that the last `*` of the path stands for."""

    def allows_label(self, entity: str | None) -> bool:
        """Whether a scan may label the field so; None is no label."""
        wide = self.hidden if self.free_text or self.container else frozenset[str]()
        return (entity or NONE) in {self.entity or NONE, *self.accept, *wide}

    def allows_finding(self, entity: str) -> bool:
        """Whether a scan may report the entity in the field."""
        return entity in {self.entity, *self.accept, *self.hidden}


def _truth(taxonomy: Taxonomy, entry: Mapping[str, Any]) -> FieldTruth:
    entity = entry.get("entity")
    default = taxonomy.of_entity(entity).key if entity else HARMLESS
    return FieldTruth(
        entity,
        taxonomy.category(entry.get("category", default)).key,
        frozenset(entry.get("accept", ())),
        frozenset(entry.get("hidden", ())),
        free_text=entry.get("free_text", False),
        container=entry.get("container", False),
        keys=entry.get("keys", False),
    )


def _load() -> Mapping[tuple[str, str], FieldTruth]:
    taxonomy = load_taxonomy(_TAXONOMY_DAY)
    return MappingProxyType(
        {
            (dataset, column): _truth(taxonomy, entry)
            for dataset, columns in word_list("truth").items()
            for column, entry in columns.items()
        }
    )


TRUTH: Mapping[tuple[str, str], FieldTruth] = _load()
"""By dataset and field, views and JSON paths included."""
