"""The table of the report on fairness: groups beside the best group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.report import Column, Count, Row, Share, Tag, Text, Tone, Value, text
from audits.reports.fairness_figures import ASIDE, BEST, DIFFERS, FEW, SAME, GroupFigures

TONES: Mapping[str, Tone] = {
    DIFFERS: Tone.BAD,
    SAME: Tone.PLAIN,
    BEST: Tone.PLAIN,
    FEW: Tone.NOTE,
    ASIDE: Tone.PLAIN,
}
"""What can be said of a group, with its tone; also the choices of the filter."""

COLUMNS = (
    Column("outcome", text("fairness.outcome")),
    Column("dimension", text("fairness.dimension")),
    Column("group", text("fairness.group")),
    Column("cases", text("fairness.cases"), "number"),
    Column("share", text("fairness.share"), "share"),
    Column("interval", text("fairness.interval"), minor=True),
    Column("ratio", text("fairness.ratio")),
    Column("ratio_interval", text("fairness.ratio_interval"), minor=True),
    Column("verdict", text("fairness.verdict"), "tag"),
    Column("undecided", text("fairness.undecided"), "number", minor=True),
)
"""The columns of the table of groups, and of CSV."""


def group_row(document: Mapping[str, Any], figures: GroupFigures) -> Row:
    """One group as a row of COLUMNS."""
    record, decision = figures.record, document["decision"]
    share = None if figures.share is None else Share(figures.share, figures.low, figures.high)
    interval = None
    if figures.low is not None and figures.high is not None:
        interval = text("report.interval", low=Share(figures.low), high=Share(figures.high))
    cells: tuple[Value, ...] = (
        record["outcome"],
        dimension_word(record["dimension"]),
        group_word(record),
        _counted(record["cases"], decision),
        share,
        interval,
        None if figures.ratio is None else f"{figures.ratio:.2f}",
        _ratio_interval(figures),
        Tag(text(f"fairness.verdict_{figures.verdict}"), TONES[figures.verdict]),
        _counted(record["undecided"], decision),
    )
    return Row(cells, facets=(figures.verdict,))


def dimension_word(name: str) -> Text:
    """The name of a dimension; as the file writes it where there is no word for it."""
    return Text(f"fairness.by_{name}", (), name)


def group_word(record: Mapping[str, Any]) -> Value:
    """The name of a group: the file's own, or a word for an age band and for rows of no group."""
    name: str = record["group"]
    if not record["named"]:
        return text("fairness.others") if name == "(others)" else text("fairness.not_known")
    return text("fairness.under", age=name[1:]) if name.startswith("<") else name.replace("-", "–")


def _counted(number: int | None, decision: str) -> Value:
    return None if number is None else Count(number, (decision,))


def _ratio_interval(figures: GroupFigures) -> Value:
    if figures.ratio is None:
        return None
    high = "∞" if figures.ratio_high is None else f"{figures.ratio_high:.2f}"
    return text("report.interval", low=f"{figures.ratio_low:.2f}", high=high)
