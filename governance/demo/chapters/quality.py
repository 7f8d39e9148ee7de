"""Chapter: how good the data is, in six figures, and a record that is checked before it is written."""

from __future__ import annotations

from collections.abc import Iterator

from governance.demo.stage import Line, Stage, Style, lines, table
from governance.quality.result import QualityResult
from policies.quality_rules import DIMENSIONS

_TYPED = {"name": "N/A", "email": "wang.xiaoming@@example.cn", "phone": "13800138000", "tier": "Gold "}
"""What a clerk in a hurry types."""


def quality(stage: Stage, found: QualityResult) -> Iterator[Line]:
    """The scores of a run over the shop, then a new customer."""
    yield from stage.say("quality", records=sum(found.rows.values()))
    yield from table([row for each in DIMENSIONS for row in _row(stage, found, each)])
    yield Line("")
    yield from stage.say("quality_typed")
    violations = stage.gov.validate(_TYPED, dataset=f"{stage.store}.customers")
    yield from lines((f"{each.place}: {each.found}; {each.next_step}" for each in violations), style=Style.REFUSED)
    yield from stage.command(f"governance quality {stage.store}")


def _row(stage: Stage, found: QualityResult, dimension: str) -> Iterator[tuple[object, ...]]:
    score = found.score(dimension)
    if score is not None:
        wrong = stage.word("quality_wrong", count=found.broken(dimension))
        yield stage.speaker.words.say(f"quality.{dimension}"), stage.speaker.share(score), wrong
