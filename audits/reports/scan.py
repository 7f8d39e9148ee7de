"""The report on a scan: what personal data the stores hold, how sure that is, and what was not seen.

It is made from the JSON form `governance.scan/1` alone, so a stored scan can be reported on again at any time.

>>> empty = {"schema": "governance.scan/1", "stores": [], "summary": {}}
>>> scan_report(empty).verdict.tone.value
'warn'
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import Option, Report, Text, Tone, Value, text
from audits.reports.scan_drift import baseline_section, drift_section
from audits.reports.scan_employees import employees_section
from audits.reports.scan_facts import SENSITIVITIES, UNLABELLED, FieldFacts, each_field, laws_listing
from audits.reports.scan_overview import highest_section, overview_section, special_section, verdict
from audits.reports.scan_quasi import quasi_section
from audits.reports.scan_tables import dataset_sections, flat_table
from audits.reports.scan_unseen import not_seen_section


def scan_report(
    scan: Mapping[str, Any],
    *,
    as_of: dt.datetime | None = None,
    zone: str = "UTC",
    drift: Sequence[Mapping[str, Any]] | None = None,
    baseline: Sequence[Mapping[str, Any]] | None = None,
    subject: str = "",
) -> Report:
    """The report on a scan in its JSON form.

    `as_of` is the moment of the scan, aware; without it the report states no time. `drift` lists differences from the
    reviewed catalog as `{"kind", "place", "detail"}`, kind one of `new gone changed_type contradicted`; `baseline`
    those from the stored labels, kind one of `new gone labelled unlabelled relabelled precision`.
    """
    fields = tuple(each_field(scan))
    sections = (
        overview_section(scan, fields),
        highest_section(fields),
        special_section(scan),
        employees_section(fields),
        quasi_section(scan),
        baseline_section(baseline),
        drift_section(drift),
        *dataset_sections(scan),
        not_seen_section(scan),
    )
    return Report(
        kind="scan",
        title=text("scan.title"),
        verdict=verdict(scan, fields, drift or ()),
        sections=tuple(each for each in sections if each is not None),
        flat=flat_table(fields, scan),
        data=scan,
        as_of=as_of,
        zone=zone,
        subject=subject,
        made_from=_made_from(scan.get("summary", {})),
        filter=_filter(fields),
        filter_title=text("scan.sensitivity"),
    )


def _filter(fields: Sequence[FieldFacts]) -> tuple[Option, ...]:
    present = {each.sensitivity for each in fields}
    options = [Option(key, text(f"report.{key}"), Tone(key)) for key in SENSITIVITIES if key in present]
    if any(each.rare for each in fields):
        options.append(Option("rare", text("scan.rare_values"), Tone.WARN))
    if any(each.unreviewed for each in fields):
        options.append(Option("unreviewed", text("scan.unreviewed")))
    if UNLABELLED in present:
        options.append(Option(UNLABELLED, text(f"report.{UNLABELLED}")))
    return tuple(options)


def _made_from(summary: Mapping[str, Any]) -> tuple[tuple[Text, Value], ...]:
    parts: list[tuple[Text, Value]] = []
    if summary.get("taxonomy"):
        parts.append((text("scan.taxonomy"), str(summary["taxonomy"])))
    if summary.get("laws"):
        parts.append((text("scan.laws"), laws_listing(summary["laws"])))
    return tuple(parts)
