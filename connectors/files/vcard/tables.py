"""The dataset of a vCard file: inventory of its properties, rows in batches."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from connectors.base import Dataset, DatasetKind, Field, Sample
from connectors.cells import text_column
from connectors.files.arrow_shapes import json_text
from connectors.files.base import FileSource, FileTable
from connectors.files.decoding import Utf8Stream
from connectors.files.encoding import Encoding, encoding_of
from connectors.files.json_paths import looks_like_data
from connectors.files.vcard.cards import Card, CardReader
from connectors.files.vcard.meanings import MEANINGS
from connectors.files.vcard.values import Decoder, texts_of
from connectors.notes import Notes
from connectors.passing import Opened
from connectors.sampling import EveryNth, EveryRow
from policies.errors import StoreError

_BATCH_BYTES = 4_194_304
_BATCH_ROWS = 16_384
_MOST_FIELDS = 2_000
_BROKEN_LIMIT = 100
_OTHERS = "*"
"""Properties whose names are data, or too many, are one field."""

_Cells = dict[str, list[str]]


def vcard_tables(source: FileSource) -> list[FileTable]:
    """The one dataset of a vCard file. Raises StoreError when it holds no card, or its encoding cannot be told."""
    form = _form(source)
    inventory = _inventory(source, form)
    fields = tuple(Field(name, word, comment=MEANINGS.get(name, "")) for name, word in inventory.words.items())
    dataset = Dataset(source.name, DatasetKind.FILE, fields)

    @contextmanager
    def opener(asked: Sequence[Field], sample: Sample, notes: Notes) -> Iterator[Opened]:
        with _cards(source, form, notes) as cards:
            total = inventory.cards
            if sample.rows is None:
                yield Opened(_batches(cards, form, asked, source, notes), EveryRow(), whole=True)
                return
            places = EveryNth(total, sample.rows, seed=sample.seed)
            chosen = (card for card in cards if places.places(1))
            yield Opened(_batches(chosen, form, asked, source, notes), EveryRow(places.method), total)

    return [FileTable(dataset, source.shown, opener)]


@dataclass(frozen=True, slots=True)
class _Form:
    """How the file's bytes are text."""

    encoding: Encoding
    stated: bool
    doubt: StoreError | None = None
    """Why it could not be told, which matters only where a property says nothing of its own."""


def _form(source: FileSource) -> _Form:
    try:
        return _Form(encoding_of(source.path, source.shown, said=source.encoding), stated=source.encoding is not None)
    except StoreError as doubt:
        if source.encoding is not None:
            raise
        return _Form(Encoding("utf-8"), stated=False, doubt=doubt)


@contextmanager
def _cards(source: FileSource, form: _Form, notes: Notes) -> Iterator[Iterator[Card]]:
    """The cards of the file; what is none is noted when they end."""
    with closing(_opened(source, form, notes)) as file:
        reader = CardReader(file, source.shown)

        def noted() -> Iterator[Card]:
            for card in reader:
                if card.broken:
                    notes.count(source.shown, "not_seen.bad_card", first=f"card {card.number}")
                yield card
            if reader.strays:
                notes.count(source.shown, "not_seen.bad_line", reader.strays, first=f"line {reader.first_stray}")

        yield noted()


def _opened(source: FileSource, form: _Form, notes: Notes) -> io.BufferedReader:
    """The bytes of the file behind its mark; UTF-16 as UTF-8, since its lines cannot be told as bytes."""
    if form.encoding.codec.startswith(("utf-16", "utf-32")):
        return io.BufferedReader(Utf8Stream(source.path, form.encoding, source.shown, notes))
    file = source.path.open("rb")
    file.seek(form.encoding.mark_bytes)
    return file


@dataclass(slots=True)
class _Inventory:
    words: dict[str, str] = field(default_factory=dict)
    """Fields in the order of their first card; `json` where a card has several values, `binary` for inline data."""
    cards: int = 0


def _inventory(source: FileSource, form: _Form) -> _Inventory:
    found = _Inventory()
    named = _naming(source.name_filter)
    notes = Notes()
    with _cards(source, form, notes) as cards:
        for card in cards:
            found.cards += 1
            for name, values in _cells(card, _decoder(form), named).items():
                word = "binary" if name.endswith(".inline") else "json" if len(values) > 1 else "string"
                if found.words.setdefault(name, word) == "string":
                    found.words[name] = word
    if not found.cards and notes.listed():
        raise StoreError(
            source.shown,
            found="no card",
            expected="a vCard file with BEGIN:VCARD and END:VCARD",
            next_step="export the address book as vCard again, or give the file the ending of its format",
        )
    return found


def _decoder(form: _Form) -> Decoder:
    return Decoder("utf-8" if form.encoding.codec.startswith("utf") else form.encoding.codec, form.stated)


def _naming(name_filter: Callable[[str], str]) -> Callable[[str], str]:
    """The field of a property's name; a name that is data, or one beyond the first 2,000, is folded."""
    known: dict[str, str] = {}

    def named(name: str) -> str:
        if name not in known:
            if len(known) >= _MOST_FIELDS:
                return _OTHERS
            known[name] = _OTHERS if looks_like_data(name) or name_filter(name) != name else name
        return known[name]

    return named


def _cells(card: Card, decoder: Decoder, named: Callable[[str], str]) -> _Cells:
    cells: _Cells = {}
    for each in card.properties:
        if each.inline:
            cells.setdefault(f"{named(each.name)}.inline", []).append("")
            continue
        for name, text in texts_of(each, card.version, decoder):
            cells.setdefault(named(name), []).append(text)
    return cells


def _batches(
    cards: Iterator[Card], form: _Form, asked: Sequence[Field], source: FileSource, notes: Notes
) -> Generator[pa.RecordBatch, None, None]:
    decoder = _decoder(form)
    named = _naming(source.name_filter)
    rows: list[_Cells] = []
    size_bytes = 0
    wrong = 0
    for card in cards:
        cells = _cells(card, decoder, named)
        if decoder.broken:
            wrong += decoder.broken
            notes.count(source.shown, "not_seen.broken_bytes", decoder.broken, first=f"card {card.number}")
            decoder.broken = 0
        if wrong > (0 if form.doubt else _BROKEN_LIMIT):
            raise form.doubt or _wrong_encoding(source.shown, form.encoding.codec)
        rows.append(cells)
        size_bytes += sum(len(text) for values in cells.values() for text in values)
        if size_bytes >= _BATCH_BYTES or len(rows) >= _BATCH_ROWS:
            yield _batch(rows, asked)
            rows, size_bytes = [], 0
    if rows:
        yield _batch(rows, asked)


def _wrong_encoding(place: str, codec: str) -> StoreError:
    return StoreError(
        place,
        found=f"values that are no {codec} text in more than {_BROKEN_LIMIT} places",
        expected=f"cards in {codec}, or in the CHARSET that a property names",
        next_step="write the right `encoding` beside the store's path, or save the file as UTF-8",
    )


def _batch(rows: Sequence[_Cells], asked: Sequence[Field]) -> pa.RecordBatch:
    columns = [text_column([_cell(cells.get(each.name), each.type) for cells in rows]) for each in asked]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema([(each.name, pa.string()) for each in asked]))


def _cell(values: list[str] | None, word: str) -> str | None:
    if not values:
        return None
    return json_text(values) if word == "json" or len(values) > 1 else values[0]
