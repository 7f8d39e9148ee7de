"""The tables of single uses in the report on access. Every number carries the ids of its events."""

from __future__ import annotations

from collections.abc import Sequence

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
from audits.reports.access_uses import (
    Use,
    action_text,
    outcome_tag,
    rows_of,
    treatment_tag,
)


def columns_of(*heads: tuple[str, str]) -> tuple[Column, ...]:
    """Columns by key and kind; the keys are words of `audit`."""
    return tuple(Column(key, text(f"audit.{key}"), kind, minor=key in {"actor", "rules"}) for key, kind in heads)


USE_COLUMNS = columns_of(
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


DENIAL_COLUMNS = columns_of(
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


def open_blocks(evidence: Evidence, open_ones: Sequence[Use]) -> tuple[Block, ...]:
    """Uses without an outcome, and what that means."""
    return Notes((text("audit.open_note"),), Tone.BAD), use_table(evidence, open_ones)


FLAT_COLUMNS = columns_of(
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
