"""What the commands of `governance ledger` say, in the words of a language. Kinds of events and ids stay as stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from audits.formats.widths import pad

if TYPE_CHECKING:
    from governance.ledger.checkpoint_file import KeptAt
    from governance.ledger.events import Event
    from governance.ledger.locating import Problem
    from governance.ledger.periods import PeriodState
    from governance.ledger.verification import Verification
    from policies.vocabulary import Words


def events_said(events: Iterable[Event], words: Words) -> Iterator[str]:
    """A line for each event."""
    comma = words.say("report.comma")
    for event in events:
        outcome = _known("ledger.outcome_", event.outcome, words) if event.outcome else "-"
        counts = (
            words.say("ledger.count", name=_known("ledger.count_", name, words), count=count)
            for name, count in sorted(event.counts.items())
        )
        told = comma.join((words.say("ledger.objects", count=len(event.objects)), *counts))
        yield (
            f"{event.time}  {event.seq:>6}  {event.id}  {event.kind:<18} {pad(outcome, 8)} "
            f"{event.purpose or '-':<18} {told}"
        )


def verification_said(found: Verification, words: Words) -> Iterator[str]:
    """How the log stands, what disagrees where, and which periods are gone by rule."""
    status = words.say(f"ledger.status_{found.status}")
    yield words.say("ledger.verified", status=status, size=found.size, root=found.root)
    for each in found.problems:
        kind = words.say(f"ledger.problem_{each.kind}")
        yield words.say("ledger.problem", place=_place(each, words), kind=kind)
    yield from (words.say("ledger.dropped", period=each) for each in found.dropped)


def _place(problem: Problem, words: Words) -> str:
    key = "ledger.place_event" if problem.first == problem.last else "ledger.place_events"
    return words.say(key, period=problem.period, first=problem.first, last=problem.last)


def periods_said(found: Iterable[PeriodState], words: Words) -> Iterator[str]:
    """A line for each period of the log."""
    for each in found:
        times = {"opened": each.opened, "closed": each.closed or "-", "dropped": each.dropped or "-"}
        yield words.say("ledger.period", number=f"{each.number:>4}", size=f"{each.size:>10}", **times)


def file_said(place: KeptAt, words: Words) -> str:
    """How one file of checkpoints stands to the log."""
    return words.say("ledger.file", path=place.path, state=words.say(f"ledger.file_{place.state}"))


def _known(stem: str, name: str, words: Words) -> str:
    """The word for a name that stands in an event; events of later versions may hold others."""
    return words.say(stem + name) if words.has(stem + name) else name
