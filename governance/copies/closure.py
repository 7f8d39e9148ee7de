"""Which rows of a subset are copied: those meant, those that follow them, and every row that one of them refers to.

Rows are numbers of 63 bits, the keyed hash of table and key, in a SQLite file beside the plan: no key is written, and
memory does not grow with the store. Two rows that share a number are both copied, with all that both refer to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from connectors.sql.where import where_condition
from governance.copies.rules import kept_links
from governance.copies.source import SourceTable
from governance.protect.pseudonyms.key import PseudonymKey
from policies.copy_rules import ALL, REFERRED, CopyRules
from policies.predicate import parse_predicate

_PAGE = 5_000
_TABLES = """
    CREATE TABLE rows (h INTEGER, t INTEGER);
    CREATE TABLE base (h INTEGER);
    CREATE TABLE follows (p INTEGER, c INTEGER);
    CREATE TABLE refers (c INTEGER, p INTEGER);
"""
_STRONG = """
    CREATE INDEX follows_p ON follows (p);
    CREATE INDEX refers_c ON refers (c);
    CREATE TABLE strong (h INTEGER PRIMARY KEY);
    INSERT INTO strong WITH RECURSIVE s (h) AS (
        SELECT h FROM base UNION SELECT f.c FROM s JOIN follows f ON f.p = s.h) SELECT h FROM s;
    CREATE TABLE kept (h INTEGER PRIMARY KEY);
    INSERT INTO kept WITH RECURSIVE k (h) AS (
        SELECT h FROM strong UNION SELECT r.p FROM k JOIN refers r ON r.c = k.h) SELECT h FROM k;
"""
_TIDY = "DROP TABLE base; DROP TABLE follows; DROP TABLE refers; DROP TABLE strong; DROP TABLE rows; VACUUM;"


class RowNumbers:
    """The numbers of rows."""

    def __init__(self, key: PseudonymKey) -> None:
        self._key = key

    def of(self, table: str, fields: Sequence[str], keys: Sequence[tuple[Any, ...]]) -> list[int]:
        """The number of each row of a table, named by the values of some of its fields."""
        order = sorted(range(len(fields)), key=lambda place: fields[place])
        start = "\x1f".join([table, *(fields[place] for place in order)])
        texts = ["\x1f".join([start, *(str(key[place]) for place in order)]) for key in keys]
        return [int(each) >> 1 for each in self._key.words("copies:rows", texts)[:, 0]] if texts else []


def find_kept(
    connection: Connection, tables: Mapping[str, SourceTable], rules: CopyRules, key: PseudonymKey, path: Path
) -> dict[str, int]:
    """Write the numbers of all rows that are copied to a new file; gives how many there are by table."""
    numbers = RowNumbers(key)
    with closing(sqlite3.connect(path, isolation_level=None)) as scratch:
        scratch.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
        scratch.execute("BEGIN")
        for place, name in enumerate(tables):
            _note(connection, scratch, place, name, (tables, rules, numbers))
        scratch.execute("COMMIT")
        scratch.executescript(_STRONG)
        found = scratch.execute("SELECT t, count(*) FROM rows WHERE h IN (SELECT h FROM kept) GROUP BY t").fetchall()
        scratch.executescript(_TIDY)
    counts = dict(found)
    return {name: counts.get(place, 0) for place, name in enumerate(tables)}


class Kept:
    """The rows that are copied, read from the file."""

    def __init__(self, path: Path, key: PseudonymKey) -> None:
        self._scratch = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._numbers = RowNumbers(key)

    def places(self, table: SourceTable, keys: Sequence[tuple[Any, ...]]) -> list[int]:
        """Which of some rows are copied, as places in the sequence."""
        numbers = self._numbers.of(table.name, table.key, keys)
        found: set[int] = set()
        for start in range(0, len(numbers), 500):
            some = numbers[start : start + 500]
            marks = ",".join("?" * len(some))
            found |= {each for (each,) in self._scratch.execute(f"SELECT h FROM kept WHERE h IN ({marks})", some)}  # noqa: S608 marks only
        return [place for place, number in enumerate(numbers) if number in found]

    def close(self) -> None:
        """Release the file."""
        self._scratch.close()


_Asked = tuple[Mapping[str, SourceTable], CopyRules, RowNumbers]


def _note(connection: Connection, scratch: sqlite3.Connection, place: int, name: str, asked: _Asked) -> None:
    """Enter every row of a table: its number, whether it is meant, what it refers to, what it follows."""
    tables, rules, numbers = asked
    table, said = tables[name], rules.datasets[name]
    links = list(kept_links(name, tables, rules))
    aliases = {
        link.referred
        for other in tables
        for link in kept_links(other, tables, rules)
        if link.parent == name and set(link.referred) != set(table.key)
    }
    fields = list(
        dict.fromkeys([*table.key, *(f for link in links for f in link.fields), *(f for a in aliases for f in a)])
    )
    for rows, meant in _pages(connection, table, said.rows, fields):

        def of(parts: Sequence[str], rows: Sequence[tuple[Any, ...]] = rows) -> list[tuple[Any, ...]]:
            places = [fields.index(part) for part in parts]
            return [tuple(row[each] for each in places) for row in rows]

        own = numbers.of(name, table.key, of(table.key))
        scratch.executemany("INSERT INTO rows VALUES (?, ?)", ((each, place) for each in own))
        if not said.follow:
            scratch.executemany("INSERT INTO base VALUES (?)", ((h,) for h, yes in zip(own, meant, strict=True) if yes))
        for alias in aliases:
            pairs = list(zip(own, numbers.of(name, alias, of(alias)), strict=True))
            scratch.executemany("INSERT INTO follows VALUES (?, ?)", pairs)
            scratch.executemany("INSERT INTO refers VALUES (?, ?)", ((other, each) for each, other in pairs))
        for link in links:
            values = of(link.fields)
            parents = numbers.of(link.parent, link.referred, values)
            full = [None not in each for each in values]
            edges = [(c, p) for c, p, whole in zip(own, parents, full, strict=True) if whole]
            scratch.executemany("INSERT INTO refers VALUES (?, ?)", edges)
            if any(field in said.follow for field in link.fields):
                steps = zip(parents, own, meant, full, strict=True)
                scratch.executemany(
                    "INSERT INTO follows VALUES (?, ?)", ((p, c) for p, c, yes, w in steps if yes and w)
                )


def _pages(
    connection: Connection, table: SourceTable, rows: str, fields: Sequence[str]
) -> Iterator[tuple[list[tuple[Any, ...]], list[bool]]]:
    source = table.table
    if rows == ALL:
        meant: sa.ColumnElement[Any] = sa.literal(1)
    elif rows == REFERRED:
        meant = sa.literal(0)
    else:
        condition = where_condition(parse_predicate(rows), source, connection.dialect.name)
        meant = sa.case((condition, 1), else_=0)
    query = sa.select(*(source.c[each] for each in fields), meant.label("gov_meant")).select_from(source)
    found = connection.execute(query.execution_options(stream_results=True))
    for page in found.partitions(_PAGE):
        yield [tuple(row[:-1]) for row in page], [bool(row[-1]) for row in page]
