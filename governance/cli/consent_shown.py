"""What `governance consent show` prints: what holds for one person, by law, and the events, in three forms."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from governance.consent.events import ConsentEvent
from governance.consent.judgement import Judgement
from governance.consent.standing import Standing
from policies.vocabulary import Words


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is shown of one person and use."""

    now: Standing
    """What holds, whatever the law."""
    judged: tuple[Judgement, ...]
    """What each law says."""
    events: tuple[ConsentEvent, ...]
    """The events of the purpose and those above it, in order of time."""


def _text(shown: Shown, words: Words) -> str:
    return "\n".join(_said(shown, words))


def _said(shown: Shown, words: Words) -> Iterator[str]:
    now, comma = shown.now, words.say("report.comma")
    about = {"purpose": now.purpose, "channel": now.channel, "state": words.say(f"consent.shown_{now.state}")}
    yield words.say("consent.shown_until" if now.ends else "consent.shown", **about, until=now.ends)
    for each in shown.judged:
        rules = "; ".join(_rule(reason.rule, reason.article) for reason in each.reasons)
        said = words.say("consent.allowed" if each.allowed else "consent.forbidden", law=each.law, rules=rules)
        said += "".join(words.say("consent.with_it", rule=_rule(duty.rule, duty.article)) for duty in each.duties)
        yield said + "".join(words.say("consent.not_checked", rule=rule) for rule in each.not_checked)
    for event in shown.events:
        kind, form = words.say(f"receipt.kind_{event.kind}"), words.say(f"consent.form_{event.form}")
        parts = [event.valid_time, event.id, kind, event.purpose, event.channel, form]
        parts += [words.say("consent.for_time", duration=event.duration)] if event.duration else []
        parts += [words.say("consent.about", categories=comma.join(event.categories))] if event.categories else []
        yield "  ".join(parts)


def _rule(rule: str, article: str) -> str:
    return f"{rule} ({article})" if article else rule


def _json(shown: Shown, _: Words) -> str:
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


def _csv(shown: Shown, _: Words) -> str:
    from audits.formats.csv import harmless

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for event in shown.events:
        told = {**_event(event), "categories": " ".join(event.categories)}
        writer.writerow([harmless(str(told[name])) for name in _COLUMNS])
    return out.getvalue().rstrip("\n")


WRITERS: Mapping[str, Callable[[Shown, Words], str]] = {"csv": _csv, "json": _json, "text": _text}
"""How it is written, by form; only text is in a language."""
