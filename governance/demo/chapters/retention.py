"""Chapter: what is due, in numbers, before anything is done; and who won where rules disagree."""

from __future__ import annotations

from collections.abc import Iterator

from governance.demo.stage import Line, Stage, table
from governance.retention.plan import RetentionPlan


def retention(stage: Stage, plans: tuple[RetentionPlan, ...]) -> Iterator[Line]:
    """The plan of every limit, and what keeps records although one is over."""
    yield from stage.say("retention")
    yield from table(
        [
            (str(each.dataset), each.rule.removeprefix("retention:"), _before(stage, each), _due(stage, each))
            for each in plans
        ]
    )
    kept = [
        (stage.word("retention_won", rule=winner.removeprefix("retention:")), str(conflict["rows"]))
        for each in plans
        for conflict in each.conflicts
        for winner in conflict["won"][:1]
        if conflict["why"] == "duty"
    ]
    if kept:
        yield from stage.say("retention_conflicts")
        yield from table(kept)
    yield from stage.command("governance retention plan")


def _before(stage: Stage, plan: RetentionPlan) -> str:
    return stage.word("retention_before", day=stage.speaker.say(plan.cutoff))


def _due(stage: Stage, plan: RetentionPlan) -> str:
    return stage.word("retention_due", due=plan.due)
