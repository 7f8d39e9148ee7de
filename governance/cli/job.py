"""`governance job list|show|approve|certificate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from governance.cli.job_said import certificate_said, job_said, jobs_said
from governance.cli.output import emit, emit_lines, examples, format_option, lang_option, output_option
from governance.cli.project_option import opened
from policies.vocabulary import Words

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def job() -> None:
    """List, show, approve and certify jobs: whatever deletes, encrypts or copies many rows."""


@job.command(name="list", epilog=examples("job list", "job list --state planned --format json"))
@click.option(
    "--state",
    type=click.Choice(["planned", "approved", "expired", "running", "paused", "done"]),
    help="Only these; `running` may have been killed and is then started again with its plan file.",
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def list_(ctx: click.Context, state: str | None, form: str, lang: str, output: Path | None) -> int:
    """List plans and jobs, oldest first: id, state, kind, what it is about, rows done of rows planned."""
    from governance.flows.opening.handling_jobs import list_jobs, record_json

    with opened(ctx) as gov:
        found = [record_json(gov, each) for each in list_jobs(gov) if state in {None, each.state}]
    if form == "json":
        emit(json.dumps({"schema": "governance.jobs/1", "jobs": found}, indent=2, ensure_ascii=False), output)
    else:
        emit_lines(jobs_said(found, Words(lang)), output)
    return 0


@job.command(epilog=examples("job show 5f0c0d6c1b1d4bb8a3c1a8f7f5d3b2a1"))
@click.argument("job_id", metavar="ID")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def show(ctx: click.Context, job_id: str, form: str, lang: str, output: Path | None) -> int:
    """Show one plan and what became of it: who planned and approved it, and the counts of each step that has ended."""
    from governance.flows.opening.handling_jobs import show_job

    with opened(ctx) as gov:
        found = show_job(gov, job_id)
    if form == "json":
        emit(json.dumps({"schema": "governance.job/1", **found}, indent=2, ensure_ascii=False), output)
    else:
        emit_lines(job_said(found, Words(lang)), output)
    return 0


@job.command(epilog=examples("job approve plan.json"))
@click.argument("plan", type=_FILE)
@lang_option
@click.pass_context
def approve(ctx: click.Context, plan: Path, lang: str) -> int:
    """Agree to just the plan in this file, as the operating system's user. Recorded.

    With `jobs: {approval: two_persons}` in governance.yaml a plan runs only after somebody approved it who neither made
    it nor runs it. The person who made a plan cannot approve it.
    """
    from governance.flows.opening.handling_jobs import approve_job

    with opened(ctx) as gov:
        made = approve_job(gov, plan.read_text(encoding="utf-8"))
    emit(Words(lang).say("job.told_approved", event=made.event), None)
    return 0


@job.command(
    epilog=examples(
        "job certificate 5f0c0d6c1b1d4bb8a3c1a8f7f5d3b2a1 --lang zh-Hant",
        "job certificate 5f0c0d6c1b1d4bb8a3c1a8f7f5d3b2a1 --format json --output certificate.json",
        "job certificate --verify certificate.json",
        "job certificate --verify certificate.json --key 6f1c...",
    )
)
@click.argument("job_id", metavar="[ID]", required=False)
@click.option("--verify", type=_FILE, help="Check the signature of this certificate; exits 1 when a byte was changed.")
@click.option("--key", help="Check it offline with this public key, 64 hex digits, and not with the project's.")
@lang_option
@format_option("text", "json")
@output_option
@click.pass_context
def certificate(
    ctx: click.Context,
    *,
    job_id: str | None,
    verify: Path | None,
    key: str | None,
    lang: str,
    form: str,
    output: Path | None,
) -> int:
    """Print what a job did, as it was signed: with --format json the signed document itself.

    A certificate names counts, rules, seals and references, never a record or a person.
    """
    from governance.flows.opening.handling_jobs import certificate_of, check_certificate, check_certificate_offline

    if (job_id is None) == (verify is None) or (key is not None and verify is None):
        raise click.UsageError("give the ID of a job, or --verify FILE, perhaps with --key")
    text = verify.read_text(encoding="utf-8") if verify else None
    if text is not None and key is not None:
        document, zone = check_certificate_offline(text, key), "UTC"
    else:
        with opened(ctx) as gov:
            text = text if text is not None else certificate_of(gov, job_id or "")
            document, zone = check_certificate(gov, text), gov.project.config.time_zone
    if form == "json":
        emit(text, output)
        return 0
    from audits.speaking import Speaker

    emit_lines(certificate_said(document, Speaker(lang, zone), verified=verify is not None), output)
    return 0
