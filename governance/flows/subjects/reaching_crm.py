"""What finding a person asks of a CRM besides its records: what hangs on them, and which fields it withholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.crm.base import CrmStore, Linked
from governance.requests.traced import RecordKey, Trace, Unreached
from policies.catalog import CatalogStore
from policies.errors import StoreError
from policies.nouns import DatasetRef


def linked_things(
    trace: Trace, crms: Mapping[str, CrmStore]
) -> tuple[dict[tuple[DatasetRef, RecordKey], tuple[Linked, ...]], list[Unreached]]:
    """What hangs on the person's own records in CRMs, and the datasets of which no CRM would say."""
    found: dict[tuple[DatasetRef, RecordKey], tuple[Linked, ...]] = {}
    unread: dict[DatasetRef, Unreached] = {}
    for each in trace.own():
        store = crms.get(each.dataset.store)
        if store is None or each.dataset in unread:
            continue
        try:
            things = tuple(store.linked(each.dataset.dataset, str(each.key[0])))
        except StoreError:
            unread[each.dataset] = Unreached(str(each.dataset), "linked_not_listed")
            continue
        if things:
            found[each.dataset, each.key] = things
    return found, list(unread.values())


def withheld(store: CrmStore, known: CatalogStore) -> Iterator[Unreached]:
    """Reviewed fields whose values the vendor leaves out of its interface: nobody can be found by them."""
    try:
        flags = store.flags()
    except StoreError:
        yield Unreached(store.name, "flags_not_read")
        return
    for (dataset, field), each in sorted(flags.items(), key=lambda one: one[0]):
        if each.left_out and field in (known.datasets[dataset].fields if dataset in known.datasets else ()):
            yield Unreached(f"{store.name}.{dataset}.{field}", "withheld_by_vendor")
