"""Chapter: a scan that was told nothing finds where people's data is, and a letter is read without it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from governance.demo.life import SCAN_FILE
from governance.demo.stage import Line, Stage, lines, table
from governance.scan.text.analyzer import TextAnalyzer, TextOptions
from governance.scan.text.redactor import Redactor
from policies.nouns import Sensitivity


def find(stage: Stage) -> Iterator[Line]:
    """What the recorded scan found: the gravest field of each table, what is rare, what reveals by being there."""
    scan = recorded_scan(stage)
    summary = scan["summary"]
    counts = {key: summary[key] for key in ("rows_read", "datasets", "fields", "labelled")}
    yield from stage.say("find", **counts)
    fields = sorted(_fields(scan), key=lambda each: (-each[0], -each[1], each[2]))
    yield from table([_row(stage, place, label, found) for _, _, place, label, found in _one_a_dataset(fields)])
    for place, found in sorted(_rare(scan), key=lambda each: each[1]["prevalence"])[:1]:
        entity = stage.speaker.words.say(f"entity.{found['entity']}")
        rare = round(found["prevalence"] * _filled(scan, place))
        yield from stage.say("find_rare", place=place, entity=entity, rare=rare, values=_filled(scan, place))
    for special in summary["special_datasets"]:
        yield from lines([stage.word("find_special", place=special["place"])])
    yield from stage.command("governance scan --full --format html --output scan.html")
    yield from stage.say("find_redact")
    letter = (stage.folder / "letter.txt").read_text(encoding="utf-8").splitlines()
    redactor = Redactor(TextAnalyzer(TextOptions(models="off")))
    yield from lines([each.text for each in redactor.redact(letter)])
    yield from stage.command("governance redact letter.txt --models off")


def recorded_scan(stage: Stage) -> dict[str, Any]:
    """The result of the full scan in the demo's recorded weeks, in the form `governance.scan/1`."""
    found: dict[str, Any] = json.loads((stage.folder / SCAN_FILE).read_text(encoding="utf-8"))
    return found


_Field = tuple[int, float, str, Mapping[str, Any], Mapping[str, Any] | None]


def _fields(scan: Mapping[str, Any]) -> Iterator[_Field]:
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            for field in dataset["fields"]:
                label = field["label"]
                if label is not None:
                    rank = Sensitivity.SPECIAL if label["special"] else Sensitivity.of(label["sensitivity"])
                    finding = next((each for each in field["findings"] if each["entity"] == label["entity"]), None)
                    place = f"{dataset['dataset']}.{field['field']}"
                    yield int(rank), label["confidence"], place, label, finding


def _one_a_dataset(fields: list[_Field]) -> Iterator[_Field]:
    seen = set()
    for each in fields:
        dataset = each[2].partition(".")[0]
        if dataset not in seen:
            seen.add(dataset)
            yield each


def _row(stage: Stage, place: str, label: Mapping[str, Any], finding: Mapping[str, Any] | None) -> tuple[object, ...]:
    words = stage.speaker.words
    entity, key = f"entity.{label['entity']}", "special" if label["special"] else label["sensitivity"]
    said = words.say(entity) if words.has(entity) else label["entity"]
    share = stage.speaker.share(finding["prevalence"]) if finding else ""
    return place, said, words.say(f"report.{key}"), share


def _rare(scan: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            for field in dataset["fields"]:
                for finding in field["findings"]:
                    if 0 < finding["prevalence"] < 0.01 and finding["entity"].endswith("_ID"):
                        yield f"{dataset['dataset']}.{field['field']}", finding


def _filled(scan: Mapping[str, Any], place: str) -> int:
    name, _, column = place.partition(".")
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            for field in dataset["fields"]:
                if (dataset["dataset"], field["field"]) == (name, column):
                    filled: float = field["rows_read"] * (1 - field["null_share"])
                    return round(filled)
    return 0
