"""A CRM in memory that keeps the `CrmStore` protocol: modules of records, a recycle bin that `erase` also empties.

It stands for no vendor: it lets flows be tested without HTTP. `locked` holds the keys that refuse changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from connectors.base import Dataset, NotSeen, Sample
from connectors.crm.base import (
    Check,
    Limit,
    Linked,
    Page,
    Receipt,
    Record,
    Sought,
    SoughtKind,
    TrailEvent,
    VendorFlags,
    VendorGrant,
)
from connectors.memory import MemoryStore
from connectors.passing import Pass
from policies.errors import StoreError

PAGE = 100


@dataclass(eq=False)
class MemoryCrm:
    """A CRM whose modules are lists of records; every record has its key in the first field of its dataset's key."""

    name: str
    described: dict[str, Dataset]
    rows: dict[str, dict[str, dict[str, Any]]] = field(repr=False)
    """Records by dataset and key."""
    writable: bool = True
    flagged: dict[tuple[str, str], VendorFlags] = field(default_factory=dict)
    granted: list[VendorGrant] = field(default_factory=list)
    hanging: dict[tuple[str, str], list[Linked]] = field(default_factory=dict)
    locked: set[tuple[str, str]] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    """What was asked, in order: the names of the methods that reach the vendor."""
    kind: str = "zoho"

    def datasets(self) -> Sequence[Dataset]:
        return [self.described[each] for each in sorted(self.described)]

    def not_seen(self) -> Sequence[NotSeen]:
        return []

    def read(self, dataset: str, fields: Sequence[str], sample: Sample) -> Pass:
        self.calls.append("read")
        tables = {name: self._table(name) for name in self.described}
        return MemoryStore(self.name, tables).read(dataset, fields, sample)

    def pages(self, dataset: str, fields: Sequence[str], after: str | None = None) -> Iterator[Page]:
        self.calls.append("pages")
        (key,) = self.described[dataset].primary_key
        keys = sorted(each for each in self.rows[dataset] if after is None or each > after)
        for start in range(0, len(keys), PAGE):
            part = keys[start : start + PAGE]
            rows = [self.rows[dataset][each] for each in part]
            shape = pa.schema([pa.field(each, self._type(dataset, each)) for each in fields])
            batch = pa.RecordBatch.from_pylist([{each: row.get(each) for each in fields} for row in rows], schema=shape)
            yield Page(batch, str(rows[-1][key]))

    def records(self, dataset: str, keys: Collection[str], fields: Sequence[str]) -> Iterator[Record]:
        self.calls.append("records")
        for each in sorted(keys):
            if each in self.rows[dataset]:
                yield {name: self.rows[dataset][each].get(name) for name in fields}

    def search(self, dataset: str, fields: Sequence[str], sought: Sequence[Sought]) -> Iterator[Record]:
        self.calls.append("search")
        for row in self.rows[dataset].values():
            texts = [str(each) for each in row.values() if each is not None]
            for one in sought:
                exact = one.kind is not SoughtKind.WORD
                if any(one.value == text if exact else one.value in text for text in texts):
                    yield {name: row.get(name) for name in fields}
                    break

    def linked(self, dataset: str, key: str) -> Sequence[Linked]:
        return self.hanging.get((dataset, key), [])

    def update(self, dataset: str, changes: Mapping[str, Record]) -> Mapping[str, Receipt]:
        self._writes()
        self.calls.append("update")
        found = {key: self._state(dataset, key) for key in changes}
        for key, receipt in found.items():
            if receipt is Receipt.DONE:
                self.rows[dataset][key].update(changes[key])
        return found

    def erase(self, dataset: str, keys: Collection[str]) -> Mapping[str, Receipt]:
        self._writes()
        self.calls.append("erase")
        found = {key: self._state(dataset, key) for key in keys}
        for key, receipt in found.items():
            if receipt is Receipt.DONE:
                del self.rows[dataset][key]
        return found

    def gone(self, dataset: str, keys: Collection[str]) -> Mapping[str, bool]:
        self.calls.append("gone")
        return {key: key not in self.rows[dataset] for key in keys}

    def flags(self) -> Mapping[tuple[str, str], VendorFlags]:
        return dict(self.flagged)

    def grants(self) -> Iterator[VendorGrant]:
        yield from self.granted

    def trail(self, since: dt.datetime, until: dt.datetime) -> Iterator[TrailEvent]:  # noqa: ARG002 the protocol's
        raise StoreError(f"store {self.name}", found="no audit trail", expected="one", next_step="ask the vendor")

    def cannot(self) -> Sequence[Limit]:
        return [Limit("crm.cannot.requests_are_not_listed", "vendor")]

    def check(self) -> Iterator[Check]:
        yield Check("crm.check.token", fine=True, expected="a token", found="a token")

    def close(self) -> None:
        return None

    def _state(self, dataset: str, key: str) -> Receipt:
        if key not in self.rows[dataset]:
            return Receipt.GONE
        return Receipt.LOCKED if (dataset, key) in self.locked else Receipt.DONE

    def _writes(self) -> None:
        if not self.writable:
            raise StoreError(
                f"store {self.name}", found="a store that is only read", expected="`write: true`", next_step="allow it"
            )

    def _table(self, dataset: str) -> pa.Table:
        names = [each.name for each in self.described[dataset].fields]
        shape = pa.schema([pa.field(each, self._type(dataset, each)) for each in names])
        rows = [self.rows[dataset][key] for key in sorted(self.rows[dataset])]
        return pa.Table.from_pylist([{each: row.get(each) for each in names} for row in rows], schema=shape)

    def _type(self, dataset: str, name: str) -> pa.DataType:
        word = next(each.type for each in self.described[dataset].fields if each.name == name)
        return {
            "boolean": pa.bool_(),
            "integer": pa.int64(),
            "float": pa.float64(),
            "date": pa.date32(),
            "datetime": pa.timestamp("us", "UTC"),
        }.get(word, pa.string())
