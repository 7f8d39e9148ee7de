"""`ZohoStore`: an account of Zoho CRM as a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from connectors.asked import dataset_asked, fields_asked
from connectors.base import Dataset, NotSeen, ReadLimits, Sample
from connectors.crm.base import (
    Check,
    Limit,
    Linked,
    Page,
    Receipt,
    Record,
    Sought,
    TrailEvent,
    VendorFlags,
    VendorGrant,
)
from connectors.crm.held import Held, refuse_unless
from connectors.crm.zoho import checking, finding, rights, trail, writing
from connectors.crm.zoho.api import Api
from connectors.crm.zoho.modules import Module, inventory
from connectors.crm.zoho.passes import open_pass
from connectors.crm.zoho.reading import Reader
from connectors.passing import Pass


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class ZohoStore:
    """An account of Zoho CRM; see `CrmStore` for what its methods promise."""

    kind = "zoho"

    def __init__(
        self,
        api: Api,
        *,
        modules: Sequence[str] = (),
        writable: bool = False,
        limits: ReadLimits | None = None,
        now: Callable[[], dt.datetime] = _now,
    ) -> None:
        self.name = api.name
        self._api = api
        self._writable = writable
        self._limits = limits or ReadLimits()
        self._now = now
        self._inventory = Held(lambda: inventory(api, tuple(modules)), api.clock)

    def _module(self, dataset: str) -> Module:
        return dataset_asked(self.name, self._inventory().modules, dataset)

    def _reader(self, dataset: str, fields: Sequence[str]) -> Reader:
        module = self._module(dataset)
        return Reader(self._api, module, fields_asked(self.name, module.dataset, fields))

    def datasets(self) -> Sequence[Dataset]:
        """Every module that the interface gives records of, sorted by name."""
        return [each.dataset for _, each in sorted(self._inventory().modules.items())]

    def not_seen(self) -> Sequence[NotSeen]:
        """Modules that this account may not read or that the vendor does not describe."""
        return list(self._inventory().not_seen)

    def read(self, dataset: str, fields: Sequence[str], sample: Sample) -> Pass:
        """A pass over some fields. Raises StoreError for an unknown dataset or field."""
        module = self._module(dataset)
        return open_pass(self._api, module, fields_asked(self.name, module.dataset, fields), sample, self._limits)

    def pages(self, dataset: str, fields: Sequence[str], after: str | None = None) -> Iterator[Page]:
        """Every record in the order of its id, from behind `after`."""
        return self._reader(dataset, fields).pages(after)

    def records(self, dataset: str, keys: Collection[str], fields: Sequence[str]) -> Iterator[Record]:
        """The records of some ids; those that are gone are left out."""
        return self._reader(dataset, fields).records(keys)

    def search(self, dataset: str, fields: Sequence[str], sought: Sequence[Sought]) -> Iterator[Record]:
        """Records that the vendor's own search finds; none in a module that it does not cover."""
        module = self._module(dataset)
        return finding.search(self._api, module, fields_asked(self.name, module.dataset, fields), sought)

    def linked(self, dataset: str, key: str) -> Sequence[Linked]:
        """Attachments, mails, timeline, photo and consent of a record."""
        return finding.linked(self._api, self._module(dataset), key)

    def update(self, dataset: str, changes: Mapping[str, Record]) -> Mapping[str, Receipt]:
        """Set fields of records. Raises StoreError in a read-only store, before any call."""
        refuse_unless(self._writable, self.name)
        return writing.update(self._api, self._module(dataset), changes)

    def erase(self, dataset: str, keys: Collection[str]) -> Mapping[str, Receipt]:
        """Delete records and purge them from the recycle bin. Raises as `update`."""
        refuse_unless(self._writable, self.name)
        return writing.erase(self._api, self._module(dataset), keys)

    def gone(self, dataset: str, keys: Collection[str]) -> Mapping[str, bool]:
        """Whether each record is neither in its module nor in the recycle bin."""
        return writing.gone(self._api, self._module(dataset), keys)

    def flags(self) -> Mapping[tuple[str, str], VendorFlags]:
        """The vendor's `private`, `crypt` and health marks."""
        return {
            (name, field): flag
            for name, module in sorted(self._inventory().modules.items())
            for field, flag in module.flags.items()
        }

    def grants(self) -> Iterator[VendorGrant]:
        """What users, profiles and sharing rules give, sorted."""
        return rights.grants(self._api, sorted(self._inventory().modules))

    def trail(self, since: dt.datetime, until: dt.datetime) -> Iterator[TrailEvent]:
        """The audit trail, by an export that the vendor makes; it takes minutes."""
        return trail.trail(self._api, since, until)

    def cannot(self) -> Sequence[Limit]:
        """What the vendor cannot do."""
        return checking.LIMITS

    def check(self) -> Iterator[Check]:
        """Try token, data centre, clock, scopes, modules, one page and limits."""
        return checking.check(self._api, self._inventory, self._now)

    def close(self) -> None:
        """Close the connections; a second call does nothing."""
        self._api.close()

    def __repr__(self) -> str:
        return f"ZohoStore({self.name!r})"
