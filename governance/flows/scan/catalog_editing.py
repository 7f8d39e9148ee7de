"""Write people's decisions into `catalog.yaml`: comments and order stay, what is new gets the next free id.

Everything goes through one function that takes the file's text and gives the new text, so that a command can show the
difference before it writes.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from policies.catalog import parse_catalog
from policies.errors import CatalogError
from policies.nouns import DatasetRef, FieldRef, LabelStatus
from policies.yaml_files import parse_yaml

EMPTY = "version: 1\nstores: {}\n"
"""What a catalog without decisions says."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about one field."""

    ref: FieldRef
    """The field."""
    category: str
    """The label; `none` for a harmless field."""
    status: LabelStatus
    """`confirmed` or `rejected`."""
    by: str
    """Who decided."""
    at: dt.date
    """On which day."""
    why: str | None = None
    """The reason, if one was given."""
    type: str | None = None
    """The field's type as it was seen."""
    employee: bool = False
    """Whether it was confirmed to be about one of the organisation's own people."""


@dataclass(frozen=True, slots=True)
class About:
    """What is to be written about a dataset as a whole."""

    record_key: tuple[str, ...] = ()
    """Its primary key as the store declares it; written once its fields are known, and only where none stands."""
    special: tuple[str, ...] = ()
    """Special categories that being in it reveals, as a person confirmed; added to those that stand."""


def decide(text: str, decisions: Sequence[Decision], about: Mapping[DatasetRef, About] | None = None) -> str:
    """The catalog's text with decisions written in.

    A decision replaces what stood there about its field, id, sensitivity and encryption kept. Raises CatalogError when
    the text is no catalog, or would not be one afterwards.
    """
    document = parse_yaml(text or EMPTY, "catalog.yaml", error=CatalogError)
    stores = _map(document, "stores")
    for decision in sorted(decisions, key=lambda each: each.ref):
        store = _entry(stores, decision.ref.store, "s", stores.values())
        datasets = _map(store, "datasets")
        dataset = _entry(datasets, decision.ref.dataset, "d", datasets.values())
        _write(_map(dataset, "fields"), decision)
        if decision.employee:
            _add(dataset, "employees", [decision.ref.field])
    for ref, facts in sorted((about or {}).items()):
        store = _entry(stores, ref.store, "s", stores.values())
        datasets = _map(store, "datasets")
        _describe(_entry(datasets, ref.dataset, "d", datasets.values()), facts)
    written = _dump(document)
    parse_catalog(written, "catalog.yaml after this change")
    return written


def mark_encrypted(text: str, ref: FieldRef, *, encrypted: Literal["subject"] | bool) -> str:
    """The catalog's text with what a field's column holds: tokens, under whose keys, or clear values.

    Raises CatalogError.
    """
    document = parse_yaml(text or EMPTY, "catalog.yaml", error=CatalogError)
    try:
        entry = document["stores"][ref.store]["datasets"][ref.dataset]["fields"][ref.field]
    except (KeyError, TypeError):
        raise CatalogError(
            f"catalog, {ref}", found="no such field", expected="a reviewed field", next_step="review it first"
        ) from None
    if encrypted:
        entry["encrypted"] = encrypted
    else:
        entry.pop("encrypted", None)
    written = _dump(document)
    parse_catalog(written, "catalog.yaml after this change")
    return written


def _write(fields: CommentedMap, decision: Decision) -> None:
    entry = _entry(fields, decision.ref.field, "f", fields.values())
    if "type" not in entry and decision.type:
        entry["type"] = decision.type
    entry["category"] = decision.category
    entry["status"] = decision.status.value
    entry["by"] = decision.by
    entry["at"] = decision.at
    if decision.why:
        entry["why"] = decision.why
    else:
        entry.pop("why", None)
    entry.fa.set_flow_style()


def _describe(dataset: CommentedMap, facts: About) -> None:
    known = dataset.get("fields") or {}
    if facts.record_key and "record_key" not in dataset and all(name in known for name in facts.record_key):
        dataset.insert(1, "record_key", facts.record_key[0] if len(facts.record_key) == 1 else list(facts.record_key))
    _add(dataset, "special", facts.special)


def _add(dataset: CommentedMap, key: str, words: Iterable[str]) -> None:
    """Add to a list of the dataset what is not in it, above the fields."""
    standing = dataset.get(key) or []
    listed = [standing] if isinstance(standing, str) else list(standing)
    new = [each for each in words if each not in listed]
    if new:
        dataset.pop(key, None)
        dataset.insert(1, key, [*listed, *new])


def _entry(parent: CommentedMap, name: str, letter: str, others: Iterable[Mapping[str, Any]]) -> CommentedMap:
    """The entry of a name; a new one gets the next id above every id in use."""
    if name not in parent:
        used = [int(str(each.get("id", f"{letter}0"))[1:]) for each in others]
        parent[name] = CommentedMap(id=f"{letter}{max(used, default=0) + 1}")
    found: CommentedMap = parent[name]
    return found


def _map(parent: CommentedMap, key: str) -> CommentedMap:
    """A mapping below a key, in block form; made when there is none or it is empty."""
    if not parent.get(key):
        parent[key] = CommentedMap()
    found: CommentedMap = parent[key]
    found.fa.set_block_style()
    return found


def _dump(document: Any) -> str:
    yaml = YAML(typ="rt")
    yaml.width = 4_096  # one field, one line
    yaml.allow_unicode = True
    yaml.representer.ignore_aliases = lambda *_: True  # one day in two entries is no reason for an anchor
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()
