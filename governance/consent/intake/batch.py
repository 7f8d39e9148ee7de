"""One batch of drafts in one transaction: what is new is written, what is known stays, what contradicts is told.

A batch is committed whole or not at all, together with its ledger event, so a run that is killed and started again
finds each batch either there or not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from governance.consent import event_log
from governance.consent.base import Sealer
from governance.consent.events import ConsentEvent
from governance.consent.intake.drafts import Draft, Drafting, content_of
from governance.consent.intake.entry import Fault
from governance.consent.links import seal_context
from governance.consent.tables import SUBJECTS
from governance.ledger.events import EventDraft


@dataclass(slots=True)
class Examined:
    """What a batch would change."""

    new: list[ConsentEvent] = field(default_factory=list)
    """Events that are not recorded yet, in the order of the file."""
    links: dict[tuple[str, str], Draft] = field(default_factory=dict)
    """Person and store to the draft that tells the store's key, where no key is known."""
    unlinked: set[str] = field(default_factory=set)
    """People of whom no store knows a key yet."""
    known: int = 0
    """Events that are recorded already."""
    faults: list[Fault] = field(default_factory=list)
    """Lines that contradict what is recorded, or an earlier line."""
    rejected: set[int] = field(default_factory=set)
    """Numbers of these lines: none of their events is taken."""


def examine(connection: Connection, drafting: Drafting, drafts: Sequence[Draft]) -> Examined:
    """What a batch would change; reads alone."""
    found = Examined()
    resolved = _resolved(connection, drafting, drafts, found)
    events = _known_events(connection, {each.event.id for each in resolved})
    links, owners = _known_links(connection, resolved)
    found.unlinked = {each.event.subject_ref for each in resolved if each.key_refs} - {ref for ref, _ in links}
    seen: dict[str, ConsentEvent] = {}
    for each in resolved:
        _check_event(each, events.get(each.event.id) or seen.get(each.event.id), found)
        _check_links(each, links, owners, found)
        seen.setdefault(each.event.id, each.event)
    taken: set[str] = set()
    for each in resolved:
        if each.line in found.rejected:
            continue
        if each.event.id in events or each.event.id in taken:
            found.known += 1
        else:
            found.new.append(each.event)
            taken.add(each.event.id)
        for store in each.key_refs:
            if (each.event.subject_ref, store) not in links:
                found.links.setdefault((each.event.subject_ref, store), each)
    return found


def write(connection: Connection, found: Examined, sealer: Sealer) -> EventDraft | None:
    """Write what a batch changes, and give its ledger event without the actor; None when it changes nothing."""
    people = list(dict.fromkeys(ref for ref, _ in found.links))
    told = {event.subject_ref for event in found.new}
    extra = [ref for ref in people if ref not in told]
    count = len(found.new) + len(extra)
    if not count:
        return None
    first = event_log.reserve_epochs(connection, count)
    event_log.add_events(connection, found.new, first)
    epochs = {event.subject_ref: epoch for epoch, event in enumerate(found.new, start=first)}
    epochs |= {ref: first + len(found.new) + at for at, ref in enumerate(extra)}
    event_log.touch_all(connection, {ref: epoch for ref, epoch in epochs.items() if ref not in found.unlinked})
    event_log.add_links(connection, _sealed(found.links, epochs, sealer))
    return EventDraft(
        kind="consent.imported",
        actor="system",
        outcome="done",
        refs={"record": digest_of(found.new, first)},
        counts={
            "events": len(found.new),
            "known": found.known,
            "links": len(found.links),
            "first_epoch": first,
            "last_epoch": first + count - 1,
        },
    )


def digest_of(events: Iterable[ConsentEvent], first: int | None = None) -> str:
    """SHA-256 over the digests of a batch's events in order of epoch, so that the ledger still vouches for each row.

    With `first`, they are numbered from there on, whatever epoch they say.
    """
    whole = hashlib.sha256()
    for place, event in enumerate(events):
        whole.update(bytes.fromhex(event.digest if first is None else event.digest_under(first + place)))
    return whole.hexdigest()


def _resolved(connection: Connection, drafting: Drafting, drafts: Sequence[Draft], found: Examined) -> list[Draft]:
    """The drafts with their persons; a person whom nobody linked to the store's key is a fault."""
    wanted = {each.by_store for each in drafts if each.by_store is not None}
    people = _owners(connection, wanted)
    resolved = []
    for each in drafts:
        if each.by_store is None:
            resolved.append(each)
        elif each.by_store in people:
            resolved.append(drafting.identified(each, people[each.by_store]))
        else:
            _reject(found, each, "key", "a key that no person is known under", "a key that some consent was told with")
    return resolved


def _check_event(draft: Draft, known: ConsentEvent | None, found: Examined) -> None:
    if known is None:
        return
    # dated ahead, it held from when it was first recorded
    told = min(draft.told_time or known.recorded_time, known.recorded_time)
    if content_of(draft.event, told) != content_of(known, known.valid_time):
        _reject(found, draft, "id", "an id that another event has", "a new id, or the same event again")


def _check_links(
    draft: Draft, links: dict[tuple[str, str], tuple[str, bool]], owners: dict[tuple[str, str], str], found: Examined
) -> None:
    person = draft.event.subject_ref
    for store, key_ref in draft.key_refs.items():
        known, erasing = links.get((person, store), (None, False))
        if (known is not None and known != key_ref) or erasing:
            _reject(
                found,
                draft,
                f"store_keys.{store}",
                "another key of this person, or one that is being erased",
                "the key under which this store knows this person",
            )
        elif owners.setdefault((store, key_ref), person) != person:
            _reject(found, draft, f"store_keys.{store}", "a key that another person holds", "a key of this person")


def _reject(found: Examined, draft: Draft, place: str, what: str, expected: str) -> None:
    if draft.line not in found.rejected:
        found.rejected.add(draft.line)
        found.faults.append(Fault(draft.line, place, what, expected))


def _known_events(connection: Connection, ids: set[str]) -> dict[str, ConsentEvent]:
    return {each.id: each for each in event_log.find_events(connection, sorted(ids))}


def _known_links(
    connection: Connection, drafts: Sequence[Draft]
) -> tuple[dict[tuple[str, str], tuple[str, bool]], dict[tuple[str, str], str]]:
    """Person and store to key reference and whether it is being erased; store and key reference to person."""
    telling = [each for each in drafts if each.key_refs]
    links: dict[tuple[str, str], tuple[str, bool]] = {}
    people = sorted({each.event.subject_ref for each in telling})
    columns = ("subject_ref", "store", "key_ref", "erasing")
    for ref, store, key_ref, erasing in event_log.rows_among(connection, SUBJECTS, columns, "subject_ref", people):
        links[ref, store] = (key_ref, bool(erasing))
    owners = _owners(connection, {pair for each in telling for pair in each.key_refs.items()})
    return links, owners


def _owners(connection: Connection, pairs: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    by_store: dict[str, list[str]] = {}
    for store, key_ref in sorted(pairs):
        by_store.setdefault(store, []).append(key_ref)
    columns = ("key_ref", "subject_ref")
    for store, refs in by_store.items():
        rows = event_log.rows_among(connection, SUBJECTS, columns, "key_ref", refs, store=store)
        found |= {(store, key_ref): person for key_ref, person in rows}
    return found


def _sealed(
    links: Mapping[tuple[str, str], Draft], epochs: Mapping[str, int], sealer: Sealer
) -> Iterator[tuple[str, event_log.SubjectLink]]:
    keys = [json.dumps(draft.store_keys[store]).encode() for (_, store), draft in links.items()]
    tokens = sealer.seal_all(keys, [seal_context(store, person) for person, store in links]) if links else []
    for ((person, store), draft), token in zip(links.items(), tokens, strict=True):
        yield store, event_log.SubjectLink(person, draft.key_refs[store], token, erasing=False, epoch=epochs[person])
