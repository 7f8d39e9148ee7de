"""An incident as a document: the clocks that run for it, when they end, and the notices that answer them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance.ledger.events import stamp
from governance.registers.incidents import ASSESSED, Incident
from governance.requests.calendars import WorkCalendar, calendars_of
from policies.incident_clocks import IncidentClock, incident_clocks
from policies.incident_notices import incident_notices
from policies.organisation import FILE, read_organisation

if TYPE_CHECKING:
    from governance.app import Governance


@dataclass(frozen=True, slots=True)
class _Days:
    """Working days as clocks of incidents ask for them."""

    calendar: WorkCalendar

    def after(self, day: dt.date, count: int) -> dt.date:
        """The day on which so many working days after a day are over."""
        while count:
            day += dt.timedelta(days=1)
            count -= self.calendar.is_working(day)
        return day


def incident_document(gov: Governance, found: Incident) -> dict[str, Any]:
    """The incident as the form `governance.incident/1` has it, but for states, which depend on the moment."""
    told = ("id", "aware", "opened", "opened_by", "note", "scope", "figures", "decision", "event")
    told_step = ("kind", "clock", "at", "recorded", "recorded_by", "note", "event")
    clocks = list(clocks_of(gov, found))
    return {name: getattr(found, name) for name in told} | {
        "steps": [{name: getattr(each, name) for name in told_step} for each in found.steps],
        "clocks": clocks,
        "notices": list(_notices(gov, {(each["law"], each["tell"]) for each in clocks})),
    }


def clocks_of(gov: Governance, found: Incident) -> Iterator[dict[str, Any]]:
    """The clocks of the laws concerned, by the pack in force on the day on which somebody knew."""
    aware, figures = dt.datetime.fromisoformat(found.aware), found.figures
    assessed = found.step(ASSESSED)
    days = calendars_of(gov.project.config)
    for name, clock in incident_clocks(aware.date(), _laws(gov, figures)).items():
        begun = found.aware if clock.starts == "aware" else (assessed.at if assessed else None)
        people = None if figures["not_seen"] else figures["laws"].get(clock.law, 0) + figures["unknown"]
        yield {
            "name": name,
            "law": clock.law,
            "tell": clock.tell,
            "starts": clock.starts,
            "start": begun,
            "ends": _ends(gov, clock, begun, days),
            "limit": clock.limit,
            "unit": clock.unit,
            "below": clock.persons_from is not None and people is not None and people < clock.persons_from,
            "persons_from": clock.persons_from,
            "unless": clock.unless,
            "article": clock.article,
            "as_of": clock.as_of.isoformat(),
            "confidence": clock.confidence,
        }


def _laws(gov: Governance, figures: Mapping[str, Any]) -> set[str]:
    """The laws of the people concerned; all in force as well where a law or a store is unknown."""
    unclear = figures["unknown"] or figures["nobody"] or figures["not_seen"]
    return set(figures["laws"]) | (set(gov.project.config.laws) if unclear else set())


def _ends(gov: Governance, clock: IncidentClock, begun: str | None, days: Callable[[str], WorkCalendar]) -> str | None:
    if begun is None:
        return None
    counted = _Days(days(clock.law)) if clock.unit == "working_days" else None
    end = clock.ends(dt.datetime.fromisoformat(begun), gov.project.config.time_zone, counted)
    return stamp(end) if end is not None else None


def _notices(gov: Governance, wanted: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    for name, each in incident_notices(gov.clock().date()).items():
        if any((law, each.tell) in wanted for law in each.laws):
            yield {"name": name, "article": each.article, "tell": each.tell, "items": list(each.items)}


def notifier(gov: Governance) -> dict[str, Any]:
    """Who tells, and where people turn to; None for what organisation.yaml does not say."""
    said = read_organisation(gov.project.policy_file(FILE), gov.policy_files.purposes)
    officer = f"{said.officer.title}, {said.officer.contact}" if said.officer else None
    return {
        "controller": said.controller.name if said.controller else None,
        "contact": officer or (said.controller.contact if said.controller else None),
    }
