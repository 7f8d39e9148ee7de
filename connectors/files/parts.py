"""A file, or a stretch of one, as a part that another process reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.base import Field, ReadLimits, Sample
from connectors.files.base import FileFormat, FileSource, FileTable, Piece, files_readable
from connectors.notes import Notes
from connectors.passing import Opened, Pass
from policies.errors import StoreError


@dataclass(frozen=True, slots=True)
class FilePart:
    """One dataset of one file, or a piece of it."""

    reader: FileFormat
    """What reads the file."""
    source: FileSource
    """The file, at a path that is the same wherever the part is read."""
    dataset: str
    """The dataset in it."""
    fields: tuple[Field, ...]
    """The fields asked for, in that order."""
    sample: Sample
    """Which rows."""
    limits: ReadLimits
    """What the pass keeps."""
    piece: Piece | None = None
    """The piece; None for all of it."""

    def read(self) -> Pass:
        """A pass of its own over the file."""
        with files_readable(self.source.shown):
            tables = [each for each in self.reader(self.source) if each.dataset.name == self.dataset]
        if not tables:
            raise StoreError(
                self.source.shown,
                found="no such sheet any more",
                expected="the file as it was described",
                next_step="scan again while nobody changes the file",
            )
        return pass_over(tables[0], self.source, self.fields, self.sample, self.limits, self.piece)


def pass_over(
    table: FileTable,
    source: FileSource,
    fields: Sequence[Field],
    sample: Sample,
    limits: ReadLimits,
    piece: Piece | None = None,
) -> Pass:
    """A pass over some fields of a dataset, or of a piece of it; binary fields are listed and left out."""

    @contextmanager
    def opener(notes: Notes) -> Iterator[Opened]:
        for field in fields:
            if field.type == "binary":
                notes.say(f"{table.shown}.{source.name_filter(field.name)}", "not_seen.binary")
        readable = [field for field in fields if field.type != "binary"]
        opening = (
            table.opener(readable, sample, notes)
            if piece is None or table.cuts is None
            else table.cuts.opener(readable, piece, notes)
        )
        with files_readable(table.shown), opening as opened:
            yield opened

    return Pass(table.shown, opener, limits)
