"""OBJECT of a policy line: a field, dataset, store, category, sensitivity, special data or everything.

A name is looked up in the catalog whole: dots may stand in names of datasets and fields, and a wildcard inside a name
is no pattern. What the catalog does not have cannot be an object, so a misspelt deny line is an error and not a hole.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Never

from policies.access_names import folded
from policies.catalog import Catalog
from policies.errors import PolicyFileError
from policies.nouns import DatasetRef, FieldRef, Sensitivity
from policies.taxonomy import Taxonomy


class ObjectKind(enum.IntEnum):
    """Kinds of object, the most specific first: a rule on an earlier kind decides over one on a later."""

    FIELD = 0
    CATEGORY = 1
    SENSITIVITY = 2
    DATASET = 3
    STORE = 4
    ALL = 5


@dataclass(frozen=True, slots=True)
class AccessObject:
    """What a policy line is about."""

    kind: ObjectKind
    """Which kind."""
    text: str
    """As it is written: `crm.customers.email`, `category:user.contact`, `sensitivity:restricted`, `special`, `*`."""
    field: FieldRef | None = None
    """The field, for that kind."""
    dataset: DatasetRef | None = None
    """The dataset, for that kind; a field's dataset."""
    store: str | None = None
    """The store's name, for stores, datasets and fields."""
    category: str | None = None
    """The category's key, for that kind."""
    sensitivity: Sensitivity | None = None
    """The sensitivity, for that kind; SPECIAL for `special`."""

    @property
    def depth(self) -> int:
        """How deep a category lies in its tree; 0 for the other kinds."""
        return self.category.count(".") + 1 if self.category else 0

    @property
    def gives_rows(self) -> bool:
        """Whether rules on it decide which rows are visible, and not only how a field is shown."""
        return self.kind >= ObjectKind.DATASET


def resolve_object(text: str, where: str, catalog: Catalog, taxonomy: Taxonomy) -> AccessObject:
    """The object that a text names. Raises PolicyFileError that says what was found instead."""
    if text == "*":
        return AccessObject(ObjectKind.ALL, text)
    if text == "special":
        return AccessObject(ObjectKind.SENSITIVITY, text, sensitivity=Sensitivity.SPECIAL)
    kind, colon, rest = text.partition(":")
    if colon and kind == "category":
        return _category(rest, where, taxonomy)
    if colon and kind == "sensitivity":
        return _sensitivity(rest, where)
    return _named(text, where, catalog)


def _category(key: str, where: str, taxonomy: Taxonomy) -> AccessObject:
    if key not in taxonomy.categories:
        _fail(where, "a category that the taxonomy does not have", "a key of docs/categories.md, such as user.contact")
    return AccessObject(ObjectKind.CATEGORY, f"category:{key}", category=key)


def _sensitivity(word: str, where: str) -> AccessObject:
    words = tuple(each.word for each in Sensitivity)
    if word not in words:
        _fail(where, "a sensitivity of another word", "`sensitivity:` and one of " + ", ".join(words))
    if word == Sensitivity.SPECIAL.word:
        return AccessObject(ObjectKind.SENSITIVITY, "special", sensitivity=Sensitivity.SPECIAL)
    return AccessObject(ObjectKind.SENSITIVITY, f"sensitivity:{word}", sensitivity=Sensitivity.of(word))


def _named(text: str, where: str, catalog: Catalog) -> AccessObject:
    found = _matches(text, catalog)
    if not found:
        near = sorted(name for name in _all_names(catalog) if folded(name) == folded(text))
        hint = f"; `{near[0]}` differs from it in case or Unicode form" if near else ""
        _fail(
            where,
            f"an OBJECT that the catalog does not have{hint}",
            "store, store.dataset, store.dataset.field, category:KEY, sensitivity:WORD, special or *",
        )
    if len(found) > 1:
        _fail(where, "an OBJECT that names a dataset and a field, or two of them", "a name that means one thing")
    return found[0]


def _matches(text: str, catalog: Catalog) -> list[AccessObject]:
    store, dot, rest = text.partition(".")
    if store not in catalog.stores:
        return []
    if not dot:
        return [AccessObject(ObjectKind.STORE, text, store=store)]
    found: list[AccessObject] = []
    for name, dataset in catalog.stores[store].datasets.items():
        ref = DatasetRef(store, name)
        if rest == name:
            found.append(AccessObject(ObjectKind.DATASET, text, dataset=ref, store=store))
        elif rest.startswith(f"{name}.") and rest[len(name) + 1 :] in dataset.fields:
            field = FieldRef(store, name, rest[len(name) + 1 :])
            found.append(AccessObject(ObjectKind.FIELD, text, field=field, dataset=ref, store=store))
    return found


def _all_names(catalog: Catalog) -> set[str]:
    names = set(catalog.stores)
    for ref, _ in catalog.walk():
        names |= {str(ref), str(ref.of)}
    return names


def _fail(place: str, found: str, expected: str) -> Never:
    raise PolicyFileError(place, found=found, expected=expected, next_step="mend this line; see docs/policy.md")
