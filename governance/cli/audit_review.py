"""`governance audit review open|decide|close|show`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import (
    REPORT_FORMATS,
    emit,
    emit_report,
    examples,
    format_option,
    lang_option,
    output_option,
    say,
)
from governance.cli.project_option import opened
from governance.cli.times import day
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.app import Governance


@click.group()
def review() -> None:
    """Review who may do what: keep or revoke each grant, with a reason and by a day. See docs/review.md."""


@review.command(name="open", epilog=examples("audit review open --reviewer dora --due 2026-12-15"))
@click.option("--reviewer", required=True, metavar="USER", help="Who is to decide; a user of principals.yaml.")
@click.option("--due", required=True, type=day, help="The last day for it, such as 2026-12-15.")
@lang_option
@click.pass_context
def open_(ctx: click.Context, reviewer: str, due: dt.date, lang: str) -> int:
    """Open a review of every grant that stands, those of CRMs included. Prints its id."""
    with opened(ctx) as gov:
        found = gov.open_review(reviewer, due)
        say(Words(lang).say("acts.grants_open", count=len(found.grants), day=found.due))
    emit(found.id, None)
    return 0


@review.command(
    epilog=examples(
        'audit review decide 5f0c0d6c access:1a2b3c4d --as dora --keep --reason "needed for refunds"',
        'audit review decide 5f0c0d6c role:9f8e7d6c5b4a3210 --as dora --revoke --reason "left the team" '
        "--patch revoked.patch",
    )
)
@click.argument("review_id", metavar="REVIEW")
@click.argument("grant")
@click.option("--as", "principal", required=True, metavar="USER", help="The reviewer.")
@click.option("--keep", "verdict", flag_value="keep", help="The grant stays.")
@click.option(
    "--revoke",
    "verdict",
    flag_value="revoke",
    help="The grant goes, when somebody applies the patch, or takes it away in the CRM.",
)
@click.option("--reason", required=True, help="Why. Write no personal data.")
@click.option(
    "--patch",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --revoke: write the change of access.csv here, for `git apply` in the project's folder.",
)
@lang_option
@click.pass_context
def decide(
    ctx: click.Context,
    review_id: str,
    grant: str,
    principal: str,
    verdict: str | None,
    reason: str,
    patch: Path | None,
    lang: str,
) -> int:
    """Keep or revoke GRANT. The decision stands; the policy changes only when somebody applies the patch.

    The patch takes out everything revoked in this review that still stands. A grant of a CRM needs none: it is taken
    away in the CRM.
    """
    if verdict is None:
        raise click.UsageError("say --keep or --revoke")
    with opened(ctx) as gov:
        _check(gov, principal)
        found = gov.decide_grant(review_id, grant, verdict, principal=principal, reason=reason, patch=patch)
    words, told = Words(lang), {"grant": grant, "done": len(found.decisions), "count": len(found.grants)}
    emit(words.say("acts.grant_decided", verdict=words.say(f"acts.grant_{verdict}"), **told), None)
    return 0


@review.command(epilog=examples("audit review close 5f0c0d6c --as dora"))
@click.argument("review_id", metavar="REVIEW")
@click.option("--as", "principal", required=True, metavar="USER", help="The reviewer.")
@lang_option
@click.pass_context
def close(ctx: click.Context, review_id: str, principal: str, lang: str) -> int:
    """Close REVIEW; every grant that stands must be decided."""
    with opened(ctx) as gov:
        _check(gov, principal)
        found = gov.close_review(review_id, principal=principal)
    emit(Words(lang).say("acts.grants_closed", count=len(found.decisions)), None)
    return 0


@review.command(
    epilog=examples("audit review show", "audit review show --format html --output review.html --lang zh-Hant")
)
@click.argument("review_id", metavar="[REVIEW]", required=False)
@click.option(
    "--patch",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the change of access.csv anew for what is revoked in REVIEW and still stands.",
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def show(
    ctx: click.Context, review_id: str | None, patch: Path | None, form: str, lang: str, output: Path | None
) -> int:
    """Every grant in words, when it was last used, what is broad, and how it stands in REVIEW or the last review."""
    if patch is not None and review_id is None:
        raise click.UsageError("--patch needs REVIEW")
    with opened(ctx) as gov:
        report = gov.audit_review(review_id)
        if patch is not None and review_id is not None:
            say(Words(lang).say("acts.grants_patch", path=patch, count=gov.review_patch(review_id, patch)))
    emit_report(report, form, lang, output)
    return 0


def _check(gov: Governance, principal: str) -> None:
    from governance.flows.access.asking import check_impersonation

    check_impersonation(gov, principal, None, "audit.review")
