"""The tree of data categories: what a category is under, how sensitive it is, and which laws call it special."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import Field

from policies.errors import CatalogError, PackError
from policies.nouns import Sensitivity
from policies.pack_loader import load_pack
from policies.yaml_files import FileModel, check_model

HARMLESS = "none"
"""The category of a field that a person reviewed and found to hold nothing personal."""


class _Entry(FileModel):
    sensitivity: str | None = None
    special: dict[str, str] = Field(default_factory=dict)


class _Body(FileModel):
    categories: dict[str, _Entry]
    entities: dict[str, str]


@dataclass(frozen=True, slots=True)
class Category:
    """One data category with what it inherits from its parents."""

    key: str
    """Its dotted key; a child's key starts with its parent's."""
    sensitivity: Sensitivity
    """Its own, or the nearest parent's."""
    special: Mapping[str, str]
    """Law to article, for each law that treats it as a special kind; its parents' included."""

    def is_special(self, laws: Collection[str]) -> bool:
        """Whether it is a special kind: by nature, or under one of the laws."""
        return self.sensitivity is Sensitivity.SPECIAL or any(law in self.special for law in laws)


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All categories, and which one each detected entity stands for."""

    version: str
    """The edition of the pack."""
    categories: Mapping[str, Category]
    """By key."""
    entities: Mapping[str, str]
    """Entity name to category key."""

    def category(self, key: str) -> Category:
        """The category of that key. Raises CatalogError for an unknown one."""
        if key not in self.categories:
            raise CatalogError(
                f"category `{key}`",
                found="a key that the taxonomy does not have",
                expected="a key such as `user.contact.email`, or `none` for a harmless field",
                next_step="see docs/categories.md for the list",
            )
        return self.categories[key]

    def of_entity(self, entity: str) -> Category:
        """The category that an entity stands for; `user` for an entity that the pack does not know."""
        return self.categories[self.entities.get(entity, "user")]

    @staticmethod
    def ancestry(key: str) -> tuple[str, ...]:
        """A key and its parents, deepest first: `a.b.c`, `a.b`, `a`."""
        steps = key.split(".")
        return tuple(".".join(steps[:depth]) for depth in range(len(steps), 0, -1))

    @classmethod
    def is_under(cls, key: str, parent: str) -> bool:
        """Whether a category is another or lies below it."""
        return parent in cls.ancestry(key)


def load_taxonomy(on: dt.date) -> Taxonomy:
    """The taxonomy in force on a day. Raises PackError when the pack is wrong."""
    pack = load_pack("taxonomy", on)
    body = check_model(_Body, pack.body, "pack taxonomy", error=PackError)
    categories: dict[str, Category] = {}
    for key in sorted(body.categories, key=lambda each: (each.count("."), each)):
        categories[key] = _inherit(key, body.categories[key], categories)
    for entity, key in body.entities.items():
        if key not in categories:
            raise _wrong(f"entity {entity}", "a category that the pack does not have", "one of its categories")
    return Taxonomy(pack.version, MappingProxyType(categories), MappingProxyType(dict(body.entities)))


def _inherit(key: str, entry: _Entry, known: Mapping[str, Category]) -> Category:
    parent = known.get(key.rpartition(".")[0])
    if entry.sensitivity is not None:
        sensitivity = Sensitivity.of(entry.sensitivity)
    elif parent is not None:
        sensitivity = parent.sensitivity
    else:
        raise _wrong(f"category {key}", "no sensitivity and no parent", "a sensitivity, or a parent that has one")
    special = {**(parent.special if parent else {}), **entry.special}
    return Category(key, sensitivity, MappingProxyType(special))


def _wrong(place: str, found: str, expected: str) -> PackError:
    return PackError(f"pack taxonomy, {place}", found=found, expected=expected, next_step="mend the pack")
