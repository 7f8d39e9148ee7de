"""What the catalog says of datasets and fields under the laws in force, as the policy needs it.

Which rules reach a field or dataset is stated once, here, as two sets of object texts: those whose allow lines reach
it and those whose deny lines do. They differ in sensitivity alone: an allow on `sensitivity:internal` gives that level
only, a deny on it takes that level and everything more sensitive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.catalog import Catalog, CatalogDataset, CatalogField
from policies.errors import CatalogError, PredicateError
from policies.nouns import DatasetRef, FieldRef, LabelStatus, Sensitivity
from policies.predicate import Conjunction, Disjunction, Node, Not, Predicate, check_types, parse_predicate
from policies.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field of the catalog."""

    ref: FieldRef
    """The field."""
    category: str
    """Its category's key."""
    sensitivity: Sensitivity
    """How sensitive it is under the laws in force."""
    status: LabelStatus
    """Only `confirmed` opens it."""
    type: str | None
    """Its type, of `connectors.base.Field.type`; None when the catalog does not say."""
    allow_objects: frozenset[str]
    """OBJECT of every allow line that reaches it."""
    deny_objects: frozenset[str]
    """OBJECT of every deny line that reaches it."""

    @property
    def special(self) -> bool:
        """Whether it needs a purpose that lists its category."""
        return self.sensitivity is Sensitivity.SPECIAL


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """One dataset of the catalog."""

    ref: DatasetRef
    """The dataset."""
    fields: Mapping[str, FieldFacts]
    """By name, in the catalog's order."""
    special: tuple[str, ...]
    """Special categories that the dataset as a whole reveals, sorted."""
    special_rows: Mapping[str, Predicate]
    """Special category to the rows that reveal it, sorted."""
    allow_objects: frozenset[str]
    """OBJECT of every allow line that gives rows of it."""
    deny_objects: frozenset[str]
    """OBJECT of every deny line that takes the dataset or rows of it, those on what it reveals included."""
    types: Mapping[str, str]
    """The fields' types, as far as the catalog knows them."""

    def check(self, predicate: Predicate, place: str) -> None:
        """Check that the predicate can be evaluated for this dataset's rows, as far as types are known.

        Raises PredicateError.
        """
        for name in sorted(predicate.fields - self.fields.keys()):
            raise PredicateError(
                place,
                found=f"field `{name}`, which {self.ref} does not have in the catalog",
                expected="fields of that dataset",
                next_step="name another field, or add it to the catalog",
            )
        for leaf in _leaves(predicate.root):
            part = Predicate(predicate.text, leaf)
            if part.fields <= self.types.keys():
                check_types(part, self.types, place)

    def admits(self, predicate: Predicate) -> bool:
        """Whether the predicate can be evaluated for this dataset's rows."""
        try:
            self.check(predicate, str(self.ref))
        except PredicateError:
            return False
        return True


def dataset_facts(catalog: Catalog, taxonomy: Taxonomy, laws: Collection[str]) -> Mapping[DatasetRef, DatasetFacts]:
    """Every dataset of the catalog.

    Raises CatalogError for a category that the taxonomy does not have, PredicateError for special rows that cannot be
    evaluated.
    """
    found = (_dataset(ref, dataset, taxonomy, laws) for ref, dataset in _datasets(catalog))
    return MappingProxyType({each.ref: each for each in found})


def deny_objects_of_category(category: str) -> frozenset[str]:
    """OBJECT of every deny line that takes data of a special category, wherever it is."""
    return frozenset(f"category:{key}" for key in Taxonomy.ancestry(category)) | _sensitivities(Sensitivity.SPECIAL)


def _datasets(catalog: Catalog) -> Iterator[tuple[DatasetRef, CatalogDataset]]:
    for store_name, store in catalog.stores.items():
        for name, dataset in store.datasets.items():
            yield DatasetRef(store_name, name), dataset


def _dataset(ref: DatasetRef, dataset: CatalogDataset, taxonomy: Taxonomy, laws: Collection[str]) -> DatasetFacts:
    around = frozenset((str(ref), ref.store, "*"))
    rows = {}
    for category in sorted((*dataset.special, *dataset.special_rows)):
        taxonomy.category(category)
    for category, text in sorted(dataset.special_rows.items()):
        rows[category] = parse_predicate(text, f"catalog, {ref}, special_rows")
    revealed = (deny_objects_of_category(category) for category in dataset.special)
    fields = {name: _field(ref, name, entry, taxonomy, laws) for name, entry in dataset.fields.items()}
    facts = DatasetFacts(
        ref,
        MappingProxyType(fields),
        tuple(sorted(dataset.special)),
        MappingProxyType(rows),
        around,
        around.union(*revealed),
        MappingProxyType({name: each.type for name, each in fields.items() if each.type is not None}),
    )
    for predicate in rows.values():
        facts.check(predicate, f"catalog, {ref}, special_rows")
    return facts


def _field(
    dataset: DatasetRef, name: str, entry: CatalogField, taxonomy: Taxonomy, laws: Collection[str]
) -> FieldFacts:
    ref = FieldRef(dataset.store, dataset.dataset, name)
    try:
        category = taxonomy.category(entry.category)
    except CatalogError as cause:
        raise CatalogError(
            f"catalog, {ref}", found=cause.found, expected=cause.expected, next_step=cause.next_step
        ) from None
    sensitivity = Sensitivity.of(entry.sensitivity) if entry.sensitivity else category.sensitivity
    if category.is_special(laws):
        sensitivity = Sensitivity.SPECIAL
    common = frozenset(
        (str(ref), str(dataset), dataset.store, "*", *(f"category:{key}" for key in taxonomy.ancestry(category.key)))
    )
    return FieldFacts(
        ref,
        category.key,
        sensitivity,
        entry.status,
        entry.type,
        common | {_sensitivity_object(sensitivity)},
        common | _sensitivities(sensitivity),
    )


def _sensitivities(at_most: Sensitivity) -> frozenset[str]:
    return frozenset(_sensitivity_object(each) for each in Sensitivity if each <= at_most)


def _sensitivity_object(sensitivity: Sensitivity) -> str:
    return "special" if sensitivity is Sensitivity.SPECIAL else f"sensitivity:{sensitivity.word}"


def _leaves(node: Node) -> Iterator[Node]:
    match node:
        case Conjunction(nodes=nodes) | Disjunction(nodes=nodes):
            for each in nodes:
                yield from _leaves(each)
        case Not(node=inner):
            yield from _leaves(inner)
        case _:
            yield node
