"""`governance policy lint|test|explain|who|what|diff|compile`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from governance.cli import completion
from governance.cli.output import (
    REPORT_FORMATS,
    emit,
    emit_report,
    examples,
    format_option,
    lang_option,
    output_option,
)
from governance.cli.policy_compile import compile_
from governance.cli.project_option import opened
from policies.nouns import Sensitivity

"""The formats of a report on grants."""


@click.group()
def policy() -> None:
    """Check, test, explain and compile the access policy."""


policy.add_command(compile_)


@policy.command(
    epilog=examples(
        "policy lint",
        "policy lint --format json",
    )
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def lint(ctx: click.Context, form: str, lang: str, output: Path | None) -> int:
    """Name lines of the policy that are dead, wide, contradictory or rest on nothing.

    Exits 1 when there is a finding, 2 when a file of the policy cannot be read at all.
    """
    from governance.access.lint import lint as look
    from policies.vocabulary import Words

    with opened(ctx) as gov:
        findings = look(gov.policy_files.policy)
    words = Words(lang)
    said = [words.say(each.key, **each.values) for each in findings]
    if form == "json":
        pairs = zip(findings, said, strict=True)
        rows = [asdict(each) | {"values": dict(each.values), "text": text} for each, text in pairs]
        document = {"schema": "governance.policy-lint/1", "findings": rows}
        emit(json.dumps(document, indent=2, ensure_ascii=False), output)
    else:
        lines = [
            f"{each.place}: {each.rule_id} {words.say(f'cli.severity_{each.severity}')}: {text}"
            for each, text in zip(findings, said, strict=True)
        ]
        emit("\n".join([*lines, words.say("cli.findings", count=len(findings))]), output)
    return 1 if findings else 0


@policy.command(
    epilog=examples(
        "policy explain alice read crm.customers.email --purpose support",
        "policy explain alice read crm.customers --purpose support --lang zh-Hans",
    )
)
@click.argument("user", shell_complete=completion.users)
@click.argument("action", type=click.Choice(["read", "export", "write", "delete"]))
@click.argument("ref", metavar="OBJECT", shell_complete=completion.places)
@click.option("--purpose", required=True, shell_complete=completion.purposes, help="The purpose, as in purposes.yaml.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def explain(
    ctx: click.Context, user: str, action: str, ref: str, purpose: str, form: str, lang: str, output: Path | None
) -> int:
    """Say which rule decides what USER may do with OBJECT, a dataset or field, and which rules lose to it."""
    with opened(ctx) as gov:
        found = gov.explain(user, action, ref, purpose)
    emit(json.dumps(found.to_json(), indent=2, ensure_ascii=False) if form == "json" else found.say(lang), output)
    return 0


@policy.command(
    epilog=examples(
        "policy who crm.customers.email",
        "policy who category:user.contact --format csv --output contact.csv",
        "policy who special --format html --output special.html --lang zh-Hant",
    )
)
@click.argument("ref", metavar="OBJECT", shell_complete=completion.objects)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def who(ctx: click.Context, ref: str, form: str, lang: str, output: Path | None) -> int:
    """Say who may do what with OBJECT: a field, dataset, store, category:KEY, sensitivity:WORD, special or *.

    Everybody's grants as the policy files stand, with purposes, masks, rows and the lines that decide. No store is
    opened.
    """
    with opened(ctx) as gov:
        report = gov.policy_who(ref)
    emit_report(report, form, lang, output)
    return 0


@policy.command(
    epilog=examples(
        "policy what alice",
        "policy what alice --format html --output alice.html",
    )
)
@click.argument("user", shell_complete=completion.users)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def what(ctx: click.Context, user: str, form: str, lang: str, output: Path | None) -> int:
    """Say everything that USER may do, by purpose, action and field, as the policy files stand."""
    with opened(ctx) as gov:
        report = gov.policy_what(user)
    emit_report(report, form, lang, output)
    return 0


@policy.command(
    epilog=examples(
        "policy test",
        "policy test --min-coverage 80",
        "policy test --format json",
    )
)
@click.option(
    "--min-coverage",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    metavar="PERCENT",
    help="Exit 1, too, when fewer of the policy's lines decided in a test.",
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def test(ctx: click.Context, min_coverage: int, form: str, lang: str, output: Path | None) -> int:
    """Hold the policy against policies/access_tests.yaml, and name the lines that no test meets.

    Exits 1 when a test fails, 2 when a file cannot be read. No store is opened.
    """
    from governance.flows.access.trying_policy import try_policy

    with opened(ctx) as gov:
        trials = try_policy(gov)
    if form == "json":
        emit(json.dumps(trials.to_json(), indent=2, ensure_ascii=False), output)
    else:
        emit("\n".join(trials.say(lang)), output)
    return 1 if trials.failed or trials.coverage * 100 < min_coverage else 0


@policy.command(
    epilog=examples(
        "policy diff HEAD",
        "policy diff main --fail-on special --format markdown --output exposure.md",
        "policy diff policies-of-last-year policies --format html --output change.html",
    )
)
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--fail-on",
    type=click.Choice(["any", *(each.word for each in Sensitivity)]),
    help="Exit 1 when a field of this sensitivity or a higher one is shown more; `any` for every field.",
)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def diff(
    ctx: click.Context, old: str, new: str | None, fail_on: str | None, form: str, lang: str, output: Path | None
) -> int:
    """Say what the policy NEW shows that OLD did not: to whom, for which purpose, which fields, in which rows.

    Each is a folder of policy files or a git revision; NEW is the policy folder as it stands. Conditions on rows are
    compared by their meaning. No store is opened.
    """
    with opened(ctx) as gov:
        report = gov.policy_diff(old, new)
    emit_report(report, form, lang, output)
    if fail_on is None:
        return 0
    least = Sensitivity.PUBLIC if fail_on == "any" else Sensitivity.of(fail_on)
    return int(any(Sensitivity.of(each["sensitivity"]) >= least for each in report.data["more"]))
