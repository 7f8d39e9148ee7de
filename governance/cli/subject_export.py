"""`governance subject export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import examples, lang_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened
from policies.vocabulary import LANGUAGES, Words

if TYPE_CHECKING:
    from governance.flows.subjects.exporting_subjects import Exported


@click.command(
    epilog=examples(
        "subject export ann@example.com --output ann.zip --as dora --purpose answer_requests",
        "subject export wang@example.com --output wang --language zh-Hant --as dora --purpose answer_requests",
        "subject export ann@example.com --output ann.zip --portable --as dora --purpose answer_requests",
    )
)
@click.argument("identifiers", nargs=-1, required=True, metavar="IDENTIFIER...")
@click.option("--kind", help="Kind of every IDENTIFIER, as `subject find` takes it.  [default: told from its look]")
@click.option("--store", "stores", multiple=True, help="Only this store; repeatable.  [default: all]")
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="A new folder for the package, or a new file that ends in .zip.",
)
@click.option(
    "--as", "principal", required=True, metavar="USER", help="Who exports. Needs the role `impersonate` for others."
)
@click.option("--purpose", required=True, help="The purpose, as in purposes.yaml, with a grant for action `export`.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="The person's language."
)
@click.option("--portable", is_flag=True, help="Only what the person provided, on consent or contract: JSON and CSV.")
@click.option("--confirmed", is_flag=True, help="A human has looked at several subject keys: they are one person's.")
@click.option("--no-follow", is_flag=True, help="Do not follow identifiers that found records hold.")
@click.option(
    "--models",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Use the models of the extra `nlp` to find other people in texts.",
)
@lang_option
@click.pass_context
def export(
    ctx: click.Context,
    *,
    identifiers: tuple[str, ...],
    kind: str | None,
    stores: tuple[str, ...],
    output: Path,
    principal: str,
    purpose: str,
    language: str,
    portable: bool,
    confirmed: bool,
    no_follow: bool,
    models: str,
    lang: str,
) -> int:
    """Write the package for a person who asks for their data: a readable page, JSON and CSV, read through the guard.

    Other people are taken out: fields that the catalog calls `third_persons`, and what is found in free texts. Read the
    package before you send it. What was left out, and what the laws in force demand and nobody recorded, is said on
    standard error. Exits 1 when access is refused, or when one person seems to have several subject keys and nobody
    --confirmed it.
    """
    from governance.flows.subjects.exporting_subjects import Wanted, check_exporter, export_subject
    from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject

    wanted = Wanted(output, principal, purpose, language, portable, confirmed, models)
    with opened(ctx) as gov, progress("subject_export"):
        check_exporter(gov, wanted)
        named = as_identifiers(gov, identifiers, kind)
        trace = trace_subject(gov, named, stores=stores, follow=not no_follow)
        done = export_subject(gov, trace, named, wanted)
    words, records = Words(lang), sum(done.records.values())
    say(words.say("cli.wrote_package", path=output, records=records, datasets=len(done.records)))
    _tell(done, words)
    return 0


def _tell(done: Exported, words: Words) -> None:
    for place, reason in done.left_out:
        say(words.say("cli.package_left_out", place=place, reason=words.say(f"subject.reason_{reason}")))
    if done.redacted:
        say(words.say("subject.redacted", count=done.redacted))
    for law, item in done.not_told:
        say(words.say("cli.package_to_add", law=law, item=words.say(f"subject.item_{item}")))
