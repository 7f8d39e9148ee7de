"""What leaked: stores, datasets, fields, some rows of one dataset, or what a user saw in a time window."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from governance.ledger.events import stamp
from policies.errors import BadInputError
from policies.nouns import DatasetRef
from policies.predicate import parse_predicate

if TYPE_CHECKING:
    from governance.app import Governance

ALL_KEYS = "all"
"""Stands for every key: whoever has the keyring."""


@dataclass(frozen=True, slots=True)
class AccessWindow:
    """What a user saw through the guard in a time window."""

    principal: str
    """The user, as principals.yaml names them."""
    since: dt.datetime
    """The first moment, aware."""
    until: dt.datetime
    """The first moment that is no more in it, aware."""


@dataclass(frozen=True, slots=True, repr=False)
class Leaked:
    """What leaked, as whoever takes the incident down knows it."""

    places: tuple[str, ...] = ()
    """Stores, datasets, fields."""
    rows: str | None = None
    """A predicate for the rows; with places of one dataset. It may hold a value of a person and is kept erasable."""
    access: AccessWindow | None = None
    """Instead of places: what a user saw."""
    compromised_keys: tuple[str, ...] = ()
    """Ids of keys that others may have, or `all`."""

    def __repr__(self) -> str:
        return f"Leaked(places={self.places!r})"


@dataclass(frozen=True, slots=True)
class Scope:
    """The same, resolved against the catalog."""

    fields: Mapping[DatasetRef, tuple[str, ...]]
    """The leaked fields by dataset, in the order of the catalog."""
    unknown: tuple[str, ...]
    """Places that the ledger names and the catalog does not have any more."""
    decisions: tuple[str, ...]
    """Ids of the uses in the time window."""
    rows_seen: int
    """Rows that these uses gave, by the ledger."""


def resolve(gov: Governance, leaked: Leaked) -> Scope:
    """The scope of an incident.

    Raises BadInputError for a place that the catalog does not have, places together with a window, neither, rows of
    more than one dataset, or a key that the keyring does not have; PredicateError.
    """
    _check_keys(gov, leaked.compromised_keys)
    if (leaked.access is None) == (not leaked.places):
        raise _wrong("places and a time window, or neither", "places, or the user and time of an access")
    if leaked.access is not None:
        if leaked.rows is not None:
            raise _wrong("rows of a time window", "rows of one dataset")
        return _seen(gov, leaked.access)
    fields, unknown = _fields(gov, leaked.places)
    if unknown:
        raise _wrong(f"{len(unknown)} place(s) that the catalog does not have", "stores, datasets or fields of it")
    if leaked.rows is not None:
        if len(fields) != 1:
            raise _wrong(f"rows of {len(fields)} datasets", "rows of one dataset")
        parse_predicate(leaked.rows, "rows")
    return Scope(MappingProxyType(fields), (), (), 0)


def _seen(gov: Governance, window: AccessWindow) -> Scope:
    gov.policy_files.policy.principal(window.principal)
    if window.since >= window.until:
        raise _wrong("a time window that ends before it begins", "a later end")
    ref = gov.ledger.find("principal", window.principal)
    uses = [
        each
        for each in (
            gov.ledger.events("decision", since=window.since, until=window.until, principal=ref) if ref else ()
        )
        if each.outcome == "allowed"
    ]
    if not uses:
        raise _wrong("a time window without a use by that user", "a window with uses; see `governance audit access`")
    known = {each.id for each in uses}
    rows = sum(each.counts.get("rows", 0) for each in gov.ledger.events("close") if each.refs.get("decision") in known)
    places = dict.fromkeys(each.ref for use in uses for each in use.objects if each.treatment != "null")
    fields, unknown = _fields(gov, places)
    return Scope(MappingProxyType(fields), unknown, tuple(each.id for each in uses), rows)


def _fields(gov: Governance, places: Iterable[str]) -> tuple[dict[DatasetRef, tuple[str, ...]], tuple[str, ...]]:
    chosen, unknown = dict[DatasetRef, set[str]](), list[str]()
    for place in places:
        found = _resolve(gov, place)
        if not found:
            unknown.append(place)
        for ref, names in found.items():
            chosen.setdefault(ref, set()).update(names)
    ordered = {ref: tuple(name for name in _entry(gov, ref) if name in chosen[ref]) for ref in sorted(chosen)}
    return ordered, tuple(unknown)


def _resolve(gov: Governance, place: str) -> dict[DatasetRef, Sequence[str]]:
    store, _, rest = place.partition(".")
    if store not in gov.catalog.stores or store not in gov.project.config.stores:
        return {}
    datasets = gov.catalog.stores[store].datasets
    if not rest:
        return {DatasetRef(store, name): list(entry.fields) for name, entry in datasets.items()}
    if rest in datasets:
        return {DatasetRef(store, rest): list(datasets[rest].fields)}
    for name, entry in datasets.items():
        if rest.startswith(f"{name}.") and rest.removeprefix(f"{name}.") in entry.fields:
            return {DatasetRef(store, name): [rest.removeprefix(f"{name}.")]}
    return {}


def _entry(gov: Governance, ref: DatasetRef) -> Iterable[str]:
    return gov.catalog.stores[ref.store].datasets[ref.dataset].fields


def _check_keys(gov: Governance, keys: Sequence[str]) -> None:
    named = [each for each in keys if each != ALL_KEYS]
    known = {each.id for each in gov.keyring.list()} if named else set()
    others = [each for each in named if each not in known]
    if others and len(gov.keyring.person_states(others)) < len(set(others)):
        raise _wrong("a key that the keyring does not have", "ids of `governance keys list`, or `all`")


def plain(leaked: Leaked, scope: Scope, refer: Any) -> dict[str, Any]:
    """The scope as the register keeps it; `refer` gives the reference of a name or text in the erasable table."""
    window = leaked.access
    return {
        "places": list(leaked.places),
        "rows": refer("note", leaked.rows) if leaked.rows is not None else None,
        "access": None
        if window is None
        else {
            "principal": refer("principal", window.principal),
            "since": stamp(window.since),
            "until": stamp(window.until),
            "decisions": list(scope.decisions),
            "rows": scope.rows_seen,
        },
        "compromised_keys": sorted(set(leaked.compromised_keys)),
    }


def _wrong(found: str, expected: str) -> BadInputError:
    return BadInputError("incident", found=found, expected=expected, next_step="see docs/incident.md")
