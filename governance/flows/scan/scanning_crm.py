"""What a scan of a CRM adds to that of a database: fields that the vendor withholds, and fields about employees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.base import Store
from connectors.crm.base import CrmStore
from governance.scan.result import EMPLOYEE, DatasetScan, FieldScan, ScanResult, StoreScan, Unseen
from policies.crm_facts import CrmFacts, crm_facts
from policies.errors import StoreError

WITHHELD = "not_seen.withheld_by_vendor"


def with_crm_facts(result: ScanResult, stores: Iterable[Store], on: dt.date) -> ScanResult:
    """A result whose CRMs say which fields are withheld and which are about the organisation's own people.

    A withheld field without a label is taken out: nothing was seen that could call it harmless. Asks the vendor for its
    flags; where it does not answer, that is listed as not seen.
    """
    crms = {store.name: store for store in stores if isinstance(store, CrmStore)}
    return replace(
        result,
        stores=tuple(
            _store(each, crms[each.store], crm_facts(each.kind, on)) if each.store in crms and not each.failed else each
            for each in result.stores
        ),
    )


def _store(scan: StoreScan, store: CrmStore, facts: CrmFacts) -> StoreScan:
    types = {(each.name, field.name): field.native_type for each in store.datasets() for field in each.fields}
    try:
        withheld = {place for place, flags in store.flags().items() if flags.left_out}
    except StoreError as cause:
        scan = replace(scan, not_seen=(*scan.not_seen, Unseen(scan.store, "not_seen.failed", str(cause))))
        withheld = set()
    return replace(scan, datasets=tuple(_dataset(scan.store, each, types, withheld, facts) for each in scan.datasets))


def _dataset(
    store: str,
    scan: DatasetScan,
    types: Mapping[tuple[str, str], str],
    withheld: set[tuple[str, str]],
    facts: CrmFacts,
) -> DatasetScan:
    listed = {each.place for each in scan.not_seen}
    closed = sorted(name for dataset, name in withheld if dataset == scan.dataset)
    unseen = (Unseen(f"{store}.{scan.dataset}.{name}", WITHHELD) for name in closed)
    fields = (each for each in scan.fields if each.label is not None or each.field not in closed)
    return replace(
        scan,
        not_seen=(*scan.not_seen, *(each for each in unseen if each.place not in listed)),
        fields=tuple(_field(each, facts, types.get((scan.dataset, each.field), "")) for each in fields),
    )


def _field(scan: FieldScan, facts: CrmFacts, native_type: str) -> FieldScan:
    return replace(scan, about=EMPLOYEE) if facts.is_staff(scan.field, native_type) else scan
