"""`governance subject map` and `subject find`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option, say, say_written
from governance.cli.progress import progress
from governance.cli.project_option import opened
from governance.cli.subject_said import map_said, trace_said
from policies.vocabulary import Words


@click.command(
    "map", epilog=examples("subject map", "subject map crm exports", "subject map --format json --output map.json")
)
@click.argument("stores", nargs=-1)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def show_map(ctx: click.Context, *, stores: tuple[str, ...], form: str, lang: str, output: Path | None) -> int:
    """Show how persons are found in STORES, all of them unless some are named: identifiers, keys, joins, free texts.

    Only schemas are read. A dataset that holds personal data and that nothing leads to is NOT REACHABLE: declare
    identifiers or joins for it in catalog.yaml.
    """
    from governance.flows.subjects.tracing_subjects import map_subjects
    from governance.requests.map_shown import map_json, not_reachable

    words = Words(lang)
    with opened(ctx) as gov:
        known = map_subjects(gov, stores)
    document = map_json(known)
    text = "\n".join(map_said(document, words))
    emit(json.dumps(document, indent=2, ensure_ascii=False) if form == "json" else text, output)
    if lost := not_reachable(known):
        say(words.say("person.map_lost", count=len(lost), names=words.say("report.comma").join(lost)))
    return 0


@click.command(
    epilog=examples(
        "subject find ann@example.com",
        'subject find "0151 2345678" ann@example.com --format json',
        "subject find wang@example.com --lang zh-Hant",
        "subject find C-20417 --kind id --store crm",
        "subject find crm.customers:4711 --kind key --keys /secure/keys.csv",
    )
)
@click.argument("identifiers", nargs=-1, required=True, metavar="IDENTIFIER...")
@click.option(
    "--kind",
    help="Kind of every IDENTIFIER: email, phone, name, key (STORE:KEY), id, or one that catalog.yaml names."
    "  [default: told from its look]",
)
@click.option("--store", "stores", multiple=True, help="Only this store; repeatable.  [default: all]")
@click.option("--no-text", is_flag=True, help="Leave free texts out; it is quicker.")
@click.option("--no-follow", is_flag=True, help="Do not follow identifiers that found records hold.")
@click.option("--limit", type=click.IntRange(1), default=1_000_000, show_default=True, help="Records kept at most.")
@click.option(
    "--keys",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the keys of the records to this file, as CSV; recorded as an export.",
)
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def find(
    ctx: click.Context,
    *,
    identifiers: tuple[str, ...],
    kind: str | None,
    stores: tuple[str, ...],
    no_text: bool,
    no_follow: bool,
    limit: int,
    keys: Path | None,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Find all records of the one person who has these IDENTIFIERs, in all stores; print counts, no values, no keys.

    E-mail addresses are compared without case and width, phone numbers in any format, ids as they are and by letters
    and digits alone. What could not be looked at is listed. CONFIRM marks what a human must look at first: one person
    under several subject keys, or an identifier that many share, which is not followed.
    """
    from governance.flows.subjects.tracing_subjects import as_identifiers, export_keys, trace_subject
    from governance.requests.trace_shown import trace_json

    with opened(ctx) as gov, progress("subject_find"):
        found = trace_subject(
            gov,
            as_identifiers(gov, identifiers, kind),
            stores=stores,
            text=not no_text,
            follow=not no_follow,
            limit=limit,
        )
        if keys is not None:
            export_keys(gov, found, keys)
            say_written(keys)
    document = trace_json(found)
    text = "\n".join(trace_said(document, Words(lang)))
    emit(json.dumps(document, indent=2, ensure_ascii=False) if form == "json" else text, output)
    return 0
