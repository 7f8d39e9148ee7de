"""Chapter: the policy answers why, and names the line that decided."""

from __future__ import annotations

from collections.abc import Iterator

from governance.demo.stage import Line, Stage, lines

_QUESTIONS = (
    ("alice", "crm.customers.email", "support"),
    ("tom", "crm.clinic_visits.diagnosis", "marketing.email"),
)


def policy(stage: Stage) -> Iterator[Line]:
    """Two questions: one that a mask answers, one that no role can open."""
    yield from stage.say("policy", rules=len(stage.gov.policy_files.policy.lines.rules))
    for who, what, purpose in _QUESTIONS:
        found = stage.gov.explain(who, "read", what, purpose)
        yield from lines(found.say(stage.speaker.lang).splitlines()[:5])
        yield from lines([""])
    who, what, purpose = _QUESTIONS[0]
    yield from stage.command(f"governance policy explain {who} read {what} --purpose {purpose}")
