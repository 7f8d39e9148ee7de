"""Judge a scan on the user's own data: ask about a sample, keep the verdicts, tune thresholds, guard a baseline.

Files: `policies/calibration.yaml` (people's verdicts, only ever added to) and `policies/scan_baseline.json` (the labels
that stand). Both belong in the user's git.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.ledger.events import EventDraft
from governance.scan.drift import Drift
from governance.scan.judging.baseline import Baseline, compare_labels, make_baseline, with_other_stores
from governance.scan.judging.calibration import (
    EMPTY,
    NO,
    YES,
    CalibrationFile,
    Judgement,
    add_judgement,
    read_calibration,
    set_outcome,
    verdicts_of,
)
from governance.scan.judging.cases import Case, cases_of
from governance.scan.judging.estimates import Quality, estimate_quality, weights_of
from governance.scan.judging.sampling import Sample, draw
from governance.scan.judging.thresholds import reaches, tune, with_thresholds
from governance.writing import replace_file
from policies.errors import ConfigError

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.scan.result import ScanResult

Ask = Callable[[Case, int, int], str | None]
"""Takes a field, its number and how many there are; gives `yes`, `no`, a category, `""` to skip it, None to stop."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a round of judging gives."""

    sample: Sample
    """The fields that were to be judged."""
    judged: int
    """Those that have a verdict by now."""
    fields: int
    """Fields of the scan that could have been asked about."""
    quality: Quality
    """Precision and recall of the scan's labels as they are without thresholds."""
    thresholds: Mapping[str, float]
    """Thresholds in force from now on, by category; `*` for all others."""
    tuned: bool | None
    """Whether the target gave thresholds; None when there is no target."""
    with_thresholds: Quality
    """Precision and recall of the labels that reach their threshold."""

    def to_json(self) -> dict[str, Any]:
        """The stable form `governance.calibration/1`."""
        return {
            "schema": "governance.calibration/1",
            "fields": self.fields,
            "asked": [{"field": str(each.ref), "shown": each.shown} for each in self.sample.cases],
            "judged": self.judged,
            "quality": self.quality.to_json(),
            "thresholds": dict(self.thresholds),
            "tuned": self.tuned,
            "with_thresholds": self.with_thresholds.to_json(),
        }


def calibration_path(gov: Governance) -> Path:
    """Where people's verdicts lie."""
    return gov.project.policy_file("calibration.yaml")


def baseline_path(gov: Governance) -> Path:
    """Where the labels that stand lie."""
    return gov.project.policy_file("scan_baseline.json")


def thresholds_in_force(gov: Governance) -> Mapping[str, float]:
    """The thresholds of `calibration.yaml`; none where there is no such file. Raises ConfigError."""
    return read_calibration(calibration_path(gov)).thresholds


def calibrate(
    gov: Governance, result: ScanResult, ask: Ask, *, by: str, limit: int, target: float | None = None
) -> Calibration:
    """Ask about a sample of a scan's fields, keep each answer at once, and draw the conclusions.

    `result` is a scan without thresholds (`gov.scan(thresholds={})`). A field that was judged is not asked about again:
    what it is stays what a person said. Side effects: writes `calibration.yaml` after each answer and at the end,
    replaces `scan_baseline.json`, and records it in the ledger. Raises ConfigError, LedgerError.
    """
    cases = cases_of(result)
    sample = draw(cases, limit)
    given = _ask_all(gov, result, sample, ask, by)
    known = read_calibration(calibration_path(gov))
    wanted = target if target is not None else known.target_precision
    done = _concluded(sample, cases, known, wanted)
    replace_file(calibration_path(gov), set_outcome(_text(gov), done.quality, done.thresholds, wanted))
    save_baseline(gov, with_thresholds(result, done.thresholds), quality=done.with_thresholds)
    _record(gov, by, given, done.judged)
    return done


def save_baseline(gov: Governance, result: ScanResult, *, quality: Quality | None = None) -> Path:
    """Write the labels of a scan as the baseline, and give its file; stores not scanned keep what stood.

    Without `quality` it is estimated from the verdicts that there are. Raises ConfigError.
    """
    made = make_baseline(result, _versions(result), quality or current_quality(gov, result))
    path = baseline_path(gov)
    if path.exists():
        made = with_other_stores(made, _read_baseline(path))
    replace_file(path, made.to_text())
    return path


def current_quality(gov: Governance, result: ScanResult) -> Quality:
    """Precision and recall of a scan, from the verdicts that people have given so far on any of its fields."""
    cases = cases_of(result)
    known = read_calibration(calibration_path(gov))
    return estimate_quality(verdicts_of(cases, known), cases)


def baseline_drift(gov: Governance, result: ScanResult) -> list[dict[str, Any]]:
    """What changed since the baseline: labels new, gone or of another category, and a precision below its interval.

    Raises ConfigError where there is no baseline: without one nothing can be told.
    """
    path = baseline_path(gov)
    if not path.exists():
        raise ConfigError(
            str(path),
            found="no baseline",
            expected="the labels of an earlier scan",
            next_step="run `governance calibrate` or `governance scan --save-baseline`, and commit the file",
        )
    baseline = _read_baseline(path)
    found = [_difference(each) for each in compare_labels(baseline, result)]
    precision, low = current_quality(gov, result).precision, baseline.precision_low
    if precision is not None and low is not None and precision.share < low:
        detail = f"{baseline.quality['precision']['share']:.2f} -> {precision.share:.2f}"
        found.append({"kind": "precision", "place": path.name, "detail": detail, "confidence": 1.0})
    return found


def _ask_all(gov: Governance, result: ScanResult, sample: Sample, ask: Ask, by: str) -> int:
    """Ask about each field that nobody has judged; gives how many answers were kept."""
    given = 0
    known = read_calibration(calibration_path(gov))
    open_cases = [each for each in sample.cases if known.truth(str(each.ref)) is None]
    for number, case in enumerate(open_cases, start=1):
        answer = ask(case, number, len(open_cases))
        if answer is None:
            break
        if answer:
            check_answer(gov, case, answer)
            new = Judgement(case, answer, by, gov.clock().date(), result.taxonomy_version)
            replace_file(calibration_path(gov), add_judgement(_text(gov), new))
            given += 1
    return given


def check_answer(gov: Governance, case: Case, answer: str) -> None:
    """Raises ConfigError for an answer that is no verdict on this field."""
    fits = answer == YES or (answer == NO and case.labelled) or answer in gov.policy_files.taxonomy.categories
    if not fits:
        raise ConfigError(
            f"verdict on {case.ref}",
            found="a word that is no verdict on it",
            expected="`yes`, `no` (only where a label is shown) or a category such as `user.contact.email`",
            next_step="see docs/calibrate.md and docs/categories.md",
        )


def _concluded(sample: Sample, cases: Sequence[Case], known: CalibrationFile, target: float | None) -> Calibration:
    verdicts = verdicts_of(sample.cases, known)
    tuned = tune(verdicts, weights_of(verdicts, sample.sizes), target) if target is not None else None
    thresholds = dict(known.thresholds) if tuned is None else tuned
    quality = estimate_quality(verdicts, cases)
    return Calibration(
        sample,
        len(verdicts),
        len(cases),
        quality,
        thresholds,
        None if target is None else tuned is not None,
        estimate_quality(verdicts, cases, lambda case: reaches(case, thresholds)),
    )


def _text(gov: Governance) -> str:
    path = calibration_path(gov)
    return path.read_text(encoding="utf-8") if path.exists() else EMPTY


def _read_baseline(path: Path) -> Baseline:
    return Baseline.from_text(path.read_text(encoding="utf-8"), str(path))


def _versions(result: ScanResult) -> dict[str, str]:
    from governance.version import __version__

    return {"scan": __version__, "taxonomy": result.taxonomy_version}


def _difference(each: Drift) -> dict[str, Any]:
    detail = " -> ".join(part for part in (each.decided, each.found) if part)
    return {"kind": each.kind.value, "place": str(each.ref), "detail": detail, "confidence": each.confidence}


def _record(gov: Governance, by: str, given: int, judged: int) -> None:
    gov.ledger.append(
        EventDraft(
            kind="scan.judged",
            actor=gov.actor_ref,
            principal=gov.ledger.refer("principal", by),
            action="calibrate",
            outcome="done",
            counts={"given": given, "judged": judged},
            versions=gov.versions(),
        )
    )
