"""Chapter: a person takes consent back, and the next statement knows."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from governance.consent.events import Circumstances, Subject
from governance.demo.life import CHANNEL, PURPOSE
from governance.demo.stage import Line, Stage, Style, table

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
    yield from stage.command(f"governance consent show --subject customer-{person} --purpose {PURPOSE} --channel email")


def _reached(stage: Stage) -> int:
    ((count,),) = stage.ask("tom", PURPOSE, _MAILING)[1]
    return int(count)


def _someone(stage: Stage) -> int | None:
    """The first customer whom the mailing reaches, looked up past the guard; None when nobody is left."""
    engine = sa.create_engine(stage.gov.project.store_target(stage.store), hide_parameters=True)
    with engine.connect() as connection:
        found: int | None = connection.execute(sa.text(_AGREED)).scalar_one()
    engine.dispose()
    return found
