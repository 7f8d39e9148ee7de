"""What a CRM offers beside `Store`: pages that can be resumed, one record, searching, changing, erasing, grants.

    Store: datasets, read                     scan, catalog, quality
    pages, records, search, linked            subject requests, retention
    update, erase, gone                       jobs, and only they; refused unless the configuration allows writes
    flags, grants, trail, cannot, check       reviews, findings, `governance doctor`

A record's key is its id, text, in the field that `Dataset.primary_key` names; lookups are foreign keys. What a vendor
nests in a record (its owner) is a field with a dotted path. Every call raises StoreError when the vendor does not
answer, refuses or answers in an unknown form; the message carries a code, never a value, a token or an answer's text.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from connectors.base import Store

Record: TypeAlias = Mapping[str, Any]
"""Fields by name, as a batch of the store would hold them."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a full read."""

    rows: pa.RecordBatch = field(repr=False)
    """The fields asked for, in that order."""
    last: str = field(repr=False)
    """The greatest key so far, to go on behind; it holds no page token, so it does not expire."""


class SoughtKind(enum.StrEnum):
    """By what a person is sought."""

    EMAIL = "email"
    PHONE = "phone"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Sought:
    """One identifier that is sought."""

    kind: SoughtKind
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Linked:
    """Something that hangs on a record and is no dataset of its own: an attachment, a mail, a line of its timeline."""

    kind: str
    """`attachment`, `email`, `timeline`, `photo`, `consent`."""
    id: str
    """The vendor's id."""
    name: str = field(default="", repr=False)
    """An attachment's file name; empty for the others. Never the content."""
    time: str = ""
    """When, as the vendor gives it in ISO 8601; empty when it gives none."""


class Receipt(enum.StrEnum):
    """What became of one record that was to be changed or erased."""

    DONE = "done"
    GONE = "gone"
    """It was not there any more: an erasure that was done before counts as this."""
    LOCKED = "locked"
    """The vendor refuses while somebody holds it."""
    REFUSED = "refused"
    """The vendor refuses it for another reason, such as a missing right or a rule of its own."""


@dataclass(frozen=True, slots=True)
class VendorFlags:
    """What the vendor itself says about one field's privacy; None where it says nothing."""

    personal: bool | None = None
    """Marked as personal."""
    sensitivity: str = ""
    """The vendor's own word, such as `high`; empty without one."""
    encrypted: bool | None = None
    """Encrypted at rest by the vendor."""
    left_out: bool = False
    """Its values are withheld from this interface, so that nothing can be said about them."""


@dataclass(frozen=True, slots=True)
class VendorGrant:
    """What one user or profile of the CRM may do, for the review of access."""

    user: str = field(repr=False)
    """The user's id; empty for a grant to a profile or role as such."""
    profile: str
    """The profile's name as the vendor gives it; empty without one."""
    role: str
    """The role's name; empty without one."""
    dataset: str
    """The dataset."""
    actions: tuple[str, ...]
    """Of `read`, `write`, `delete`, `export`, sorted."""
    active: bool = True
    """Whether the user may sign in."""


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One line of the vendor's own audit trail."""

    id: str
    time: dt.datetime
    """With its zone."""
    actor: str = field(repr=False)
    """The user's id."""
    action: str
    """The vendor's word."""
    dataset: str
    record: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that the vendor cannot do, with what that means for a duty."""

    code: str
    """A key of the words file, such as `crm.cannot.requests_are_not_listed`."""
    grade: str
    """How sure: `vendor` (its page or description), `package` (code of a public package), `guess`."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a self-check that only reads."""

    code: str
    """A key of the words file, such as `crm.check.token`."""
    fine: bool
    """Whether it is as expected."""
    expected: str = ""
    """In technical words or numbers."""
    found: str = ""
    """In technical words or numbers; never a value of a record, a token or an answer's text."""


@runtime_checkable
class CrmStore(Store, Protocol):
    """A CRM behind its HTTP interface."""

    def pages(self, dataset: str, fields: Sequence[str], after: str | None = None) -> Iterator[Page]:
        """Every record in the order of its key, from behind `after`. Memory stays that of one page."""
        ...

    def records(self, dataset: str, keys: Collection[str], fields: Sequence[str]) -> Iterator[Record]:
        """The records of some keys; those that are gone are left out."""
        ...

    def search(self, dataset: str, fields: Sequence[str], sought: Sequence[Sought]) -> Iterator[Record]:
        """Records that may be the person's, found by the vendor's own search; the caller decides on each.

        Vendors search some fields only, and with a delay: a caller that must not miss one reads all `pages`.
        """
        ...

    def linked(self, dataset: str, key: str) -> Sequence[Linked]:
        """What hangs on a record."""
        ...

    def update(self, dataset: str, changes: Mapping[str, Record]) -> Mapping[str, Receipt]:
        """Set fields of records, without waking workflows; safe to repeat. Raises StoreError in a read-only store."""
        ...

    def erase(self, dataset: str, keys: Collection[str]) -> Mapping[str, Receipt]:
        """Erase records to the vendor's end, recycle bin included; safe to repeat. Raises as `update`."""
        ...

    def gone(self, dataset: str, keys: Collection[str]) -> Mapping[str, bool]:
        """Whether each record is in no list of the vendor any more, recycle bin included."""
        ...

    def flags(self) -> Mapping[tuple[str, str], VendorFlags]:
        """The vendor's own privacy flags by dataset and field; a field without any is left out."""
        ...

    def grants(self) -> Iterator[VendorGrant]:
        """Who may do what, sorted. Raises StoreError where the vendor has no such list."""
        ...

    def trail(self, since: dt.datetime, until: dt.datetime) -> Iterator[TrailEvent]:
        """The vendor's audit trail. Raises StoreError where it has none."""
        ...

    def cannot(self) -> Sequence[Limit]:
        """What the vendor cannot do, as far as its documents say."""
        ...

    def check(self) -> Iterator[Check]:
        """Try token, scopes, one page, fields and limits; reads only, one line each."""
        ...
