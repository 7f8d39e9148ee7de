"""`governance check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option

if TYPE_CHECKING:
    from governance.gate.finding import GateFinding
    from governance.gate.result import CheckResult
    from policies.vocabulary import Words


@click.command(epilog=examples("check", "check migrations/", "check migrations/ --format sarif --output check.sarif"))
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--dialect",
    type=click.Choice(["postgresql", "mysql", "sqlite"]),
    help="The SQL of stores whose URL does not say; all three are tried otherwise.",
)
@format_option("text", "json", "sarif")
@lang_option
@output_option
@click.pass_context
def check(
    ctx: click.Context, *, paths: tuple[Path, ...], dialect: str | None, form: str, lang: str, output: Path | None
) -> int:
    """Stop a migration that adds personal data which the catalog does not know.

    Reads SQL files and Alembic revisions below PATHS, or below every `migrations` of governance.yaml; runs none of them
    and opens no database. Exits 1 when an error is found, and prints the catalog stanza to paste.
    """
    from governance.clock import now
    from governance.gate.check import check as look
    from policies.catalog import read_catalog
    from policies.config import read_config
    from policies.vocabulary import Words

    path: Path = ctx.find_root().obj
    config = read_config(path)
    catalog = read_catalog(path.parent / config.policies / "catalog.yaml")
    found = look(paths, catalog, config, root=path.parent, on=now().date(), dialect=dialect)
    writers = {"json": _json, "sarif": _sarif, "text": _text}
    emit(writers[form](found, Words(lang)), output)
    return 1 if found.failed else 0


def _json(found: CheckResult, words: Words) -> str:
    del words
    return json.dumps(found.to_json(), indent=2, ensure_ascii=False)


def _sarif(found: CheckResult, words: Words) -> str:
    from governance.gate.result import sarif_rules
    from governance.version import __version__

    del words
    driver = {"name": "governance check", "version": __version__, "rules": sarif_rules()}
    run = {"tool": {"driver": driver}, "results": found.to_sarif_results()}
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False)


def _text(found: CheckResult, words: Words) -> str:
    parts = [_finding(each, words) for each in found.findings]
    numbers = {"files": found.files, "statements": found.statements, "changes": found.changes}
    counts = ", ".join(f"{count} {name}" for name, count in numbers.items())
    return "\n\n".join([*parts, f"{words.say('cli.findings', count=len(found.findings))} ({counts})"])


def _finding(each: GateFinding, words: Words) -> str:
    head = f"{each.place}: {each.rule} {each.level}: {each.message(words.lang)}"
    if not each.stanza:
        return head
    return f"{head}\n{words.say('cli.paste', under=each.under)}\n\n{each.stanza.rstrip()}"
