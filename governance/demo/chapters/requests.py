"""Chapter: people ask for what is theirs, each request has a clock, and the nightly list says which is late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from governance.demo.stage import Line, Stage, Style, table
from governance.requests.request import Request


def requests(stage: Stage) -> Iterator[Line]:
    """One request from receipt to answer, one made longer, and one that lay too long."""
    register, now = stage.gov.requests, stage.gov.clock()
    yield from stage.say("requests")
    asked = register.open(
        "access", law="gdpr", subject="customer-17", received=now - dt.timedelta(days=3), channel="email", tier="gold"
    )
    steps = [(stage.word("requests_opened"), _said(stage, asked))]
    register.ask(asked.id)
    paused = register.pause(asked.id, "identity")
    steps.append((stage.word("requests_paused"), stage.word(f"requests_stands_{paused.pause_cause}")))
    steps.append((stage.word("requests_verified"), _said(stage, register.verify(asked.id, "reasonable"))))
    task = register.task(asked.id, f"{stage.store}.customers", "dora")
    register.done(asked.id, task.id)
    steps.append((stage.word("requests_answered"), _said(stage, register.answer(asked.id))))
    longer = register.open("erasure", law="gdpr", subject="customer-23", channel="web", tier="basic")
    steps.append((stage.word("requests_extended"), _said(stage, register.extend(longer.id, "complex"))))
    yield from table(steps, style=Style.GOOD)
    register.open(
        "rectification", law="gdpr", subject="customer-42", received=now - dt.timedelta(days=45), tier="basic"
    )
    late = register.overdue()
    yield Line("")
    yield from stage.say("requests_late", count=len(late))
    yield from table([(each.id, _kind(stage, each), _said(stage, each)) for each in late], style=Style.REFUSED)
    yield from stage.command("governance request list")


def _kind(stage: Stage, each: Request) -> str:
    return stage.speaker.words.say(f"requests.type_{each.type}")


def _said(stage: Stage, each: Request) -> str:
    state = stage.speaker.words.say(f"requests.state_{each.state}")
    return stage.word("requests_due", state=state, day=stage.speaker.say(dt.date.fromisoformat(each.due_day)))
