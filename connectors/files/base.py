"""What every file format offers: its datasets, and how a pass over one begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from connectors.base import Dataset, Field, Sample
from connectors.notes import Notes
from connectors.passing import Opened
from policies.errors import StoreError

Piece = tuple[int, int]
"""A stretch of a file, its end not included: bytes of a CSV file, row groups of a Parquet file."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """How a dataset can be read in pieces."""

    pieces: Callable[[int], Sequence[Piece]]
    """Pieces of about so many bytes, in order, which together give every row once; none where it cannot be cut."""
    opener: Callable[[Sequence[Field], Piece, Notes], AbstractContextManager[Opened]]
    """Begins a pass over some fields of all rows of a piece."""


@dataclass(frozen=True, slots=True)
class FileTable:
    """A file or sheet that can be read."""

    dataset: Dataset
    """What the store lists."""
    shown: str
    """`store.dataset` with the name as it may be shown."""
    opener: Callable[[Sequence[Field], Sample, Notes], AbstractContextManager[Opened]]
    """Begins a pass over some fields, binary ones excepted."""
    cuts: Cuts | None = None
    """How it is read in pieces; None for a format that is read as a whole."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """One file of a store, as the store hands it to a format."""

    path: Path
    """Where it lies."""
    name: str
    """Its name as policies write it: the path below the store's root, with `/`."""
    store: str
    """The store's name."""
    encoding: str | None
    """What the owner says of the text encoding; None to detect it."""
    name_filter: Callable[[str], str]
    """The form in which a name of a file, sheet or key may be shown."""

    @property
    def shown(self) -> str:
        """`store.dataset` for errors and lists."""
        return f"{self.store}.{self.name_filter(self.name)}"


class FileFormat(Protocol):
    """One member of the family."""

    def __call__(self, source: FileSource) -> list[FileTable]:
        """The datasets of one file.

        Raises StoreError when it cannot be described, InstallationError when an extra is missing.
        """
        ...


@contextmanager
def files_readable(place: str) -> Iterator[None]:
    """A block whose file errors leave as StoreError; a file name of a person is in their text."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            place,
            found=f"a file that cannot be opened ({type(error).__name__})",
            expected="a file that may be read",
            next_step="check that it still exists and that this user may read it",
        ) from None
