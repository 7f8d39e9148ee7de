"""Chapter: the registers: a review of who may do what, decided a little further with each walk."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

from governance.demo.stage import Line, Stage, table

REVIEWER = "dora"
"""Who decides."""
DAYS = 30
"""How long a review may take."""


def registers(stage: Stage) -> Iterator[Line]:
    """The review of grants: opened by the first walk, one grant kept by each."""
    gov = stage.gov
    if gov.audit_review().data["review"] is None:
        gov.open_review(REVIEWER, gov.clock().date() + dt.timedelta(days=DAYS))
    report = gov.audit_review().data
    review, grants = report["review"], report["grants"]
    yield from stage.say("review", grants=len(grants), reviewer=REVIEWER)
    waiting = [each for each in grants if each["state"] == "undecided" and each["last_used"]]
    if waiting:
        one = waiting[0]["id"]
        gov.decide_grant(review["id"], one, "keep", principal=REVIEWER, reason="used every week, still needed")
        yield from stage.say("review_kept", grant=one, uses=waiting[0]["uses"])
    flags: Counter[Any] = Counter(flag for each in grants for flag in each["flags"])
    yield from table([(stage.speaker.words.say(f"review.flag_{each}", days=90), flags[each]) for each in sorted(flags)])
    yield from stage.command("governance audit review show")
