"""`governance mask`: a safe copy of a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened
from governance.writing import replace_file

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.flows.protect.copying import CopyOutcome
    from governance.jobs.plan import Plan
    from policies.vocabulary import Words


@click.command(
    epilog=examples(
        "mask crm test --init",
        "mask crm test --config masks.yaml --format json --output plan.json",
        "mask crm test --plan plan.json --certificate certificate.json",
        "mask crm test --yes",
    )
)
@click.argument("source")
@click.argument("target")
@click.option(
    "--config",
    "rules",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What is copied and how; masks.yaml of the policies folder by default.",
)
@click.option("--init", "first", is_flag=True, help="Write a first masks.yaml from the catalog and stop.")
@click.option(
    "--plan",
    "reviewed",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Carry out this reviewed plan file.",
)
@click.option("--yes", is_flag=True, help="Plan, and carry the plan out at once.")
@click.option(
    "--certificate",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the certificate of the copy to this file too.",
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def mask(
    ctx: click.Context,
    *,
    source: str,
    target: str,
    rules: Path | None,
    first: bool,
    reviewed: Path | None,
    yes: bool,
    certificate: Path | None,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Copy the store SOURCE to the store TARGET for test or analytics, each field treated as masks.yaml says.

    Without --plan or --yes nothing is copied: the plan is shown, and --format json gives the plan file. TARGET is a
    store of governance.yaml that is empty or holds an earlier copy, which is replaced. Start it again after a kill with
    the same plan file. Ends with 1 when anything personal was left in clear.
    """
    from governance.flows.protect.copying import run_safe_copy
    from policies.vocabulary import Words

    if sum((first, reviewed is not None, yes)) > 1:
        raise click.UsageError("give one of --init, --plan and --yes")
    words = Words(lang)
    with opened(ctx) as gov:
        path = rules or gov.project.policy_file("masks.yaml")
        if first:
            return _init(gov, source, path)
        text = reviewed.read_text(encoding="utf-8") if reviewed else None
        if text is None:
            plan = _planned(gov, source, target, path)
            text = plan.text()
            if not yes:
                emit(text if form == "json" else "\n".join(_plan_lines(plan, words)), output)
                return 0
            say(words.say("cli.plan", id=plan.id))
        elif (source, target) != _ends(text):
            raise click.UsageError("the plan is about another SOURCE and TARGET")
        with progress("copying") as step:
            found = run_safe_copy(gov, text, on_progress=step)
    if found.certificate is not None and certificate is not None:
        replace_file(certificate, found.certificate)
    document = {**found.job.to_json(), "findings": found.findings}
    emit(json.dumps(document, indent=2) if form == "json" else "\n".join(_outcome_lines(found, words)), output)
    return 1 if found.residue else 0


def _init(gov: Governance, source: str, path: Path) -> int:
    from governance.flows.protect.copying import first_rules
    from policies.errors import ConfigError

    if path.exists():
        raise ConfigError(
            str(path),
            found="a file that is there already",
            expected="no file: what people wrote is not overwritten",
            next_step="name another file with --config",
        )
    replace_file(path, first_rules(gov, source))
    emit(str(path), None)
    return 0


def _planned(gov: Governance, source: str, target: str, path: Path) -> Plan:
    from governance.flows.protect.copying import plan_safe_copy

    return plan_safe_copy(gov, source, target, path)


def _ends(text: str) -> tuple[str, str] | None:
    """Source and target of a plan file; None for a text that is none, which is refused when it is read."""
    try:
        facts = json.loads(text)["facts"]
        return facts["source"], facts["target"]
    except (ValueError, KeyError, TypeError):
        return None


def _plan_lines(plan: Plan, words: Words) -> Iterator[str]:
    yield words.say("copy.plan_title", plan=plan.id, place=plan.place)
    for line in plan.lines:
        if line.rows or line.reason == "copy.rows":
            yield "  " + words.say("copy.plan_line", step=line.dataset, rows=line.rows)
        else:
            yield "  " + words.say(line.reason)
    yield words.say("copy.plan_next")


def _outcome_lines(found: CopyOutcome, words: Words) -> Iterator[str]:
    job, said = found.job, found.findings
    if job.state == "paused":
        yield words.say("copy.paused", job=job.job, resumes=job.resumes and job.resumes.isoformat())
        return
    barred, orphans = job.total("barred"), said["orphans_left_out"]
    yield words.say("copy.done", job=job.job, done=job.total("done"), barred=barred, orphans=orphans)
    for each in said["anonymity"]:
        if each["quasi"]:
            fields = ", ".join(each["quasi"])
            numbers = {"k": each["k"] or 0, "alone": each["rows_alone"]}
            yield words.say("copy.anonymity", dataset=each["dataset"], fields=fields, **numbers)
        for field, least in each["l"].items():
            yield words.say("copy.diversity", dataset=each["dataset"], field=field, l=least or 0)
    for each in said["accepted"]:
        yield words.say("copy.accepted", field=each["field"], category=each["category"])
    for each in said["residue"]:
        named = {"field": each["field"], "rows": each["rows"]}
        more = {"detail": each["detail"]} if each["kind"] == "label" else {}
        yield words.say(f"copy.residue_{each['kind']}", **named, **more)
    if said["scan_failed"]:
        yield words.say("copy.scan_failed")
    elif not said["residue"]:
        yield words.say("copy.clean")
    yield words.say("copy.certificate", certificate=job.certificate)
