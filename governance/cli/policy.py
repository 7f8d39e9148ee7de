"""`governance policy lint` and `governance policy explain`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option
from governance.cli.project_option import opened


@click.group()
def policy() -> None:
    """Check and explain the access policy."""


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
            f"{each.place}: {each.rule_id} {each.severity}: {text}" for each, text in zip(findings, said, strict=True)
        ]
        emit("\n".join([*lines, words.say("cli.findings", count=len(findings))]), output)
    return 1 if findings else 0


@policy.command(
    epilog=examples(
        "policy explain alice read crm.customers.email --purpose support",
        "policy explain alice read crm.customers --purpose support --lang zh-Hans",
    )
)
@click.argument("user")
@click.argument("action", type=click.Choice(["read", "export", "write", "delete"]))
@click.argument("ref", metavar="OBJECT")
@click.option("--purpose", required=True, help="The purpose, as in purposes.yaml.")
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
