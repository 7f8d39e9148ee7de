"""Parts of a dataset that another process reads: what a scan on several machines hands out instead of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connectors.base import NotSeen, Reading, Sample, Store

PART_BYTES = 67_108_864
"""About so much of a file makes one part."""
ROW_BYTES = 512
"""A row of a database table counts as so much of a part."""


class Part(Protocol):
    """A piece of a dataset, small enough to be sent: it holds no row and opens the store's own reader where it is used.

    The parts of a dataset together give its rows, each once. A part can be pickled, and carries what its reader needs:
    the path of a file, or the address of a database with the password in it.
    """

    def read(self) -> Reading:
        """A pass over the rows of the part; see `Store.read`."""
        ...


@runtime_checkable
class Parted(Protocol):
    """A store that can cut a full pass into parts."""

    def parts(
        self, dataset: str, fields: Sequence[str], sample: Sample, *, size_bytes: int = PART_BYTES
    ) -> Sequence[Part]:
        """At least one part, in the order of the rows. A sample is always one part, so that its rows are the same.

        Raises StoreError as `Store.read` does.
        """
        ...


@dataclass(frozen=True, slots=True)
class WholePart:
    """A dataset of a store that cannot cut it."""

    store: Store
    """The store; it has to be one that can be pickled."""
    dataset: str
    """The dataset."""
    fields: tuple[str, ...]
    """Its fields, in the order asked for."""
    sample: Sample
    """Which rows."""

    def read(self) -> Reading:
        """The store's own pass."""
        return self.store.read(self.dataset, self.fields, self.sample)


def parts_of(
    store: Store, dataset: str, fields: Sequence[str], sample: Sample, *, size_bytes: int = PART_BYTES
) -> Sequence[Part]:
    """The parts of a dataset of any store. Raises StoreError as `Store.read` does."""
    if isinstance(store, Parted):
        return store.parts(dataset, fields, sample, size_bytes=size_bytes)
    return [WholePart(store, dataset, tuple(fields), sample)]


def joined_notes(parts: Iterable[Sequence[NotSeen]]) -> list[NotSeen] | None:
    """What all parts left out, as one pass would list it.

    None where a place within the dataset is named, such as `3, first at row 12`: a part cannot know it, and the dataset
    has to be read in one pass.
    """
    counts: dict[tuple[str, str], int] = {}
    said: dict[NotSeen, None] = {}
    for note in (note for notes in parts for note in notes):
        if note.detail.isdecimal():
            counts[note.place, note.reason] = counts.get((note.place, note.reason), 0) + int(note.detail)
        elif ", first at " in note.detail:
            return None
        else:
            said[note] = None
    return [*said, *(NotSeen(*key, f"{number}") for key, number in counts.items())]
