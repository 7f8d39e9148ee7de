"""Drafts of the notices of an incident: what the records can fill, and each gap by its name. No value of a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from audits.report import Code, Fact, Facts, Listing, Notes, Section, Text, Tone, Value, text

UNFILLED = frozenset({"advice", "cause", "consequences"})
"""What no record says: somebody has to write it."""


def drafts(found: Sequence[Mapping[str, Any]], organisation: Mapping[str, Any]) -> Section:
    """The drafts of every notice of some incidents."""
    blocks = tuple(
        Facts(
            tuple(_fact(item, each, organisation) for item in notice["items"]),
            text(f"incident.draft_{notice['tell']}", article=notice["article"], incident=Code(each["id"])),
        )
        for each in found
        for notice in each["notices"]
    )
    told = Notes((text("incident.draft_check" if blocks else "incident.no_draft"),))
    return Section("drafts", text("incident.drafts"), (*blocks, told), marks=(len(blocks),))


def gaps(incident: Mapping[str, Any], organisation: Mapping[str, Any]) -> int:
    """How many kinds of item nobody can fill from records, over all its notices."""
    items = {item for notice in incident["notices"] for item in notice["items"]}
    return sum(_value(item, incident, organisation) is None for item in items)


def _fact(item: str, incident: Mapping[str, Any], organisation: Mapping[str, Any]) -> Fact:
    value, label = _value(item, incident, organisation), text(f"incident.item_{item}")
    if value is None:
        return Fact(label, text("incident.gap", item=text(f"incident.item_{item}")), Tone.WARN)
    return Fact(label, value)


def _value(item: str, incident: Mapping[str, Any], organisation: Mapping[str, Any]) -> Value:
    """What the records say of an item; None is a gap."""
    figures = incident["figures"]
    if item in UNFILLED:
        return None
    if item == "contact":
        found: str | None = organisation["contact"]
        return found
    if item == "measures":
        return _measures(incident)
    if item == "people":
        return text("incident.about_people", count=figures["people"], unseen=len(figures["not_seen"]))
    if item == "records":
        return text("incident.about_records", count=sum(figures["records"].values()))
    kinds = Listing(tuple(Text(f"category.{each}", (), each) for each, count in figures["categories"].items() if count))
    if not kinds.items:
        return None
    if item == "kinds":
        return kinds
    return text("incident.about_nature", aware=dt.datetime.fromisoformat(incident["aware"]), kinds=kinds)


def _measures(incident: Mapping[str, Any]) -> Value:
    contained = next((each for each in incident["steps"] if each["kind"] == "contained"), None)
    if contained is None:
        return None
    protected = sum(each["state"] == "protected" for each in incident["figures"]["fields"])
    when = dt.datetime.fromisoformat(contained["at"])
    return text("incident.about_measures", when=when, protected=protected, fields=len(incident["figures"]["fields"]))
