"""What the commands of `governance request` share: moments, routes, notes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from governance.cli.output import emit

if TYPE_CHECKING:
    from governance.app import Governance
    from governance.requests.request import Request

LEVELS = ("reasonable", "reasonably_high")
"""How sure one can be of a person."""
REASONS = ("manifestly_unfounded", "excessive", "exempt", "identity_not_proven")
"""Grounds of a refusal; which of them a law has stands in the pack."""
ROUTES = ("authority", "court")
"""Where a person can go with a refusal."""

at_option = click.option("--at", metavar="TIME", help="When it happened; now by default.")
note_option = click.option("--note", help="A free text; kept in the erasable table beside the ledger.")
route_option = click.option(
    "--route",
    "routes",
    multiple=True,
    type=click.Choice(ROUTES),
    help="A route that the person was told of; repeatable.",
)


def moment(gov: Governance, text: str | None) -> dt.datetime | None:
    """The moment of an ISO 8601 text; without an offset it is in the project's zone, and a day alone is its start."""
    if text is None:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError("a TIME is written 2026-11-20, 2026-11-20T09:30 or 2026-11-20T09:30+01:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(gov.project.config.time_zone))


def say_request(found: Request) -> None:
    """Print where a request stands: id, type, law, state, last day."""
    told = f"clock stands since {found.paused}" if found.paused else f"due {found.due_day}"
    emit(f"{found.id}  {found.type}  {found.law}  {found.state}  {told}", None)
