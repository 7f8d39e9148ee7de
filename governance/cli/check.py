"""`governance check`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from governance.gate.baseline import Baseline
    from governance.gate.finding import GateFinding
    from governance.gate.project import CheckProject


def _explain(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    """Print a rule's page and end."""
    if value is None:
        return
    from governance.gate.rules.all import RULES
    from governance.gate.rules.base import page_text

    rule = RULES.get(value.upper())
    if rule is None:
        raise click.BadParameter("no such rule; `docs/check.md` lists them")
    emit(page_text(rule), None)
    ctx.exit(0)


@click.command(
    epilog=examples(
        "check",
        "check migrations/",
        "check --base main",
        "check --base main --format sarif --output check.sarif",
        "check --explain GOV010",
        "check --fix --by dpo",
    )
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--base", metavar="REF", help="Judge only what differs from this git revision, policies included.")
@click.option(
    "--dialect",
    type=click.Choice(["postgresql", "mysql", "sqlite"]),
    help="The SQL of stores whose URL does not say; all three are tried otherwise.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of findings that were there before; they are counted and do not stop the change.",
)
@click.option("--write-baseline", is_flag=True, help="Write the findings of now into the baseline, and exit 0.")
@click.option("--fix", is_flag=True, help="Write the catalog lines of the findings into catalog.yaml, as proposals.")
@click.option("--by", metavar="NAME", help="With --fix: who decides; the lines are then confirmed and not proposed.")
@click.option(
    "--explain", metavar="RULE", callback=_explain, is_eager=True, expose_value=False, help="Print the page of a rule."
)
@format_option("text", "json", "sarif", "github", "junit", "markdown")
@lang_option
@output_option
@click.pass_context
def check(
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    base: str | None,
    dialect: str | None,
    baseline: Path | None,
    write_baseline: bool,
    fix: bool,
    by: str | None,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Stop a change of schema or policy that exposes people.

    Reads migrations, models and policy files below PATHS, or all that governance.yaml names; runs none of them and
    opens no database. Exits 1 when an error is found, and prints the catalog stanza to paste; 2 for a path that belongs
    to no store or a base that is not there.
    """
    from governance.clock import now
    from governance.gate.check import check as look
    from governance.gate.forms import FORMS
    from governance.gate.project import open_project
    from policies.vocabulary import Words

    if by is not None and not fix:
        raise click.UsageError("--by goes with --fix")
    today = now().date()
    path: Path = ctx.find_root().obj
    project = open_project(path, today, base)
    known = _baseline(project, baseline, write=write_baseline)
    found = look(paths, project, dialect=dialect, baseline=known)
    if write_baseline:
        return _write_baseline(project, baseline, found.findings)
    if fix and _fix(project, found.findings, by, today):
        found = look(paths, open_project(path, today, base), dialect=dialect, baseline=known)
    emit(FORMS[form](found, Words(lang)), output)
    return 1 if found.failed else 0


def _baseline_path(project: CheckProject, given: Path | None) -> Path | None:
    named = project.config.check.baseline
    return given if given is not None or named is None else project.root / named


def _baseline(project: CheckProject, given: Path | None, *, write: bool) -> Baseline | None:
    from governance.gate.baseline import read_baseline

    path = _baseline_path(project, given)
    return None if path is None or write else read_baseline(path)


def _write_baseline(project: CheckProject, given: Path | None, findings: Iterable[GateFinding]) -> int:
    from governance.gate.baseline import baseline_text

    path = _baseline_path(project, given)
    if path is None:
        raise click.UsageError("--write-baseline needs --baseline FILE, or `check.baseline` in governance.yaml")
    emit(baseline_text(findings), path)
    return 0


def _fix(project: CheckProject, findings: Iterable[GateFinding], by: str | None, today: dt.date) -> bool:
    """Write what the stanzas say into the catalog; gives whether anything was written."""
    from governance.flows.scan.catalog_editing import Decision, decide
    from governance.writing import replace_file
    from policies.nouns import FieldRef, LabelStatus

    catalog = project.known.catalog
    status = LabelStatus.CONFIRMED if by is not None else LabelStatus.PROPOSED
    refs = {FieldRef(each.store, each.dataset, each.field): each.category for each in findings if each.stanza}
    decisions = [
        Decision(ref, category, status, by or "governance check", today)
        for ref, category in refs.items()
        if by is not None or catalog.field(ref) is None
    ]
    if not decisions:
        return False
    path = project.root / project.config.policies / "catalog.yaml"
    replace_file(path, decide(path.read_text(encoding="utf-8") if path.exists() else "", decisions))
    say(words().say("cli.wrote_fields", count=len(decisions), path=path.name))
    return True
