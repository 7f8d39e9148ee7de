"""The subject map as plain data: per dataset how it is reached, and what is not reachable."""

from __future__ import annotations

from typing import Any

from governance.requests.subject_map import Link, SubjectMap

SCHEMA = "governance.subject-map/1"
"""The form of the JSON."""


def map_json(known: SubjectMap) -> dict[str, Any]:
    """The map; names only, no row was read."""
    reached = known.reached()
    return {
        "schema": SCHEMA,
        "datasets": [
            {
                "dataset": str(ref),
                "personal": each.is_personal,
                "reached": reached[ref],
                "identifiers": dict(sorted(each.identifiers.items())),
                "subject_key": list(each.entry.subject_key),
                "persons": str(each.space).rstrip(".") if each.space is not None else None,
                "record_key": list(each.key),
                "texts": list(each.texts),
                "third_persons": list(each.third_persons),
                "joins": [_join(link) for link in known.links if link.child == ref],
            }
            for ref, each in known.datasets.items()
        ],
        "unreached": [{"place": each.place, "reason": each.reason} for each in known.unreached],
    }


def not_reachable(known: SubjectMap) -> list[str]:
    """Datasets that hold personal data by the catalog and that nothing leads to."""
    reached = known.reached()
    return [str(ref) for ref, each in known.datasets.items() if each.is_personal and not reached[ref]]


def _join(link: Link) -> dict[str, Any]:
    direction = "both" if link.up and link.down else "up" if link.up else "down"
    origin = "declared" if link.declared else "foreign key"
    text = f"{', '.join(link.fields)} -> {link.parent} ({', '.join(link.referred)}), {direction}, {origin}"
    return {
        "fields": list(link.fields),
        "to": str(link.parent),
        "referred": list(link.referred),
        "direction": direction,
        "declared": link.declared,
        "text": text,
    }
