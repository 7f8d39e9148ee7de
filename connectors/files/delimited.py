"""CSV and TSV: encoding, delimiter and header found out, rows streamed by Arrow, every column as text."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import pyarrow as pa
from pyarrow import csv as arrow_csv

from connectors.base import Dataset, DatasetKind, Field, Sample
from connectors.files.base import Cuts, FileSource, FileTable, Piece
from connectors.files.decoding import Utf8Stream
from connectors.files.encoding import Encoding, encoding_of
from connectors.files.headers import field_names, has_header
from connectors.files.lent import Lent, LentBlocks
from connectors.files.row_starts import row_starts
from connectors.notes import Notes
from connectors.passing import Opened
from connectors.sampling import EveryRow, Reservoir
from policies.errors import StoreError

_DELIMITERS = (",", "\t", ";", "|")
_SNIFFED_BYTES = 262_144
_SNIFFED_ROWS = 300
_BLOCK_BYTES = 2_097_152
_LONGEST_CELL = 16_777_216
_SAYS_DELIMITER = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
NULL_WORDS = ("", "\\N")
"""Cells without quotes that mean NULL; all else stays the text that it is."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a file's bytes are a table."""

    encoding: Encoding
    delimiter: str
    skipped_lines: int
    names: tuple[str, ...]


def delimited_tables(source: FileSource) -> list[FileTable]:
    """The one dataset of a CSV or TSV file. Raises StoreError when its encoding cannot be told."""
    form = _form(source)
    fields = tuple(Field(name, "string") for name in form.names)
    dataset = Dataset(source.name, DatasetKind.FILE, fields)

    @contextmanager
    def opener(asked: Sequence[Field], sample: Sample, notes: Notes) -> Iterator[Opened]:
        with closing(Utf8Stream(source.path, form.encoding, source.shown, notes)) as stream:
            chooser = EveryRow() if sample.rows is None else Reservoir(sample.rows, seed=sample.seed)
            yield Opened(_batches(stream, form, asked, source.shown, notes), chooser, whole=True)

    start = form.encoding.mark_bytes

    def pieces(size_bytes: int) -> list[Piece]:
        starts = row_starts(source.path, start, form.encoding.codec, form.delimiter, size_bytes)
        return list(pairwise([start, *starts, source.path.stat().st_size])) if form.names else []

    @contextmanager
    def piece_opener(asked: Sequence[Field], piece: Piece, notes: Notes) -> Iterator[Opened]:
        inner = form if piece[0] == start else replace(form, skipped_lines=0)
        with closing(Utf8Stream(source.path, form.encoding, source.shown, notes, piece)) as stream:
            yield Opened(_batches(stream, inner, asked, source.shown, notes), EveryRow(), whole=True)

    return [FileTable(dataset, source.shown, opener, Cuts(pieces, piece_opener))]


def _form(source: FileSource) -> _Form:
    encoding = encoding_of(source.path, source.shown, said=source.encoding)
    text = _start(source, encoding)
    said = _SAYS_DELIMITER.match(text)
    body = text[said.end() :] if said else text
    delimiter = said[1] if said else _delimiter(body)
    rows, lines = _rows(body, delimiter)
    width = _width(rows)
    headed = has_header(rows)
    names = field_names(rows[0] if headed else None, max(width, len(rows[0]) if headed else 0))
    return _Form(encoding, delimiter, (1 if said else 0) + (lines if headed else 0), names)


def _start(source: FileSource, encoding: Encoding) -> str:
    """The first 256 KiB as text, cut at the end of a line."""
    with closing(Utf8Stream(source.path, encoding, source.shown, Notes())) as stream:
        part = io.BufferedReader(stream, _SNIFFED_BYTES).read(_SNIFFED_BYTES)
    if len(part) == _SNIFFED_BYTES and (end := part.rfind(b"\n")) > 0:
        part = part[: end + 1]
    return part.decode("utf-8", "ignore")


def _rows(text: str, delimiter: str) -> tuple[list[list[str]], int]:
    """The first rows that are not empty, and how many lines there are up to the end of the first of them."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    lines = 0
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines = lines or reader.line_num
            if len(rows) >= _SNIFFED_ROWS:
                break
    except csv.Error:
        pass
    return rows, lines


def _width(rows: Sequence[Sequence[str]]) -> int:
    return Counter(len(row) for row in rows).most_common(1)[0][0] if rows else 0


def _delimiter(text: str) -> str:
    """The delimiter under which most rows have the same number of columns, and more than one."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        rows, _ = _rows(text, delimiter)
        width = _width(rows)
        if width > 1:
            share = sum(len(row) == width for row in rows) / len(rows)
            score = (round(share, 1), width)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _batches(
    stream: Utf8Stream, form: _Form, asked: Sequence[Field], place: str, notes: Notes
) -> Generator[pa.RecordBatch, None, None]:
    if not form.names:
        return
    fault: StoreError | None = None
    lent = Lent()
    try:
        reader = _reader(stream, form, asked, place, notes, lent)
        while (batch := reader.read_next_batch()) is not None:
            yield batch
    except StopIteration:
        pass
    except StoreError as error:
        # The stream's own, through Arrow and back. Its traceback holds what was lent.
        fault = error.with_traceback(None)
    except pa.ArrowInvalid as error:
        # A file with no row below its header is no fault, but Arrow calls it one.
        empty = any(words in str(error) for words in ("Empty CSV file", "Could not skip initial"))
        if stream.fault is not None or not stream.ended or not empty:
            fault = stream.fault or _unreadable(place)
    finally:
        reader = None
        lent.wait()
    if fault is not None:
        raise fault


def _reader(
    stream: Utf8Stream, form: _Form, asked: Sequence[Field], place: str, notes: Notes, lent: Lent
) -> arrow_csv.CSVStreamingReader:
    def ragged(row: arrow_csv.InvalidRow) -> str:
        notes.count(place, "not_seen.ragged_row", first="" if row.number is None else f"row {row.number}")
        return "skip"

    return arrow_csv.open_csv(
        pa.PythonFile(lent.lend(LentBlocks(stream, _BLOCK_BYTES, lent)), mode="r"),
        read_options=arrow_csv.ReadOptions(
            use_threads=False, block_size=_BLOCK_BYTES, column_names=form.names, skip_rows=form.skipped_lines
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=form.delimiter, newlines_in_values=True, invalid_row_handler=lent.lend(ragged)
        ),
        convert_options=arrow_csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(form.names, pa.string()),
            include_columns=[field.name for field in asked],
            null_values=list(NULL_WORDS),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _unreadable(place: str) -> StoreError:
    return StoreError(
        place,
        found="a cell that does not end within 2 MiB, or rows that cannot be told apart",
        expected="a table whose quotes are closed",
        next_step="look for a quote that is opened and never closed; export the file again",
    )
