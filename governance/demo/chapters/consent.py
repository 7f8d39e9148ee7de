"""Chapter: a person takes consent back; the next statement knows, and each law says why."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from governance.consent.events import Circumstances, Subject
from governance.demo.life import CHANNEL, PURPOSE
from governance.demo.stage import Line, Stage, Style, table
from governance.flows.consent.contacting import UNKNOWN_FACTS, judge_each

_MAILING = "SELECT count(*) FROM customers WHERE email IS NOT NULL"
_AGREED = (
    "SELECT min(c.id) FROM customers c JOIN gov_consent g ON g.subject_key = c.id "
    "WHERE g.purpose = 'marketing.email' AND g.state = 'given' AND g.form = 'separate' AND NOT c.clinic "
    "AND c.email IS NOT NULL"
)


def consent(stage: Stage) -> Iterator[Line]:
    """The mailing before and after one withdrawal."""
    before = _reached(stage)
    person = _someone(stage)
    if person is None:
        yield from stage.say("consent_nobody")
        return
    yield from stage.say("consent", person=str(person))
    event = stage.gov.consent.withdrawn(
        Subject(f"customer-{person}", {stage.store: person}), PURPOSE, CHANNEL, how=Circumstances(method="phone")
    )
    after = _reached(stage)
    yield from table(
        [
            (stage.word("consent_before"), before),
            (stage.word("consent_event"), event.id),
            (stage.word("consent_after"), after),
        ],
        style=Style.GOOD if after == before - 1 else Style.REFUSED,
    )
    yield from _by_law(stage, f"customer-{person}")
    yield from stage.command(f"governance consent show --subject customer-{person} --purpose {PURPOSE} --channel email")


def _by_law(stage: Stage, subject: str) -> Iterator[Line]:
    """What each law in force says of this person, then how many of all customers may be written to."""
    yield from stage.say("consent_laws")
    judged = judge_each(stage.gov, subject, PURPOSE, CHANNEL, UNKNOWN_FACTS)
    rows = [(each.law, each.reasons[0].article, each.reasons[0].rule) for each in judged]
    yield from table(rows, style=Style.REFUSED)
    subjects = [f"customer-{number}" for number in _customers(stage)]
    answers = stage.gov.may_contact_many(subjects, PURPOSE, CHANNEL)
    yield from stage.say("consent_many", asked=len(subjects), allowed=sum(answers["allowed"].to_pylist()))
    yield from stage.command("governance consent notices")


def _reached(stage: Stage) -> int:
    ((count,),) = stage.ask("tom", PURPOSE, _MAILING)[1]
    return int(count)


def _someone(stage: Stage) -> int | None:
    """The first customer whom the mailing reaches, looked up past the guard; None when nobody is left."""
    return next(iter(_numbers(stage, _AGREED)), None)


def _customers(stage: Stage) -> list[int]:
    return [number for number in _numbers(stage, "SELECT id FROM customers ORDER BY id") if number is not None]


def _numbers(stage: Stage, query: str) -> list[int | None]:
    engine = sa.create_engine(stage.gov.project.store_target(stage.store), hide_parameters=True)
    with engine.connect() as connection:
        found = list(connection.execute(sa.text(query)).scalars())
    engine.dispose()
    return found
