"""Ties a person to the keys under which stores know them: sealed, and never changing hands in silence."""

from __future__ import annotations

import json

from sqlalchemy import Connection

from governance.consent import event_log
from governance.consent.base import Sealer
from governance.consent.events import Subject
from governance.ledger.base import KeyedHash
from policies.errors import ConfigError

SUBJECT_DOMAIN = "consent-subject"
"""Domain of the keyed hash that makes a person's reference."""
STORE_KEY_DOMAIN = "consent-store-key"
"""Domain of the keyed hash that shows whether two people claim one key of a store."""


def seal_context(store: str, subject_ref: str) -> bytes:
    """What a sealed key is bound to: it opens for no other store and no other person."""
    return f"consent-subject-key/{store}/{subject_ref}".encode()


class SubjectLinks:
    """The store keys of people in the records."""

    def __init__(self, keyed_hash: KeyedHash, sealer: Sealer) -> None:
        self._keyed_hash = keyed_hash
        self._sealer = sealer

    def ref(self, subject_key: str) -> str:
        """The keyed reference of a person, 64 hex digits."""
        return self._keyed_hash.digest(SUBJECT_DOMAIN, subject_key.encode())

    def store_ref(self, store: str, key: str | int) -> str:
        """The keyed reference of a store's own key of a person, 64 hex digits."""
        return self._keyed_hash.digest(STORE_KEY_DOMAIN, f"{store}\0{key}".encode())

    def link(self, connection: Connection, subject: Subject, subject_ref: str, epoch: int) -> None:
        """Keep the store keys that were not known yet.

        Raises ConfigError for a key that differs from the one known, or that another person holds.
        """
        known = event_log.links_of(connection, subject_ref)
        for store, key in sorted(subject.store_keys.items()):
            key_ref = self.store_ref(store, key)
            if store in known:
                if known[store].key_ref != key_ref or known[store].erasing:
                    raise _key_taken(store, "another key of this person, or one that is being erased")
                continue
            if event_log.owner_of(connection, store, key_ref) is not None:
                raise _key_taken(store, "a key that another person holds")
            sealed = self._sealer.seal(json.dumps(key).encode(), seal_context(store, subject_ref))
            event_log.add_link(
                connection, store, event_log.SubjectLink(subject_ref, key_ref, sealed, erasing=False, epoch=epoch)
            )


def _key_taken(store: str, found: str) -> ConfigError:
    return ConfigError(
        f"subject key in store {store}",
        found=found,
        expected="the key under which this store knows this person",
        next_step="correct this value; nothing was recorded",
    )
