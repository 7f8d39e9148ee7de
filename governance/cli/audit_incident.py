"""`governance audit incident open|assess|contain|notify|close|show`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli.output import (
    REPORT_FORMATS,
    emit,
    emit_report,
    examples,
    format_option,
    lang_option,
    output_option,
    say,
)
from governance.cli.project_option import opened
from governance.cli.times import moment, time
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.flows.audits.incident_scope import AccessWindow

_at = click.option("--at", type=time, help="When, such as 2026-11-28T09:30+08:00; now unless told otherwise.")
_reason = click.option("--reason", required=True, help="What was done and why. Write no personal data.")


@click.group()
def incident() -> None:
    """Incidents: whom they concern, which clocks run, drafts of the notices, what was done. See docs/incident.md."""


@incident.command(
    name="open",
    epilog=examples(
        'audit incident open crm.customers --aware 2026-11-28T08:00+08:00 --reason "laptop stolen from the office"',
        "audit incident open crm.customers.email --rows \"region == 'EU'\" --aware 2026-11-28T08:00 "
        '--reason "export sent to a wrong address"',
        "audit incident open --accessed-by alice --from 2026-11-20T00:00 --until 2026-11-21T00:00 "
        '--aware 2026-11-28T08:00 --reason "account taken over"',
    ),
)
@click.argument("places", metavar="[PLACE]...", nargs=-1)
@click.option("--rows", metavar="PREDICATE", help="Only these rows of one dataset; see docs/predicates.md.")
@click.option("--accessed-by", metavar="USER", help="Instead of places: what this user saw, by the ledger.")
@click.option("--from", "since", type=time, help="With --accessed-by: from when.")
@click.option("--until", type=time, help="With --accessed-by: until when, exclusive.")
@click.option(
    "--compromised-key", "keys", metavar="KEY", multiple=True, help="A key that others may have; `all` for all."
)
@click.option("--aware", required=True, type=time, help="When somebody knew of it; clocks run from there.")
@click.option("--reason", required=True, help="What happened. Write no personal data.")
@lang_option
@click.pass_context
def open_(
    ctx: click.Context,
    places: tuple[str, ...],
    rows: str | None,
    accessed_by: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    keys: tuple[str, ...],
    aware: dt.datetime,
    reason: str,
    lang: str,
) -> int:
    """Take an incident down. PLACE is a store, dataset or field that leaked. Reads the stores, and prints its id."""
    from governance.flows.audits.incident_scope import Leaked

    with opened(ctx) as gov:
        window = _window(gov, accessed_by, since, until)
        leaked = Leaked(places, rows=rows, access=window, compromised_keys=keys)
        found = gov.open_incident(leaked, aware=moment(gov, aware), reason=reason)
        words, records = Words(lang), sum(found.figures["records"].values())
        say(words.say("acts.incident_counts", people=found.figures["people"], records=records))
        for each in found.figures["not_seen"]:
            say(words.say("acts.incident_unseen", place=each["place"], found=each["found"]))
    emit(found.id, None)
    return 0


@incident.command(epilog=examples("audit incident assess 5f0c0d6c --at 2026-11-28T12:00+08:00"))
@click.argument("incident_id", metavar="INCIDENT")
@_at
@lang_option
@click.pass_context
def assess(ctx: click.Context, incident_id: str, at: dt.datetime | None, lang: str) -> int:
    """Record since when it is known that INCIDENT must be told; the clocks that start then run from there."""
    with opened(ctx) as gov:
        gov.assess_incident(incident_id, moment(gov, at) or gov.clock())
    emit(Words(lang).say("acts.assessed"), None)
    return 0


@incident.command(epilog=examples('audit incident contain 5f0c0d6c --reason "account locked, sessions ended"'))
@click.argument("incident_id", metavar="INCIDENT")
@_at
@_reason
@lang_option
@click.pass_context
def contain(ctx: click.Context, incident_id: str, at: dt.datetime | None, reason: str, lang: str) -> int:
    """Record that INCIDENT goes on no more."""
    with opened(ctx) as gov:
        gov.contain_incident(incident_id, moment(gov, at) or gov.clock(), reason=reason)
    emit(Words(lang).say("acts.contained"), None)
    return 0


@incident.command(
    epilog=examples(
        "audit incident notify 5f0c0d6c gdpr-authority --at 2026-11-28T18:00+01:00",
        'audit incident notify 5f0c0d6c gdpr-persons --not-needed --reason "all fields were encrypted"',
    )
)
@click.argument("incident_id", metavar="INCIDENT")
@click.argument("clock")
@_at
@click.option("--not-needed", is_flag=True, help="Somebody judged that CLOCK does not run; --reason says why.")
@click.option("--reason", help="With --not-needed: why. Write no personal data.")
@lang_option
@click.pass_context
def notify(
    ctx: click.Context,
    incident_id: str,
    clock: str,
    at: dt.datetime | None,
    *,
    not_needed: bool,
    reason: str | None,
    lang: str,
) -> int:
    """Record that whom CLOCK names was told of INCIDENT, or need not be. Nothing is sent."""
    if not_needed != (reason is not None) or (not_needed and at is not None):
        raise click.UsageError("--not-needed needs --reason, and neither goes with --at")
    with opened(ctx) as gov:
        when = None if not_needed else moment(gov, at) or gov.clock()
        gov.notify_incident(incident_id, clock, at=when, reason=reason)
    emit(Words(lang).say("acts.not_needed" if not_needed else "acts.told"), None)
    return 0


@incident.command(epilog=examples('audit incident close 5f0c0d6c --reason "everybody told, cause removed"'))
@click.argument("incident_id", metavar="INCIDENT")
@_reason
@lang_option
@click.pass_context
def close(ctx: click.Context, incident_id: str, reason: str, lang: str) -> int:
    """Close INCIDENT, which must be contained and have every clock answered."""
    with opened(ctx) as gov:
        gov.close_incident(incident_id, reason=reason)
    emit(Words(lang).say("acts.closed"), None)
    return 0


@incident.command(
    epilog=examples("audit incident show", "audit incident show 5f0c0d6c --format html --output i.html --lang zh-Hant")
)
@click.argument("incident_id", metavar="[INCIDENT]", required=False)
@format_option(*REPORT_FORMATS)
@lang_option
@output_option
@click.pass_context
def show(ctx: click.Context, incident_id: str | None, form: str, lang: str, output: Path | None) -> int:
    """Every incident, or INCIDENT: people by law and category, clocks with their ends, drafts, and what was done."""
    with opened(ctx) as gov:
        report = gov.audit_incident(incident_id)
    emit_report(report, form, lang, output)
    return 0


def _window(
    gov: Governance, user: str | None, since: dt.datetime | None, until: dt.datetime | None
) -> AccessWindow | None:
    from governance.flows.audits.incident_scope import AccessWindow

    if user is None and since is None and until is None:
        return None
    if user is None or since is None or until is None:
        raise click.UsageError("--accessed-by, --from and --until go together")
    return AccessWindow(user, moment(gov, since), moment(gov, until))
