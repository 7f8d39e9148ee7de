"""What the lines of one file claim: an id for a content, a store's key for a person. Kept on disk, not in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Self

from governance.consent.event_log import pages
from governance.consent.intake.drafts import Draft, content_of
from governance.consent.intake.entry import Fault


class Claims:
    """Finds lines that contradict an earlier one, over a whole file. Holds digests of 16 bytes, no key of a store."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")  # a database without a name: a temporary file that goes with the connection
        self._file.execute("CREATE TABLE claim (name BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def faults(self, drafts: Iterable[Draft]) -> list[Fault]:
        """The faults of drafts that claim what an earlier line claims otherwise."""
        claims = [(each.line, *claim) for each in drafts for claim in _claims(each)]
        first = self._known({name for _, _, name, _ in claims})
        new: dict[bytes, bytes] = {}
        found: dict[int, Fault] = {}
        for line, place, name, value in claims:
            if name not in first:
                first[name] = new[name] = value
            elif first[name] != value:
                found.setdefault(line, Fault(line, place, "what an earlier line says otherwise", "the same"))
        self._file.executemany("INSERT INTO claim VALUES (?, ?)", sorted(new.items()))
        return list(found.values())

    def _known(self, names: set[bytes]) -> dict[bytes, bytes]:
        """What earlier drafts claimed."""
        found: dict[bytes, bytes] = {}
        for page in pages(sorted(names)):
            marks = ", ".join("?" * len(page))
            found.update(self._file.execute(f"SELECT name, value FROM claim WHERE name IN ({marks})", page))  # noqa: S608
        return found


def _claims(draft: Draft) -> Iterator[tuple[str, bytes, bytes]]:
    if draft.event.id:
        yield "id", _digest(f"id {draft.event.id}"), _digest("\0".join(content_of(draft.event)))
    person = draft.event.subject_ref
    for store, ref in draft.key_refs.items():
        yield f"store_keys.{store}", _digest(f"key {store} {ref}"), _digest(person)
        yield f"store_keys.{store}", _digest(f"person {store} {person}"), _digest(ref)


def _digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
