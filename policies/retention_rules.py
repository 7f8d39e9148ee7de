"""`policies/retention.yaml`: how long records are kept, counted from which field, and on what ground.

    version: 1
    rules:
      orders:
        dataset: crm.orders
        start: placed_at
        period: P6Y
        where: status == "closed"
        action: delete
        basis: commercial and tax law, six years

A period of months or years ends on the day of the same number, or on the last day of a shorter month (Regulation (EEC)
1182/71, Art. 3). The day of the event does not count: a record is due on the day after the period's last day.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import isodate
from pydantic import AfterValidator, Field

from policies.errors import ConfigError
from policies.nouns import DatasetRef
from policies.predicate import Predicate, parse_predicate
from policies.yaml_files import FileModel, read_model

_DURATION = re.compile(r"P(?=\d)(?:\d{1,4}Y)?(?:\d{1,4}M)?(?:\d{1,4}W)?(?:\d{1,5}D)?")
_RULE_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Period:
    """A span of the calendar."""

    text: str
    """As an ISO 8601 duration, such as `P3Y`."""
    duration: isodate.Duration | dt.timedelta = field(compare=False)
    """The same, ready to be added to a day."""

    def __str__(self) -> str:
        return self.text

    def after(self, day: dt.date) -> dt.date:
        """The last day of the period that a day begins; `date.max` when the calendar ends before."""
        try:
            return day + self.duration
        except (OverflowError, ValueError):
            return dt.date.max

    def cutoff(self, today: dt.date) -> dt.date:
        """The first day whose records are not due today: a record is due when it began before it."""
        low, high = dt.date.min, today  # the day of the event never counts, so today's records are not due
        while low < high:
            middle = low + (high - low) // 2
            if self.after(middle) < today:
                low = middle + dt.timedelta(days=1)
            else:
                high = middle
        return low


def parse_period(text: str) -> Period:
    """The period of an ISO 8601 duration such as `P3Y`, `P6M`, `P1Y6M`, `P2W`, `P30D`. Raises ValueError."""
    if not _DURATION.fullmatch(text):
        raise ValueError("a period such as P3Y, P6M, P2W or P30D")
    duration = isodate.parse_duration(text)
    if not duration:
        raise ValueError("a period longer than nothing")
    return Period(text, duration)


def _period(text: str) -> str:
    parse_period(text)
    return text


def _zone(name: str | None) -> str | None:
    if name is not None:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError("an IANA time zone such as Europe/Berlin") from None
    return name


class RetentionEntry(FileModel):
    """One rule as it is written."""

    dataset: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*\..+$")
    """A table, as `store.dataset`."""
    purpose: str | None = None
    """The purpose that its records are kept for."""
    start: str
    """The field with the day or time from which the period runs."""
    start_zone: Annotated[str | None, AfterValidator(_zone)] = None
    """The zone of times in `start` that carry none; the project's zone by default."""
    period: Annotated[str, AfterValidator(_period)]
    """An ISO 8601 duration of the calendar: `P6Y`, `P18M`, `P2W`, `P30D`."""
    where: str | None = None
    """Which records, in the predicate language; all by default."""
    action: Literal["delete"] = "delete"
    """What is done when a record is due."""
    basis: str = Field(min_length=1)
    """On what ground they are kept so long and no longer."""
    source: str | None = None
    """Where the period is written: an article, a schedule."""


class RetentionFile(FileModel):
    """The whole of `retention.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    rules: dict[str, RetentionEntry] = Field(default_factory=dict)
    """By name."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long the records of one dataset are kept."""

    id: str
    """Its name in the file."""
    dataset: DatasetRef
    """Which records."""
    start: str
    """The field with the day or time from which the period runs; a record without it is never due."""
    period: Period
    """How long they are kept."""
    where: Predicate | None
    """Which of them; None for all."""
    basis: str
    """On what ground they are kept so long and no longer."""
    purpose: str | None = None
    """The purpose that they were kept for."""
    start_zone: str | None = None
    """The zone of times in `start` that carry none; None for the configured one."""
    source: str | None = None
    """Where the period is written: an article, a schedule."""

    @property
    def rule_id(self) -> str:
        """Its id in plans, ledger and reports."""
        return f"retention:{self.id}"

    @property
    def digest(self) -> str:
        """A digest of all that decides what is due."""
        where = self.where.text if self.where else ""
        said = (str(self.dataset), self.start, self.start_zone or "", self.period.text, where)
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:32]


def read_retention(path: Path) -> Mapping[str, RetentionRule]:
    """The rules of a file by name, in its order; none where there is no file.

    Raises ConfigError for a wrong value, PredicateError for a `where` that is not of the predicate language.
    """
    if not path.exists():
        return MappingProxyType({})
    file = read_model(RetentionFile, path, error=ConfigError)
    return MappingProxyType({name: _rule(str(path), name, entry) for name, entry in file.rules.items()})


def _rule(place: str, name: str, entry: RetentionEntry) -> RetentionRule:
    where = f"{place}, rule `{name}`"
    if not _RULE_ID.fullmatch(name):
        raise _wrong(f"{place}, rules", "a rule id of another form", "lower-case letters, digits, `_`, `.` and `-`")
    predicate = parse_predicate(entry.where, f"{where}, where") if entry.where else None
    if predicate is not None and predicate.attributes:
        raise _wrong(f"{where}, where", "an attribute of a principal", "fields and constants: nobody asks here")
    store, _, dataset = entry.dataset.partition(".")
    return RetentionRule(
        name,
        DatasetRef(store, dataset),
        entry.start,
        parse_period(entry.period),
        predicate,
        entry.basis,
        entry.purpose,
        entry.start_zone,
        entry.source,
    )


def _wrong(place: str, found: str, expected: str) -> ConfigError:
    return ConfigError(place, found=found, expected=expected, next_step="mend retention.yaml; see docs/retention.md")
