"""`governance consent import|export|receipt|do-not-contact`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, emit_lines, examples, format_option, lang_option, output_option, say
from governance.cli.progress import progress
from governance.cli.project_option import opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.consent.intake.importing import Imported

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_on_error = click.option(
    "--on-error",
    type=click.Choice(["skip", "refuse"]),
    default="skip",
    show_default=True,
    help="Leave wrong lines out, or check the whole file first and record nothing when a line is wrong.",
)


@click.command(
    "import",
    epilog=examples(
        "consent import consents.csv",
        "consent import records.jsonld --on-error refuse",
        "consent import receipts.json --format-in kantara --map names.yaml --format json",
    ),
)
@click.argument("file", type=_FILE)
@click.option(
    "--format-in",
    "form_in",
    type=click.Choice(["auto", "27560", "jsonl", "csv", "kantara"]),
    default="auto",
    show_default=True,
    help="Form of the file; auto goes by its ending and by what each line says of itself.",
)
@click.option("--map", "names", type=_FILE, help="A YAML file that explains the words of another system.")
@_on_error
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def import_(
    ctx: click.Context,
    *,
    file: Path,
    form_in: str,
    names: Path | None,
    on_error: str,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Record the consent events of FILE. The same file twice changes nothing; a killed import is started again.

    A wrong line is told by its number and field, never by its value. Exits 2 when the file was refused.
    """
    from governance.flows.consent.exchanging_consent import import_consent

    with opened(ctx) as gov, progress("import") as step:
        found = import_consent(gov, file, form=form_in, on_error=on_error, names=names, on_progress=step)
    return _tell(found, on_error, form, output, Words(lang))


@click.command(
    "do-not-contact",
    epilog=examples(
        "consent do-not-contact list.txt --purpose marketing --channel phone",
        "consent do-not-contact list.csv --purpose marketing.email --store crm",
    ),
)
@click.argument("file", type=_FILE)
@click.option("--purpose", "purposes", multiple=True, required=True, help="What they object to; repeatable.")
@click.option("--channel", default="*", show_default=True, help="On which channel, where a line does not say.")
@click.option("--store", default="", help="The store whose keys they are.  [default: internal keys]")
@click.option("--law", default="", help="The law that holds for these people.")
@_on_error
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def do_not_contact(
    ctx: click.Context,
    *,
    file: Path,
    purposes: tuple[str, ...],
    channel: str,
    store: str,
    law: str,
    on_error: str,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Record that each person in FILE objects: one key a line, or a CSV with `key`, `channel` and `time`."""
    from governance.consent.intake.contact_list import ContactList
    from governance.flows.consent.exchanging_consent import take_contact_list

    about = ContactList(purposes, channel, store, law)
    with opened(ctx) as gov, progress("do-not-contact") as step:
        found = take_contact_list(gov, file, about, on_error=on_error, on_progress=step)
    return _tell(found, on_error, form, output, Words(lang))


@click.command(
    epilog=examples(
        "consent export --output consents.jsonld",
        "consent export --subject 4711 --output consent-4711.jsonld",
        "consent export --format csv --output consents.csv",
    )
)
@click.option("--subject", help="The internal subject key of one person.  [default: everybody]")
@format_option("27560", "jsonl", "csv")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Write to this file.")
@lang_option
@click.pass_context
def export(ctx: click.Context, *, subject: str | None, form: str, lang: str, output: Path) -> int:
    """Write consent to a file: ISO/IEC TS 27560 records as JSON-LD, one a line, or our events as JSON lines or CSV.

    People stand in it as keyed references. A 27560 record that lacks an item is refused, and the item named.
    """
    from governance.flows.consent.exchanging_consent import export_consent

    with opened(ctx) as gov:
        done = export_consent(gov, output, form=form, subject_key=subject)
    say(Words(lang).say("consent.told_export", lines=done.lines, people=done.people, path=output))
    return 0


@click.command(
    epilog=examples(
        "consent receipt --subject 4711 --lang zh-Hant --output receipt.json",
        "consent receipt --subject 4711 --purpose marketing.email --format text --output receipt.txt",
        "consent receipt --verify receipt.json",
    )
)
@click.option("--subject", help="The internal subject key.")
@click.option("--purpose", default="", help="Only this purpose.  [default: all]")
@click.option("--channel", default="", help="Only this channel.  [default: all]")
@click.option(
    "--verify", "path", type=_FILE, help="Check this receipt instead; exits 1 when it is not as it was signed."
)
@lang_option
@format_option("json", "text")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the receipt to this file.")
@click.pass_context
def receipt(
    ctx: click.Context,
    *,
    subject: str | None,
    purpose: str,
    channel: str,
    path: Path | None,
    lang: str,
    form: str,
    output: Path | None,
) -> int:
    """Make a signed receipt for a person, in that person's language, that takes the place of the one before."""
    if path is not None:
        return _verify(ctx, path, Words(lang))
    if subject is None or output is None:
        raise click.UsageError("--subject and --output are needed, or --verify")
    from governance.consent.records.receipt import text_of
    from governance.flows.consent.exchanging_consent import issue_receipt

    with opened(ctx) as gov:
        document = issue_receipt(gov, subject, purpose=purpose, channel=channel, lang=lang)
    emit(text_of(document) if form == "text" else json.dumps(document, ensure_ascii=False, indent=2), output)
    return 0


def _verify(ctx: click.Context, path: Path, words: Words) -> int:
    from governance.flows.consent.exchanging_consent import verify_receipt
    from policies.errors import ConfigError

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ConfigError(
            str(path), found="no JSON object", expected="a receipt as it was written", next_step="name the JSON receipt"
        )
    with opened(ctx) as gov:
        found = verify_receipt(gov, document)
    key = "consent.told_superseded" if found.superseded_by else "consent.told_latest"
    emit(words.say(key, id=found.id, made=found.made, later=found.superseded_by), None)
    return 0


def _tell(found: Imported, on_error: str, form: str, output: Path | None, words: Words) -> int:
    refused = on_error == "refuse" and bool(found.wrong)
    if form == "json":
        emit(json.dumps(found.to_json(), indent=2), output)
    else:
        emit_lines(_told(found, words, refused=refused), output)
    return 2 if refused else 0


def _told(found: Imported, words: Words, *, refused: bool) -> Iterator[str]:
    yield words.say("consent.told_import", recorded=found.recorded, known=found.known, links=found.links)
    if found.wrong:
        yield words.say("consent.told_refused" if refused else "consent.told_left_out", count=found.wrong)
    for each in found.faults:
        told = {name: getattr(each, name) for name in ("line", "place", "found", "expected")}
        yield words.say("consent.told_fault", **told)
