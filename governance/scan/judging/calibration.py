"""`policies/calibration.yaml`: what people judged of a scan's labels, and the thresholds that follow.

It lies in the user's git. Judgements are only ever added: a later one on the same field stands below the earlier one,
and the last counts. Thresholds and the estimate are rewritten by `governance calibrate`, judgements never.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from governance.scan.judging.cases import Case
from governance.scan.judging.estimates import Quality, Verdict
from policies.errors import ConfigError
from policies.taxonomy import HARMLESS
from policies.yaml_files import FileModel, check_model, load_yaml, parse_yaml

YES, NO = "yes", "no"
EMPTY = (
    "# Written by `governance calibrate`: what people judged of the scan's labels. Commit it.\n"
    "# Judgements are only ever added.\nversion: 1\n"
)
"""What a file without judgements says."""


class JudgementEntry(FileModel):
    """What one person said of one field's label."""

    shown: str
    """The category that the scan showed; `none` where it showed none."""
    confidence: float = Field(ge=0, le=1)
    """How sure the scan was."""
    verdict: str
    """`yes` for right, `no` for a label on a field that is not personal, else the right category."""
    by: str
    """Who judged."""
    at: dt.date
    """On which day."""
    scan: str
    """The edition of the category pack that the scan used."""

    @property
    def truth(self) -> str:
        """The category that the field really has."""
        return {YES: self.shown, NO: HARMLESS}.get(self.verdict, self.verdict)


class CalibrationFile(FileModel):
    """The whole of `calibration.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    target_precision: float | None = Field(default=None, gt=0, lt=1)
    """The share of labels that shall be right; None while no target was set."""
    thresholds: dict[str, float] = Field(default_factory=dict)
    """How sure a scan must be of a label, by category; `*` for all without their own."""
    estimate: dict[str, Any] = Field(default_factory=dict)
    """Precision and recall as last estimated; written by the command, read by people."""
    judgements: dict[str, list[JudgementEntry]] = Field(default_factory=dict)
    """By field, oldest first; the last one counts."""

    def truth(self, ref: str) -> str | None:
        """The category that a person last said a field has; None for a field that nobody judged."""
        held = self.judgements.get(ref)
        return held[-1].truth if held else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A new line of the file."""

    case: Case
    """The field and what was shown of it."""
    verdict: str
    """`yes`, `no` or a category."""
    by: str
    """Who judged."""
    at: dt.date
    """On which day."""
    scan: str
    """The edition of the category pack."""


def read_calibration(path: Path) -> CalibrationFile:
    """The file's content; an empty one where there is no file. Raises ConfigError that names the line at fault."""
    return check_model(CalibrationFile, load_yaml(path), str(path)) if path.exists() else CalibrationFile()


def verdicts_of(cases: Sequence[Case], known: CalibrationFile) -> tuple[Verdict, ...]:
    """The cases that a person has judged, with the truth, in the given order."""
    told = ((each, known.truth(str(each.ref))) for each in cases)
    return tuple(Verdict(case, truth) for case, truth in told if truth is not None)


def add_judgement(text: str, new: Judgement) -> str:
    """The file's text with one judgement added; everything that stood there stays. Raises ConfigError."""
    document = _parsed(text)
    held = _child(document, "judgements")
    entries = held.setdefault(str(new.case.ref), CommentedSeq())
    entry = CommentedMap(
        shown=new.case.shown,
        confidence=round(new.case.confidence, 2),
        verdict=new.verdict,
        by=new.by,
        at=new.at,
        scan=new.scan,
    )
    entry.fa.set_flow_style()
    entries.append(entry)
    return _checked(document)


def set_outcome(text: str, quality: Quality, thresholds: Mapping[str, float], target: float | None) -> str:
    """The file's text with the estimate, the thresholds and the target of this run. Raises ConfigError."""
    document = _parsed(text)
    new = {"target_precision": target, "thresholds": dict(thresholds), "estimate": quality.to_json()}
    for key in new:
        document.pop(key, None)
    for place, (key, value) in enumerate(((key, value) for key, value in new.items() if value), start=1):
        document.insert(min(place, len(document)), key, _in_lines(value))
    return _checked(document)


def _in_lines(value: Any) -> Any:
    """A mapping of mappings with one line for each of them."""
    if not isinstance(value, dict):
        return value
    made = CommentedMap((key, _in_lines(each)) for key, each in value.items())
    if not any(isinstance(each, dict) for each in value.values()):
        made.fa.set_flow_style()
    return made


def _parsed(text: str) -> CommentedMap:
    document = parse_yaml(text or EMPTY, "calibration.yaml")
    if not isinstance(document, CommentedMap):
        raise ConfigError(
            "calibration.yaml",
            found="a file that holds no keys",
            expected="the file as `governance calibrate` writes it",
            next_step="mend or remove it",
        )
    return document


def _child(document: CommentedMap, key: str) -> CommentedMap:
    if not document.get(key):
        document[key] = CommentedMap()
    found: CommentedMap = document[key]
    return found


def _checked(document: CommentedMap) -> str:
    yaml = YAML(typ="rt")
    yaml.width = 4_096
    yaml.allow_unicode = True
    yaml.representer.ignore_aliases = lambda *_: True
    out = io.StringIO()
    yaml.dump(document, out)
    text = out.getvalue()
    check_model(CalibrationFile, parse_yaml(text, "calibration.yaml"), "calibration.yaml after this change")
    return text
