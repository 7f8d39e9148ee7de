"""XLSX: every sheet, hidden ones included, as a dataset `path#sheet`.

A sheet is unpacked as a whole while it is read: the format allows nothing else, and limits it to 1,048,576 rows.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from connectors.base import Dataset, DatasetKind, Field, Sample
from connectors.cells import text_column, text_of
from connectors.files.base import FileSource, FileTable
from connectors.files.headers import field_names, has_header
from connectors.notes import Notes
from connectors.passing import Opened
from connectors.sampling import EveryNth, EveryRow
from policies.errors import InstallationError, StoreError

_BATCH_ROWS = 8_192
_ARROW = {
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}
_Row = Sequence[Any]


def xlsx_tables(source: FileSource) -> list[FileTable]:
    """The sheets of a workbook. Raises StoreError when it cannot be read, InstallationError without the extra."""
    with _workbook(source, source.shown) as book:
        return [_table(source, book, name) for name in book.sheet_names]


def _table(source: FileSource, book: Any, sheet: str) -> FileTable:
    shown = f"{source.shown}#{source.name_filter(sheet)}"
    rows = _rows(book, sheet)
    headed = has_header([[text_of(cell) or "" for cell in row] for row in rows[:300]])
    header = [text_of(cell) or "" for cell in rows[0]] if headed else None
    body = rows[1:] if headed else rows
    names = field_names(header, max((len(row) for row in rows), default=0))
    fields = tuple(Field(name, _word(body, place)) for place, name in enumerate(names))
    places = {name: place for place, name in enumerate(names)}
    dataset = Dataset(f"{source.name}#{sheet}", DatasetKind.SHEET, fields)

    @contextmanager
    def opener(asked: Sequence[Field], sample: Sample, notes: Notes) -> Iterator[Opened]:  # noqa: ARG001 one form for all
        with _workbook(source, shown) as again:
            filled = _rows(again, sheet)[1 if headed else 0 :]
            total = len(filled)
            chooser = EveryRow() if sample.rows is None else EveryNth(total, sample.rows, seed=sample.seed)
            yield Opened(_batches(filled, [(field, places[field.name]) for field in asked]), chooser, total)

    return FileTable(dataset, shown, opener)


def _rows(book: Any, sheet: str) -> list[_Row]:
    """Rows with at least one filled cell; an empty cell is None."""
    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=True)
    filled = ([None if cell == "" else cell for cell in row] for row in rows)
    return [row for row in filled if any(cell is not None for cell in row)]


def _cell(row: _Row, place: int) -> Any:
    return row[place] if place < len(row) else None


def _word(rows: Sequence[_Row], place: int) -> str:
    """The type that all filled cells of a column share; `string` for a mixture."""
    words = {_cell_word(cell) for row in rows if (cell := _cell(row, place)) is not None}
    if len(words) == 1:
        return words.pop()
    if words == {"integer", "float"}:
        return "float"
    return "datetime" if words == {"date", "datetime"} else "string"


def _cell_word(cell: Any) -> str:
    if isinstance(cell, bool):
        return "boolean"
    if isinstance(cell, (int, float)):
        # A sheet has one kind of number: whole ones are telephone numbers, ids and counts.
        return "integer" if float(cell).is_integer() and abs(cell) < 2**53 else "float"
    if isinstance(cell, dt.datetime):
        return "datetime"
    if isinstance(cell, dt.date):
        return "date"
    return "time" if isinstance(cell, dt.time) else "string"


def _batches(rows: Sequence[_Row], asked: Sequence[tuple[Field, int]]) -> Generator[pa.RecordBatch, None, None]:
    schema = pa.schema([(field.name, _ARROW.get(field.type, pa.string())) for field, _ in asked])
    for start in range(0, len(rows), _BATCH_ROWS):
        part = rows[start : start + _BATCH_ROWS]
        columns = [_column([_cell(row, place) for row in part], field) for field, place in asked]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(cells: list[Any], field: Field) -> pa.Array:
    if field.type == "integer":
        return pa.array([None if cell is None else int(cell) for cell in cells], pa.int64())
    if field.type == "datetime":
        return pa.array([_with_time(cell) for cell in cells], pa.timestamp("us"))
    kind = _ARROW.get(field.type)
    return text_column(cells) if kind is None else pa.array(cells, kind)


def _with_time(cell: Any) -> Any:
    plain_date = isinstance(cell, dt.date) and not isinstance(cell, dt.datetime)
    return dt.datetime.combine(cell, dt.time()) if plain_date else cell


@contextmanager
def _workbook(source: FileSource, place: str) -> Iterator[Any]:
    if importlib.util.find_spec("python_calamine") is None:
        raise InstallationError(
            place,
            found="no Python package python-calamine",
            expected="the reader for XLSX files",
            next_step="pip install 'customer-data-governance[xlsx]'",
        )
    import python_calamine as calamine

    try:
        with calamine.load_workbook(source.path) as book:
            yield book
    except (calamine.CalamineError, OSError) as error:
        raise StoreError(
            place,
            found=f"a file that cannot be read as a workbook ({type(error).__name__})",
            expected="an XLSX file without a password",
            next_step="open it, remove the password and save it again as XLSX",
        ) from None
