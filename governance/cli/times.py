"""Days and moments as people type them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, overload
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from governance.app import Governance


def day(text: str) -> dt.date:
    """The day of an ISO 8601 text, as an option's type. Raises BadParameter without showing the text."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("expected a day such as 2026-11-20") from None


def time(text: str) -> dt.datetime:
    """The moment of an ISO 8601 text, as an option's type; without a zone where none was typed, see `moment`.

    A day alone is its start. Raises BadParameter without showing the text.
    """
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            "expected a time such as 2026-11-20, 2026-11-20T09:30 or 2026-11-20T09:30+01:00"
        ) from None


@overload
def moment(gov: Governance, typed: dt.datetime) -> dt.datetime: ...
@overload
def moment(gov: Governance, typed: dt.datetime | None) -> dt.datetime | None: ...
def moment(gov: Governance, typed: dt.datetime | None) -> dt.datetime | None:
    """What was typed as a moment: without an offset it is in the project's time zone."""
    if typed is None or typed.tzinfo is not None:
        return typed
    return typed.replace(tzinfo=ZoneInfo(gov.project.config.time_zone))
