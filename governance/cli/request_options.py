"""What the commands of `governance request` share: options, routes, and how a request is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from governance.cli.output import emit
from governance.cli.times import time

if TYPE_CHECKING:
    from governance.requests.request import Request

LEVELS = ("reasonable", "reasonably_high")
"""How sure one can be of a person."""
REASONS = ("manifestly_unfounded", "excessive", "exempt", "identity_not_proven")
"""Grounds of a refusal; which of them a law has stands in the pack."""
ROUTES = ("authority", "court")
"""Where a person can go with a refusal."""

at_option = click.option("--at", type=time, help="When it happened; now by default.")
note_option = click.option("--note", help="A free text; kept in the erasable table beside the ledger.")
route_option = click.option(
    "--route",
    "routes",
    multiple=True,
    type=click.Choice(ROUTES),
    help="A route that the person was told of; repeatable.",
)


def say_request(found: Request, lang: str) -> None:
    """Print where a request stands: id, type, law, state, last day."""
    from governance.cli.request_said import request_said
    from policies.vocabulary import Words

    emit(request_said(found, Words(lang)), None)
