"""Who may do what in an account: users with their profile and role, profiles as such, sharing rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from connectors.crm.base import VendorGrant
from connectors.crm.http.calls import CallError
from connectors.crm.zoho.api import Api

_ACTIONS = {
    "view": "read",
    "create": "write",
    "edit": "write",
    "update": "write",
    "delete": "delete",
    "export": "export",
}
"""Our action for a word in the name of a profile's permission, such as `Crm_Implied_View_Contacts`."""
_SHARED = {"read": ("read",), "read_write": ("read", "write"), "read_write_delete": ("delete", "read", "write")}
"""What a sharing rule gives."""
_NO_RULES = frozenset({"INVALID_MODULE", "NOT_SUPPORTED", "INVALID_DATA", "FEATURE_NOT_ENABLED"})

Rights = Mapping[str, frozenset[str]]
"""Actions by dataset."""


def grants(api: Api, datasets: Collection[str]) -> Iterator[VendorGrant]:
    """What each user, profile and sharing rule gives on some datasets, sorted. Raises CallError without the right."""
    yield from sorted(_grants(api, datasets), key=lambda each: (each.user, each.profile, each.role, each.dataset))


def _grants(api: Api, datasets: Collection[str]) -> Iterator[VendorGrant]:
    profiles: dict[str, tuple[str, Rights]] = {}
    for each in api.listed(api.place, "profiles", "settings", "profiles").items:
        key = str(each.get("id") or "")
        profiles[key] = str(each.get("name") or ""), _rights(api, key)
    for name, rights in profiles.values():
        for dataset in sorted(rights.keys() & set(datasets)):
            yield VendorGrant("", name, "", dataset, tuple(sorted(rights[dataset])))
    for user in api.every(api.place, "users", "users"):
        name, rights = profiles.get(_named(user, "profile", "id"), (_named(user, "profile", "name"), {}))
        for dataset in sorted(rights.keys() & set(datasets)):
            yield VendorGrant(
                str(user.get("id") or ""),
                name,
                _named(user, "role", "name"),
                dataset,
                tuple(sorted(rights[dataset])),
                active=str(user.get("status") or "").lower() == "active",
            )
    for dataset in datasets:
        yield from _shared(api, dataset)


def _named(said: Mapping[str, Any], key: str, part: str) -> str:
    found = said.get(key)
    return str(found.get(part) or "") if isinstance(found, Mapping) else ""


def _rights(api: Api, profile: str) -> Rights:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in api.listed(api.place, "profiles", "settings", "profiles", profile).items:
        for permission in each.get("permissions_details") or ():
            if permission.get("enabled") is True and permission.get("module"):
                module = str(permission["module"])
                words = str(permission.get("name") or "").removesuffix(module).lower().split("_")
                found[module].update(_ACTIONS[word] for word in words if word in _ACTIONS)
    return {module: frozenset(actions) for module, actions in found.items() if actions}


def _shared(api: Api, dataset: str) -> Iterator[VendorGrant]:
    """A rule to a role or to all; a group is given under its name as a role, since its members are not listed here."""
    try:
        rules = api.listed(
            f"{api.name}.{dataset}", "sharing_rules", "settings", "data_sharing", "rules", params={"module": dataset}
        ).items
    except CallError as error:
        if error.code not in _NO_RULES:
            raise
        return
    for rule in rules:
        if rule.get("status") == "active" and isinstance(rule.get("shared_to"), Mapping):
            role = _named(rule["shared_to"], "resource", "name") or str(rule["shared_to"].get("type") or "")
            actions = _SHARED.get(str(rule.get("permission_type")), ("read",))
            yield VendorGrant("", "", role, dataset, actions)
