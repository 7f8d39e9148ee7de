"""Protected values of the source that stand in texts of the copy.

Both sides become numbers of 63 bits, a keyed hash of the small-lettered text: of whole values on one side; on the other
of whole cells, of one to four words in a row, of addresses of e-mail, and in Chinese of two to six characters in a row.
The numbers of the source lie in a SQLite file for as long as it takes; no value is written, and memory stays flat.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Connection

from governance.copies.source import SourceTable
from governance.scan.quasi.kinds import load_kinds
from policies.copy_rules import CopyRules
from policies.nouns import FieldRef

if TYPE_CHECKING:
    from governance.copies.work import Places
    from governance.protect.pseudonyms.key import PseudonymKey

_PAGE = 2_000
_SHORT, _SHORT_HAN = 5, 2
"""A value with fewer characters is left out: it would be found everywhere."""
_WORDS = 4
_HAN_LONG = 6
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]+")
_WORD = re.compile(r"[^\s,;:!?()\[\]{}<>\"'，。；：！？（）、「」【】]+")
_EDGES = ".-_/"

Asked = tuple[Mapping[str, SourceTable], CopyRules]


def values_left(places: Places, target: Connection, source: Connection, asked: Asked) -> list[dict[str, Any]]:
    """Fields of texts in clear in which protected values were found, with the number of rows."""
    tables, rules = asked
    texts = {name: _texts(table, rules) for name, table in tables.items()}
    protected = {name: _protected(places, table, rules) for name, table in tables.items()}
    if not any(texts.values()) or not any(protected.values()):
        return []
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "seen", isolation_level=None)) as seen,
    ):
        seen.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; CREATE TABLE v (h INTEGER PRIMARY KEY)"
        )
        seen.execute("BEGIN")
        for name, fields in protected.items():
            for page in _pages(source, name, fields):
                values = {_plain(each) for row in page for each in row if isinstance(each, str)}
                numbers = _numbers(places.key, [each for each in values if _is_long(each)])
                seen.executemany("INSERT OR IGNORE INTO v VALUES (?)", ((each,) for each in numbers))
        found = []
        for name, fields in texts.items():
            counts = dict.fromkeys(fields, 0)
            for page in _pages(target, name, fields):
                for place, field in enumerate(fields):
                    counts[field] += _rows_with(places.key, seen, [row[place] for row in page])
            found += [
                {"field": f"{name}.{field}", "kind": "value", "detail": "", "rows": rows}
                for field, rows in counts.items()
                if rows
            ]
    return found


def _texts(table: SourceTable, rules: CopyRules) -> list[str]:
    """Fields of text that were copied in clear, keys aside."""
    words, said = table.words, rules.datasets[table.name].fields
    return [
        each for each in table.types if words[each] == "string" and said[each].kind == "clear" and each not in table.key
    ]


def _protected(places: Places, table: SourceTable, rules: CopyRules) -> list[str]:
    """Fields of text that name a person or lead to one, and were not copied in clear."""
    kinds, words, found = load_kinds().categories, table.words, []
    for field, entry in rules.datasets[table.name].fields.items():
        known = places.catalog.field(FieldRef(places.source, table.name, field))
        if known is None or known.category in {"none", *kinds} or entry.kind == "clear" or known.encrypted:
            continue
        if words[field] == "string":
            found.append(field)
    return found


def _pages(connection: Connection, name: str, fields: Sequence[str]) -> Iterator[Sequence[Sequence[Any]]]:
    if fields:
        table = sa.table(name, *(sa.column(each) for each in fields))
        query = sa.select(table)
        yield from connection.execute(query.execution_options(stream_results=True)).partitions(_PAGE)


def _rows_with(key: PseudonymKey, seen: sqlite3.Connection, cells: Sequence[Any]) -> int:
    """How many cells hold one of the values."""
    parts: dict[str, list[int]] = {}
    for row, cell in enumerate(cells):
        if isinstance(cell, str):
            for part in set(parts_of(cell)):
                parts.setdefault(part, []).append(row)
    texts = list(parts)
    rows: set[int] = set()
    numbers = _numbers(key, texts)
    for start in range(0, len(texts), 500):
        some = numbers[start : start + 500]
        marks = ",".join("?" * len(some))
        hits = {each for (each,) in seen.execute(f"SELECT h FROM v WHERE h IN ({marks})", some)}  # noqa: S608 marks only
        rows |= {row for place, number in enumerate(some) if number in hits for row in parts[texts[start + place]]}
    return len(rows)


def parts_of(text: str) -> Iterator[str]:
    """What a text may hold of values: itself, runs of words, runs of Chinese characters."""
    plain = _plain(text)
    if _is_long(plain):
        yield plain
    words = [each.strip(_EDGES) for each in _WORD.findall(plain)]
    for run in _runs(words, _WORDS):
        joined = " ".join(run)
        if _is_long(joined):
            yield joined
    for stretch in _HAN.findall(plain):
        for length in range(_SHORT_HAN, _HAN_LONG + 1):
            yield from (stretch[start : start + length] for start in range(len(stretch) - length + 1))


def _runs(words: Sequence[str], longest: int) -> Iterator[Sequence[str]]:
    for start in range(len(words)):
        for length in range(1, min(longest, len(words) - start) + 1):
            yield words[start : start + length]


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _is_long(text: str) -> bool:
    return len(text) >= (_SHORT_HAN if _HAN.fullmatch(text) else _SHORT)


def _numbers(key: PseudonymKey, texts: Iterable[str]) -> list[int]:
    plain = list(texts)
    return [int(each) >> 1 for each in key.words("copies:values", plain)[:, 0]] if plain else []
