"""SARIF 2.1.0 of a scan, for code hosts and editors: one rule an entity, one result a finding, never a found
value; one more for each dataset in which few fields single people out.

A result points at `policies/catalog.yaml`, where the field is to be declared; the field is its logical location.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from audits.report import Report
from audits.reports.scan_facts import FieldFacts, category_text, each_field, entity_text
from audits.reports.scan_quasi import each_quasi, quasi_line
from audits.reports.scan_tables import QUASI
from audits.speaking import Speaker

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
"""The schema that the output names; nothing fetches it."""

CATALOG_URI = "policies/catalog.yaml"
"""Where a field is declared, relative to `governance.yaml`."""

LEVELS = {"special": "error", "restricted": "error", "confidential": "warning"}
"""SARIF level by sensitivity; the others are notes."""

_PHYSICAL = {"artifactLocation": {"uri": CATALOG_URI}, "region": {"startLine": 1}}


class SarifFormat:
    """Results in the order of the scan; rules sorted by entity."""

    name = "sarif"
    serves = frozenset({"scan"})
    encoding = "utf-8"

    def write(self, report: Report, speaker: Speaker) -> str:
        """One run."""
        found = [pair for field in each_field(report.data) for pair in _findings(field)]
        exposed = [(place, each) for place, each in each_quasi(report.data) if each["combinations"]]
        entities = sorted({finding["entity"] for _, finding in found} | ({QUASI} if exposed else set()))
        driver = {
            "name": "customer-data-governance",
            "rules": [
                _quasi_rule(speaker) if each == QUASI else _rule(each, _category(found, each), speaker)
                for each in entities
            ],
        }
        run = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "results": [
                *(_result(field, finding, entities, speaker) for field, finding in found),
                *(_quasi(place, each, entities, speaker) for place, each in exposed),
            ],
        }
        log = {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}
        return json.dumps(log, ensure_ascii=False, sort_keys=True, indent=2) + "\n"


def _findings(field: FieldFacts) -> Iterator[tuple[FieldFacts, Mapping[str, Any]]]:
    """The field's findings; a label that rests on no finding of its own stands as one."""
    label = field.label
    if label is not None and (label["status"] == "rejected" or label["category"] == "none"):
        return
    known = {finding["entity"] for finding in field.entry["findings"]}
    if label is not None and label["entity"] not in known:
        yield field, {"entity": label["entity"], "category": label["category"], "confidence": label["confidence"]}
    for finding in field.entry["findings"]:
        yield field, finding


def _category(found: list[tuple[FieldFacts, Mapping[str, Any]]], entity: str) -> str:
    return next(str(finding["category"]) for _, finding in found if finding["entity"] == entity)


def _rule(entity: str, category: str, speaker: Speaker) -> dict[str, Any]:
    name = speaker.say(entity_text(entity))
    return {
        "id": f"scan/{entity}",
        "name": entity.title().replace("_", ""),
        "shortDescription": {"text": name},
        "fullDescription": {"text": speaker.words.say("scan.sarif_rule", entity=name, category=category)},
        "help": {"text": speaker.words.say("scan.sarif_help")},
        "properties": {"tags": ["privacy", category]},
    }


def _result(field: FieldFacts, finding: Mapping[str, Any], entities: list[str], speaker: Speaker) -> dict[str, Any]:
    entity = finding["entity"]
    sentence = speaker.words.say(
        "scan.sarif_result",
        place=_no_links(field.place),
        entity=speaker.say(entity_text(entity)),
        category=speaker.say(category_text(finding["category"])),
        confidence=speaker.share(finding["confidence"]),
    )
    return {
        "ruleId": f"scan/{entity}",
        "ruleIndex": entities.index(entity),
        "level": _level(field, entity),
        "message": {"text": sentence},
        "locations": [_location(field)],
        "partialFingerprints": {"fieldAndEntity/v1": _fingerprint(field.place, entity)},
        "properties": _properties(field, finding),
    }


def _quasi_rule(speaker: Speaker) -> dict[str, Any]:
    name = speaker.words.say("scan.quasi_rule")
    return {
        "id": f"scan/{QUASI}",
        "name": QUASI.title().replace("_", ""),
        "shortDescription": {"text": name},
        "fullDescription": {"text": speaker.words.say("scan.quasi_note")},
        "help": {"text": speaker.words.say("scan.quasi_help")},
        "properties": {"tags": ["privacy"]},
    }


def _quasi(place: str, quasi: Mapping[str, Any], entities: list[str], speaker: Speaker) -> dict[str, Any]:
    """The worst combination of a dataset; the others stand in its properties."""
    said = speaker.say(quasi_line(place, quasi, quasi["combinations"][0]))
    logical = {"fullyQualifiedName": place, "name": place.partition(".")[2], "kind": "type"}
    return {
        "ruleId": f"scan/{QUASI}",
        "ruleIndex": entities.index(QUASI),
        "level": "warning" if quasi["exact"] else "note",
        "message": {"text": _no_links(said)},
        "locations": [{"physicalLocation": _PHYSICAL, "logicalLocations": [logical]}],
        "partialFingerprints": {"fieldAndEntity/v1": _fingerprint(place, QUASI)},
        "properties": dict(quasi),
    }


def _level(field: FieldFacts, entity: str) -> str:
    """By the label's sensitivity; a find of another kind than the label is never a mere note."""
    unexpected = field.label is None or field.label["entity"] != entity
    return LEVELS.get(field.sensitivity, "warning" if unexpected else "note")


def _no_links(name: str) -> str:
    """The name with brackets escaped: SARIF reads `[text](target)` in a message as a link."""
    return name.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _location(field: FieldFacts) -> dict[str, Any]:
    logical = {"fullyQualifiedName": field.place, "name": field.entry["field"], "kind": "member"}
    return {"physicalLocation": _PHYSICAL, "logicalLocations": [logical]}


def _properties(field: FieldFacts, finding: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("category", "confidence", "prevalence", "prevalence_low", "prevalence_high")
    known = {key: finding[key] for key in keys if key in finding}
    return known | {"sensitivity": field.sensitivity, "status": field.label["status"] if field.label else "proposed"}


def _fingerprint(place: str, entity: str) -> str:
    return hashlib.sha256(f"{place}\n{entity}".encode()).hexdigest()[:32]
