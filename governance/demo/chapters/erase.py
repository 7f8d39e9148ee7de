"""Chapter: one customer is erased from everywhere but where a duty keeps a record; another one's data is left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from governance.demo.stage import Line, Stage, Style, table
from governance.flows.subjects.erasing import plan_erasure
from governance.flows.subjects.restricting_traced import restrict_traced
from governance.flows.subjects.running_erasure import run_erasure
from governance.flows.subjects.tracing_subjects import trace_subject
from governance.requests.traced import Identifier, Trace

OTHERS = (12, 17, 23, 42)
"""Customers whom other chapters tell of, in each walk anew."""
REASON, BASIS = "accuracy_contested", "gdpr:18(1)(a)"
"""Why the other one's data is restricted."""
_LAST = (
    "SELECT c.id FROM customers c WHERE c.email IS NOT NULL AND NOT c.clinic "
    "AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = c.id) "
    "AND NOT EXISTS (SELECT 1 FROM gov_consent g WHERE g.subject_key = c.id) ORDER BY c.id DESC"
)
_INVOICED = (
    "SELECT c.id FROM customers c WHERE c.email IS NOT NULL AND NOT c.clinic "
    "AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = c.id) "
    "AND NOT EXISTS (SELECT 1 FROM gov_consent g WHERE g.subject_key = c.id) "
    "AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.invoice_uscc IS NOT NULL "
    "AND o.ordered_at > :since) ORDER BY c.id"
)
_KEPT_YEARS = 7


def erase(stage: Stage) -> Iterator[Line]:
    """Planned, carried out, looked for again; then a restriction, and who is left to the accounts."""
    yield from _erased(stage)
    yield Line("")
    yield from _restricted(stage)


def _erased(stage: Stage) -> Iterator[Line]:
    since = stage.gov.clock() - dt.timedelta(days=365 * _KEPT_YEARS)
    found = _someone(stage, _INVOICED, since)
    if found is None:
        yield from stage.say("erase_nobody")
        return
    person, trace = found
    yield from stage.say("erase", person=str(person))
    plan = plan_erasure(stage.gov, trace, [_key(person)])
    yield from table([_fate(stage, each) for each in plan.facts["inventory"]])
    done = run_erasure(stage.gov, plan.text())
    checked = done.findings["verification"]
    yield Line("")
    yield from stage.say("erase_again", rows=done.of.total("done"), records=sum(checked["kept"].values()))
    rows = [(stage.word("erase_verdict"), stage.word(f"erase_{checked['status']}"))]
    rows += [(stage.word("erase_unreached"), each["place"]) for each in checked["unreached"]]
    day = dt.date.fromisoformat(done.findings["backups_end"])
    rows.append((stage.word("erase_backups"), stage.speaker.say(day)))
    yield from table(rows, style=Style.REFUSED if done.failed else Style.GOOD)
    yield from stage.command(f"governance job certificate {plan.id}")


def _restricted(stage: Stage) -> Iterator[Line]:
    found = _someone(stage, _LAST)
    if found is None:
        yield from stage.say("restrict_nobody")
        return
    person, trace = found
    yield from stage.say("restrict", person=str(person))
    before = _counted(stage)
    event = restrict_traced(stage.gov, trace, reason=REASON, basis=BASIS).events[0]
    after = _counted(stage)
    yield from table(
        [
            (stage.word("restrict_before"), before),
            (stage.word("restrict_event", basis=event.basis), event.id),
            (stage.word("restrict_after"), after),
        ],
        style=Style.GOOD if after == before - 1 else Style.REFUSED,
    )
    yield from stage.command(f"governance subject unrestrict {stage.store}.customers:{person} --kind key --told")


def _fate(stage: Stage, each: dict[str, Any]) -> tuple[object, ...]:
    """A line of the plan: where, how many, what becomes of them, and until when they are kept."""
    what = stage.word(f"erase_{each['action']}")
    if not each["until"]:
        return each["dataset"], each["rows"], what, None
    day = stage.speaker.say(dt.date.fromisoformat(each["until"]))
    return each["dataset"], each["rows"], what, stage.word("erase_until", rule=each["rule"].split(":")[-1], day=day)


def _counted(stage: Stage) -> int:
    """How many customers the accounts see."""
    ((count,),) = stage.ask("ana", "analytics", "SELECT count(*) FROM customers")[1]
    return int(count)


def _someone(stage: Stage, query: str, since: dt.datetime | None = None) -> tuple[int, Trace] | None:
    """The first customer of a query, looked up past the guard, who is surely one person and nobody else's."""
    engine = sa.create_engine(stage.gov.project.store_target(stage.store), hide_parameters=True)
    with engine.connect() as connection:
        values = {"since": since.replace(tzinfo=None)} if since else {}
        people = [int(each) for each in connection.execute(sa.text(query), values).scalars()]
    engine.dispose()
    for person in people:
        if person not in OTHERS:
            trace = trace_subject(stage.gov, [_key(person)])
            if not trace.ambiguous:
                return person, trace
    return None


def _key(person: int) -> Identifier:
    return Identifier("key", f"crm.customers:{person}")
