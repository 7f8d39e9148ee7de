"""Parquet: nested structs as dotted paths, Arrow's own types kept."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.base import Dataset, DatasetKind, Field, Sample
from connectors.files.arrow_shapes import Shape, flatten, shapes_of
from connectors.files.base import Cuts, FileSource, FileTable, Piece
from connectors.notes import Notes
from connectors.passing import BATCH_ROWS, Opened
from connectors.sampling import EveryNth, EveryRow
from policies.errors import StoreError

_BATCH_BYTES = 8_388_608


def parquet_tables(source: FileSource) -> list[FileTable]:
    """The one dataset of a Parquet file. Raises StoreError when it is none, or is encrypted."""
    with _translated(source.shown), pq.ParquetFile(source.path) as file:
        shapes = {shape.path: shape for shape in shapes_of(file.schema_arrow)}
    fields = tuple(Field(shape.path, shape.word) for shape in shapes.values())
    dataset = Dataset(source.name, DatasetKind.FILE, fields)

    @contextmanager
    def opener(asked: Sequence[Field], sample: Sample, notes: Notes) -> Iterator[Opened]:  # noqa: ARG001 one form for all
        with _translated(source.shown), pq.ParquetFile(source.path, pre_buffer=False) as file:
            total = file.metadata.num_rows
            chooser = EveryRow() if sample.rows is None else EveryNth(total, sample.rows, seed=sample.seed)
            yield Opened(_batches(file, [shapes[field.name] for field in asked], source.shown), chooser, total)

    def pieces(size_bytes: int) -> list[Piece]:
        with _translated(source.shown), pq.ParquetFile(source.path) as file:
            return _groups(file.metadata, size_bytes)

    @contextmanager
    def piece_opener(asked: Sequence[Field], piece: Piece, notes: Notes) -> Iterator[Opened]:  # noqa: ARG001 as above
        with _translated(source.shown), pq.ParquetFile(source.path, pre_buffer=False) as file:
            wanted = [shapes[field.name] for field in asked]
            yield Opened(_batches(file, wanted, source.shown, range(*piece)), EveryRow(), whole=True)

    return [FileTable(dataset, source.shown, opener, Cuts(pieces, piece_opener))]


def _groups(metadata: pq.FileMetaData, size_bytes: int) -> list[Piece]:
    """Row groups gathered into pieces; one that is large stays alone."""
    pieces: list[Piece] = []
    start = held = 0
    for number in range(metadata.num_row_groups):
        held += metadata.row_group(number).total_byte_size
        if held >= size_bytes or number + 1 == metadata.num_row_groups:
            pieces.append((start, number + 1))
            start, held = number + 1, 0
    return pieces


def _batches(
    file: pq.ParquetFile, shapes: Sequence[Shape], place: str, groups: range | None = None
) -> Generator[pa.RecordBatch, None, None]:
    metadata = file.metadata
    size_bytes = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    row_bytes = max(1, size_bytes // max(1, metadata.num_rows))
    rows = max(64, min(BATCH_ROWS, _BATCH_BYTES // row_bytes))
    columns = list(dict.fromkeys(shape.steps[0] for shape in shapes))
    with _translated(place):
        for batch in file.iter_batches(batch_size=rows, row_groups=groups, columns=columns, use_threads=False):
            yield flatten(batch, shapes)


@contextmanager
def _translated(place: str) -> Iterator[None]:
    """A block whose Arrow and file errors leave as StoreError, without their text."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise StoreError(
            place,
            found=f"a file that cannot be read as Parquet ({type(error).__name__})",
            expected="a whole Parquet file without encryption",
            next_step="export it again, or name it otherwise if it is no Parquet file",
        ) from None
