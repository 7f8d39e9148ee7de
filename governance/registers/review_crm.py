"""What an access review decides about in a CRM: each profile or role with each module that it opens.

Grants come one user at a time and are only added up: what is held is one entry a profile and module, whatever the
number of users. A user's id is counted and hashed, and shown nowhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from connectors.crm.base import VendorGrant
from governance.registers.review_grants import KeyedDigest, ReviewedGrant

EVERY_ACTION = frozenset({"delete", "export", "read", "write"})
"""What a grant can give; one that gives all of it is broad."""
_GRAVE_ACTIONS = frozenset({"delete", "export"})
_SIZE = 2**256


@dataclass(slots=True)
class _Sum:
    actions: set[str] = field(default_factory=set)
    holders: int = 0
    inactive: int = 0
    people: int = 0
    """The sum of the hashes of users and of whether each may sign in; their order has no effect."""


def id_of_store(store: str, digest: KeyedDigest) -> str:
    """What the ids of all grants of a CRM begin with."""
    return f"crm:{digest(json.dumps(['store', store]))[:8]}:"


def crm_grants(
    store: str, grants: Iterable[VendorGrant], grave: Collection[str], digest: KeyedDigest
) -> tuple[ReviewedGrant, ...]:
    """The grants of a CRM as a review has them, sorted; `grave` are datasets with restricted or special fields."""
    sums: dict[tuple[str, str, str], _Sum] = {}
    for each in grants:
        key = (each.profile, "" if each.profile else each.role, each.dataset)
        total = sums.setdefault(key, _Sum())
        total.actions.update(each.actions)
        if each.user:
            total.holders += 1
            total.inactive += not each.active
            hashed = hashlib.sha256(json.dumps([each.user, each.active]).encode()).digest()
            total.people = (total.people + int.from_bytes(hashed, "big")) % _SIZE
    return tuple(_reviewed(store, key, sums[key], grave, digest) for key in sorted(sums))


def _reviewed(
    store: str, key: tuple[str, str, str], total: _Sum, grave: Collection[str], digest: KeyedDigest
) -> ReviewedGrant:
    profile, role, dataset = key
    actions = sorted(total.actions)
    return ReviewedGrant(
        id=id_of_store(store, digest) + digest(json.dumps(["crm", store, *key]))[:16],
        kind="crm",
        line=0,
        subject=profile or role,
        role=role,
        action=" ".join(actions),
        object=f"{store}.{dataset}",
        holders=total.holders,
        inactive=total.inactive,
        broad=tuple(_broad(total, dataset in grave)),
        fingerprint=digest(json.dumps(["crm", actions, total.holders, total.inactive, total.people])),
    )


def _broad(total: _Sum, grave: bool) -> Iterator[str]:  # noqa: FBT001 the one thing asked of the dataset
    if total.inactive:
        yield "inactive"
    if total.actions >= EVERY_ACTION:
        yield "every_action"
    if grave and total.actions & _GRAVE_ACTIONS:
        yield "grave_out"
