"""Chapter: the policy answers why and who, names the line that decided, and passes its tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from governance.demo.stage import Line, Stage, lines, table
from governance.flows.access.trying_policy import try_policy

_QUESTIONS = (
    ("alice", "crm.customers.email", "support"),
    ("tom", "crm.clinic_visits.diagnosis", "marketing.email"),
)


def policy(stage: Stage) -> Iterator[Line]:
    """Two questions: one that a mask answers, one that no role can open; who sees special data; and the tests."""
    yield from stage.say("policy", rules=len(stage.gov.policy_files.policy.lines.rules))
    for who, what, purpose in _QUESTIONS:
        found = stage.gov.explain(who, "read", what, purpose)
        yield from lines(found.say(stage.speaker.lang).splitlines()[:5])
        yield from lines([""])
    who, what, purpose = _QUESTIONS[0]
    yield from stage.command(f"governance policy explain {who} read {what} --purpose {purpose}")
    yield from stage.say("policy_who")
    grants = stage.gov.policy_who("special").data["grants"]
    yield from table([(each["user"], each["purpose"], each["field"], _rows(each)) for each in _one_each(grants)])
    yield from stage.command("governance policy who special")
    yield from stage.say("policy_test")
    yield from lines([list(try_policy(stage.gov).say(stage.speaker.lang))[-1]])
    yield from stage.command("governance policy test")


def _one_each(grants: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first grant of each user and dataset."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for each in grants:
        found.setdefault((each["user"], ".".join(each["field"].split(".")[:2])), each)
    return list(found.values())


def _rows(grant: Mapping[str, Any]) -> str:
    return " or ".join(grant["rows"]) or "*"
