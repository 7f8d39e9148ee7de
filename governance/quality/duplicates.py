"""People who stand more than once in a dataset: records that share something are compared, and evidence is summed.

Records are written to a scratch database and sorted there by each thing that they may have in common; only neighbours
in such an order are compared, so that neither time nor memory grows with the square of the records. Evidence is summed
after Fellegi and Sunter with the weights of the pack.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from governance.quality.names import CLOSE, DIFFERS, SAME, NameForm, NameReader, compare
from governance.quality.people import APART, People
from governance.quality.scratch import Scratch
from governance.quality.standard import LikenessPack

WINDOW = 24
"""With so many neighbours before it a record is compared among those that share a thing with it."""
_COLUMNS = "row, key, han, surname, given, latin, email, phone, birth, paper, address, subject, copy"
_BLOCKS = ("copy", "subject", "email", "phone", "paper", "address", "birth_name", "birth_initials")


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One record as a person."""

    row: int
    """Its place in the reading, from 0."""
    name: NameForm | None
    """The name."""
    email: frozenset[str]
    """Addresses."""
    phone: frozenset[str]
    """Numbers."""
    birth_date: frozenset[str]
    """The day of birth, if it is known."""
    government_id: frozenset[str]
    """Numbers of papers."""
    address: frozenset[str]
    """The street."""
    copy: frozenset[str]
    """A digest of all that the record says, and when it began."""
    subject_key: frozenset[str]
    """The key by which other datasets know the person, where it is not the record's own."""

    def __repr__(self) -> str:
        return "Person()"


_SETS = ("subject_key", "email", "phone", "birth_date", "government_id", "address")


def likeness(one: Person, other: Person, pack: LikenessPack) -> float:
    """How much speaks for one person behind two records; from the pack's threshold on they are one."""
    total = 0.0
    if one.name is not None and other.name is not None:
        found = compare(one.name, other.name)
        total += {SAME: pack.same["name"], CLOSE: pack.same["close_name"], DIFFERS: pack.differs["name"]}.get(found, 0)
    for kind in _SETS:
        first, second = getattr(one, kind), getattr(other, kind)
        if first and second:
            total += pack.differs[kind] if first.isdisjoint(second) else pack.same[kind]
    return total + (pack.same["copy"] if one.copy and one.copy == other.copy else 0)


@dataclass(slots=True)
class Groups:
    """Which records are about one person: only records with a second one are held."""

    _above: dict[int, int] = field(default_factory=dict)

    def join(self, one: int, other: int) -> None:
        """Say that two records are about one person."""
        first, second = self.first(one), self.first(other)
        self._above[max(first, second)] = min(first, second)
        self._above.setdefault(min(first, second), min(first, second))

    def first(self, row: int) -> int:
        """The earliest record of the person of a record."""
        above = self._above
        while above.get(row, row) != row:
            above[row] = above.get(above[row], above[row])
            row = above[row]
        return row

    def later(self) -> Iterator[tuple[int, int]]:
        """Every record that has an earlier one, with the earliest, in order."""
        for row in sorted(self._above):
            if (first := self.first(row)) != row:
                yield row, first


class Duplicates:
    """Finds people who stand more than once in one dataset: `add` every batch, then `find`."""

    def __init__(self, scratch: Scratch, reader: NameReader, pack: LikenessPack) -> None:
        self._db = scratch.connection
        self._reader = reader
        self._pack = pack
        self._rows = 0
        self._db.execute("DROP TABLE IF EXISTS person")
        self._db.execute(
            f"CREATE TABLE person ({_COLUMNS}, birth_name, birth_initials)".replace("row,", "row INTEGER PRIMARY KEY,")
        )

    def add(self, people: People) -> None:
        """Take a batch."""
        rows = list(self._records(people))
        self._db.execute("BEGIN")
        self._db.executemany(f"INSERT INTO person VALUES ({','.join('?' * 15)})", rows)  # noqa: S608 marks alone
        self._db.execute("COMMIT")

    def _records(self, people: People) -> Iterator[tuple[object, ...]]:
        lots = (_joined(people.emails), _joined(people.phones), _joined(people.ids))
        for key, subject, copy, name, birth, address, email, phone, paper in zip(
            people.keys,
            people.subjects,
            people.copies,
            people.names,
            people.births,
            people.addresses,
            *(_filled(each, people) for each in lots),
            strict=True,
        ):
            form = self._reader.form(name) if name else None
            parts = (form.han, form.surname, form.given, " ".join(form.latin)) if form else (None,) * 4
            by_name = f"{birth}{form.key}" if form and birth else None
            by_initials = f"{birth}{form.initials}" if form and birth else None
            yield (
                self._rows,
                APART.join(map(str, key)),
                *parts,
                email,
                phone,
                birth,
                paper,
                address,
                subject,
                copy,
                by_name,
                by_initials,
            )
            self._rows += 1

    def find(self) -> Groups:
        """Which records are about one person."""
        groups = Groups()
        for block in _BLOCKS:
            self._db.execute(f"CREATE INDEX by_{block} ON person ({block}, latin, han) WHERE {block} IS NOT NULL")
            for one, other in self._neighbours(block):
                if (
                    groups.first(one.row) != groups.first(other.row)
                    and likeness(one, other, self._pack) >= self._pack.threshold
                ):
                    groups.join(one.row, other.row)
            self._db.execute(f"DROP INDEX by_{block}")
        return groups

    def _neighbours(self, block: str) -> Iterator[tuple[Person, Person]]:
        repeated = f"SELECT {block} FROM person INDEXED BY by_{block} WHERE {block} IS NOT NULL"  # noqa: S608 our names
        repeated += f" GROUP BY {block} HAVING count(*) > 1"
        shared = f"SELECT {block}, {_COLUMNS} FROM person INDEXED BY by_{block}"  # noqa: S608 our names
        shared += f" WHERE {block} IN ({repeated}) ORDER BY {block}, latin, han"
        window: deque[Person] = deque(maxlen=WINDOW)
        standing: str | None = None
        for value, *columns in self._db.execute(shared):
            if value != standing:
                window.clear()
                standing = value
            person = _person(columns)
            yield from ((each, person) for each in window)
            window.append(person)

    def keys(self, rows: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
        """The keys of records by their place in the reading."""
        found: dict[int, tuple[str, ...]] = {}
        for start in range(0, len(rows), 500):
            part = rows[start : start + 500]
            marks = ",".join("?" * len(part))
            for row, key in self._db.execute(f"SELECT row, key FROM person WHERE row IN ({marks})", part):  # noqa: S608 marks alone
                found[row] = tuple(key.split(APART))
        return found


def _person(columns: Sequence[object]) -> Person:
    row, _, han, surname, given, latin, email, phone, birth, paper, address, subject, copy = columns
    form = None if han is None else NameForm(str(han), str(surname), str(given), tuple(str(latin).split()))
    return Person(
        int(str(row)),
        form,
        _set(email),
        _set(phone),
        _set(birth),
        _set(paper),
        _set(address),
        _set(copy),
        _set(subject),
    )


def _set(text: object) -> frozenset[str]:
    return frozenset(str(text).split(APART)) if text is not None else frozenset()


def _joined(fields: Sequence[Sequence[str | None]]) -> list[str | None]:
    """Values of several fields of a record as one text; None where none has any."""
    if len(fields) == 1:
        return list(fields[0])
    return [APART.join(sorted({each for each in row if each})) or None for row in zip_longest(*fields)]


def _filled(values: list[str | None], people: People) -> list[str | None]:
    return values or [None] * len(people.names)
