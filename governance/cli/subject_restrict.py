"""`governance subject restrict` and `subject unrestrict`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.cli.output import emit, examples, format_option, lang_option, output_option
from governance.cli.progress import progress
from governance.cli.project_option import opened
from governance.cli.subject_said import restricted_said
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.flows.subjects.restricting_traced import Restricted
    from governance.requests.traced import Trace


def _who(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options that say whose data is meant."""
    for option in (
        click.option("--no-follow", is_flag=True, help="Do not follow identifiers that found records hold."),
        click.option(
            "--confirmed", is_flag=True, help="A human has looked at several subject keys: they are one person's."
        ),
        click.option(
            "--subject",
            "subject_key",
            default="",
            help="The internal subject key under which consent is recorded.  [default: as the records know the person,"
            " else STORE:KEY]",
        ),
        click.option(
            "--kind", help="Kind of every IDENTIFIER, as `subject find` takes it.  [default: told from its look]"
        ),
        click.argument("identifiers", nargs=-1, required=True, metavar="IDENTIFIER..."),
    ):
        command = option(command)
    return command


@click.command(
    epilog=examples(
        "subject restrict ann@example.com --reason accuracy_contested --basis 'gdpr:18(1)(a)'",
        "subject restrict crm.customers:42 --kind key --reason legal_claims --format json",
    )
)
@_who
@click.option("--reason", required=True, help="Why, a code of the pack `restriction` such as `accuracy_contested`.")
@click.option("--basis", default="", help="Law and article that ask for it, such as `gdpr:18(1)(a)`.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def restrict(
    ctx: click.Context,
    *,
    identifiers: tuple[str, ...],
    kind: str | None,
    subject_key: str,
    confirmed: bool,
    no_follow: bool,
    reason: str,
    basis: str,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Stop the use of the data of the one person who has these IDENTIFIERs; the data stays where it is.

    From the next statement on, in every process, guarded statements leave the person out, but for purposes with
    `under_restriction: true` in purposes.yaml. Prints the event, the stores that obey and the places that are not
    reached; no value and no key.
    """
    from governance.flows.subjects.restricting_traced import restrict_traced

    with opened(ctx) as gov, progress("restrict"):
        trace = _found(gov, identifiers, kind, follow=not no_follow)
        done = restrict_traced(gov, trace, reason=reason, basis=basis, subject_key=subject_key, confirmed=confirmed)
    _show(done, form, lang, output)
    return 0


@click.command(
    epilog=examples(
        "subject unrestrict ann@example.com --told",
        "subject unrestrict crm.customers:42 --kind key --told --format json",
    )
)
@_who
@click.option("--told", is_flag=True, help="The person was told that it is lifted, as GDPR Art. 18(3) asks.")
@format_option("text", "json")
@lang_option
@output_option
@click.pass_context
def unrestrict(
    ctx: click.Context,
    *,
    identifiers: tuple[str, ...],
    kind: str | None,
    subject_key: str,
    confirmed: bool,
    no_follow: bool,
    told: bool,
    form: str,
    lang: str,
    output: Path | None,
) -> int:
    """Let the use of the data go on of the one person who has these IDENTIFIERs; every restriction of them ends.

    Refused without --told: the person must be told before.
    """
    from governance.flows.subjects.restricting_traced import lift_traced

    with opened(ctx) as gov, progress("unrestrict"):
        trace = _found(gov, identifiers, kind, follow=not no_follow)
        done = lift_traced(gov, trace, told=told, subject_key=subject_key, confirmed=confirmed)
    _show(done, form, lang, output)
    return 0


def _found(gov: Governance, identifiers: tuple[str, ...], kind: str | None, *, follow: bool) -> Trace:
    from governance.flows.subjects.tracing_subjects import as_identifiers, trace_subject

    return trace_subject(gov, as_identifiers(gov, identifiers, kind), text=False, follow=follow)


def _show(done: Restricted, form: str, lang: str, output: Path | None) -> None:
    text = "\n".join(restricted_said(done, Words(lang)))
    emit(json.dumps(done.to_json(), indent=2) if form == "json" else text, output)
