# ruff: noqa: ARG002 hand-made parts keep the form of the protocols
"""Hand-made parts of a guard: permits, a recorder, a catalog, and who asks."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from governance.access.permits import DatasetPermit, FieldPermit, FieldRule, RowRule
from governance.guard.base import UseContext
from governance.ledger.events import EventDraft
from policies.catalog import CatalogDataset, CatalogField, CatalogStore
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, LabelStatus, Principal
from policies.predicate import parse_predicate

EU = "region == principal.region"


ALICE = Principal("alice", frozenset({"support"}), {"region": "EU"})


CONTEXT = UseContext(ALICE, "app", "support")


def field_permit(name: str, treatment: str = "clear") -> FieldPermit:
    return FieldPermit(name, (FieldRule(f"access.csv:{name}", treatment, None),))


def dataset_permit(
    dataset: str, fields: Mapping[str, str], rows: str | None, *, hidden: Mapping[str, str] | None = None, **more: Any
) -> DatasetPermit:
    return DatasetPermit(
        DatasetRef("crm", dataset),
        more.pop("action", Action.READ),
        more.pop("purpose", "support"),
        (RowRule("access.csv:1", parse_predicate(rows) if rows else None),),
        more.pop("deny", ()),
        more.pop("special", ()),
        {name: field_permit(name, treatment) for name, treatment in fields.items()} | more.pop("permits", {}),
        hidden or {},
        "digest1",
    )


CUSTOMER_FIELDS = {
    "id": "clear", "name": "clear", "email": "mask:email", "phone": "mask:last4", "national_id": "null",
    "tier": "clear", "region": "clear", "notes": "mask:redact",
}  # fmt: skip


ORDER_FIELDS = {"id": "clear", "customer_id": "clear", "amount": "clear", "address": "mask:redact"}


@dataclass
class HandPermits:
    permits: dict[str, DatasetPermit] = field(default_factory=dict)

    def versions(self) -> dict[str, str]:
        return {"catalog": "c1", "policy": "p1"}

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        found = self.permits.get(dataset.dataset)
        if found is None or purpose != found.purpose or action != found.action:
            raise AccessRefusedError(
                str(dataset), found="no permit", expected="a permit", next_step="ask", rule_ids=("hand:1",)
            )
        return found


@dataclass
class WritePermits:
    """Permits by dataset and action."""

    permits: dict[tuple[str, Action], DatasetPermit] = field(default_factory=dict)

    def versions(self) -> dict[str, str]:
        return {"catalog": "c1", "policy": "p1"}

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        found = self.permits.get((dataset.dataset, action))
        if found is None or purpose != found.purpose:
            raise AccessRefusedError(
                str(dataset), found="no permit", expected="a permit", next_step="ask", rule_ids=("hand:1",)
            )
        return found

    def set(self, dataset: str, action: Action, fields: Mapping[str, str], rows: str | None, **more: Any) -> None:
        self.permits[dataset, action] = dataset_permit(dataset, fields, rows, action=action, **more)


WRITER = UseContext(ALICE, "app", "support", writes=True)


def write_permits() -> WritePermits:
    """ALICE reads as ever; she writes and deletes in her region, in all fields: reading decides what she may change."""
    made = WritePermits()
    made.set("customers", Action.READ, CUSTOMER_FIELDS, EU)
    made.set("orders", Action.READ, ORDER_FIELDS, None)
    for action in (Action.WRITE, Action.DELETE):
        made.set("customers", action, dict.fromkeys(CUSTOMER_FIELDS, "clear"), EU)
        made.set("orders", action, dict.fromkeys(ORDER_FIELDS, "clear"), None)
    return made


@dataclass
class HandRecorder:
    drafts: list[EventDraft] = field(default_factory=list)
    closes: list[tuple[str, str, dict[str, int]]] = field(default_factory=list)
    down: bool = False
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def refer(self, kind: str, text: str) -> str:
        return f"p:{kind}{len(text)}"

    def statement_hash(self, statement: str) -> str:
        return "0" * 64

    def decide(self, draft: EventDraft) -> Any:
        if self.down:
            from policies.errors import LedgerError

            raise LedgerError("ledger", found="down", expected="up", next_step="wait")
        self.drafts.append(draft)
        return SimpleNamespace(id=f"e{next(self._ids)}")

    def close(self, decision_id: str, outcome: str, counts: Mapping[str, int], *, reason: str | None = None) -> None:
        self.closes.append((decision_id, outcome, dict(counts)))

    def close_soon(self, decision: Any, outcome: str, counts: Mapping[str, int]) -> None:
        self.close(decision.id, outcome, counts)


def catalog_store(tables: Mapping[str, Mapping[str, str | None]], record_key: str = "id") -> CatalogStore:
    return CatalogStore(
        id="s1",
        datasets={
            table: CatalogDataset(
                id=f"d{number}",
                record_key=(record_key,),
                fields={
                    name: CatalogField(id=f"f{place}", category="none", status=LabelStatus.CONFIRMED, type=kind)
                    for place, (name, kind) in enumerate(fields.items(), 1)
                },
            )
            for number, (table, fields) in enumerate(tables.items(), 1)
        },
    )


CATALOG = catalog_store({"customers": dict.fromkeys(CUSTOMER_FIELDS), "orders": dict.fromkeys(ORDER_FIELDS)})


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
