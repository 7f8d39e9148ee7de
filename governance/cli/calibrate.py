"""`governance calibrate`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say, say_written
from governance.cli.project_option import actor, opened

if TYPE_CHECKING:
    from audits.speaking import Speaker
    from governance.app import Governance
    from governance.flows.scan.judging_fields import Ask, Calibration
    from governance.scan.judging.cases import Case
    from governance.scan.judging.estimates import Estimate, Quality

MOST_SIGNALS = 5
"""Signals that are shown of one field."""


@click.command(
    epilog=examples(
        "calibrate",
        "calibrate --store crm --limit 60 --target-precision 0.95",
        "calibrate --answers answers.yaml --by dpo --format json",
    )
)
@click.option("--store", "stores", multiple=True, help="A store of governance.yaml; repeatable. Default: all of them.")
@click.option("--limit", type=click.IntRange(min=1), default=40, show_default=True, help="Fields to be judged.")
@click.option(
    "--target-precision",
    type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
    help="Tune thresholds so that this share of the labels is right.  [default: the target of the last time]",
)
@click.option(
    "--answers",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take verdicts from this YAML file, field to verdict, instead of asking.",
)
@click.option("--by", help="Who judges.  [default: the operating system's user]")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def calibrate(
    ctx: click.Context,
    *,
    stores: tuple[str, ...],
    limit: int,
    target_precision: float | None,
    answers: Path | None,
    by: str | None,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Judge the labels of a scan, and learn how good they are on your own data.

    Scans, then asks about a sample of fields, most of them where the scan is least sure. Shapes and signals are shown,
    never values. Each verdict is kept at once in policies/calibration.yaml; stop with q and go on later.

    Gives precision and recall with intervals, tunes thresholds that later scans use, and writes the labels to
    policies/scan_baseline.json, with which `governance scan --fail-on-drift` compares. Exits 2 when a store could not
    be scanned.
    """
    from audits.speaking import Speaker
    from governance.cli.progress import progress
    from governance.flows.scan.judging_fields import calibrate as judge
    from governance.flows.scan.judging_fields import calibration_path

    speaker = Speaker(lang)
    with opened(ctx) as gov:
        given = _answers(answers) if answers else None
        with progress("scanning") as step:
            result = gov.scan(stores, thresholds={}, on_progress=step)
        ask = _from_file(given) if given is not None else _from_terminal(gov, speaker)
        done = judge(gov, result, ask, by=by or actor(), limit=limit, target=target_precision)
        say_written(calibration_path(gov))
    text = json.dumps(done.to_json(), indent=2, ensure_ascii=False) if form == "json" else _text(done, speaker)
    emit(text, output)
    for store in result.stores:
        if store.failed:
            say(speaker.words.say("cli.not_scanned", store=store.store, reason=store.reason))
    return 2 if result.failed else 0


def _answers(path: Path) -> Mapping[str, str]:
    """The verdicts of a file. Raises ConfigError where it is no mapping of fields to words."""
    from policies.errors import ConfigError
    from policies.yaml_files import load_yaml

    document = load_yaml(path) or {}
    if not isinstance(document, dict) or not all(isinstance(each, str) for each in document.values()):
        raise ConfigError(
            str(path),
            found="no list of fields with one word each",
            expected="lines such as `crm.customers.email: yes`",
            next_step="see docs/calibrate.md",
        )
    return {str(field): verdict for field, verdict in document.items()}


def _from_file(given: Mapping[str, str]) -> Ask:
    return lambda case, _number, _total: given.get(str(case.ref), "")


def _from_terminal(gov: Governance, speaker: Speaker) -> Callable[[Case, int, int], str | None]:
    """Asks about one field after the other, on standard error."""
    from governance.flows.scan.judging_fields import check_answer
    from policies.errors import ConfigError

    def ask(case: Case, number: int, total: int) -> str | None:
        for line in _shown(case, number, total, speaker):
            say(line)
        hint = speaker.words.say("calibrate.ask" if case.labelled else "calibrate.ask_silent")
        while True:
            word = str(click.prompt(f"  {hint}", err=True)).strip()
            answer = {"y": "yes", "n": "no", "s": "", "q": None}.get(word.lower(), word)
            try:
                if answer:
                    check_answer(gov, case, answer)
            except ConfigError:
                say(f"  {speaker.words.say('calibrate.unknown')}")
                continue
            return answer

    return ask


def _shown(case: Case, number: int, total: int, speaker: Speaker) -> Iterator[str]:
    """What a person sees of a field: counts, the label, what spoke for and against, shapes."""
    from audits.reports.scan_facts import entity_text
    from audits.reports.scan_reasons import reason_of

    words, scan = speaker.words, case.scan
    yield words.say("calibrate.question", number=number, total=total, place=case.ref)
    yield "  " + words.say(
        "calibrate.field",
        type=scan.type,
        rows=speaker.number(scan.rows_read),
        nulls=speaker.share(scan.null_share),
        distinct=speaker.number(scan.distinct),
    )
    yield "  " + _label(case, speaker)
    for finding in scan.findings:
        if scan.label is None or finding.entity != scan.label.entity:
            share = speaker.share(finding.prevalence)
            yield "  " + words.say("calibrate.finding", entity=speaker.say(entity_text(finding.entity)), share=share)
    signals = sorted((each for finding in scan.findings for each in finding.signals), key=lambda each: -each.weight)
    for signal in signals[:MOST_SIGNALS]:
        yield "    " + words.say(
            "calibrate.signal",
            speaks=words.say("scan.for" if signal.speaks_for else "scan.against"),
            signal=words.say(f"signal.{signal.signal}") if words.has(f"signal.{signal.signal}") else signal.signal,
            weight=speaker.share(signal.weight),
            reason=speaker.say(reason_of(signal.reason)),
        )
    shapes = list(dict.fromkeys(each for finding in scan.findings for each in finding.examples))
    if shapes:
        yield "    " + words.say("calibrate.shapes", shapes=words.say("report.comma").join(shapes[:MOST_SIGNALS]))


def _label(case: Case, speaker: Speaker) -> str:
    from audits.reports.scan_facts import entity_text

    label = case.scan.label
    if label is None:
        return speaker.words.say("calibrate.no_label")
    confidence = speaker.share(label.confidence)
    entity = speaker.say(entity_text(label.entity))
    return speaker.words.say("calibrate.label", entity=entity, category=label.category, confidence=confidence)


def _text(done: Calibration, speaker: Speaker) -> str:
    words = speaker.words
    lines = [words.say("calibrate.judged", judged=done.judged, asked=len(done.sample.cases), fields=done.fields)]
    lines += [*_quality(done.quality, speaker), words.say("calibrate.weighted")]
    if done.quality.uncovered:
        lines.append(words.say("calibrate.uncovered", count=done.quality.uncovered))
    if done.tuned is False:
        lines.append(words.say("calibrate.no_threshold"))
    for category, bound in sorted(done.thresholds.items()):
        named = words.say("calibrate.every") if category == "*" else category
        lines.append(words.say("calibrate.threshold", category=named, confidence=speaker.share(bound)))
    if done.thresholds:
        after = _quality(done.with_thresholds, speaker)
        lines += [
            words.say("calibrate.with_thresholds") + words.say("report.colon").rstrip(),
            *(f"  {each}" for each in after),
        ]
    return "\n".join(lines)


def _quality(quality: Quality, speaker: Speaker) -> Iterator[str]:
    for name, estimate in (("precision", quality.precision), ("recall", quality.recall)):
        if estimate is None:
            yield speaker.words.say(f"calibrate.no_{name}")
        else:
            yield speaker.words.say(f"calibrate.{name}", **_shares(estimate, speaker))


def _shares(estimate: Estimate, speaker: Speaker) -> dict[str, Any]:
    return {name: speaker.share(getattr(estimate, name)) for name in ("share", "low", "high")}
