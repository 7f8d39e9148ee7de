"""Look at what datasets and fields the stores have now, recorded like any use; no row is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.base import Dataset
from governance.flows.opening.recorded_use import recorded_use
from governance.scan.shapes import shape_name
from policies.errors import ConfigError, InstallationError, StoreError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass(slots=True)
class SchemaLook:
    """What one look saw."""

    event: str
    """Id of the decision under which the stores were looked at: the evidence of every difference."""
    datasets: dict[DatasetRef, dict[str, str]] = field(default_factory=dict)
    """Dataset to its fields with their types; names that look like a person's value as shapes."""
    stores: list[str] = field(default_factory=list)
    """The stores that answered, sorted."""
    not_seen: list[dict[str, str]] = field(default_factory=list)
    """`place` and `found` of what did not answer or could not be described."""

    def to_json(self) -> dict[str, Any]:
        """The look as plain data: counts by store, and what it did not see."""
        return {
            "event": self.event,
            "stores": [
                {
                    "store": name,
                    "datasets": sum(ref.store == name for ref in self.datasets),
                    "fields": sum(len(fields) for ref, fields in self.datasets.items() if ref.store == name),
                }
                for name in self.stores
            ],
            "not_seen": self.not_seen,
        }


def look_at_schemas(gov: Governance, purpose: str) -> SchemaLook:
    """The datasets and fields of all stores of the configuration. A store that does not answer is named in the result.

    Raises LedgerError: without a record nothing is looked at.
    """
    names = sorted(gov.project.config.stores)
    with recorded_use(gov, purpose, names) as use:
        look = SchemaLook(use.decision)
        for name in names:
            try:
                _look(gov, name, look)
            except (ConfigError, InstallationError, StoreError) as cause:
                look.not_seen.append({"place": name, "found": cause.found})
        use.whole = not look.not_seen
        use.counts = {
            "rows": 0,
            "datasets": len(look.datasets),
            "fields": sum(len(each) for each in look.datasets.values()),
        }
    return look


def _look(gov: Governance, name: str, look: SchemaLook) -> None:
    store = gov.store(name)
    try:
        found = list(store.datasets())
        look.not_seen += [{"place": each.place, "found": each.detail or each.reason} for each in store.not_seen()]
    finally:
        store.close()
    look.stores.append(name)
    look.datasets |= {DatasetRef(name, shape_name(each.name)): _fields(each) for each in found}


def _fields(dataset: Dataset) -> dict[str, str]:
    return {shape_name(each.name): each.type for each in dataset.fields}


def schema_drift(gov: Governance, look: SchemaLook, used: Collection[str]) -> Iterator[dict[str, Any]]:
    """Where stores, catalog and activities differ, by place.

    `used` are the fields that an activity reaches. A field inside JSON is looked for as its column. A store that did
    not answer has no differences.
    """
    for ref, fields in sorted(look.datasets.items()):
        entry = gov.catalog.dataset(ref)
        if entry is None:
            yield {"kind": "dataset_unknown", "place": str(ref), "event": look.event}
            continue
        known = {name.partition(":")[0] for name in entry.fields}
        for name in fields:
            if name not in known:
                yield {"kind": "field_unknown", "place": f"{ref}.{name}", "event": look.event}
        for name in sorted(known - fields.keys()):
            yield {"kind": "field_gone", "place": f"{ref}.{name}", "event": look.event}
        yield from _unused(ref, entry.fields, fields, used, look.event)
    for store in look.stores:
        reviewed = gov.catalog.stores[store].datasets if store in gov.catalog.stores else {}
        for name in sorted(reviewed):
            if DatasetRef(store, name) not in look.datasets and not _unseen(look, f"{store}.{name}"):
                yield {"kind": "dataset_gone", "place": f"{store}.{name}", "event": look.event}


def _unused(
    ref: DatasetRef, entries: Mapping[str, Any], fields: Mapping[str, str], used: Collection[str], event: str
) -> Iterator[dict[str, Any]]:
    """Personal fields that are there and that no activity reaches; the dataset as a whole where none of them is."""
    there = [name for name, each in entries.items() if each.category != "none" and name.partition(":")[0] in fields]
    idle = [name for name in there if f"{ref}.{name}" not in used]
    if idle and len(idle) == len(there):
        yield {"kind": "dataset_unused", "place": str(ref), "event": event}
        return
    for name in idle:
        yield {"kind": "field_unused", "place": f"{ref}.{name}", "event": event}


def _unseen(look: SchemaLook, place: str) -> bool:
    return any(each["place"] == place for each in look.not_seen)
