"""What the commands of `governance retention` say, in the words of a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audits.formats.widths import pad

if TYPE_CHECKING:
    from governance.retention.plan import RetentionPlan
    from governance.retention.run import RetentionOutcome
    from policies.retention_templates import Template
    from policies.verdicts import Verdict
    from policies.vocabulary import Words

_WIDTHS = (24, 6, 5)
"""Cells of a template's name, kind and period."""


def templates_said(found: Mapping[str, Template], words: Words) -> Iterator[str]:
    """Two lines for each template: name, kind, period, article, day of its text and how it was read; what it is of."""
    for name, each in found.items():
        cells = (name, words.say(f"retention.kind_{each.kind}"), each.period)
        head = " ".join(pad(cell, wide) for cell, wide in zip(cells, _WIDTHS, strict=True))
        yield f"{head} {each.source} ({each.as_of}, {words.say(f'retention.confidence_{each.confidence}')})"
        yield f"    {words.say(f'retention.about_{name}')}"


def plans_said(plans: Iterable[RetentionPlan], gaps: Iterable[str], words: Words) -> Iterator[str]:
    """Plans in numbers, and the places that no rule speaks of."""
    for each in plans:
        yield from _plan_said(each, words)
    yield from (words.say("retention.told_gap", place=place) for place in gaps)


def _plan_said(plan: RetentionPlan, words: Words) -> Iterator[str]:
    about = {name: getattr(plan, name) for name in ("rule", "dataset", "due", "cutoff", "zone")}
    key = "retention.told_plan" if plan.action == "delete" else "retention.told_plan_for"
    yield words.say(key, **about, action=words.say(f"retention.do_{plan.action}"))
    yield from (f"    {month}  {count}" for month, count in plan.by_month.items())
    for stage, count in plan.by_stage.items():
        yield words.say("retention.told_stage", stage=stage or "-", count=count)
    for name, count in plan.blocked.items():
        yield words.say("retention.told_kept", count=count, why=_keeps(name, words))
    if plan.read_only:
        yield words.say("retention.told_read_only")
    for name, count in (("held", plan.held), ("undated", plan.undated)):
        if count:
            yield words.say(f"retention.told_{name}", count=count)
    if not plan.matched:
        yield words.say("retention.told_unmatched")
    if plan.holds:
        yield words.say("retention.told_holds", count=plan.holds)
    coming = [f"{month} {count}" for month, count in plan.forecast.items() if count]
    if coming:
        yield words.say("retention.told_ahead", told=words.say("report.comma").join(coming))


def _keeps(blocked: str, words: Words) -> str:
    kind, colon, rule = blocked.partition(":")
    if kind == "duty" and colon:
        return words.say("retention.keeps_duty", rule=rule)
    key = f"retention.keeps_{blocked}"
    return words.say(key) if words.has(key) else words.say("retention.keeps_reference", place=blocked)


def verdict_said(found: Verdict, words: Words) -> Iterator[str]:
    """What the rules decide on one record, why, and which of them won and lost."""
    action = words.say(f"retention.do_{found.action}") if found.action else ""
    yield words.say(f"retention.verdict_{found.outcome}", action=action, why=words.say(f"retention.why_{found.why}"))
    comma = words.say("report.comma")
    for name, rules in (("won", found.won), ("lost", found.lost)):
        yield words.say(f"retention.verdict_{name}", rules=comma.join(rules) or "-")


def run_said(found: RetentionOutcome, words: Words) -> str:
    """What became of the records of a plan, in numbers."""
    from governance.retention.run import COUNTS

    document = found.to_json()
    shown = (name for name in ("planned", *COUNTS) if document[name] or name != "masked")
    numbers = words.say("report.comma").join(words.say(f"retention.ran_{name}", count=document[name]) for name in shown)
    return words.say("retention.told_run", job=found.job, numbers=numbers, decision=found.decision)


def holds_said(found: Sequence[Mapping[str, Any]], words: Words) -> Iterator[str]:
    """A line for each hold, and how many."""
    for each in found:
        until = each["until"]
        parts = (
            each["id"],
            each["placed"],
            each["place"],
            words.say(f"retention.hold_{each['scope']}"),
            words.say("retention.hold_until", day=until) if until else words.say("retention.hold_unreleased"),
            words.say("retention.hold_by", name=each["placed_by"]),
            each["matter"] or "",
        )
        yield "  ".join(parts).rstrip()
    yield words.say("retention.hold_count", count=len(found))


def archive_said(found: Mapping[str, Any], words: Words) -> str:
    """How an archive stands to its table."""
    missing = words.say("report.comma").join(found["missing_fields"]) or words.say("retention.archive_none_missing")
    return words.say("retention.archive_whole", dataset=found["dataset"], rows=found["rows"], missing=missing)
