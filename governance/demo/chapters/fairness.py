"""Chapter: outcomes by group, and a machine that decides with a person who can be asked."""

from __future__ import annotations

from collections.abc import Iterator

from audits.report import Row
from audits.reports.fairness_figures import ASIDE
from governance.demo.stage import Line, Stage, Style, table
from governance.flows.audits.declaring_automated import Declared

PROCEDURE = "support-queue"
"""The procedure that the first walk declares."""
REVIEWER = "dora"
"""Who reviews a decision of it."""


def fairness(stage: Stage) -> Iterator[Line]:
    """What the numbers carry, group by group; then one procedure, one request for review and its end."""
    gov, report = stage.gov, stage.gov.audit_fairness()
    compared = [row for row in report.flat.rows if ASIDE not in row.facets]
    yield from stage.say("fairness", outcomes=len(report.data["outcomes"]), groups=len(compared))
    yield from table([_row(stage, row) for row in compared])
    yield from stage.say("fairness_verdict", line=stage.speaker.say(report.verdict.line))
    yield from stage.command("governance audit fairness")
    if not gov.audit_automated().data["procedures"]:
        gov.declare_automated(PROCEDURE, _declared(stage))
    review = gov.ask_review(PROCEDURE, law="gdpr", reason="says that the case was urgent")
    gov.decide_review(review.id, "changed", principal=REVIEWER, reason="the case was urgent indeed")
    register = gov.audit_automated()
    yield Line("")
    yield from stage.say("automated", procedure=PROCEDURE, reviewed=len(register.data["reviews"]))
    gaps = register.data["procedures"][0]["gaps"]
    words = stage.speaker.words
    yield from table(
        [(each["law"], each["article"], words.say(f"automated.ask_{each['ask']}")) for each in gaps],
        style=Style.REFUSED,
    )
    yield from stage.command("governance audit automated show")


def _row(stage: Stage, row: Row) -> tuple[str, ...]:
    """Outcome, dimension, group, cases, share, interval, what it shows."""
    return tuple(stage.speaker.say(row.cells[place]) for place in (0, 1, 2, 3, 4, 5, 8))


def _declared(stage: Stage) -> Declared:
    """Everything that the laws ask but an impact assessment, which the shop has not written."""
    return Declared(
        "support",
        [f"{stage.store}.customers.tier"],
        "Cases of the upper tiers are answered first; within a tier the oldest case is.",
        "significant",
        grounds={"gdpr": "contract", "pipl": "contract"},
        reviewer=REVIEWER,
        notice="2026-09",
    )
