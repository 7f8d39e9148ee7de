"""Restrict the use of the data of a person who was found over the stores, and let it go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from governance.consent.events import Subject
from governance.consent.restriction_events import RestrictionEvent
from governance.consent.restrictions import Restrictions
from governance.flows.consent.restricting import lift_restriction, restrict, restrictions_of
from governance.requests.traced import Trace, Unreached, check_one_person
from policies.config import Medium
from policies.errors import BadInputError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance

SCHEMA = "governance.restriction/1"
"""The form of the JSON."""
OTHER_PERSONS = "other_persons"
"""Why a key is left alone: in its store restriction names persons of another kind, who may have the same number."""


@dataclass(frozen=True, slots=True)
class Restricted:
    """What was recorded of a person, and which stores obey."""

    events: tuple[RestrictionEvent, ...]
    """One event; several where the records know the person as several, because a store does."""
    stores: tuple[str, ...]
    """The stores whose key of the person is known: they obey from the next statement on."""
    apart: tuple[Unreached, ...]
    """Places that know the person, or may, and that it does not reach; with a code such as `file` or `store_down`."""

    def to_json(self) -> dict[str, Any]:
        """The document that the command prints: ids, codes and names of stores."""
        shown = ("id", "kind", "reason", "basis", "since")
        return {
            "schema": SCHEMA,
            "events": [{name: getattr(each, name) for name in shown} for each in self.events],
            "stores": list(self.stores),
            "apart": [{"place": each.place, "reason": each.reason} for each in self.apart],
        }


@dataclass(frozen=True, slots=True)
class _Person:
    """A person as the records know them, or will."""

    ref: str
    keys: dict[str, str | int] = field(repr=False)

    @property
    def subject(self) -> Subject:
        """By the reference and the store keys; the key itself is not at hand where the records know the person."""
        return Subject(self.ref, self.keys)


def restrict_traced(
    gov: Governance, trace: Trace, *, reason: str, basis: str = "", subject_key: str = "", confirmed: bool = False
) -> Restricted:
    """Stop every guarded use of the data of the person of a trace, as `Restrictions.restrict`; durable on return.

    The person is the one whom the records know under a store's key; where they know nobody, the one of `subject_key`,
    else of the first store's key, written `crm:42`. Raises AccessRefusedError for several subject keys that were not
    `confirmed` to be one person; BadInputError for nobody, and for a `subject_key` of somebody else; ConfigError.
    """
    persons, apart = _persons(gov, trace, subject_key, confirmed=confirmed)
    events = tuple(restrict(gov, each.subject, reason=reason, basis=basis, ref=each.ref) for each in persons)
    return Restricted(events, _stores(persons), apart)


def lift_traced(
    gov: Governance, trace: Trace, *, told: bool, subject_key: str = "", confirmed: bool = False
) -> Restricted:
    """Let the use go on, once the person was told, as `Restrictions.lift`; raises as `restrict_traced` does.

    Raises ConfigError when the person was not told, or is not restricted.
    """
    persons, apart = _persons(gov, trace, subject_key, confirmed=confirmed)
    active = restrictions_of(gov).active([each.ref for each in persons])
    lifted = [each for each in persons if each.ref in active] or persons[:1]
    events = tuple(lift_restriction(gov, Subject(each.ref), told=told, ref=each.ref) for each in lifted)
    return Restricted(events, _stores(lifted), apart)


def _persons(
    gov: Governance, trace: Trace, named: str, *, confirmed: bool
) -> tuple[Sequence[_Person], tuple[Unreached, ...]]:
    check_one_person(trace, confirmed=confirmed)
    if not any(True for _ in trace.own()):
        raise _wrong("no record of the person", "at least one")
    keys, apart = [], list(trace.unreached)
    for space, key in sorted(_single(trace), key=str):
        store = space.store
        if gov.project.store(store).medium is Medium.FILES:
            apart.append(Unreached(store, "file"))
        elif space.dataset and not gov.consent_conditions.kinds.names(space):
            apart.append(Unreached(str(space), OTHER_PERSONS))
        elif type(key) in (str, int):
            keys.append((store, key))
        else:
            apart.append(Unreached(store, "key_form"))
    if not keys and any(each.reason == OTHER_PERSONS for each in apart):
        raise _wrong(
            "a person of another kind than the one whose keys restriction names in that store",
            "a person of the datasets that `persons` of the store names in catalog.yaml",
        )
    if not keys:
        raise _wrong("no subject key of the person in a database or CRM", "at least one")
    persons = _grouped(restrictions_of(gov), keys, named)
    if named and len(persons) > 1:
        raise _wrong("several persons in the records, or another internal key", "the one person of --subject")
    return persons, tuple(dict.fromkeys(apart))


def _single(trace: Trace) -> Iterator[tuple[DatasetRef, Any]]:
    """Each dataset of persons with each key: the value itself, or None where the key is of several parts."""
    known = trace.spaces or {DatasetRef(store, ""): keys for store, keys in trace.subject_keys.items()}
    for space, keys in known.items():
        for key in keys:
            yield space, key[0] if len(key) == 1 else None


def _grouped(book: Restrictions, keys: Sequence[tuple[str, str | int]], named: str) -> list[_Person]:
    """The persons of some store keys: a key that nobody holds goes to the first who has none in that store."""
    found = {book.ref(named): _Person(book.ref(named), {})} if named else {}
    free = []
    for store, key in keys:
        ref = book.holder(store, key)
        if ref is None:
            free.append((store, key))
        else:
            found.setdefault(ref, _Person(ref, {})).keys[store] = key
    for store, key in free:
        person = next((each for each in found.values() if store not in each.keys), None)
        if person is None:
            ref = book.ref(f"{store}:{key}")
            person = found.setdefault(ref, _Person(ref, {}))
        person.keys[store] = key
    return list(found.values())


def _stores(persons: Sequence[_Person]) -> tuple[str, ...]:
    return tuple(sorted({store for each in persons for store in each.keys}))


def _wrong(found: str, expected: str) -> BadInputError:
    return BadInputError(
        "subject restrict",
        found=found,
        expected=expected,
        next_step="look with `governance subject find`; nothing was recorded",
    )
