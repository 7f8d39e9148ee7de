"""What the account holds: objects with their fields, from the list and the descriptions that the vendor gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.base import Dataset, DatasetKind, Field, ForeignKey, NotSeen
from connectors.crm.fxiaoke.api import Api, unknown_form
from connectors.crm.fxiaoke.codes import is_of_the_record
from connectors.crm.fxiaoke.kinds import CHOICES, EMPLOYEES, NESTED, REFERENCES, word_of
from connectors.crm.http.calls import CallError

KEY = "_id"
_OTHER = "other"
"""The option beside which people may type a text of their own."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object as the vendor describes it."""

    dataset: Dataset
    indexed: frozenset[str] = frozenset()
    """Fields that the vendor does not say to be without an index."""
    main: str = "name"
    """The field that names a record."""

    @property
    def name(self) -> str:
        """The vendor's `apiName`."""
        return self.dataset.name

    @property
    def custom(self) -> bool:
        """Whether the account made it itself; such objects have paths of their own."""
        return self.name.endswith("__c")

    def path(self, act: str) -> str:
        """The path of a call on its records."""
        return f"/cgi/crm/{'custom/' if self.custom else ''}v2/data/{act}"


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that could be described, and what could not."""

    objects: Mapping[str, Object] = field(default_factory=dict)
    not_seen: Sequence[NotSeen] = ()


def inventory(api: Api, wanted: Sequence[str]) -> Inventory:
    """The active objects, or the wanted ones among them. Raises CallError when the list is refused."""
    objects: dict[str, Object] = {}
    missing: list[NotSeen] = []
    listed = _listed(api)
    for name, label in sorted(listed.items()):
        if wanted and name not in wanted:
            continue
        try:
            objects[name] = _described(api, name, label, listed)
        except CallError as error:
            if not is_of_the_record(error):
                raise
            missing.append(NotSeen(f"{api.name}.{name}", "not_seen.not_described", error.code))
    missing += [NotSeen(api.name, "not_seen.no_such_object", name) for name in sorted(set(wanted) - set(listed))]
    return Inventory(objects, missing)


def _listed(api: Api) -> dict[str, str]:
    """Names of active objects with their labels."""
    objects = api.answer(api.place, "/cgi/crm/v2/object/list", {"includeNull": False}).get("data")
    objects = objects.get("objects") if isinstance(objects, Mapping) else None
    if not isinstance(objects, list):
        raise unknown_form(api.place, "no list of objects")
    return {
        name: _text(each, "describeDisplayName")
        for each in objects
        if isinstance(each, Mapping) and each.get("isActive") is not False and (name := _text(each, "describeApiName"))
    }


def _described(api: Api, name: str, label: str, listed: Mapping[str, str]) -> Object:
    place = f"{api.name}.{name}"
    body = {"includeDetail": False, "data": {"apiName": name}}
    found = api.answer(place, "/cgi/crm/v2/object/describe", body).get("data")
    found = found.get("describe") if isinstance(found, Mapping) else None
    fields = found.get("fields") if isinstance(found, Mapping) else None
    if not isinstance(fields, Mapping):
        raise unknown_form(place, "no fields")
    known = {str(key): each for key, each in fields.items() if isinstance(each, Mapping)}
    made = [each for key, entry in known.items() for each in _fields(key, entry)]
    if KEY not in known:
        made.insert(0, Field(KEY, "string", comment="ID"))
    keys = tuple(
        ForeignKey((key,), target, (KEY,))
        for key, entry in known.items()
        if _text(entry, "type") in REFERENCES and (target := _text(entry, "target_api_name")) in listed
    )
    dataset = Dataset(name, DatasetKind.MODULE, tuple(made), (KEY,), keys, label)
    indexed = frozenset(key for key, entry in known.items() if entry.get("is_index") is not False)
    return Object(dataset, indexed)


def _fields(key: str, entry: Mapping[str, Any]) -> Iterator[Field]:
    native = _text(entry, "type")
    yield Field(
        key,
        word_of(native),
        native,
        nullable=entry.get("is_required") is not True and key != KEY,
        comment=_text(entry, "label"),
    )
    if native in EMPLOYEES:
        for part, comment in NESTED.items():
            yield Field(f"{key}__r.{part}", "string", native, comment=comment)
    elif native in CHOICES and _has_other(entry):
        yield Field(f"{key}__o", "string", comment=_text(entry, "label"))


def _has_other(entry: Mapping[str, Any]) -> bool:
    options = entry.get("options")
    return isinstance(options, list) and any(
        isinstance(each, Mapping) and each.get("value") == _OTHER for each in options
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""
