"""The report on access reviews: every grant in words, its last use, what is broad, and what was decided of it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from audits.evidence import Evidence
from audits.report import (
    Block,
    Code,
    Count,
    Fact,
    Facts,
    Missing,
    NotSeen,
    Option,
    Report,
    Section,
    Tag,
    Task,
    Text,
    Tone,
    Value,
    Verdict,
    text,
)
from audits.reports.review_facts import CRM, UNUSED_DAYS, Standing, standings
from audits.reports.review_tables import STATES, flat_table, grants_table, reviews_table
from audits.reports.review_uses import RuleUses

SCHEMA = "governance.review/2"
"""The form of the document and of the JSON."""

FLAGS = ("separation", "own", "everybody", "wide", "grave_clear", "impersonate", "unused")
FLAGS_OF_CRMS = ("inactive", "every_action", "grave_out")
"""What to look at in a grant, in the order of the report."""


def review_report(evidence: Evidence, document: Mapping[str, Any], gathered: RuleUses | None = None) -> Report:
    """The report on a document in the form `governance.review/2`; see docs/json/review.md.

    `gathered` is what the ledger says of uses; without it, that is read from the evidence's events.
    """
    if gathered is None:
        gathered = RuleUses()
        gathered.take_events(evidence.events)
    found = standings(evidence, document, gathered)
    review, names = document["review"], document["names"]
    return Report(
        kind="review",
        title=text("review.title"),
        verdict=_verdict(evidence, found, review, names),
        sections=(
            Section("overview", text("report.overview"), _overview(evidence, found, review, names)),
            Section("grants", text("review.grants"), (grants_table(found, names),), marks=(len(found),)),
            Section(
                "reviews",
                text("review.reviews"),
                (reviews_table(document["reviews"], names),),
                marks=(len(document["reviews"]),),
            ),
            Section("not-seen", text("report.not_seen"), (NotSeen(_not_seen(evidence, document, gathered)),)),
        ),
        flat=flat_table(found, names),
        data=_data(document, found),
        as_of=evidence.as_of,
        zone=evidence.zone,
        made_from=evidence.made_from,
        filter=tuple(Option(key, text(f"review.state_{key}"), tone) for key, tone in STATES.items()),
        filter_title=text("review.state"),
    )


def _verdict(
    evidence: Evidence, found: Sequence[Standing], review: Mapping[str, Any] | None, names: Mapping[str, str]
) -> Verdict:
    tasks = tuple(_tasks(found, review, names))
    if review is None:
        return Verdict(Tone.WARN, text("review.never", count=len(found)), tasks)
    late = overdue(evidence, found, review)
    standing, separated = _count(found, "revoked"), sum("separation" in each.flags for each in found)
    if late:
        return Verdict(Tone.BAD, text("review.overdue", count=late, due=_due(review)), tasks)
    if standing or separated:
        return Verdict(Tone.BAD, text("review.standing", revoked=standing, separated=separated), tasks)
    if tasks:
        return Verdict(Tone.WARN, text("review.open", grants=len(found), undecided=_count(found, "undecided")), tasks)
    return Verdict(Tone.GOOD, text("review.good", count=len(found)))


def overdue(evidence: Evidence, found: Sequence[Standing], review: Mapping[str, Any]) -> int:
    """How many grants are undecided in an open review whose last day is over."""
    today = evidence.as_of.astimezone(ZoneInfo(evidence.zone)).date()
    if review["closed"] is not None or today <= _due(review):
        return 0
    return sum(each.decision is None and each.state != "new" for each in found)


def _tasks(found: Sequence[Standing], review: Mapping[str, Any] | None, names: Mapping[str, str]) -> Sequence[Task]:
    officer, tasks = text("report.officer"), list[Task]()
    now = text("report.now")
    if separated := sum("separation" in each.flags for each in found):
        tasks.append(Task(text("review.task_separation", count=separated), now, officer, "grants"))
    if review is None:
        tasks.append(Task(text("review.task_open"), now, officer))
        return tasks
    who: Value = names.get(review["reviewer"]) or text("audit.erased_name", ref=Code(review["reviewer"]))
    revoked = Counter(each.grant["kind"] == CRM for each in found if each.state == "revoked")
    for in_crm, task in ((False, "task_revoked"), (True, "task_revoked_crm")):
        if standing := revoked[in_crm]:
            tasks.append(Task(text(f"review.{task}", count=standing), now, text("report.engineer"), "grants"))
    waiting = sum(each.decision is None and each.state != "new" for each in found)
    if review["closed"] is None and waiting:
        tasks.append(Task(text("review.task_decide", count=waiting), _due(review), who, "grants"))
    elif review["closed"] is None:
        tasks.append(Task(text("review.task_close"), _due(review), who, "reviews"))
    later = sum(each.state == "new" or (each.state == "changed" and each.decision is not None) for each in found)
    if later:
        tasks.append(Task(text("review.task_again", count=later), text("report.next_review"), officer, "grants"))
    return tasks


def _overview(
    evidence: Evidence, found: Sequence[Standing], review: Mapping[str, Any] | None, names: Mapping[str, str]
) -> tuple[Block, ...]:
    states = tuple(
        Fact(text(f"review.state_{key}"), number, tone)
        for key, tone in STATES.items()
        if (number := _count(found, key)) or key in ("undecided", "kept")
    )
    counted = ((flag, sum(flag in each.flags for each in found)) for flag in (*FLAGS, *FLAGS_OF_CRMS))
    broad = tuple(
        Fact(_flag(flag), count, Tone.BAD if flag == "separation" else Tone.WARN) for flag, count in counted if count
    )
    blocks: list[Block] = [Facts(states)]
    if broad:
        blocks.append(Facts(broad, text("review.look_at")))
    if review is not None:
        blocks.append(Facts(_about(evidence, found, review, names), text("review.this")))
    return tuple(blocks)


def _about(
    evidence: Evidence, found: Sequence[Standing], review: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[Fact, ...]:
    late = overdue(evidence, found, review)
    gone = len(review["grants"].keys() - {each.grant["id"] for each in found})
    closed = review["closed"]
    end = Tag(text("review.closed"), Tone.GOOD) if closed else Tag(text("review.running"), Tone.NOTE)
    return (
        Fact(text("review.id"), Code(review["id"])),
        Fact(text("review.reviewer"), names.get(review["reviewer"]) or Code(review["reviewer"])),
        Fact(text("review.due"), _due(review), Tone.BAD if late else Tone.PLAIN),
        Fact(text("review.state"), Tag(text("audit.overdue"), Tone.BAD) if late else end),
        Fact(text("review.decided"), Count(len(review["decisions"]), _events(review["decisions"]))),
        Fact(text("review.gone"), gone),
    )


def _flag(flag: str) -> Text:
    return text("review.flag_unused", days=UNUSED_DAYS) if flag == "unused" else text(f"review.flag_{flag}")


def _events(decisions: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(each["event"] for each in decisions)


def _count(found: Sequence[Standing], state: str) -> int:
    return sum(each.state == state for each in found)


def _due(review: Mapping[str, Any]) -> dt.date:
    return dt.date.fromisoformat(review["due"])


def _not_seen(evidence: Evidence, document: Mapping[str, Any], gathered: RuleUses) -> tuple[Missing, ...]:
    reasons: list[Text] = [text("not_seen.other_ways"), text("grants.not_asked"), text("review.not_granted_by")]
    if gathered.first is not None:
        reasons.append(text("review.ledger_from", time=dt.datetime.fromisoformat(gathered.first)))
    unlisted = (
        Missing(each["store"], text("review.unlisted", reason=each["found"])) for each in document.get("unlisted", ())
    )
    return (*unlisted, *(Missing("", each) for each in reasons), *evidence.could_not_see)


def _data(document: Mapping[str, Any], found: Sequence[Standing]) -> dict[str, Any]:
    grants = [
        dict(each.grant)
        | {
            "state": each.state,
            "flags": list(each.flags),
            "uses": each.uses.value,
            "last_used": each.last_used,
            "evidence": list(each.uses.evidence),
            "more": each.uses.count.more,
        }
        for each in found
    ]
    return dict(document) | {"grants": grants}
