"""The chapter on the organisation's own people whom a scan found inside records about others."""

from __future__ import annotations

from collections.abc import Sequence

from audits.report import Code, Column, Notes, Row, Section, Table, text
from audits.reports.scan_facts import FieldFacts, sensitivity_tag, status_tag
from audits.reports.scan_tables import facets, what_it_holds

COLUMNS = (
    Column("place", text("scan.field"), "code"),
    Column("label", text("scan.label")),
    Column("sensitivity", text("scan.sensitivity"), "tag"),
    Column("status", text("scan.status"), "tag"),
)


def employees_section(fields: Sequence[FieldFacts]) -> Section | None:
    """Personal data of employees inside customer rows; None when there is none."""
    found = [each for each in fields if each.entry.get("about") == "employee" and each.personal]
    rows = tuple(_row(each) for each in sorted(found, key=lambda each: each.order))
    if not rows:
        return None
    table = Table(COLUMNS, rows, text("scan.employees"))
    return Section(
        "employees", text("scan.employees"), (Notes((text("scan.employees_note"),)), table), marks=(len(rows),)
    )


def _row(field: FieldFacts) -> Row:
    label = field.label or {}
    cells = (
        Code(field.place),
        what_it_holds(field),
        sensitivity_tag(field.sensitivity),
        status_tag(str(label.get("status"))),
    )
    return Row(cells, facets=facets(field))
