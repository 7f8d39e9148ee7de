"""What the lines of one file claim: an id for a content, a store's key for a person. Kept on disk, not in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Self

from governance.consent.intake.drafts import Draft, content_of
from governance.consent.intake.entry import Fault


class Claims:
    """Finds lines that contradict an earlier one, over a whole file. Holds codes and references, no key of a store."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")  # a database without a name: a temporary file that goes with the connection
        self._file.execute("CREATE TABLE claim (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def faults(self, drafts: Iterable[Draft]) -> list[Fault]:
        """The faults of drafts that claim what an earlier line claims otherwise."""
        found: dict[int, Fault] = {}
        for each in drafts:
            for place, name, value in _claims(each):
                self._file.execute("INSERT OR IGNORE INTO claim VALUES (?, ?)", (name, value))
                (first,) = self._file.execute("SELECT value FROM claim WHERE name = ?", (name,)).fetchone()
                if first != value:
                    found.setdefault(
                        each.line, Fault(each.line, place, "what an earlier line says otherwise", "the same")
                    )
        return list(found.values())


def _claims(draft: Draft) -> Iterator[tuple[str, str, str]]:
    if draft.event.id:
        yield "id", f"id {draft.event.id}", "\0".join(content_of(draft.event))
    for store, ref in draft.key_refs.items():
        yield f"store_keys.{store}", f"key {store} {ref}", draft.event.subject_ref
        yield f"store_keys.{store}", f"person {store} {draft.event.subject_ref}", ref
