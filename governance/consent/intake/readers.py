"""Which form a file has, and what reads its lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from governance.consent.intake import fields
from governance.consent.intake.entry import Entry, Fault, refuse
from governance.consent.intake.kantara import VERSIONS, entries_of_receipt
from governance.consent.intake.lines import LONGEST_BYTES, Line, lines_of, unreadable
from governance.consent.intake.names import Names
from governance.consent.intake.record_lines import entries_of_record
from policies.errors import BadInputError, ConfigError

FORMS = ("auto", "27560", "jsonl", "csv", "kantara")
"""`27560` are JSON-LD records one a line, `jsonl` and `csv` our own events, `kantara` receipts 1.1.0."""
LARGEST_DOCUMENT_BYTES = 16 << 20
"""A file that is one JSON document, as single receipts are, is read whole; a larger one must be JSON lines."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one line tells."""

    line: int
    """Its number, from 1; in a file that is one document, the number of the receipt in it."""
    entries: tuple[Entry, ...]
    """The events in it; empty when it is wrong."""
    fault: Fault | None
    """What is wrong with it."""
    read_bytes: int
    """How much of the file was read with it."""


def read_file(path: Path, form: str, names: Names, key_check: str) -> Iterator[Told]:
    """What each line of a file tells, in order. Raises ConfigError for a file of another form as a whole."""
    if form == "csv" or (form == "auto" and path.suffix.lower() == ".csv"):
        yield from _csv(path, key_check)
        return
    document = _document(path)
    if document is not None:
        for at, each in enumerate(document, 1):
            yield _told(Line(at, "", at), partial(_of_document, each, form, names, key_check))
        return
    for line in lines_of(path):
        yield _told(line, lambda text: _entries(_object(text), form, names, key_check))


def _told(line: Line, read: Callable[[str], tuple[Entry, ...]]) -> Told:
    try:
        if line.text is None:
            refuse("line", f"no UTF-8, or more than {LONGEST_BYTES} bytes", "one event or record in UTF-8")
        return Told(line.number, read(line.text), None, line.read_bytes)
    except BadInputError as cause:
        return Told(line.number, (), Fault.of(line.number, cause), line.read_bytes)


def _entries(told: dict[str, Any], form: str, names: Names, key_check: str) -> tuple[Entry, ...]:
    """The events of one object, by what it says of itself where the form is `auto`."""
    if form == "kantara" or (form == "auto" and told.get("version") in VERSIONS):
        return entries_of_receipt(told, names)
    if form == "27560" or (form == "auto" and ("@type" in told or "@context" in told)):
        return entries_of_record(told, names, key_check)
    if form == "auto" and told.get("schema", fields.SCHEMA) != fields.SCHEMA:
        refuse("schema", "a form that is not known", f"`{fields.SCHEMA}`, a 27560 record or a Kantara receipt")
    return (fields.entry_of(told, key_check),)


def _of_document(told: dict[str, Any], form: str, names: Names, key_check: str, _: str) -> tuple[Entry, ...]:
    return _entries(told, form, names, key_check)


def _object(text: str) -> dict[str, Any]:
    try:
        told = _DECODER.decode(text)
    except (ValueError, RecursionError):
        refuse("line", "text that is no JSON, or has one key twice", "one JSON object a line")
    if not isinstance(told, dict):
        refuse("line", f"a JSON {type(told).__name__}", "one JSON object a line")
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once)


def _document(path: Path) -> list[dict[str, Any]] | None:
    """The objects of a file that is one JSON document; None for JSON lines."""
    try:
        with path.open("rb") as file:
            first = file.readline(LONGEST_BYTES)
            if _is_object(first) or path.stat().st_size > LARGEST_DOCUMENT_BYTES:
                return None
            found = json.loads(first + file.read(), object_pairs_hook=_once)
    except OSError as cause:
        raise unreadable(path, cause) from None
    except (ValueError, RecursionError):
        return None  # lines, of which the first is wrong
    whole = found if isinstance(found, list) else [found]
    return whole if all(isinstance(each, dict) for each in whole) else None


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _csv(path: Path, key_check: str) -> Iterator[Told]:
    header: list[str] | None = None
    for line in lines_of(path):
        if header is None:
            header = _header(path, line)
            continue
        yield _told(line, partial(_csv_entries, header, key_check))


def _csv_entries(columns: list[str], key_check: str, text: str) -> tuple[Entry, ...]:
    return (fields.entry_of(_row(columns, text), key_check),)


def _header(path: Path, line: Line) -> list[str]:
    columns = next(csv.reader([line.text or ""]), [])
    known = {*fields.FIELDS, "subject"}
    wrong = sum(each not in known and not each.startswith(fields.STORE_KEY) for each in columns)
    if wrong or len(set(columns)) != len(columns) or not {"purpose", "kind", "time"} <= set(columns):
        raise ConfigError(
            f"{path}:{line.number}",
            found=f"a header of {len(columns)} columns, {wrong} of them unknown",
            expected="each column once: purpose, kind, time and others that docs/receipts.md lists",
            next_step="mend the first line",
        )
    return columns


def _row(columns: list[str], text: str) -> dict[str, Any]:
    try:
        (cells,) = csv.reader([text], strict=True)
    except csv.Error:
        refuse("line", "text that is no CSV", "one event a line")
    if len(cells) != len(columns):
        refuse("line", f"{len(cells)} cells", f"{len(columns)}, as the header has")
    told: dict[str, Any] = {name: cell for name, cell in zip(columns, cells, strict=True) if cell}
    keys = {name: told.pop(name) for name in columns if name.startswith(fields.STORE_KEY) and name in told}
    if keys:
        told["store_keys"] = {name.removeprefix(fields.STORE_KEY): key for name, key in keys.items()}
    return told
