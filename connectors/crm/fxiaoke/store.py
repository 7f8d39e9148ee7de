"""`FxiaokeStore`: an account of 纷享销客 as a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence

from connectors.asked import dataset_asked, fields_asked
from connectors.base import Dataset, Field, NotSeen, ReadLimits, Sample
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
from connectors.crm.fxiaoke import checking, finding, reading, writing
from connectors.crm.fxiaoke.api import Api
from connectors.crm.fxiaoke.objects import Object, inventory
from connectors.crm.held import Held, refuse_unless
from connectors.passing import Pass
from policies.errors import StoreError


class FxiaokeStore:
    """An account of 纷享销客; see `CrmStore` for what its methods promise."""

    kind = "fxiaoke"

    def __init__(
        self, api: Api, *, objects: Sequence[str] = (), writable: bool = False, limits: ReadLimits | None = None
    ) -> None:
        self.name = api.name
        self._api = api
        self._writable = writable
        self._limits = limits or ReadLimits()
        self._inventory = Held(lambda: inventory(api, tuple(objects)), api.clock)

    def _asked(self, dataset: str, fields: Sequence[str]) -> tuple[Object, list[Field]]:
        found = dataset_asked(self.name, self._inventory().objects, dataset)
        return found, fields_asked(self.name, found.dataset, fields)

    def datasets(self) -> Sequence[Dataset]:
        """Every active object, sorted by name."""
        return [each.dataset for _, each in sorted(self._inventory().objects.items())]

    def not_seen(self) -> Sequence[NotSeen]:
        """Objects that this account may not describe, and wanted ones that it does not have."""
        return list(self._inventory().not_seen)

    def read(self, dataset: str, fields: Sequence[str], sample: Sample) -> Pass:
        """A pass over some fields. Raises StoreError for an unknown dataset or field."""
        found, asked = self._asked(dataset, fields)
        return reading.open_pass(self._api, found, asked, sample, self._limits)

    def pages(self, dataset: str, fields: Sequence[str], after: str | None = None) -> Iterator[Page]:
        """Every record in the order of its id, from behind `after`."""
        found, asked = self._asked(dataset, fields)
        return reading.pages(self._api, found, asked, after)

    def records(self, dataset: str, keys: Collection[str], fields: Sequence[str]) -> Iterator[Record]:
        """The records of some ids; those that are gone or invalid are left out."""
        found, asked = self._asked(dataset, fields)
        return reading.records(self._api, found, keys, asked)

    def search(self, dataset: str, fields: Sequence[str], sought: Sequence[Sought]) -> Iterator[Record]:
        """Records whose e-mail, phone or name field equals what is sought."""
        found, asked = self._asked(dataset, fields)
        return finding.search(self._api, found, asked, sought)

    def linked(self, dataset: str, key: str) -> Sequence[Linked]:
        """Files and pictures that a record names."""
        found, _ = self._asked(dataset, ())
        return finding.linked(self._api, found, key)

    def update(self, dataset: str, changes: Mapping[str, Record]) -> Mapping[str, Receipt]:
        """Set fields of records. Raises StoreError in a read-only store, before any call."""
        refuse_unless(self._writable, self.name)
        found, _ = self._asked(dataset, ())
        return writing.update(self._api, found, changes)

    def erase(self, dataset: str, keys: Collection[str]) -> Mapping[str, Receipt]:
        """Invalidate and delete records. Raises as `update`."""
        refuse_unless(self._writable, self.name)
        found, _ = self._asked(dataset, ())
        return writing.erase(self._api, found, keys)

    def gone(self, dataset: str, keys: Collection[str]) -> Mapping[str, bool]:
        """Whether each record is neither listed nor given by its id."""
        found, _ = self._asked(dataset, ())
        return writing.gone(self._api, found, keys)

    def flags(self) -> Mapping[tuple[str, str], VendorFlags]:
        """Nothing: the vendor marks no field as personal."""
        return {}

    def grants(self) -> Iterator[VendorGrant]:
        """Raises StoreError: owners and teams stand in each record, but no call tells what a role may do."""
        raise StoreError(
            f"store {self.name}",
            found="no list of what roles may do with objects in the vendor's interface",
            expected="who may read, change, delete and export which object",
            next_step="export the roles from the CRM's administration and review them as a file; owners and teams of "
            "records are the fields `owner` and `relevant_team`",
        )

    def trail(self, since: dt.datetime, until: dt.datetime) -> Iterator[TrailEvent]:  # noqa: ARG002  the protocol's
        """Raises StoreError: the vendor's interface gives no audit trail."""
        raise StoreError(
            f"store {self.name}",
            found="no audit trail in the vendor's interface",
            expected="who did what with which record, and when",
            next_step="export the operation log from the CRM's administration and read it as a file",
        )

    def cannot(self) -> Sequence[Limit]:
        """What the vendor cannot do."""
        return checking.LIMITS

    def check(self) -> Iterator[Check]:
        """Try token, objects, descriptions, one page and limits."""
        return checking.check(self._api, self._inventory)

    def close(self) -> None:
        """Close the connections; a second call does nothing."""
        self._api.close()

    def __repr__(self) -> str:
        return f"FxiaokeStore({self.name!r})"
