"""`governance redact`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from governance.cli.output import examples, output_option, remembered_lang_option, say, say_written, words
from governance.cli.progress import progress

if TYPE_CHECKING:
    from governance.flows.scan.redacting import Found
    from governance.ledger.base import KeyedHash
    from governance.scan.text.redactor import Redactor


@click.command(
    epilog=examples(
        "redact letter.txt --output letter.redacted.txt",
        "redact tickets.csv --column subject --column body --operator pseudonym",
        "redact notes.jsonl --field note --operator mask",
        "redact notes.jsonl --spans",
        "redact < message.txt",
    )
)
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--input",
    "form",
    type=click.Choice(["text", "csv", "jsonl"]),
    help="Form of the input.  [default: by the ending]",
)
@click.option("--column", "columns", multiple=True, help="CSV: redact this column; repeatable.  [default: all]")
@click.option(
    "--field",
    "fields",
    multiple=True,
    help="JSON lines: redact this field, a.b for b in a; repeatable.  [default: text]",
)
@click.option(
    "--operator",
    type=click.Choice(["replace", "mask", "hash", "pseudonym", "drop"]),
    default="replace",
    show_default=True,
    help="What takes the place of a finding. Hash and pseudonym use the project's key, or one made for this run.",
)
@click.option("--entity", "entities", multiple=True, help="Only this entity, as PERSON; repeatable.  [default: all]")
@click.option("--region", "regions", multiple=True, help="Region of phones without country code, as CN; repeatable.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Leave out findings under this score.",
)
@click.option(
    "--models",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Use the models of the extra `nlp`.",
)
@click.option("--spans", is_flag=True, help="Print where findings stand, not the text: one JSON line a record.")
@click.option("--encoding", help="Encoding of the input.  [default: told from FILE's content; UTF-8 without FILE]")
@click.option("--fail-on-found", is_flag=True, help="Exit 1 when anything was found.")
@remembered_lang_option
@output_option
@click.pass_context
def redact(
    ctx: click.Context,
    *,
    file: Path | None,
    form: str | None,
    columns: tuple[str, ...],
    fields: tuple[str, ...],
    operator: str,
    entities: tuple[str, ...],
    regions: tuple[str, ...],
    threshold: float,
    models: str,
    spans: bool,
    encoding: str | None,
    fail_on_found: bool,
    output: Path | None,
) -> int:
    """Take personal data out of FILE (standard input without one): text, columns of CSV, fields of JSON lines.

    With --spans each JSON line gives one line {"id", "spans": [{"start", "end", "entity", "score"}]}; offsets are code
    points. What was found is counted on standard error, never shown.
    """
    from governance.flows.scan.redacting import FORMS, Found
    from governance.scan.text.analyzer import TextAnalyzer, TextOptions
    from governance.scan.text.operators import KEYED
    from governance.scan.text.redactor import Redactor

    form = form or (FORMS.get(file.suffix.lower(), "text") if file else "text")
    _refuse_contradictions(form, columns, fields, spans=spans)
    options = TextOptions(entities=frozenset(entities), threshold=threshold, models=models)
    options = replace(options, regions=regions) if regions else options
    keyed = _keyed_hash(ctx.find_root().obj) if operator in KEYED and not spans else None
    redactor = Redactor(TextAnalyzer(options), "replace" if spans else operator, keyed_hash=keyed)
    found = Found()
    with _source(file, encoding) as source:
        _write(_lines(source, redactor, found, form, (*columns, *fields), spans=spans), found, output)
    _tell(found)
    return 1 if fail_on_found and found.places else 0


def _refuse_contradictions(form: str, columns: tuple[str, ...], fields: tuple[str, ...], *, spans: bool) -> None:
    if columns and form != "csv":
        raise click.UsageError("--column is for CSV; say --input csv")
    if fields and form != "jsonl":
        raise click.UsageError("--field is for JSON lines; say --input jsonl")
    if spans and form == "csv":
        raise click.UsageError("--spans works on text and JSON lines")


def _lines(
    source: TextIO, redactor: Redactor, found: Found, form: str, names: tuple[str, ...], *, spans: bool
) -> Iterator[str]:
    """What is written, in parts."""
    from governance.flows.scan import redacting

    if form == "csv":
        return redacting.redact_csv(source, redactor, names, found)
    if form == "jsonl":
        work = redacting.jsonl_spans if spans else redacting.redact_jsonl
        return work(source, redactor, names or ("text",), found)
    if not spans:
        return redacting.redact_text(source, redactor, found)
    places = [redacting.span_json(each) for each in redacting.text_spans(source, redactor, found)]
    return iter([json.dumps({"id": 1, "spans": places}) + "\n"])


@contextmanager
def _source(file: Path | None, encoding: str | None) -> Iterator[TextIO]:
    from governance.flows.scan.redacting import decoded, opened

    if file is not None:
        with opened(file, encoding) as source:
            yield source
    else:
        with decoded(sys.stdin.buffer, encoding or "utf-8-sig") as source:
            yield source


def _write(parts: Iterator[str], found: Found, output: Path | None) -> None:
    from governance.writing import replace_file_with

    if output is None:
        for part in parts:
            sys.stdout.buffer.write(part.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
        return
    with progress("redacting") as step:
        replace_file_with(output, _watched(parts, found, step))
    say_written(output)


def _watched(parts: Iterator[str], found: Found, step: Callable[[int, int | None, str], None]) -> Iterator[str]:
    for part in parts:
        step(found.records, None, "records")
        yield part


def _keyed_hash(config: Path) -> KeyedHash:
    """The project's keyed hash where there is a project, else one that lives as long as this run."""
    if config.exists():
        from governance.app import Governance

        gov = Governance.open(config)
        try:
            return gov.keyring.keyed_hash()
        finally:
            gov.close()
    import secrets

    from governance.protect.keyed_hash import HmacKeyedHash

    say(words().say("cli.redact_alone"))
    return HmacKeyedHash(secrets.token_bytes(32))


def _tell(found: Found) -> None:
    said = words()
    places = said.say("report.comma").join(f"{count} {entity}" for entity, count in sorted(found.places.items()))
    say(said.say("cli.redacted", places=places) if places else said.say("cli.redacted_nothing"))
