"""What the commands of `governance catalog` say, in the words of a language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audits.formats.widths import pad

if TYPE_CHECKING:
    from audits.speaking import Speaker
    from governance.scan.proposals import DatasetProposal, FieldProposal
    from policies.vocabulary import Words


def catalog_said(rows: Sequence[Mapping[str, Any]], words: Words) -> Iterator[str]:
    """A line for each field: status, name, category, who decided when; and how many."""
    for row in rows:
        status, decided = pad(words.say(f"catalog.status_{row['status']}"), 10), row["decided"]
        if row["status"] == "proposed":
            decided = words.say("catalog.by_scan", confidence=decided.rpartition(" ")[2])
        yield f"{status} {row['field']:<44} {row['category']:<48} {decided}".rstrip()
    yield words.say("catalog.count", count=len(rows))


def proposal_said(each: FieldProposal | DatasetProposal, speaker: Speaker) -> str:
    """What was proposed, and why."""
    from audits.reports.scan_reasons import reason_of
    from governance.scan.proposals import DatasetProposal

    words, reason = speaker.words, speaker.say(reason_of(each.reason))
    if isinstance(each, DatasetProposal):
        return words.say("catalog.shown_dataset", special=words.say("report.comma").join(each.special), reason=reason)
    key = f"catalog.shown_{each.about}" if each.about else "catalog.shown"
    entity, confidence = each.entity or words.say("catalog.shown_nothing"), f"{each.confidence:.2f}"
    return words.say(key, category=each.category, entity=entity, confidence=confidence, reason=reason)
