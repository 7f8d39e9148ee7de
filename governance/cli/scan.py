"""`governance scan`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.cli.output import (
    REPORT_FORMATS,
    emit_report,
    examples,
    format_option,
    lang_option,
    output_option,
    say,
    say_written,
    words,
)
from governance.cli.progress import progress
from governance.cli.project_option import opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from audits.report import Report
    from connectors.base import Sample
    from governance.scan.options import Engine
    from governance.scan.result import ScanResult


@dataclass(frozen=True, slots=True)
class _Writes:
    """What a scan of a project leaves in the policy folder, and where it runs."""

    propose: bool
    baseline: bool
    engine: Engine


SENSITIVITIES = ("public", "internal", "confidential", "restricted", "special")
FORMATS = (*REPORT_FORMATS, "sarif")


@click.command(
    epilog=examples(
        "scan --url sqlite:///crm.db",
        'scan --path "exports/*.csv" --full',
        "scan --store crm --format html --output scan.html --lang zh-Hant",
        "scan --fail-on special",
        "scan --path exports --full --engine spark",
        "scan --save-baseline",
        "scan --fail-on-drift",
    )
)
@click.option("--store", "stores", multiple=True, help="A store of governance.yaml; repeatable. Default: all of them.")
@click.option("--url", help="Scan this database instead, with no configuration: a SQLAlchemy URL.")
@click.option("--path", help="Scan these files instead, with no configuration: a file, folder or glob.")
@click.option("--encoding", help="With --path: the encoding of CSV files that cannot be told.")
@click.option("--sample", type=click.IntRange(min=1), help="Rows of each dataset, spread over it.  [default: 10000]")
@click.option("--full", is_flag=True, help="Read every row.")
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", help="Where rows are looked at.")
@click.option(
    "--models",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Let the models of the extra `nlp` read up to 100 texts of each field with sentences.",
)
@click.option("--spark-master", help="With --engine spark: such as yarn.  [default: spark-submit's, else local[2]]")
@click.option("--fail-on", type=click.Choice(SENSITIVITIES), help="Exit 1 for a finding of this sensitivity or above.")
@click.option(
    "--save-baseline", is_flag=True, help="Keep the labels in scan_baseline.json for --fail-on-drift (projects)."
)
@click.option("--fail-on-drift", is_flag=True, help="Exit 1 when labels differ from scan_baseline.json (projects).")
@click.option("--propose/--no-propose", default=True, help="Write what was found to catalog.proposed.yaml (projects).")
@format_option(*FORMATS)
@lang_option
@output_option
@click.pass_context
def scan(
    ctx: click.Context,
    *,
    stores: tuple[str, ...],
    url: str | None,
    path: str | None,
    encoding: str | None,
    sample: int | None,
    full: bool,
    engine: str,
    models: str,
    spark_master: str | None,
    fail_on: str | None,
    save_baseline: bool,
    fail_on_drift: bool,
    propose: bool,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Find personal data in databases and files.

    Reads only, in one consistent snapshot where the database has one. Exits 2 when a store could not be scanned; what
    was seen of the others is still reported.
    """
    _refuse_contradictions(stores, url, path, sample=sample, full=full, baseline=save_baseline or fail_on_drift)
    rows = _sample(sample, full=full)
    changes: Sequence[Mapping[str, Any]] = ()
    if url is not None or path is not None:
        result, report = _without_project(url, path, encoding, rows, _engine(engine, spark_master, models))
    else:
        writes = _Writes(propose=propose, baseline=save_baseline, engine=_engine(engine, spark_master, models))
        result, report, changes = _with_project(ctx, stores, rows, writes, fail_on_drift=fail_on_drift)
    emit_report(report, form, lang, output)
    for store in result.stores:
        if store.failed:
            say(words().say("cli.not_scanned", store=store.store, reason=store.reason))
    if result.failed:
        return 2
    return 1 if changes or (fail_on and _reaches(result, fail_on)) else 0


def _refuse_contradictions(
    stores: Sequence[str], url: str | None, path: str | None, *, sample: int | None, full: bool, baseline: bool
) -> None:
    if sum(bool(each) for each in (stores, url, path)) > 1:
        raise click.UsageError("give one of --store, --url and --path")
    if sample is not None and full:
        raise click.UsageError("give one of --sample and --full")
    if baseline and (url or path):
        raise click.UsageError("a baseline belongs to a project: leave --url and --path out")


def _engine(name: str, master: str | None, models: str) -> Engine:
    from governance.scan.options import Engine

    if master is not None and name != "spark":
        raise click.UsageError("--spark-master goes with --engine spark")
    return Engine(name, master, models)


def _sample(rows: int | None, *, full: bool) -> Sample | None:
    from connectors.base import FULL, Sample

    if full:
        return FULL
    return None if rows is None else Sample(rows)


def _without_project(
    url: str | None, path: str | None, encoding: str | None, sample: Sample | None, engine: Engine
) -> tuple[ScanResult, Report]:
    from audits.reports.scan import scan_report
    from connectors.base import Sample
    from connectors.opening import open_store
    from governance.clock import now
    from governance.flows.scan.scanning import scan_stores
    from governance.scan.options import ScanOptions
    from governance.scan.shapes import shape_name

    name = _store_name(url or str(path))
    store = open_store(name, url or str(path), encoding=encoding, name_filter=shape_name)
    try:
        with progress("scanning") as step:
            result = scan_stores([store], ScanOptions(sample=sample or Sample(), engine=engine), on_progress=step)
    finally:
        store.close()
    return result, scan_report(result.to_json(), as_of=now())


def _store_name(target: str) -> str:
    """A name for a store that no configuration names: the database's or file's own, when it makes a name."""
    import re

    from governance.scan.shapes import shape_name

    stem = re.split(r"[/\\]", target.split("?", maxsplit=1)[0].rstrip("/\\"))[-1].split(".")[0]
    usable = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,60}", stem) and shape_name(stem) == stem
    return stem if usable else "store"


def _with_project(
    ctx: click.Context, stores: Sequence[str], sample: Sample | None, writes: _Writes, *, fail_on_drift: bool
) -> tuple[ScanResult, Report, Sequence[Mapping[str, Any]]]:
    from governance.flows.scan.judging_fields import baseline_drift, save_baseline
    from governance.flows.scan.reviewing import write_proposals

    said = words()
    with opened(ctx) as gov:
        with progress("scanning") as step:
            result = gov.scan(stores, sample=sample, engine=writes.engine, on_progress=step)
        changes = baseline_drift(gov, result) if fail_on_drift else []
        for each in changes:
            kind = said.say(f"cli.drifted_{each['kind']}")
            say(said.say("cli.drift", place=each["place"], kind=kind, detail=each["detail"]))
        if writes.propose and result.stores:
            say(said.say("cli.wrote_proposals", path=write_proposals(gov, result)))
        if writes.baseline and result.stores:
            say_written(save_baseline(gov, result))
        return result, gov.scan_report(result, baseline=changes), changes


def _reaches(result: ScanResult, word: str) -> bool:
    """Whether a label, a single rare finding or a whole dataset is at least so sensitive."""
    from governance.clock import now
    from policies.nouns import Sensitivity
    from policies.taxonomy import load_taxonomy

    bound, taxonomy = Sensitivity.of(word), load_taxonomy(now().date())
    if result.highest is not None and result.highest >= bound:
        return True
    datasets = [dataset for store in result.stores for dataset in store.datasets]
    keys = {finding.category for each in datasets for field in each.fields for finding in field.findings}
    keys |= {key for each in datasets for key in each.special}
    reached = (taxonomy.category(key) for key in keys if key in taxonomy.categories)
    asks_special = bound is Sensitivity.SPECIAL
    return any(each.sensitivity >= bound or (asks_special and each.is_special(result.laws)) for each in reached)
