"""The pack `crm`: what the fields of a vendor's CRM mean, such as which are about the organisation's own people."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.yaml_files import check_model


class CrmFlag(BaseModel):
    """A field that says yes or no to a channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str
    """The channel, such as `email`."""
    given: bool
    """The value that means yes: an opt-out means yes by `false`."""


class CrmConsent(BaseModel):
    """How a vendor's records tell of lawful basis and consent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    basis: frozenset[str] = frozenset()
    """Last parts of the names of fields that hold the lawful basis."""
    no_basis: frozenset[str] = frozenset()
    """Its words that name none, in small letters without signs."""
    dates: frozenset[str] = frozenset()
    """Last parts of the names of fields that hold the day of consent."""
    states: dict[str, Literal["given", "refused", "requested", "withdrawn"]] = Field(default_factory=dict)
    """Words of the basis to the state of consent; a word that is not here rests on something else than consent."""
    flags: dict[str, CrmFlag] = Field(default_factory=dict)
    """Last part of a field's name to what it says."""

    def tells(self, field: str) -> bool:
        """Whether a field says by itself what people agreed to."""
        return last_part(field) in self.flags or last_part(field) in self.basis

    def state(self, field: str, value: object) -> str:
        """What a field's value says of consent: a state, or empty where it speaks of none."""
        flag = self.flags.get(last_part(field))
        if flag is not None:
            return "" if value is None else "given" if bool(value) is flag.given else "refused"
        return self.states.get(plain_words(value), "")

    def has_basis(self, value: object) -> bool:
        """Whether a value of a field of the basis names one."""
        words = plain_words(value)
        return bool(words) and words not in self.no_basis


def last_part(field: str) -> str:
    """The name of a nested field in its own record: `Consent.Consent_Date` gives `Consent_Date`."""
    return field.rpartition(".")[2]


def plain_words(value: object) -> str:
    """A vendor's words in small letters with single spaces and without signs; empty for no value.

    >>> plain_words("Consent - Obtained")
    'consent obtained'
    """
    return " ".join(re.findall(r"[^\W_]+", "" if value is None else str(value).lower()))


class CrmFacts(BaseModel):
    """What is known of one vendor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    staff_fields: frozenset[str] = frozenset()
    """First parts of the names of fields about the organisation's own people: `Owner` covers `Owner.email`."""
    staff_types: frozenset[str] = frozenset()
    """The vendor's types of such fields."""
    key: str = ""
    """The field that holds a record's id."""
    marks: bool = False
    """Whether a field can be marked as personal there."""
    consent: CrmConsent = CrmConsent()
    """How its records tell of lawful basis and consent."""

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
