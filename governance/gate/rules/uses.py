"""What hangs on a name: policy lines, masks, retention rules, keys and conditions that would be lost with it."""

from __future__ import annotations

from collections.abc import Iterator

from governance.gate.rules.base import View
from policies.catalog import CatalogDataset
from policies.errors import PredicateError
from policies.nouns import DatasetRef, Effect, FieldRef
from policies.predicate import parse_predicate


def uses_of_field(view: View, dataset: str, field: str) -> tuple[str, ...]:
    """What names a field: `policy`, `mask`, `row_filter`, `retention`, `subject_key`, `jurisdiction` and the like."""
    ref = FieldRef(view.store, view.ref(dataset, field).dataset, field)
    entry = view.entry(dataset)
    found = [*_lines(view, ref), *_retention(view, ref)]
    if entry is not None:
        found += _in_dataset(entry, field, view)
    return tuple(dict.fromkeys(found))


def uses_of_dataset(view: View, dataset: str) -> tuple[str, ...]:
    """What names a dataset: policy lines and retention rules."""
    ref = DatasetRef(view.store, view.ref(dataset, "").dataset)
    found = ["policy" for rule in view.known.lines.rules if rule.object.dataset == ref]
    found += ["retention" for rule in view.known.retention.values() if rule.dataset == ref]
    return tuple(dict.fromkeys(found))


def _lines(view: View, ref: FieldRef) -> Iterator[str]:
    for rule in view.known.lines.rules:
        if rule.object.field == ref:
            yield "mask" if rule.effect is Effect.ALLOW and rule.treatment != "clear" else "policy"
        wide = rule.object.dataset is None and rule.object.store in (None, ref.store)
        if rule.rows is not None and ref.field in rule.rows.fields and (wide or rule.object.dataset == ref.of):
            yield "row_filter"


def _retention(view: View, ref: FieldRef) -> Iterator[str]:
    for rule in view.known.retention.values():
        if rule.dataset == ref.of and ref.field in rule.fields:
            yield "retention"


def _in_dataset(entry: CatalogDataset, field: str, view: View) -> Iterator[str]:
    if field in entry.subject_key:
        yield "subject_key"
    if field in entry.record_key:
        yield "record_key"
    if entry.jurisdiction is not None and entry.jurisdiction.field == field:
        yield "jurisdiction"
    if any(each.blind_index is not None and each.blind_index.field == field for each in entry.fields.values()):
        yield "blind_index"
    for text in entry.special_rows.values():
        try:
            if field in parse_predicate(text, f"catalog, {view.store}").fields:
                yield "special_rows"
        except PredicateError:
            yield "special_rows"
