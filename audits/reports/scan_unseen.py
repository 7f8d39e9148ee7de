"""Everything that a scan did not see: failed stores, skipped fields, rows that the sample left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audits.report import Count, Missing, NotSeen, Section, Share, Text, text
from audits.reports.scan_facts import unread_bound


def not_seen_section(scan: Mapping[str, Any]) -> Section:
    """The last chapter; it says so when nothing was left out."""
    items = tuple(dict.fromkeys(_missing(scan)))
    return Section("not-seen", text("report.not_seen"), (NotSeen(items),), marks=(len(items),))


def _missing(scan: Mapping[str, Any]) -> Iterator[Missing]:
    summary = scan.get("summary", {})
    for failed in summary.get("failed_stores", ()):
        yield Missing(failed["place"], _failure(str(failed.get("reason", ""))))
    for each in summary.get("not_seen", ()):
        yield Missing(each["place"], reason_text(each["reason"]))
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            for each in dataset["not_seen"]:
                yield Missing(_full_place(store["store"], each["place"]), reason_text(each["reason"]))
            yield from _unread_rows(store["store"], dataset)


def _full_place(store: str, place: str) -> str:
    return place if place == store or place.startswith(f"{store}.") else f"{store}.{place}"


def _failure(reason: str) -> Text:
    if not reason:
        return text("not_seen.store_failed")
    return text("not_seen.store_failed_because", reason=reason_text(reason))


def reason_text(reason: str) -> Text:
    """The text of a reason: a key of the words file, or the store's own words as they stand."""
    return Text(reason if reason.startswith("not_seen.") else f"not_seen.{reason}", (), reason)


def _unread_rows(store: str, dataset: Mapping[str, Any]) -> Iterator[Missing]:
    read, rows = dataset["rows_read"], dataset["rows"]
    bound = unread_bound(read, rows)
    place = f"{store}.{dataset['dataset']}"
    if rows is None and read:
        yield Missing(place, text("not_seen.rows_unknown", count=Count(read), bound=Share(bound)))
    elif rows is not None and rows > read:
        yield Missing(place, text("not_seen.rows_unread", count=Count(rows - read), bound=Share(bound)))
