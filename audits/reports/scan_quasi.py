"""Which few fields single people out: groups of rows that share the same values, and how small they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audits.report import Block, Code, Column, Count, Notes, Row, Section, Share, Table, Text, Tone, text

COLUMNS = (
    Column("dataset", text("scan.dataset"), "code"),
    Column("fields", text("scan.quasi_fields"), "code"),
    Column("smallest", text("scan.quasi_smallest"), "number"),
    Column("rows_below", text("scan.quasi_below"), "number"),
    Column("share_below", text("scan.quasi_share"), "percent", minor=True),
    Column("alone", text("scan.quasi_alone"), "number"),
    Column("counted", text("scan.quasi_counted"), minor=True),
)
"""The columns of the table: one row for all fields of a dataset together, then one a combination, worst first."""


def quasi_section(scan: Mapping[str, Any]) -> Section | None:
    """The chapter on quasi-identifiers; None where no dataset with people has any."""
    found = tuple(each_quasi(scan))
    if not found:
        return None
    worst = tuple(quasi_line(place, each, each["combinations"][0]) for place, each in found if each["combinations"])
    rows = tuple(row for place, each in found for row in _rows(place, each))
    blocks: list[Block] = [Notes((text("scan.quasi_note"), text("scan.quasi_k")))]
    if worst:
        blocks.append(Notes(worst, Tone.WARN))
    if not all(each["exact"] for _, each in found):
        blocks.append(Notes((text("scan.quasi_sample_note"),)))
    return Section(
        "quasi", text("scan.quasi"), (*blocks, Table(COLUMNS, rows, text("scan.quasi"))), marks=(len(worst),)
    )


def each_quasi(scan: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Place and counts of every dataset whose quasi-identifiers were counted; scans stored long ago have none."""
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            if dataset.get("quasi"):
                yield f"{store['store']}.{dataset['dataset']}", dataset["quasi"]


def quasi_line(place: str, quasi: Mapping[str, Any], combination: Mapping[str, Any]) -> Text:
    """The sentence on one combination of a dataset."""
    return text(
        "scan.quasi_line",
        place=Code(place),
        fields=Code(joined(combination)),
        alone=Count(combination["alone"]),
        rows=Count(quasi["rows_counted"]),
        smallest=Count(combination["smallest"]),
        exposed=Count(combination["rows_below"]),
        below=quasi["below"],
    )


def joined(combination: Mapping[str, Any]) -> str:
    """The fields of a combination in one word: `gender + birth_date`."""
    return " + ".join(combination["fields"])


def _rows(place: str, quasi: Mapping[str, Any]) -> Iterator[Row]:
    known = {tuple(each["fields"]) for each in quasi["combinations"]}
    if tuple(quasi["fields"]) not in known:
        yield _row(place, quasi, quasi)
    for each in quasi["combinations"]:
        yield _row(place, quasi, each)


def _row(place: str, quasi: Mapping[str, Any], counted: Mapping[str, Any]) -> Row:
    rows = quasi["rows_counted"]
    return Row(
        (
            Code(place),
            Code(joined(counted)),
            counted["smallest"],
            counted["rows_below"],
            Share(counted["rows_below"] / rows if rows else 0.0),
            counted["alone"],
            text("scan.quasi_all" if quasi["exact"] else "scan.quasi_sample", count=Count(rows)),
        )
    )
