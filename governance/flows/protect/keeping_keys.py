"""Keys over a project: listed, made, rotated and destroyed, each change in the ledger."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.jobs.tombstones import Tombstones
from governance.ledger.events import EventDraft, EventObject
from governance.project import PASSPHRASE
from governance.protect.existing.persons import Person
from governance.protect.keyring.base import KeyInfo, KeyUse
from governance.protect.keyring.environment import EnvironmentProvider
from governance.protect.keyring.kek import KekProvider
from governance.protect.keyring.passphrase import PassphraseProvider
from governance.writing import replace_durably
from policies.errors import BadInputError, CatalogError, KeyringError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.flows.protect.forgetting import Forgotten

NEW_PASSPHRASE = "GOVERNANCE_NEW_PASSPHRASE"  # noqa: S105 a variable's name
"""The variable that holds the passphrase to change to."""
NEW_KEY_VARIABLE = "GOVERNANCE_NEW_KEK"
"""The variable that holds the key to change to, for `provider: env`."""


@dataclass(frozen=True, slots=True)
class KeyList:
    """What there is of keys."""

    keys: tuple[KeyInfo, ...]
    """Those of the keyring's file, in the order of creation."""
    subjects: Mapping[str, int]
    """How many persons' keys there are: `active`, `destroyed`."""
    providers: tuple[str, ...]
    """What opens the keyring; two while a new passphrase is taking over."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A key that was destroyed."""

    key: str | None
    """Its id; None when it had been destroyed before."""
    tombstone: str | None
    """The id of the tombstone, for a person's key."""
    backups_end: dt.date
    """The day on which the last backup that can hold it dies, by `backup_days`."""
    event: str
    """The ledger's event."""
    index_cells: int = 0
    """Cells of blind indexes in the person's rows that were emptied."""
    pairs: int = 0
    """Pairs of the person's values and their pseudonyms that were forgotten."""


def list_keys(gov: Governance) -> KeyList:
    """Every key, without its material. Raises KeyringError."""
    ring = gov.keyring
    subjects = ring.subjects.counts() if ring.has_subjects() else {"active": 0, "destroyed": 0}
    return KeyList(tuple(ring.list()), subjects, ring.kek_providers())


def create_key(gov: Governance, dataset: DatasetRef) -> KeyInfo:
    """The active key of a dataset, made where there is none. Raises CatalogError, KeyringError, LedgerError."""
    made = gov.keyring.data_key(_stable_id(gov, dataset)).info
    _ = gov.ledger  # records what was made
    return made


OF_DATASETS = (KeyUse.DATA, KeyUse.BLIND_INDEX, KeyUse.DETERMINISTIC, KeyUse.FORMAT)
"""Uses of keys that serve one dataset, and so can be rotated and destroyed for it."""


def rotate_key(gov: Governance, dataset: DatasetRef, use: KeyUse = KeyUse.DATA) -> KeyInfo:
    """A new active key for a dataset; what the old one made stays readable and findable. Raises as `create_key`."""
    old, new = gov.keyring.rotate(_stable_id(gov, dataset), use)
    refs = {"key": new.id} | ({"old": old.id} if old else {})
    gov.ledger.append(key_event(gov, "key.rotated", f"key:{use}", objects=(EventObject(str(dataset)),), refs=refs))
    return new


def rotate_kek(gov: Governance) -> bool:
    """Put every key under a new KEK, and under the new passphrase or key if one is given; no data is touched.

    A passphrase file gets a new passphrase, from GOVERNANCE_NEW_PASSPHRASE or made. One in a variable changes to that
    of GOVERNANCE_NEW_PASSPHRASE (GOVERNANCE_NEW_KEK for `provider: env`); then the old one opens the keyring too, until
    `drop_old_keks`, and the answer is True. Raises KeyringError, LedgerError.
    """
    ring, project = gov.keyring, gov.project
    provider, env = project.config.keyring.provider, project.env
    new: KekProvider | None = None
    written: str | None = None
    if provider == "file" and not env.get(PASSPHRASE):
        written = env.get(NEW_PASSPHRASE) or secrets.token_urlsafe(32)
        new = _fixed_passphrase(written)
    elif provider == "file" and env.get(NEW_PASSPHRASE):
        new = _fixed_passphrase(env[NEW_PASSPHRASE])
    elif provider == "env" and env.get(NEW_KEY_VARIABLE):
        new = EnvironmentProvider(lambda: env[NEW_KEY_VARIABLE], variable=NEW_KEY_VARIABLE)
    ring.reissue_kek(new, keep_old=True)
    if written is not None:  # from here on whoever reads the file anew finds the new one
        replace_durably(project.folder / str(project.config.keyring.passphrase_file), written.encode())
        ring.drop_old_keks()
    gov.ledger.append(key_event(gov, "key.rotated", "key:kek", counts={"keys": len(ring.list())}))
    return new is not None and written is None


def drop_old_keks(gov: Governance) -> int:
    """Let the passphrase or key of before open the keyring no more; gives how many went. Raises KeyringError."""
    dropped = gov.keyring.drop_old_keks()
    if dropped:
        gov.ledger.append(key_event(gov, "key.rotated", "key:kek", counts={"dropped": dropped}))
    return dropped


def destroy_key(gov: Governance, key_id: str) -> Destroyed:
    """Destroy a dataset's key: nobody reads what it encrypted. Raises KeyringError, LedgerError.

    Refused for any other key: the ledger's signature and its keyed hashes must stay checkable.
    """
    found = next((each for each in gov.keyring.list() if each.id == key_id), None)
    if found is None or found.use not in OF_DATASETS:
        raise KeyringError(
            "keys destroy",
            found="no key of a dataset with this id",
            expected="an id of `governance keys list`",
            next_step="for a person give --subject",
        )
    rule = f"key:{found.use}"
    gov.ledger.append(key_event(gov, "key.destroyed", rule, outcome="planned", refs={"key": key_id}))
    gov.keyring.destroy(key_id)
    gov.keyring.reissue_kek()
    return _destroyed(gov, rule, key_id, None)


def destroy_subjects(
    gov: Governance, store: str, values: Sequence[str | Person], *, basis: str = "erasure", until: dt.date | None = None
) -> list[Destroyed]:
    """Destroy persons' keys (crypto-shredding): what they encrypted is unreadable in every copy.

    `values` are the store's own subject keys; a key of several fields is a tuple of them. Side effects, in this order:
    a tombstone for each person, that stands until a day, that of the last backup unless one is given; an event;
    blind-index cells of the person's rows are emptied and the pseudonyms of their values forgotten; the wrapped key is
    deleted, every process forgets it at its next use, all other persons' keys get a new KEK; a closing event. Started
    again after a kill, it finishes.
    Raises BadInputError for a person who never had a key, AccessRefusedError for one whose records a hold keeps,
    StoreError, KeyringError, LedgerError.
    """
    from governance.flows.protect.forgetting import forget_traces, refuse_held

    subjects, space = gov.keyring.subjects, _store_id(gov, store)
    people = list(dict.fromkeys((each,) if isinstance(each, str) else tuple(each) for each in values))
    refs = {person: subjects.ref(space, person) for person in people}
    marks = {person: subjects.tombstone(ref) for person, ref in refs.items()}
    there = subjects.known([*refs.values(), *marks.values()])
    for person in people:
        if not there.keys() & {refs[person], marks[person]}:
            raise BadInputError(
                f"keys destroy, store {store}",
                found="a person who has no key",
                expected="the store's own subject key of a person whose fields are encrypted under a key of their own",
                next_step="check the value; a key of several fields is a JSON list, such as '[\"DE\", 17]'",
            )
    refuse_held(gov, store, people)
    ends = until or last_backup_day(gov)
    book = Tombstones(gov.records, clock=gov.clock, new_id=gov.new_id)
    stones = {value: book.place(mark.hex(), basis=basis, ends=ends).id for value, mark in marks.items()}
    for stone in stones.values():
        gov.ledger.append(key_event(gov, "key.destroyed", "key:subject", outcome="planned", refs={"tombstone": stone}))
    gone = {person: forget_traces(gov, store, [person]) for person in people}
    subjects.destroy(list(refs.values()))
    return [
        _destroyed(gov, "key:subject", there.get(ref), stones[person], gone[person]) for person, ref in refs.items()
    ]


def _destroyed(
    gov: Governance, rule: str, key_id: str | None, stone: str | None, forgotten: Forgotten | None = None
) -> Destroyed:
    ends = last_backup_day(gov)
    refs = {"key": key_id, "tombstone": stone, "backups_end": ends.isoformat()}
    told = {name: value for name, value in refs.items() if value}
    counts = forgotten.counts if forgotten is not None else {}
    event = gov.ledger.append(key_event(gov, "key.destroyed", rule, refs=told, counts=counts))
    return Destroyed(key_id, stone, ends, event.id, **counts)


def last_backup_day(gov: Governance) -> dt.date:
    """The day on which the last backup made today dies."""
    today = gov.clock().astimezone(dt.UTC).date()
    return today + dt.timedelta(days=gov.project.config.keyring.backup_days)


def key_event(
    gov: Governance,
    kind: str,
    rule: str,
    *,
    outcome: str = "done",
    objects: tuple[EventObject, ...] = (),
    refs: Mapping[str, str] | None = None,
    counts: Mapping[str, int] | None = None,
) -> EventDraft:
    """The event of something done with keys."""
    return EventDraft(
        kind=kind,
        actor=gov.actor_ref,
        outcome=outcome,
        rules=(rule,),
        objects=objects,
        refs=refs or {},
        counts=counts or {},
    )


def _fixed_passphrase(text: str) -> KekProvider:
    return PassphraseProvider(lambda: text)


def _stable_id(gov: Governance, dataset: DatasetRef) -> str:
    return f"{_store_id(gov, dataset.store)}/{gov.catalog.decided(dataset).id}"


def _store_id(gov: Governance, store: str) -> str:
    entry = gov.catalog.stores.get(store)
    if entry is None:
        raise CatalogError(
            "catalog",
            found="no such store",
            expected=" or ".join(sorted(gov.catalog.stores)) or "a reviewed store",
            next_step="see `governance catalog show`",
        )
    return entry.id
