"""Modules and fields of an account as datasets.

What the vendor nests in a record is a field of its own with a dotted path, such as `Owner.email`; what it nests in a
list is JSON. Labels that people read are the comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.base import Dataset, DatasetKind, Field, ForeignKey, NotSeen
from connectors.crm.base import VendorFlags
from connectors.crm.http.calls import CallError
from connectors.crm.zoho.api import Api
from policies.errors import StoreError

KEY = "id"
LEADS = "Leads"
"""The one module whose records are converted to others, and stay, hidden from plain lists."""
NOT_LISTED = frozenset({"Attachments", "Actions_Performed"})
"""Modules that the vendor lists and yet gives no records of, except through a record of another module."""
_DENIED = frozenset({"NO_PERMISSION", "OAUTH_SCOPE_MISMATCH", "NOT_ALLOWED", "AUTHORIZATION_FAILED"})

_TYPES = {
    "integer": "integer",
    "double": "float",
    "percent": "float",
    "currency": "float",
    "rollup_summary": "string",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "multiselectpicklist": "json",
    "multiselectlookup": "json",
    "multiuserlookup": "json",
    "subform": "json",
    "fileupload": "json",
    "imageupload": "json",
    "event_reminder": "json",
    "participants": "json",
}
"""Our type for the vendor's word; `bigint` stays text since it is longer than other programs hold exactly, and so does
a word that is not known, so that it is read and scanned."""

_TEXTS = frozenset(
    {"text", "textarea", "email", "phone", "website", "picklist", "bigint", "autonumber", "formula", "profileimage"}
)
"""The vendor's words for what is read as text and known to be so."""

_PERSON = (("id", "string"), ("name", "string"), ("email", "string"))
_RECORD = (("id", "string"), ("name", "string"))
_CONSENT = (
    ("id", "string"),
    ("Data_Processing_Basis", "string"),
    ("Consent_Date", "date"),
    ("Consent_Through", "string"),
    ("Consent_Remarks", "string"),
    ("Mail_Sent_Time", "datetime"),
    ("Contact_Through_Email", "boolean"),
    ("Contact_Through_Phone", "boolean"),
    ("Contact_Through_Social", "boolean"),
    ("Contact_Through_Survey", "boolean"),
)
_NESTED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "ownerlookup": _PERSON,
    "userlookup": _PERSON,
    "lookup": _RECORD,
    "consent_lookup": _CONSENT,
}
"""Parts of what the vendor nests, with our types: an employee, another record, a consent."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module with what the connector must know of it."""

    dataset: Dataset
    flags: Mapping[str, VendorFlags] = field(default_factory=dict)
    """The vendor's flags by field."""
    withheld: frozenset[str] = frozenset()
    """Fields whose values the vendor leaves out."""
    searched: bool = True
    """Whether the vendor's search covers it."""
    bin: bool = True
    """Whether what is deleted goes to the recycle bin first."""

    @property
    def all_of_it(self) -> Mapping[str, str]:
        """What a list or search must be asked with, to leave out neither converted records nor those to be approved."""
        return {"approved": "both", **({"converted": "both"} if self.name == LEADS else {})}

    @property
    def parts(self) -> tuple[str, ...]:
        """Conditions that together cover all records of a query, which leaves out converted ones by itself."""
        return ("Converted__s = false", "Converted__s = true") if self.name == LEADS else ("",)

    @property
    def name(self) -> str:
        """The dataset's name, which is the vendor's API name."""
        return self.dataset.name


@dataclass(frozen=True, slots=True)
class Inventory:
    """All modules, and those that could not be described."""

    modules: Mapping[str, Module]
    not_seen: tuple[NotSeen, ...] = ()

    def strange_types(self) -> tuple[str, ...]:
        """The vendor's words for types that no document of ours lists, sorted; such fields are read as text."""
        known = _TYPES.keys() | _NESTED.keys() | _TEXTS
        words = {
            each.native_type.partition("(")[0]
            for module in self.modules.values()
            for each in module.dataset.fields
            if each.name != KEY
        }
        return tuple(sorted(words - known))


def inventory(api: Api, wanted: Sequence[str] = ()) -> Inventory:
    """The modules that the interface gives records of, or the wanted ones of them. Raises StoreError.

    A module that this account may not read is listed as not seen.
    """
    listed = {str(each.get("api_name")): each for each in api.listed(api.place, "modules", "settings", "modules").items}
    usable = {name for name, each in listed.items() if each.get("api_supported") is True and name not in NOT_LISTED}
    missing = set(wanted) - usable
    if missing:
        raise StoreError(
            f"stores.{api.name}.modules",
            found=f"{len(missing)} of {len(wanted)} modules that the vendor does not list",
            expected="the API names of modules, such as Contacts",
            next_step="correct the names, or leave `modules` out to take all",
        )
    names = sorted(set(wanted) or usable)
    modules: dict[str, Module] = {}
    not_seen: list[NotSeen] = []
    for name in names:
        place = f"{api.name}.{name}"
        try:
            fields = api.listed(place, "fields", "settings", "fields", params={"module": name}).items
        except CallError as error:
            if not 400 <= error.status < 500 or (error.status in {401, 429} and error.code not in _DENIED):
                raise
            reason = "not_seen.denied" if error.code in _DENIED else "not_seen.not_described"
            not_seen.append(NotSeen(place, reason, error.code))
            continue
        if fields:
            modules[name] = _module(name, listed[name], fields, frozenset(names))
        else:
            not_seen.append(NotSeen(place, "not_seen.not_described"))
    return Inventory(modules, tuple(not_seen))


def _module(
    name: str, said: Mapping[str, Any], described: Sequence[Mapping[str, Any]], known: frozenset[str]
) -> Module:
    fields = {KEY: Field(KEY, "string", "bigint", nullable=False)}
    keys: list[ForeignKey] = []
    flags: dict[str, VendorFlags] = {}
    for each in described:
        made = list(_fields(each))
        fields.update((one.name, one) for one in made)
        found = flags_of(each)
        if found is not None:
            flags.update((one.name, found) for one in made)
        keys.extend(ForeignKey((f"{each['api_name']}.{KEY}",), to, (KEY,)) for to in _referred(each) if to in known)
    return Module(
        Dataset(
            name,
            DatasetKind.MODULE,
            tuple(fields.values()),
            primary_key=(KEY,),
            foreign_keys=tuple(keys),
            comment=str(said.get("plural_label") or ""),
        ),
        flags,
        frozenset(key for key, flag in flags.items() if flag.left_out),
        searched=said.get("common.search_supported") is not False and said.get("filter_supported") is not False,
        bin=said.get("recycle_bin_on_delete") is not False,
    )


def _fields(said: Mapping[str, Any]) -> Iterator[Field]:
    name, native = str(said.get("api_name") or ""), str(said.get("data_type") or "")
    if not name or name == KEY:
        return
    label = str(said.get("field_label") or said.get("display_label") or "")
    length = said.get("length")
    word = f"{native}({length})" if isinstance(length, int) else native
    nullable = said.get("system_mandatory") is not True
    if native in _NESTED and said.get("json_type") != "jsonarray":
        for part, kind in _NESTED[native]:
            yield Field(f"{name}.{part}", kind, word, nullable=nullable, comment=label)
        return
    kind = _TYPES.get(native) or ("json" if str(said.get("json_type")) in {"jsonarray", "jsonobject"} else "string")
    yield Field(name, kind, word, nullable=nullable, comment=label)


def _referred(said: Mapping[str, Any]) -> Iterator[str]:
    if said.get("data_type") != "lookup" or said.get("json_type") == "jsonarray":
        return
    one, many = said.get("lookup"), said.get("multi_module_lookup")
    targets = [one.get("module")] if isinstance(one, Mapping) else []
    if isinstance(many, Mapping) and isinstance(many.get("modules"), list):
        targets += many["modules"]
    seen = set()
    for each in targets:
        target = str(each.get("api_name") or "") if isinstance(each, Mapping) else str(each or "")
        if target and target not in seen:
            seen.add(target)
            yield target


def flags_of(said: Mapping[str, Any]) -> VendorFlags | None:
    """The vendor's flags of a field as it describes it; None where it has none."""
    private, crypt, health = said.get("private"), said.get("crypt"), said.get("hipaa_compliance")
    private = private if isinstance(private, Mapping) else None
    health = health if isinstance(health, Mapping) else None
    if private is None and not isinstance(crypt, Mapping) and health is None:
        return None
    word = str((private or {}).get("type") or "")
    return VendorFlags(
        personal=None if private is None else True,
        sensitivity=word.lower() if re.fullmatch(r"[A-Za-z_]{1,20}", word) else "",
        encrypted=True if isinstance(crypt, Mapping) else None,
        left_out=any((each or {}).get("restricted") is True for each in (private, health)),
    )
