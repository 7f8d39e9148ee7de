"""What the reports on the ledger are made from: records with ids, and what was in force. Pure data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from audits.report import Code, Missing, Text, Value, text

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that one report may use. The same evidence gives the same bytes."""

    as_of: dt.datetime
    """The moment that the report speaks of, aware."""
    zone: str = "UTC"
    """The IANA time zone in which days begin and times are written."""
    events: tuple[Mapping[str, Any], ...] = ()
    """Ledger events in the form `governance.event/1`, oldest first."""
    events_read: int | None = None
    """Ledger events that were read and are not held here; None when `events` has them all."""
    names: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Reference of a person or service to the name to show; an erased name is missing."""
    plans: tuple[Mapping[str, Any], ...] = ()
    """Retention plans, one a dataset and rule, in the form of `docs/json/retention.md`."""
    datasets_without_rule: tuple[str, ...] = ()
    """Datasets that hold personal data by the catalog and have no retention rule, sorted."""
    fields_without_rule: tuple[str, ...] = ()
    """Personal fields of other datasets that no retention rule ever takes away, sorted."""
    rules_without_dataset: tuple[str, ...] = ()
    """Retention rules for a category that no dataset has."""
    holds: tuple[Mapping[str, Any], ...] = ()
    """Legal holds that stand: `place`, `scope`, `placed`, and `until` or None; who and why are not among them."""
    drills: tuple[Mapping[str, Any], ...] = ()
    """Restore tests: `store`, `drilled`, `backup_day`, `outcome`, `minutes`, `checked`."""
    measures: tuple[Mapping[str, Any], ...] = ()
    """Numbers that were counted in stores as a recorded use: each has `id`, and `decision`, the event of that use."""
    pack_versions: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Pack name to the edition in force."""
    digests: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """`catalog` and `policy` to the digest of the files in force."""
    could_not_see: tuple[Missing, ...] = ()
    """What whoever gathered the evidence could not reach."""

    def person(self, ref: str | None) -> Value:
        """Who a reference stands for; the reference itself once the name is erased."""
        if ref is None:
            return None
        name = self.names.get(ref)
        return name if name is not None else text("audit.erased_name", ref=Code(ref))

    def day(self, event: Mapping[str, Any]) -> dt.date:
        """The day of an event in the report's zone."""
        return moment(event).astimezone(ZoneInfo(self.zone)).date()

    @property
    def made_from(self) -> tuple[tuple[Text, Value], ...]:
        """Digests, packs and the number of events, as the head of a report shows them."""
        return (text("audit.ledger"), self._read), *self.in_force

    @property
    def in_force(self) -> tuple[tuple[Text, Value], ...]:
        """Digests and packs alone, for a report that the ledger is not read for."""
        digests = ((text(f"audit.{name}"), Code(digest[:12])) for name, digest in sorted(self.digests.items()))
        packs = sorted(self.pack_versions.items())
        return (*digests, *((text("audit.pack", name=name), version) for name, version in packs))

    @property
    def _read(self) -> int:
        return len(self.events) if self.events_read is None else self.events_read


def moment(event: Mapping[str, Any]) -> dt.datetime:
    """The time of an event in UTC."""
    return dt.datetime.fromisoformat(event["time"])


def ids(*events: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of events, in their order, each once."""
    return tuple(dict.fromkeys(each["id"] for each in events))
