"""`governance consent notices`."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option
from governance.cli.project_option import opened
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.consent.notice_check import NoticeFinding
    from governance.flows.consent.checking_notices import NoticesChecked
    from policies.notices import Edition, NoticeFile


@click.command(
    epilog=examples(
        "consent notices",
        "consent notices --format json --output notices.json",
        "consent notices --fail-on notice.missing_item --fail-on notice.no_indirect",
    )
)
@click.option(
    "--fail-on",
    "gates",
    multiple=True,
    metavar="RULE",
    help="Exit 1 when anything breaks this rule, `notice` for each; may be given several times.",
)
@format_option("text", "json", "csv")
@lang_option
@output_option
@click.pass_context
def notices(ctx: click.Context, *, gates: tuple[str, ...], form: str, lang: str, output: Path | None) -> int:
    """Check the privacy notices of policies/notices against the laws in force, the catalog and the consents."""
    from governance.consent.notice_check import NOTICE_RULES
    from governance.flows.consent.checking_notices import check_notices_of

    if set(gates) - {"notice", *NOTICE_RULES}:
        raise click.UsageError("--fail-on takes `notice` or one of " + ", ".join(NOTICE_RULES))
    with opened(ctx) as gov:
        found = check_notices_of(gov)
    writers = {"json": _json, "csv": _csv}
    emit(writers[form](found) if form in writers else "\n".join(_said(found, Words(lang))), output)
    broken = {each.rule for each in found.findings}
    return int(bool(broken & set(gates)) or (bool(broken) and "notice" in gates))


def _said(found: NoticesChecked, words: Words) -> Iterator[str]:
    from governance.consent.notice_check import NO_SOURCE

    editions = [_edition(file, each, words) for file, each in found.notices.editions()]
    yield from editions or [words.say("notices.none")]
    for each in found.told:
        key = "notices.consents_by" if each.method else "notices.consents"
        yield words.say(key, place=each.place, method=each.method, count=each.count)
    yield from (_line(each, words) for each in found.findings if each.rule != NO_SOURCE)
    fields = Counter(
        each.place.partition(":")[0].rpartition(".")[0] for each in found.findings if each.rule == NO_SOURCE
    )
    for dataset, count in fields.items():
        told = _rule(NO_SOURCE, words)
        yield words.say("notices.summed", rule=NO_SOURCE, dataset=dataset, count=count, text=told)
    yield words.say("notices.count", count=len(found.findings), pack=found.pack)


def _edition(file: NoticeFile, each: Edition, words: Words) -> str:
    told = {"id": file.id, "version": each.version, "language": each.language, "day": each.date}
    return words.say("notices.edition", kind=words.say(f"notices.kind_{file.kind}"), items=len(each.items), **told)


def _line(each: NoticeFinding, words: Words) -> str:
    law = f"  {each.law} {each.article}".rstrip()
    about = f"  {each.item}" if each.item else ""
    times = f"  ({each.count})" if each.count > 1 else ""
    return words.say(
        "notices.finding", told=f"{each.rule}  {each.place}{law}{about}{times}", text=_rule(each.rule, words)
    )


def _rule(rule: str, words: Words) -> str:
    return words.say(f"notices.{rule.removeprefix('notice.')}")


def _json(found: NoticesChecked) -> str:
    document = {
        "schema": "governance.notices/1",
        "pack": found.pack,
        "editions": [
            {"notice": file.id, "kind": file.kind, "version": each.version, "language": each.language}
            | {"date": each.date.isoformat(), "channels": each.channels}
            | {"withdraw_by": each.withdraw_by, "items": sorted(each.items)}
            for file, each in found.notices.editions()
        ],
        "consents": [
            {"version": each.version, "language": each.language, "method": each.method}
            | {"first": each.first.isoformat(), "count": each.count}
            for each in found.told
        ],
        "findings": [
            {"rule": each.rule, "place": each.place, "law": each.law, "article": each.article}
            | {"item": each.item, "count": each.count}
            for each in found.findings
        ],
    }
    return json.dumps(document, indent=2)


def _csv(found: NoticesChecked) -> str:
    from audits.formats.csv import harmless

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rule", "place", "law", "article", "item", "count"])
    for each in found.findings:
        cells = (each.rule, each.place, each.law, each.article, each.item, str(each.count))
        writer.writerow([harmless(cell) for cell in cells])
    return out.getvalue().rstrip("\n")
