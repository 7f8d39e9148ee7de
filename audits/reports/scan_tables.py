"""The tables of a scan's report: one a dataset, and one flat table of everything for CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audits.report import (
    Block,
    Code,
    Column,
    Count,
    Listing,
    Notes,
    Row,
    Section,
    Share,
    Table,
    Tag,
    Tone,
    Value,
    text,
)
from audits.reports.scan_details import field_details
from audits.reports.scan_facts import (
    RARE,
    FieldFacts,
    best_finding,
    category_text,
    dataset_fields,
    entity_text,
    prevalence,
    sensitivity_tag,
    status_tag,
)
from audits.reports.scan_quasi import joined

MANY_FIELDS = 150
"""A report on more fields than this starts with its datasets folded, so that it opens at once."""

FIELD_COLUMNS = (
    Column("field", text("scan.field"), "code"),
    Column("type", text("scan.type"), "code", minor=True, spare=True),
    Column("label", text("scan.label")),
    Column("sensitivity", text("scan.sensitivity"), "tag"),
    Column("confidence", text("scan.confidence"), "share", minor=True),
    Column("prevalence", text("scan.prevalence"), "share", minor=True),
    Column("distinct", text("scan.distinct"), "number", minor=True, spare=True),
    Column("null_share", text("scan.nulls"), "percent", minor=True, spare=True),
    Column("status", text("scan.status"), "tag", minor=True),
)
"""The columns of a dataset's table."""


def dataset_sections(scan: Mapping[str, Any]) -> Iterator[Section]:
    """One chapter a dataset, grouped by store."""
    total = sum(len(dataset["fields"]) for store in scan["stores"] for dataset in store["datasets"])
    laws = tuple(scan.get("summary", {}).get("laws", ()))
    number = 0
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            number += 1
            fields = tuple(dataset_fields(store["store"], dataset, laws))
            yield _dataset(f"dataset-{number}", store["store"], dataset, fields, folded=total > MANY_FIELDS)


def _dataset(
    section: str, store: str, dataset: Mapping[str, Any], fields: Sequence[FieldFacts], *, folded: bool
) -> Section:
    body: Block = Notes((text("scan.no_fields"),))
    if fields:
        body = Table(FIELD_COLUMNS, tuple(_row(each) for each in fields), title=text("scan.fields"))
    return Section(section, dataset["dataset"], (body,), group=store, marks=_marks(dataset, fields), folded=folded)


def _marks(dataset: Mapping[str, Any], fields: Sequence[FieldFacts]) -> tuple[Value, ...]:
    personal = sum(each.personal for each in fields)
    read, rows = Count(dataset["rows_read"]), dataset["rows"]
    reading = text("scan.marks_rows_unknown", read=read)
    if rows is not None:
        reading = text("scan.marks_rows", read=read, rows=Count(rows))
    marks: list[Value] = [text("scan.marks_fields", personal=personal, fields=len(fields)), reading]
    if any(each.sensitivity == "special" for each in fields):
        marks.insert(0, sensitivity_tag("special"))
    return tuple(marks)


def _row(field: FieldFacts) -> Row:
    label, finding, entry = field.label, best_finding(field), field.entry
    return Row(
        cells=(
            Code(entry["field"]),
            Code(entry["type"]),
            what_it_holds(field),
            sensitivity_tag(field.sensitivity) if label else None,
            Share(label["confidence"]) if label else None,
            prevalence(finding) if finding else None,
            entry["distinct"],
            Share(entry["null_share"]),
            status_tag(label["status"]) if label else None,
        ),
        details=field_details(field),
        facets=facets(field),
        quiet=label is None and not entry["findings"],
    )


def facets(field: FieldFacts) -> tuple[str, ...]:
    """The filter keys of a field."""
    keys = [field.sensitivity]
    if field.special_inside:
        keys.append("special")
    if field.rare:
        keys.append("rare")
    if field.unreviewed:
        keys.append("unreviewed")
    return tuple(keys)


FREE_TEXT = "FREE_TEXT"
"""The entity of a label on text that holds personal content of several kinds."""


def what_it_holds(field: FieldFacts) -> Value:
    """The category of its label; for free text also what is inside, special kinds marked; rare finds beside it."""
    names: list[Value] = [category_text(field.label["category"])] if field.label else []
    special = {each["entity"] for each in field.special_inside}
    names += [Tag(entity_text(entity), Tone.SPECIAL) for entity in sorted(special)]
    if field.label is not None and field.label["entity"] == FREE_TEXT:
        names += [
            Tag(entity_text(each["entity"]), Tone.PLAIN)
            for each in field.entry["findings"]
            if each["prevalence"] >= RARE and each["entity"] not in special
        ]
    names += [
        Tag(text("scan.rare_find", entity=entity_text(each["entity"])), Tone.WARN)
        for each in field.rare
        if field.label is None or each["entity"] != field.label["entity"]
    ]
    return Listing(tuple(names)) if names else None


FLAT_COLUMNS = tuple(
    Column(key, text(title))
    for key, title in (
        ("store", "scan.store"),
        ("dataset", "scan.dataset"),
        ("field", "scan.field"),
        ("type", "scan.type"),
        ("rows_read", "scan.rows_read"),
        ("null_share", "scan.nulls"),
        ("distinct", "scan.distinct"),
        ("label_entity", "scan.entity"),
        ("label_category", "scan.category"),
        ("sensitivity", "scan.sensitivity"),
        ("special", "scan.special_fields"),
        ("label_confidence", "scan.confidence"),
        ("status", "scan.status"),
        ("entity", "scan.entity"),
        ("category", "scan.category"),
        ("confidence", "scan.confidence"),
        ("prevalence", "scan.prevalence"),
        ("prevalence_low", "scan.prevalence_interval"),
        ("prevalence_high", "scan.prevalence_interval"),
        ("examples", "scan.examples"),
    )
)
"""The columns of the flat table: the field, its label, one finding."""


QUASI = "QUASI_IDENTIFIER"
"""What stands as entity where several fields together are the finding."""


def flat_table(fields: Sequence[FieldFacts], scan: Mapping[str, Any]) -> Table:
    """One row a finding; a field without findings has one row all the same. Combinations that single out come last."""
    rows = [row for each in fields for row in _flat_rows(each)]
    return Table(FLAT_COLUMNS, (*rows, *_flat_quasi(scan)))


def _flat_quasi(scan: Mapping[str, Any]) -> Iterator[Row]:
    """Combinations of fields, with the share of rows in small groups as their prevalence."""
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            quasi = dataset.get("quasi") or {"combinations": ()}
            for each in quasi["combinations"]:
                head = {"store": store["store"], "dataset": dataset["dataset"], "field": joined(each), "entity": QUASI}
                share = round(each["rows_below"] / quasi["rows_counted"], 6)
                counted = {"rows_read": quasi["rows_counted"], "prevalence": share}
                cells = {**head, **counted}
                yield Row(tuple(_plain(cells.get(column.key)) for column in FLAT_COLUMNS))


def _flat_rows(field: FieldFacts) -> Iterator[Row]:
    entry, label = field.entry, field.label or {}
    head = (
        field.store,
        field.dataset["dataset"],
        *(_plain(entry[key]) for key in ("field", "type", "rows_read", "null_share", "distinct")),
        *(_plain(label.get(key)) for key in ("entity", "category", "sensitivity", "special", "confidence", "status")),
    )
    keys = ("entity", "category", "confidence", "prevalence", "prevalence_low", "prevalence_high")
    for finding in entry["findings"]:
        yield Row((*head, *(_plain(finding[key]) for key in keys), " ".join(finding["examples"])))
    if not entry["findings"]:
        yield Row((*head, *("" for _ in keys), ""))


def _plain(value: object) -> str:
    """A value as machines read it: no digit groups, booleans in lower case, nothing for None."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
