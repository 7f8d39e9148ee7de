"""`governance subject rectify` and `subject notices`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say
from governance.cli.project_option import opened
from governance.cli.subject_said import notices_said
from policies.nouns import DatasetRef
from policies.vocabulary import Words

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command(
    epilog=examples(
        "subject rectify ann@example.com --in crm.customers --values new.json --as alice --purpose rectification",
        "subject rectify crm:42 --kind key --in crm.customers --set city=Ulm --as alice --purpose rectification",
    )
)
@click.argument("identifiers", nargs=-1, required=True, metavar="IDENTIFIER...")
@click.option("--kind", help="Kind of every IDENTIFIER, as `subject find` takes it.  [default: told from its look]")
@click.option("--in", "dataset", required=True, metavar="DATASET", help="Where, as store.dataset.")
@click.option("--set", "pairs", multiple=True, metavar="FIELD=VALUE", help="A new value; others can see it in `ps`.")
@click.option("--values", "path", type=_FILE, help="A JSON object of fields and new values; null empties a field.")
@click.option("--as", "principal", required=True, metavar="USER", help="Who corrects, by the policy.")
@click.option("--purpose", required=True, help="The purpose, as in purposes.yaml.")
@click.option(
    "--recipient", "recipients", multiple=True, help="Who must be told.  [default: as organisation.yaml says]"
)
@click.option("--confirmed", is_flag=True, help="A human has looked at several subject keys: they are one person's.")
@click.option("--no-follow", is_flag=True, help="Do not follow identifiers that found records hold.")
@format_option("text", "json")
@lang_option
@click.pass_context
def rectify(
    ctx: click.Context,
    *,
    identifiers: tuple[str, ...],
    kind: str | None,
    dataset: str,
    pairs: tuple[str, ...],
    path: Path | None,
    principal: str,
    purpose: str,
    recipients: tuple[str, ...],
    confirmed: bool,
    no_follow: bool,
    form: str,
    lang: str,
) -> int:
    """Correct fields of the one person who has these IDENTIFIERs, through the guard; recipients are queued to be told.

    All records of the person in DATASET are changed, or none is; in a CRM each by itself, and those that were not are
    counted. Neither old nor new value is printed or recorded: the
    ledger holds keyed digests of both.
    """
    from governance.flows.subjects.rectifying import rectify as correct
    from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject

    values = _values(pairs, path)
    store, dot, name = dataset.partition(".")
    if not dot or not values:
        raise click.UsageError("give --in STORE.DATASET and at least one --set FIELD=VALUE, or --values FILE")
    with opened(ctx) as gov:
        trace = trace_subject(gov, as_identifiers(gov, identifiers, kind), follow=not no_follow)
        found = correct(
            gov,
            trace,
            DatasetRef(store, name),
            values,
            principal=principal,
            purpose=purpose,
            recipients=recipients or None,
            confirmed=confirmed,
        )
    text = Words(lang).say("person.rectified", rows=found.rows, told=found.told, event=found.event)
    if found.left:
        say(Words(lang).say("person.not_corrected", count=found.left))
    document = {"schema": "governance.rectified/1", **asdict(found)}
    emit(json.dumps(document, indent=2) if form == "json" else text, None)
    return 0


def _values(pairs: tuple[str, ...], path: Path | None) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for each in pairs:
        name, sign, value = each.partition("=")
        if not sign:
            raise click.UsageError("--set: write FIELD=VALUE")
        found[name] = value
    if path is not None:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            document = None
        if not isinstance(document, dict) or not all(isinstance(each, str | None) for each in document.values()):
            raise click.UsageError("--values: a JSON object of fields and texts or null")
        found |= document
    return found


@click.command(epilog=examples("subject notices", "subject notices --told 5f0c0d6c1b1d4bb8a3c1a8f7f5d3b2a1"))
@click.option("--told", metavar="ID", help="Note that this recipient was told; recorded.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def notices(ctx: click.Context, *, told: str | None, form: str, lang: str, output: Path | None) -> int:
    """List recipients who must still be told of an erasure or a rectification, oldest first."""
    from governance.flows.subjects.rectifying import notices_of

    with opened(ctx) as gov:
        queue = notices_of(gov)
        if told is not None:
            queue.tell(told, by=gov.actor_ref)
        found = queue.waiting()
    rows = [asdict(each) for each in found]
    document = {"schema": "governance.notices/1", "notices": rows}
    text = "\n".join(notices_said(rows, Words(lang)))
    emit(json.dumps(document, indent=2, ensure_ascii=False) if form == "json" else text, output)
    return 0
