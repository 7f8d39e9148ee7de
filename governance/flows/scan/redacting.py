"""Redact whole files, as a stream: text, columns of CSV, fields of JSON lines.

Memory does not grow with the file: a few thousand texts are held at a time. Offsets of spans are code points of the
text of one record; in plain text, of the whole input.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from connectors.files.encoding import encoding_of
from governance.scan.shapes import shape_name
from governance.scan.text.redactor import Redacted, Redactor
from governance.scan.text.spans import Span
from policies.errors import BadInputError

FORMS = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""Forms of input by the ending of a file; anything else is plain text."""
_RECORDS = 2_000
_BLOCK = 65_536
"""Plain text is read in blocks of so many code points."""
_MARGIN = 2_048
"""So much of the end of a block waits for the next one, since a place may go on there."""


@dataclass(slots=True)
class Found:
    """How much was found; counts only."""

    records: int = 0
    """Records read."""
    places: dict[str, int] = field(default_factory=dict)
    """Places by entity."""

    def add(self, spans: Iterable[Span]) -> None:
        """Count the places of one text."""
        for span in spans:
            self.places[span.entity] = self.places.get(span.entity, 0) + 1


@contextmanager
def opened(path: Path, encoding: str | None = None) -> Iterator[TextIO]:
    """A file as text, its line ends kept; the encoding is told from its content unless it is said.

    Raises StoreError when the encoding cannot be told, BadInputError where the content breaks it.
    """
    told = encoding_of(path, shape_name(path.name), said=encoding)
    with path.open("rb") as file:
        file.seek(told.mark_bytes)
        with decoded(file, told.codec) as text:
            yield text


@contextmanager
def decoded(file: BinaryIO, codec: str) -> Iterator[TextIO]:
    """Bytes as text. Raises BadInputError where they break the encoding."""
    try:
        yield io.TextIOWrapper(file, encoding=codec, newline="")
    except UnicodeDecodeError:
        raise _bad("input", f"bytes that are no {codec}", "one encoding throughout; name it with --encoding") from None


def redact_text(source: TextIO, redactor: Redactor, found: Found) -> Iterator[str]:
    """The text without its personal data, part by part."""
    for text, spans in _parts(source, redactor, found):
        yield redactor.replace(text, spans)


def text_spans(source: TextIO, redactor: Redactor, found: Found) -> Iterator[Span]:
    """The places of a text, with offsets of the whole input."""
    offset = 0
    for text, spans in _parts(source, redactor, found):
        for span in spans:
            yield Span(span.start + offset, span.end + offset, span.entity, span.score)
        offset += len(text)


def redact_csv(source: TextIO, redactor: Redactor, columns: Sequence[str], found: Found) -> Iterator[str]:
    """CSV lines with the named columns redacted, all columns when none is named; the header stays.

    Raises BadInputError for a column that the header does not have, or a row with more cells than the header.
    """
    reader, writer, header = _csv_pair(source)
    chosen = _chosen(header, columns)
    yield writer(header)
    for rows in _batched(reader, _RECORDS):
        for row in rows:
            if len(row) > len(header):
                raise _bad(f"record {found.records + 1}", "more cells than the header", "a cell for each name")
            found.records += 1
        cells = [(number, place) for number, row in enumerate(rows) for place in chosen if place < len(row)]
        for (number, place), each in zip(cells, redactor.redact([rows[n][p] for n, p in cells]), strict=True):
            found.add(each.spans)
            rows[number][place] = each.text
        yield "".join(map(writer, rows))


def redact_jsonl(source: TextIO, redactor: Redactor, fields: Sequence[str], found: Found) -> Iterator[str]:
    """JSON lines with the texts of the named fields redacted; a line that is only a text is redacted itself.

    Raises BadInputError for a line that is no JSON object or text, or lacks all the fields.
    """
    for lines in _batched(_documents(source), _RECORDS):
        slots = [slot for number, document in lines for slot in _texts(document, fields, number)]
        for slot, each in zip(slots, redactor.redact([slot.text for slot in slots]), strict=True):
            found.add(each.spans)
            slot.put(each)
        found.records += len(lines)
        yield "".join(_written(document["line"]) for _, document in lines)


def jsonl_spans(source: TextIO, redactor: Redactor, fields: Sequence[str], found: Found) -> Iterator[str]:
    """One line `{"id", "spans"}` for each JSON line; with several fields each span names its `field`."""
    for lines in _batched(_documents(source), _RECORDS):
        slots = [slot for number, document in lines for slot in _texts(document, fields, number)]
        spans: dict[int, list[dict[str, Any]]] = {number: [] for number, _ in lines}
        for slot, each in zip(slots, redactor.find([slot.text for slot in slots]), strict=True):
            found.add(each)
            named = {"field": slot.field} if len(fields) > 1 else {}
            spans[slot.number].extend({**named, **span_json(span)} for span in each)
        found.records += len(lines)
        for number, document in lines:
            line = document["line"]
            name = line.get("id") if isinstance(line, dict) else None
            yield _written({"id": number if name is None else name, "spans": spans[number]})


def span_json(span: Span) -> dict[str, Any]:
    """A span as plain data."""
    return {"start": span.start, "end": span.end, "entity": span.entity, "score": round(span.score, 4)}


@dataclass(slots=True, repr=False)
class _Slot:
    """A text inside a document, and where it goes back."""

    number: int
    field: str
    text: str
    holder: dict[str, Any]
    key: str

    def put(self, redacted: Redacted) -> None:
        self.holder[self.key] = redacted.text


def _documents(source: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            raise _bad(f"line {number}", "no JSON", "one JSON object a line") from None
        yield number, {"line": document}


def _texts(document: dict[str, Any], fields: Sequence[str], number: int) -> list[_Slot]:
    line = document["line"]
    if isinstance(line, str):
        return [_Slot(number, "", line, document, "line")]
    if not isinstance(line, dict):
        raise _bad(f"line {number}", "neither an object nor a text", "one JSON object a line")
    slots = [_Slot(number, name, holder[key], holder, key) for name in fields for holder, key in _reached(line, name)]
    if not slots and not any(name.split(".")[0] in line for name in fields):
        raise _bad(f"line {number}", "none of the fields", f"a text under {', '.join(map(shape_name, fields))}")
    return slots


def _reached(holder: dict[str, Any], name: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The objects and keys under a dotted name that hold a text."""
    *path, key = [name] if name in holder else name.split(".")
    inner: Any = holder
    for step in path:
        inner = inner.get(step) if isinstance(inner, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get(key), str):
        yield inner, key


def _written(document: Any) -> str:
    text = json.dumps(document, ensure_ascii=False)
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        text = json.dumps(document)
    return text + "\n"


def _parts(source: TextIO, redactor: Redactor, found: Found) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """The text in parts with their places; no place and little of its surroundings is cut apart."""
    rest = ""
    while True:
        more = source.read(_BLOCK)
        text = rest + more
        if not text:
            return
        spans = redactor.find([text])[0]
        cut = _cut(text, spans) if more else len(text)
        inside = tuple(each for each in spans if each.end <= cut)
        found.records += 1
        found.add(inside)
        yield text[:cut], inside
        rest = text[cut:]


def _cut(text: str, spans: Sequence[Span]) -> int:
    """Where a part may end: after a line that is far enough from the end of what was read, never inside a place."""
    latest = max(0, len(text) - _MARGIN)
    cut = text.rfind("\n", 0, latest) + 1 or latest
    cut = min([cut, *(each.start for each in spans if each.start < cut < each.end)])
    return cut or len(text)


def _csv_pair(source: TextIO) -> tuple[Iterator[list[str]], Callable[[Sequence[str]], str], list[str]]:
    csv.field_size_limit(2**31 - 1)
    start = list(itertools.islice(source, 1))
    ending = "\r\n" if start and start[0].endswith("\r\n") else "\n"
    delimiter = max(",;\t|", key=start[0].count) if start else ","
    reader = csv.reader(itertools.chain(start, source), delimiter=delimiter)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending)

    def line(row: Sequence[str]) -> str:
        out.seek(0)
        out.truncate()
        writer.writerow(row)
        return out.getvalue()

    header = next(reader, None)
    if header is None:
        raise _bad("line 1", "nothing", "a header")
    return reader, line, header


def _chosen(header: Sequence[str], columns: Sequence[str]) -> list[int]:
    for name in columns:
        if name not in header:
            known = ", ".join(map(shape_name, header))
            raise _bad("header", f"no column `{shape_name(name)}`", f"one of {known}")
    return [place for place, name in enumerate(header) if not columns or name in columns]


def _batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def _bad(place: str, found: str, expected: str) -> BadInputError:
    return BadInputError(place, found=found, expected=expected, next_step="mend the input; nothing was written for it")
