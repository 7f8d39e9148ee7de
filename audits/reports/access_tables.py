"""The tables of the report on access. Every number carries the ids of the events that it was counted from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from audits.evidence import Evidence, ids, moment
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
from audits.reports.access_uses import (
    CLEAR,
    EVIDENCE_OF_USE,
    Use,
    action_text,
    count_of,
    outcome_tag,
    rows_of,
    treatment_tag,
)


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
    """Every use, refused ones included, in the order of the ledger."""
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


def person_table(evidence: Evidence, granted: Sequence[Use]) -> Table:
    """Per person, purpose and action."""
    groups: dict[tuple[str, str, str], list[Use]] = defaultdict(list)
    for use in granted:
        keys = (use.decision["principal"], use.decision["purpose"], use.decision["action"])
        groups[str(keys[0]), str(keys[1]), str(keys[2])].append(use)
    rows = tuple(_person_row(evidence, key, found) for key, found in sorted(groups.items()))
    return Table(PERSON_COLUMNS, rows, text("audit.by_person"))


def _person_row(evidence: Evidence, key: tuple[str, str, str], uses: Sequence[Use]) -> Row:
    clear = {ref for each in uses for ref in each.fields_given(clear=True)}
    masked = {ref for each in uses for ref in each.fields_given(clear=False)}
    rules = sorted({rule for each in uses for rule in each.decision["rules"]})
    evidence_ids = tuple(each.decision["id"] for each in uses)
    details = (
        Facts(
            (
                Fact(text("audit.first"), min(each.when for each in uses)),
                Fact(text("audit.rules"), Listing(tuple(Code(each) for each in rules)) if rules else None),
            )
        ),
        field_table(evidence, uses, title=text("audit.fields")),
    )
    cells: tuple[Value, ...] = (
        evidence.person(uses[0].decision["principal"]),
        Code(key[1]),
        action_text(key[2]),
        count_of(uses),
        rows_of(uses),
        Count(len(clear), evidence_ids),
        Count(len(masked), evidence_ids),
        max(each.when for each in uses),
    )
    facets = tuple(dict.fromkeys(facet for each in uses for facet in use_facets(each)))
    return Row(cells, details, facets)


FIELD_COLUMNS = _columns(
    ("field", "code"),
    ("treatment", "tag"),
    ("purpose", "code"),
    ("people", "text"),
    ("uses", "number"),
    ("rows", "number"),
)
"""The columns of the table of fields."""


def field_table(evidence: Evidence, granted: Sequence[Use], *, title: Text | None = None) -> Table:
    """Per field, treatment and purpose: who, how often, how many rows."""
    groups: dict[tuple[str, str, str], list[Use]] = defaultdict(list)
    for use in granted:
        for ref, treatment in dict.fromkeys(use.fields):
            groups[ref, treatment, str(use.decision["purpose"])].append(use)
    rows = tuple(_field_row(evidence, key, found) for key, found in sorted(groups.items()))
    return Table(FIELD_COLUMNS, rows, title or text("audit.by_field"))


def _field_row(evidence: Evidence, key: tuple[str, str, str], uses: Sequence[Use]) -> Row:
    ref, treatment, purpose = key
    people = sorted({str(each.decision["principal"]) for each in uses})
    names = Listing(tuple(evidence.person(each) for each in people))
    cells = (Code(ref), treatment_tag(treatment), Code(purpose), names, count_of(uses), rows_of(uses))
    return Row(cells, facets=("clear" if treatment == CLEAR else "masked",))


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
    """Every refused attempt with the rule that refused it."""
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


def open_blocks(evidence: Evidence, open_ones: Sequence[Use]) -> tuple[Block, ...]:
    """Uses without an outcome, and what that means."""
    return Notes((text("audit.open_note"),), Tone.BAD), use_table(evidence, open_ones)


def others_table(evidence: Evidence) -> Table:
    """Recorded acts that are no use: how many of each kind, so that every event of the ledger is accounted for."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for event in evidence.events:
        if event["kind"] not in EVIDENCE_OF_USE:
            groups[event["kind"]].append(event)
    columns = (
        Column("event", text("audit.event"), "code"),
        Column("events", text("audit.events"), "number"),
        Column("last", text("audit.last"), "time"),
    )
    rows = tuple(
        Row((Code(kind), Count(len(found), ids(*found)), max(moment(each) for each in found)))
        for kind, found in sorted(groups.items())
    )
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
