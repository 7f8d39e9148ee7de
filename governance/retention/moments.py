"""When a record began, as SQL over one field of SQLite, PostgreSQL or MariaDB."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.dialects import mysql

from policies.errors import ConfigError

_FIRST = dt.date(1000, 1, 1)  # MariaDB keeps zero dates, which come before all others and are none


@dataclass(frozen=True, slots=True)
class Moments:
    """Reads fields of one kind of store."""

    dialect: str
    """SQLAlchemy's name of it."""
    zone: str
    """The IANA zone in which days begin."""
    own_zone: str
    """The zone of times that carry none."""
    place: str
    """What errors name."""

    def before(self, field: ColumnElement[Any], cutoff: dt.date) -> ColumnElement[bool]:
        """Whether a field's moment lies before a day; NULL for one that is missing or no date.

        Raises ConfigError for a field that holds no moments.
        """
        midnight = dt.datetime.combine(cutoff, dt.time(), ZoneInfo(self.zone))
        naive = midnight.astimezone(ZoneInfo(self.own_zone)).replace(tzinfo=None)
        kind = field.type
        if isinstance(kind, sa.DateTime | sa.String) and self.dialect == "sqlite":  # SQLite keeps times as text
            return sa.func.datetime(sa.type_coerce(field, sa.Text)) < f"{naive:%Y-%m-%d %H:%M:%S}"
        if isinstance(kind, sa.Date) and self.dialect == "sqlite":
            return sa.func.date(sa.type_coerce(field, sa.Text)) < cutoff.isoformat()
        if isinstance(kind, mysql.TIMESTAMP):
            utc = midnight.astimezone(dt.UTC).replace(tzinfo=None)
            return self._dated(_in_utc(field), utc)
        if isinstance(kind, sa.DateTime):
            return self._dated(field, midnight if kind.timezone else naive)
        if isinstance(kind, sa.Date):
            return self._dated(field, cutoff)
        raise start_error(self.place, f"a field of type {type(kind).__name__}")

    def month(self, field: ColumnElement[Any]) -> ColumnElement[str]:
        """The month of a field's moment, as `2026-01`; NULL for one that is missing or no date."""
        if self.dialect == "sqlite":
            return sa.func.strftime("%Y-%m", sa.type_coerce(field, sa.Text))
        if self.dialect in {"mariadb", "mysql"}:
            local = _in_utc(field) if isinstance(field.type, mysql.TIMESTAMP) else field
            return sa.case((field >= _FIRST, sa.func.date_format(local, "%Y-%m")), else_=None)
        zoned = getattr(field.type, "timezone", False)
        return sa.func.to_char(sa.func.timezone(self.zone, field) if zoned else field, "YYYY-MM")

    def latest(self, months: list[ColumnElement[str]]) -> ColumnElement[str]:
        """The latest of some months; NULL when each is."""
        if len(months) == 1:
            return months[0]
        greatest = sa.func.max if self.dialect == "sqlite" else sa.func.greatest
        return sa.func.nullif(greatest(*(sa.func.coalesce(each, "") for each in months)), "")

    def _dated(self, field: ColumnElement[Any], moment: dt.date) -> ColumnElement[bool]:
        if self.dialect in {"mariadb", "mysql"}:
            return sa.and_(field < moment, field >= _FIRST)
        return field < moment


def start_error(place: str, found: str) -> ConfigError:
    """The error of a field that cannot begin a period."""
    return ConfigError(
        place,
        found=found,
        expected="a field with a date or time",
        next_step="name the field from which the period runs",
    )


def _in_utc(field: ColumnElement[Any]) -> ColumnElement[Any]:
    return sa.func.convert_tz(field, sa.text("@@session.time_zone"), "+00:00")
