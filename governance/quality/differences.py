"""What datasets say differently of the same person, compared with the dataset that leads their group.

Values are written to a scratch database by person and kind, and each that does not stand with the leader is looked at
once more: another spelling of a name, another notation of a number or a landline beside a mobile is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from governance.quality.checks.phones import is_mobile
from governance.quality.columns import Columns
from governance.quality.names import DIFFERS, NameReader, compare
from governance.quality.people import APART, People, consent_flags, subjects_of
from governance.quality.plan import DatasetLook
from governance.quality.scratch import Scratch
from governance.quality.standard import Standard

KINDS = ("email", "phone", "name", "birth_date", "consent")
"""What is compared."""


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """A field of one record that differs from the leader's."""

    look: DatasetLook
    """The dataset."""
    field: str
    """The field."""
    key: tuple[str, ...]
    """What identifies the record."""

    def __repr__(self) -> str:
        return f"Difference({self.look.ref}, {self.field})"


class Differences:
    """Finds differences within groups of datasets: `add` every batch of each, then `find`."""

    def __init__(self, scratch: Scratch, reader: NameReader, standard: Standard) -> None:
        self._db = scratch.connection
        self._reader = reader
        self._standard = standard
        self._looks: list[DatasetLook] = []
        self._fields: list[tuple[DatasetLook, str]] = []
        self._db.execute("CREATE TABLE said (who, kind, leads, place, key, value, raw)")

    def add(self, look: DatasetLook, columns: Columns, people: People) -> None:
        """Take a batch of a dataset; records without a person are left out."""
        whos = [each and f"{look.leads}{APART}{each}" for each in subjects_of(columns, look.subject_key)]
        self._db.execute("BEGIN")
        for kind in KINDS:
            for field, values, raws in self._said(look, columns, people, kind):
                place = self._place(look, field)
                rows = (
                    (
                        who,
                        kind,
                        look.is_leader,
                        place,
                        None if look.is_leader else APART.join(map(str, key)),
                        value,
                        raw,
                    )
                    for who, key, value, raw in zip(whos, people.keys, values, raws, strict=False)
                    if who is not None and value is not None
                )
                self._db.executemany("INSERT INTO said VALUES (?,?,?,?,?,?,?)", rows)
        self._db.execute("COMMIT")

    def _place(self, look: DatasetLook, field: str) -> int:
        if (look, field) not in self._fields:
            self._fields.append((look, field))
        return self._fields.index((look, field))

    def _said(
        self, look: DatasetLook, columns: Columns, people: People, kind: str
    ) -> Iterator[tuple[str, Sequence[str | None], Iterator[str | None] | Sequence[str | None]]]:
        person = look.person
        if kind == "email":
            yield from ((field, each, repeat(None)) for field, each in zip(person.email, people.emails, strict=True))
        elif kind == "phone":
            for field, each in zip(person.phone, people.phones, strict=True):
                yield field, each, columns.text(field).to_pylist()
        elif kind == "name" and person.name:
            yield person.name[0], people.names, repeat(None)
        elif kind == "birth_date" and person.birth_date:
            yield person.birth_date[0], people.births, repeat(None)
        elif kind == "consent" and person.consent:
            yield person.consent[0], consent_flags(columns, person.consent[0], self._standard), repeat(None)

    def find(self) -> Iterator[tuple[DatasetLook, str, int, list[Difference]]]:
        """For each field that was compared, how many of its values were, and those that differ."""
        self._db.execute("CREATE INDEX by_leader ON said (who, kind, leads)")
        for place, (look, field) in enumerate(self._fields):
            if look.is_leader:
                continue
            compared, found = 0, []
            for key, differs in self._pairs(place):
                compared += 1
                if differs:
                    found.append(Difference(look, field, tuple(key.split(APART))))
            yield look, field, compared, found

    def _pairs(self, place: int) -> Iterator[tuple[str, bool]]:
        """Each value of a field that the leader says something about, and whether it differs from all of it."""
        query = (
            "SELECT o.rowid, o.key, o.kind, o.value, o.raw, l.value, l.raw FROM said o JOIN said l"
            " ON l.who = o.who AND l.kind = o.kind AND l.leads = 1 WHERE o.place = ? ORDER BY o.rowid"
        )
        standing, last_key, differs = -1, "", True
        for row, key, kind, value, raw, led, led_raw in self._db.execute(query, (place,)):
            if row != standing:
                if standing >= 0:
                    yield last_key, differs
                standing, last_key, differs = row, key, True
            differs = differs and self._differs(kind, value, raw, led, led_raw)
        if standing >= 0:
            yield last_key, differs

    def _differs(self, kind: str, value: str, raw: str, led: str, led_raw: str) -> bool:
        if value == led:
            return False
        if kind == "name":
            return compare(self._reader.form(value), self._reader.form(led)) == DIFFERS
        if kind == "phone":
            first, second = (is_mobile(each, self._standard.regions) for each in (raw, led_raw))
            return first is None or second is None or first == second
        return True
