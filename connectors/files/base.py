"""What every file format offers: its datasets, and how a pass over one begins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from connectors.base import Dataset, Field, Sample
from connectors.notes import Notes
from connectors.passing import Opened


@dataclass(frozen=True, slots=True)
class FileTable:
    """A file or sheet that can be read."""

    dataset: Dataset
    """What the store lists."""
    shown: str
    """`store.dataset` with the name as it may be shown."""
    opener: Callable[[Sequence[Field], Sample, Notes], AbstractContextManager[Opened]]
    """Begins a pass over some fields, binary ones excepted."""


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
