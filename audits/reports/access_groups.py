"""The tables of groups in the report on access: per person, per field, per refusal; those with the most of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from audits.evidence import Evidence
from audits.report import Code, Column, Count, Fact, Facts, Listing, Row, Table, Text, Value, text
from audits.reports.access_sums import DenialKey, FieldKey, PersonGroup, PersonKey
from audits.reports.access_tables import columns_of
from audits.reports.access_tally import Group, Stamp, Tally, left_out
from audits.reports.access_uses import CLEAR, action_text, treatment_tag

MOST_PERSONS = 100
"""Rows of the table of people."""
MOST_FIELDS = 200
"""Rows of the table of fields."""
MOST_FIELDS_EACH = 12
"""Fields in the details of a row of the table of people."""
MOST_RULES = 50
"""Rules in the details of a row of the table of people."""
MOST_NAMES = 12
"""Names in one cell."""
Key = TypeVar("Key", bound=tuple[str, ...])


PERSON_COLUMNS = columns_of(
    ("person", "text"),
    ("purpose", "code"),
    ("action", "text"),
    ("uses", "number"),
    ("rows", "number"),
    ("in_clear", "number"),
    ("in_mask", "number"),
    ("last", "time"),
)
"""The columns of the table of people."""


def person_table(evidence: Evidence, persons: Mapping[PersonKey, PersonGroup]) -> Table:
    """Per person, purpose and action; when there are too many, those with the most uses."""
    rows = tuple(_person_row(evidence, key, persons[key]) for key in most_used(persons, MOST_PERSONS))
    return Table(PERSON_COLUMNS, rows, text("audit.by_person"))


def most_used(groups: Mapping[Key, Group], most: int) -> list[Key]:
    """The keys of the groups with the most uses, sorted."""
    return sorted(sorted(groups, key=lambda key: (-groups[key].uses.value, key))[:most])


def _person_row(evidence: Evidence, key: PersonKey, group: PersonGroup) -> Row:
    uses = group.uses.count
    clear = {ref for ref, treatment, _ in group.fields if treatment == CLEAR}
    masked = {ref for ref, treatment, _ in group.fields if treatment != CLEAR}
    rules = [Code(each) for each in sorted(group.rules)[:MOST_RULES]]
    facts = Facts(
        (
            Fact(text("audit.first"), _time(group.uses.first)),
            Fact(text("audit.rules"), Listing(tuple(rules)) if rules else None),
        )
    )
    fields = field_table(evidence, group.fields, {}, title=text("audit.fields"), most=MOST_FIELDS_EACH)
    details = (facts, fields, *left_out(len(group.fields) - len(fields.rows)))
    cells: tuple[Value, ...] = (
        evidence.person(key[0]),
        Code(key[1]),
        action_text(key[2]),
        uses,
        group.rows.count,
        Count(len(clear), uses.evidence, uses.more),
        Count(len(masked), uses.evidence, uses.more),
        _time(group.uses.last),
    )
    opened = group.uses.seen - group.rows.seen
    facets = [name for name, there in (("open", opened), ("clear", clear), ("masked", masked)) if there]
    return Row(cells, details, tuple(facets))


def _time(stamp: Stamp | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(stamp[2]) if stamp else None


FIELD_COLUMNS = columns_of(
    ("field", "code"),
    ("treatment", "tag"),
    ("purpose", "code"),
    ("people", "text"),
    ("uses", "number"),
    ("rows", "number"),
)
"""The columns of the table of fields."""


def field_table(
    evidence: Evidence,
    fields: Mapping[FieldKey, Group],
    people: Mapping[FieldKey, Iterable[str]],
    *,
    title: Text | None = None,
    most: int = MOST_FIELDS,
) -> Table:
    """Per field, treatment and purpose: who, how often, how many rows. Without `people` that column is left out."""
    rows = []
    for key in most_used(fields, most):
        ref, treatment, purpose = key
        who = (_people(evidence, sorted(people[key])),) if people else ()
        cells = (Code(ref), treatment_tag(treatment), Code(purpose), *who)
        counts = (fields[key].uses.count, fields[key].rows.count)
        rows.append(Row((*cells, *counts), facets=("clear" if treatment == CLEAR else "masked",)))
    columns = tuple(each for each in FIELD_COLUMNS if people or each.key != "people")
    return Table(columns, tuple(rows), title or text("audit.by_field"))


def _people(evidence: Evidence, refs: Sequence[str]) -> Listing:
    names: list[Value] = [evidence.person(each) for each in refs[:MOST_NAMES]]
    if len(refs) > MOST_NAMES:
        names.append(text("audit.names_left_out", count=len(refs) - MOST_NAMES))
    return Listing(tuple(names))


def refused_table(evidence: Evidence, denials: Mapping[DenialKey, Tally]) -> Table:
    """Refused attempts per person, purpose, action and reason; when there are too many, those with the most."""
    heads = (("person", "text"), ("purpose", "code"), ("action", "text"), ("reason", "text"), ("denials", "number"))
    most = sorted(sorted(denials, key=lambda key: (-denials[key].value, key))[:MOST_PERSONS])
    rows = tuple(_refused_row(evidence, key, denials[key]) for key in most)
    return Table(columns_of(*heads, ("last", "time")), rows, text("audit.denials_by_person"))


def _refused_row(evidence: Evidence, key: DenialKey, tally: Tally) -> Row:
    person, purpose, action, reason = key
    why = Text(reason, (), reason) if reason else None
    cells = (evidence.person(person), Code(purpose), action_text(action), why, tally.count, _time(tally.last))
    return Row(cells, facets=("refused",))


def others_table(others: Mapping[str, Tally]) -> Table:
    """Recorded acts that are no use: how many of each kind, so that every event of the ledger is accounted for."""
    columns = (
        Column("event", text("audit.event"), "code"),
        Column("events", text("audit.events"), "number"),
        Column("last", text("audit.last"), "time"),
    )
    rows = tuple(Row((Code(kind), found.count, _time(found.last))) for kind, found in sorted(others.items()))
    return Table(columns, rows, text("audit.other_events"))
