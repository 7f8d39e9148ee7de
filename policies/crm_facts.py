"""The pack `crm`: what the fields of a vendor's CRM mean, such as which are about the organisation's own people."""

from __future__ import annotations

import datetime as dt
from functools import cache

from pydantic import BaseModel, ConfigDict

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.yaml_files import check_model


class CrmFacts(BaseModel):
    """What is known of one vendor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    staff_fields: frozenset[str] = frozenset()
    """First parts of the names of fields about the organisation's own people: `Owner` covers `Owner.email`."""
    staff_types: frozenset[str] = frozenset()
    """The vendor's types of such fields."""

    def is_staff(self, field: str, native_type: str) -> bool:
        """Whether a field is about one of the organisation's own people, such as who owns the record."""
        return field.split(".", 1)[0] in self.staff_fields or native_type.split("(", 1)[0] in self.staff_types


class _Vendors(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    vendors: dict[str, CrmFacts]


@cache
def crm_facts(vendor: str, on: dt.date) -> CrmFacts:
    """What is known of a vendor on a day; nothing of one that the pack does not have. Raises PackError.

    >>> crm_facts("zoho", dt.date(2026, 11, 29)).is_staff("Owner.email", "")
    True
    """
    found = check_model(_Vendors, load_pack("crm", on).body, "pack crm", error=PackError)
    return found.vendors.get(vendor, CrmFacts())
