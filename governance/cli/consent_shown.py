"""What `governance consent show` prints: what holds for one person, by law, and the events, in three forms."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from governance.consent.events import ConsentEvent
from governance.consent.judgement import Judgement
from governance.consent.standing import Standing


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is shown of one person and use."""

    now: Standing
    """What holds, whatever the law."""
    judged: tuple[Judgement, ...]
    """What each law says."""
    events: tuple[ConsentEvent, ...]
    """The events of the purpose and those above it, in order of time."""


def _text(shown: Shown) -> str:
    now = shown.now
    until = f" until {now.ends}" if now.ends else ""
    lines = [f"{now.purpose} {now.channel}: {now.state}{until}"]
    for each in shown.judged:
        rules = "; ".join(
            f"{reason.rule} ({reason.article})" if reason.article else reason.rule for reason in each.reasons
        )
        duties = "".join(f"; with it {duty.rule} ({duty.article})" for duty in each.duties)
        unchecked = "".join(f"; not checked {rule}" for rule in each.not_checked)
        lines.append(f"{each.law}: {'allowed' if each.allowed else 'forbidden'} by {rules}{duties}{unchecked}")
    lines += [
        f"{each.valid_time}  {each.id}  {each.kind:<11} {each.purpose} {each.channel} {each.form}"
        + (f" for {each.duration}" if each.duration else "")
        + (f" about {', '.join(each.categories)}" if each.categories else "")
        for each in shown.events
    ]
    return "\n".join(lines)


def _json(shown: Shown) -> str:
    now = shown.now
    document = {
        "schema": "governance.consent/1",
        "state": now.state,
        "valid": now.valid,
        "form": now.form,
        "until": now.ends,
        "laws": [_judged(each) for each in shown.judged],
        "events": [_event(each) for each in shown.events],
    }
    return json.dumps(document, indent=2)


def _judged(judged: Judgement) -> dict[str, object]:
    return {
        "law": judged.law,
        "allowed": judged.allowed,
        "state": judged.state,
        "reasons": [
            {"rule": each.rule, "article": each.article, "pack": each.pack, "events": each.event_ids}
            for each in judged.reasons
        ],
        "duties": [{"rule": each.rule, "article": each.article} for each in judged.duties],
        "not_checked": judged.not_checked,
        "until": judged.until,
    }


def _event(event: ConsentEvent) -> dict[str, object]:
    return {name: getattr(event, name) for name in _COLUMNS}


_COLUMNS = (
    "id",
    "kind",
    "purpose",
    "channel",
    "form",
    "valid_time",
    "recorded_time",
    "method",
    "jurisdiction",
    "notice_version",
    "language",
    "categories",
    "duration",
    "guardian_ref",
)


def _csv(shown: Shown) -> str:
    from audits.formats.csv import harmless

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for event in shown.events:
        told = {**_event(event), "categories": " ".join(event.categories)}
        writer.writerow([harmless(str(told[name])) for name in _COLUMNS])
    return out.getvalue().rstrip("\n")


WRITERS: Mapping[str, Callable[[Shown], str]] = {"csv": _csv, "json": _json, "text": _text}
"""How it is written, by form."""
