"""What the report on an access review works out: how each grant stands, and its last use by the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audits.evidence import Evidence
from audits.reports.access_uses import Use, uses_of

UNUSED_DAYS = 90
"""A grant that nobody used for so long is named as unused."""
CRM = "crm"
"""The kind of a grant that a CRM gives and not our policy."""
REVOKE = "revoke"
"""The verdict that takes a grant away."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One grant with all that is known of it."""

    grant: Mapping[str, Any]
    """The grant as in the document."""
    state: str
    """`unreviewed`, `undecided`, `kept`, `revoked`, `changed` or `new`."""
    decision: Mapping[str, Any] | None
    """What was decided in the review that is shown."""
    uses: tuple[Use, ...]
    """Granted uses under it, oldest first."""
    flags: tuple[str, ...]
    """What to look at: `separation`, `own`, `everybody`, `wide`, `grave_clear`, `impersonate`, `unused`; of a
    CRM `inactive`, `every_action`, `grave_out`."""

    @property
    def last_used(self) -> str | None:
        """When it was last used, as events write times."""
        return self.uses[-1].decision["time"] if self.uses else None

    @property
    def evidence(self) -> tuple[str, ...]:
        """Ids of the events of its uses."""
        return tuple(each.decision["id"] for each in self.uses)


def standings(evidence: Evidence, document: Mapping[str, Any]) -> tuple[Standing, ...]:
    """Every grant of the policy, in its order."""
    review = document["review"]
    decided = {each["grant_id"]: each for each in review["decisions"]} if review else {}
    by_rule = _by_rule(uses_of(evidence.events))
    found = []
    for grant in document["grants"]:
        uses = tuple(_uses(by_rule, grant))
        decision = decided.get(grant["id"])
        flags = tuple(_flags(evidence.as_of, grant, uses, review))
        found.append(Standing(grant, _state(grant, review, decision), decision, uses, flags))
    return tuple(found)


def _state(grant: Mapping[str, Any], review: Mapping[str, Any] | None, decision: Mapping[str, Any] | None) -> str:
    if review is None:
        return "unreviewed"
    if grant["id"] not in review["grants"]:
        return "new"
    if decision is not None and decision["verdict"] == REVOKE:
        return "revoked"
    before = decision["fingerprint"] if decision is not None else review["grants"][grant["id"]]
    if before != grant["fingerprint"]:
        return "changed"
    return "undecided" if decision is None else "kept"


def _by_rule(uses: Iterable[Use]) -> Mapping[str, Sequence[Use]]:
    found: dict[str, list[Use]] = {}
    for each in uses:
        if each.granted:
            for rule in each.decision["rules"]:
                found.setdefault(rule, []).append(each)
    return found


def _uses(by_rule: Mapping[str, Sequence[Use]], grant: Mapping[str, Any]) -> list[Use]:
    """A rule is used by whoever it let in; a role line only by those that it reaches."""
    people = set(grant["principals"])
    seen: dict[str, Use] = {}
    for rule in grant["rules"]:
        for each in by_rule.get(rule, ()):
            if grant["kind"] == "line" or each.decision["principal"] in people:
                seen[each.decision["id"]] = each
    return sorted(seen.values(), key=lambda use: (use.decision["time"], use.decision["id"]))


def _flags(
    as_of: dt.datetime, grant: Mapping[str, Any], uses: Sequence[Use], review: Mapping[str, Any] | None
) -> Iterable[str]:
    if grant["separation"]:
        yield "separation"
    if review is not None and review["reviewer"] in grant["principals"]:
        yield "own"
    yield from grant["broad"]
    cutoff = as_of - dt.timedelta(days=UNUSED_DAYS)
    if grant["rules"] and not any(dt.datetime.fromisoformat(each.decision["time"]) >= cutoff for each in uses):
        yield "unused"
