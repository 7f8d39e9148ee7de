"""`governance catalog show|diff|review|export`."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.cli.catalog_said import catalog_said, proposal_said
from governance.cli.output import (
    emit,
    emit_lines,
    examples,
    format_option,
    lang_option,
    output_option,
    remembered_lang_option,
    say,
)
from governance.cli.project_option import actor, opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from audits.speaking import Speaker
    from governance.app import Governance
    from governance.flows.scan.catalog_editing import Decision
    from governance.scan.proposals import DatasetProposal, FieldProposal

    Proposal = FieldProposal | DatasetProposal

CONFIRM, REJECT, HARMLESS = "confirm", "reject", "harmless"


@click.group()
def catalog() -> None:
    """Show, compare and review the data map."""


@catalog.command(epilog=examples("catalog show", "catalog show --status proposed --format json"))
@click.option(
    "--status",
    type=click.Choice(["confirmed", "rejected", "proposed"]),
    help="Only fields of this status; `proposed` are those that wait for a person.",
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def show(ctx: click.Context, *, status: str | None, form: str, lang: str, output: Path | None) -> int:
    """List every field that was decided or proposed, with its category, status, and who decided when."""
    with opened(ctx) as gov:
        rows = [row for row in _rows(gov) if status in (None, row["status"])]
    if form == "json":
        emit(json.dumps({"schema": "governance.catalog/1", "fields": rows}, indent=2, ensure_ascii=False), output)
    else:
        emit_lines(catalog_said(rows, Words(lang)), output)
    return 0


@catalog.command(epilog=examples("catalog diff", "catalog diff --store crm --full"))
@click.option("--store", "stores", multiple=True, help="Only this store; repeatable.")
@click.option("--full", is_flag=True, help="Read every row instead of a sample.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def diff(ctx: click.Context, *, stores: tuple[str, ...], full: bool, form: str, lang: str, output: Path | None) -> int:
    """Scan the stores and say where they differ from the catalog: new, gone, changed type, contradicted.

    Exits 2 when a store could not be scanned.
    """
    from connectors.base import FULL
    from governance.cli.progress import progress
    from governance.flows.scan.reviewing import drift

    with opened(ctx) as gov, progress("scanning") as step:
        result = gov.scan(stores, sample=FULL if full else None, on_progress=step)
        found = drift(gov, result)
    if form == "json":
        emit(json.dumps({"schema": "governance.drift/1", "drift": found}, indent=2, ensure_ascii=False), output)
    else:
        words = Words(lang)
        lines = [f"{words.say('scan.drift_' + each['kind'])}  {each['place']}  {each['detail']}" for each in found]
        emit("\n".join([*lines, words.say("cli.findings", count=len(found))]), output)
    return 2 if result.failed else 0


@catalog.command(
    epilog=examples(
        "catalog review",
        'catalog review --confirm "crm.customers.*" --by dpo',
        'catalog review --harmless "crm.products.*" --by dpo --why "no people in it" --dry-run',
    )
)
@click.option("--confirm", multiple=True, metavar="PATTERN", help="Confirm what was proposed for these; repeatable.")
@click.option("--reject", multiple=True, metavar="PATTERN", help="Say that the proposed label is wrong; repeatable.")
@click.option("--harmless", multiple=True, metavar="PATTERN", help="Confirm these as `none`: not personal; repeatable.")
@click.option("--by", help="Who decides.  [default: the operating system's user]")
@click.option("--why", help="The reason, kept in the catalog.")
@click.option("--dry-run", is_flag=True, help="Show the difference and write nothing.")
@lang_option
@click.pass_context
def review(
    ctx: click.Context,
    *,
    confirm: tuple[str, ...],
    reject: tuple[str, ...],
    harmless: tuple[str, ...],
    by: str | None,
    why: str | None,
    dry_run: bool,
    lang: str,
) -> int:
    """Move proposals of the last scan into the catalog: one by one in the terminal, or many in one diff by patterns.

    A PATTERN is a reference such as crm.customers.email, with `*` for any part. A pattern that fits no open proposal is
    an error. The difference goes to standard output.
    """
    from audits.speaking import Speaker
    from governance.flows.scan.reviewing import catalog_text, open_proposals, with_decisions, write_catalog
    from governance.scan.proposals import DatasetProposal, FieldProposal

    words = Words(lang)
    chosen = [*((CONFIRM, each) for each in confirm), *((REJECT, each) for each in reject)]
    chosen += [(HARMLESS, each) for each in harmless]
    with opened(ctx) as gov:
        waiting = open_proposals(gov)
        picked = _by_pattern(waiting, chosen) if chosen else _one_by_one(waiting, Speaker(lang))
        before = catalog_text(gov)
        fields = [(each, verdict) for each, verdict in picked if isinstance(each, FieldProposal)]
        datasets = [each for each, verdict in picked if isinstance(each, DatasetProposal) and verdict == CONFIRM]
        decisions = [_decision(gov, each, verdict, by or actor(), why) for each, verdict in fields]
        after = with_decisions(gov, before, decisions, datasets) if decisions or datasets else before
        emit("".join(_difference(before, after)) or words.say("cli.nothing_to_write") + "\n", None)
        if after != before and not dry_run:
            write_catalog(gov, after, decisions, datasets)
            path, count = gov.project.policy_file("catalog.yaml"), len(decisions) + len(datasets)
            say(words.say("cli.wrote_decisions", count=count, path=path))
    return 0


@catalog.command(epilog=examples("catalog export --format json --output datamap.json", "catalog export --format csv"))
@format_option("json", "csv")
@remembered_lang_option
@output_option
@click.pass_context
def export(ctx: click.Context, *, form: str, output: Path | None) -> int:
    """Write the confirmed data map for other tools: one entry a field, with category and sensitivity."""
    import csv
    import io

    with opened(ctx) as gov:
        rows = [row for row in _rows(gov) if row["status"] == "confirmed"]
    if form == "json":
        emit(json.dumps({"schema": "governance.catalog/1", "fields": rows}, indent=2, ensure_ascii=False), output)
        return 0
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=["field", "category", "sensitivity", "special", "status", "decided"])
    writer.writeheader()
    writer.writerows(rows)
    emit(out.getvalue(), output)
    return 0


def _rows(gov: Governance) -> list[dict[str, Any]]:
    from governance.flows.scan.reviewing import open_proposals
    from governance.scan.proposals import FieldProposal

    taxonomy, laws = gov.policy_files.taxonomy, gov.project.config.laws
    rows = []
    for ref, entry in gov.catalog.walk():
        category = taxonomy.category(entry.category)
        decided = " ".join(str(each) for each in (entry.by, entry.at) if each is not None)
        rows.append(
            {
                "field": str(ref),
                "category": entry.category,
                "sensitivity": entry.sensitivity or category.sensitivity.word,
                "special": category.is_special(laws),
                "status": entry.status.value,
                "decided": decided,
            }
        )
    for each in open_proposals(gov):
        if isinstance(each, FieldProposal):
            special = taxonomy.category(each.category).is_special(laws)
            row = {"field": str(each.ref), "category": each.category, "sensitivity": each.sensitivity.word}
            rows.append(row | {"special": special, "status": "proposed", "decided": f"scan {each.confidence:.2f}"})
    return sorted(rows, key=lambda row: str(row["field"]))


def _by_pattern(waiting: Sequence[Proposal], chosen: Iterable[tuple[str, str]]) -> list[tuple[Proposal, str]]:
    picked: dict[str, tuple[Proposal, str]] = {}
    for verdict, pattern in chosen:
        fitting = [each for each in waiting if fnmatchcase(str(each.ref), pattern)]
        if not fitting:
            raise click.UsageError(f"no open proposal fits --{verdict} {pattern}; see `governance catalog show`")
        for each in fitting:
            if picked.setdefault(str(each.ref), (each, verdict))[1] != verdict:
                raise click.UsageError(f"{each.ref} fits both --{verdict} and --{picked[str(each.ref)][1]}")
    return list(picked.values())


def _one_by_one(waiting: Sequence[Proposal], speaker: Speaker) -> list[tuple[Proposal, str]]:
    picked = []
    letters = {"y": CONFIRM, "n": REJECT, "h": HARMLESS}
    for place, each in enumerate(waiting, 1):
        say(f"[{place}/{len(waiting)}] {each.ref}: {proposal_said(each, speaker)}")
        answer = click.prompt(speaker.words.say("catalog.ask"), type=click.Choice([*letters, "s", "q"]), err=True)
        if answer == "q":
            break
        if answer in letters:
            picked.append((each, letters[answer]))
    return picked


def _decision(gov: Governance, each: FieldProposal, verdict: str, by: str, why: str | None) -> Decision:
    from governance.flows.scan.catalog_editing import Decision
    from governance.scan.result import EMPLOYEE
    from policies.nouns import LabelStatus
    from policies.taxonomy import HARMLESS as NONE

    status = LabelStatus.REJECTED if verdict == REJECT else LabelStatus.CONFIRMED
    category = NONE if verdict == HARMLESS else each.category
    employee = verdict == CONFIRM and each.about == EMPLOYEE
    return Decision(each.ref, category, status, by, gov.clock().date(), why, each.type, employee=employee)


def _difference(before: str, after: str) -> Iterable[str]:
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return difflib.unified_diff(*lines, fromfile="catalog.yaml", tofile="catalog.yaml reviewed")
