"""The tables of the report on access. Every number carries the ids of the events that it was counted from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from audits.evidence import Evidence, ids
from audits.report import (
    Block,
    Code,
    Column,
    Count,
    Fact,
    Facts,
    Listing,
    Notes,
    Row,
    Table,
    Text,
    Tone,
    Value,
    text,
)
from audits.reports.access_sums import DenialKey, FieldKey, PersonGroup, PersonKey
from audits.reports.access_tally import Group, Stamp, Tally, left_out
from audits.reports.access_uses import (
    CLEAR,
    Use,
    action_text,
    outcome_tag,
    rows_of,
    treatment_tag,
)

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


def _columns(*heads: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(key, text(f"audit.{key}"), kind, minor=key in {"actor", "rules"}) for key, kind in heads)


USE_COLUMNS = _columns(
    ("time", "time"),
    ("person", "text"),
    ("actor", "text"),
    ("purpose", "code"),
    ("action", "text"),
    ("fields", "number"),
    ("rows", "number"),
    ("outcome", "tag"),
)
"""The columns of the table of uses."""


def use_table(evidence: Evidence, uses: Sequence[Use]) -> Table:
    """Uses one by one, in their order."""
    return Table(USE_COLUMNS, tuple(_use_row(evidence, each) for each in uses), text("audit.all_uses"))


def _use_row(evidence: Evidence, use: Use) -> Row:
    decision = use.decision
    cells: tuple[Value, ...] = (
        use.when,
        evidence.person(decision["principal"]),
        evidence.person(decision["actor"]),
        Code(str(decision["purpose"])),
        action_text(decision["action"]),
        Count(len({ref for ref, _ in use.fields}), ids(decision)),
        rows_of([use]) if use.closing else None,
        outcome_tag(use),
    )
    return Row(cells, _use_details(use), use_facets(use))


def use_facets(use: Use) -> tuple[str, ...]:
    """The filter keys of a use."""
    if not use.granted:
        return ("refused",)
    keys = ["open"] if use.open else []
    if use.fields_given(clear=True):
        keys.append("clear")
    if use.fields_given(clear=False):
        keys.append("masked")
    return tuple(keys)


def _use_details(use: Use) -> tuple[Block, ...]:
    rules: Value = Listing(tuple(Code(each) for each in use.decision["rules"])) if use.decision["rules"] else None
    reason = use.decision["reason"]
    facts = [
        Fact(text("audit.rules"), rules),
        Fact(text("audit.events"), Listing(tuple(Code(each) for each in use.evidence))),
    ]
    if reason:
        facts.append(Fact(text("report.reason"), Text(reason, (), reason)))
    columns = (Column("field", text("audit.field"), "code"), Column("treatment", text("audit.treatment"), "tag"))
    rows = tuple(Row((Code(ref), treatment_tag(treatment))) for ref, treatment in use.fields)
    return (Facts(tuple(facts)), Table(columns, rows, text("audit.fields"))) if rows else (Facts(tuple(facts)),)


PERSON_COLUMNS = _columns(
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


FIELD_COLUMNS = _columns(
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


DENIAL_COLUMNS = _columns(
    ("time", "time"),
    ("person", "text"),
    ("actor", "text"),
    ("purpose", "code"),
    ("action", "text"),
    ("reason", "text"),
    ("rules", "text"),
    ("event", "code"),
)
"""The columns of the table of refused attempts."""


def denials_table(evidence: Evidence, denied: Sequence[Use]) -> Table:
    """Refused attempts with the rule that refused each."""
    return Table(DENIAL_COLUMNS, tuple(_denial_row(evidence, each) for each in denied), text("audit.all_denials"))


def _denial_row(evidence: Evidence, use: Use) -> Row:
    decision = use.decision
    reason = decision["reason"]
    cells: tuple[Value, ...] = (
        use.when,
        evidence.person(decision["principal"]),
        evidence.person(decision["actor"]),
        Code(str(decision["purpose"])),
        action_text(decision["action"]),
        Text(reason, (), reason) if reason else None,
        Listing(tuple(Code(each) for each in decision["rules"])) if decision["rules"] else None,
        Code(decision["id"]),
    )
    return Row(cells, facets=("refused",))


def refused_table(evidence: Evidence, denials: Mapping[DenialKey, Tally]) -> Table:
    """Refused attempts per person, purpose, action and reason; when there are too many, those with the most."""
    heads = (("person", "text"), ("purpose", "code"), ("action", "text"), ("reason", "text"), ("denials", "number"))
    most = sorted(sorted(denials, key=lambda key: (-denials[key].value, key))[:MOST_PERSONS])
    rows = tuple(_refused_row(evidence, key, denials[key]) for key in most)
    return Table(_columns(*heads, ("last", "time")), rows, text("audit.denials_by_person"))


def _refused_row(evidence: Evidence, key: DenialKey, tally: Tally) -> Row:
    person, purpose, action, reason = key
    why = Text(reason, (), reason) if reason else None
    cells = (evidence.person(person), Code(purpose), action_text(action), why, tally.count, _time(tally.last))
    return Row(cells, facets=("refused",))


def open_blocks(evidence: Evidence, open_ones: Sequence[Use]) -> tuple[Block, ...]:
    """Uses without an outcome, and what that means."""
    return Notes((text("audit.open_note"),), Tone.BAD), use_table(evidence, open_ones)


def others_table(others: Mapping[str, Tally]) -> Table:
    """Recorded acts that are no use: how many of each kind, so that every event of the ledger is accounted for."""
    columns = (
        Column("event", text("audit.event"), "code"),
        Column("events", text("audit.events"), "number"),
        Column("last", text("audit.last"), "time"),
    )
    rows = tuple(Row((Code(kind), found.count, _time(found.last))) for kind, found in sorted(others.items()))
    return Table(columns, rows, text("audit.other_events"))


FLAT_COLUMNS = _columns(
    ("event", "code"),
    ("time", "time"),
    ("person", "text"),
    ("actor", "text"),
    ("purpose", "code"),
    ("action", "text"),
    ("field", "code"),
    ("treatment", "text"),
    ("rows", "number"),
    ("outcome", "text"),
    ("rules", "text"),
    ("reason", "text"),
)
"""The columns of the flat table: one line a field of a use."""


def flat_table(evidence: Evidence, uses: Sequence[Use]) -> Table:
    """One row a field of a use; a use without fields has one row all the same. Times are in UTC."""
    return Table(FLAT_COLUMNS, tuple(row for each in uses for row in _flat_rows(evidence, each)))


def _flat_rows(evidence: Evidence, use: Use) -> list[Row]:
    decision = use.decision
    head = (
        decision["id"],
        decision["time"],
        evidence.person(decision["principal"]),
        evidence.person(decision["actor"]),
        decision["purpose"],
        decision["action"],
    )
    tail = (use.rows if use.closing else None, outcome_word(use), " ".join(decision["rules"]), decision["reason"])
    return [Row((*head, ref, treatment, *tail)) for ref, treatment in use.fields or ((None, None),)]


def outcome_word(use: Use) -> str:
    """How a use ended, as machines read it."""
    if not use.granted:
        return "refused"
    return str(use.closing["outcome"]) if use.closing else "unknown"
