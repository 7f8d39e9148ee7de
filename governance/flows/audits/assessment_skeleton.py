"""The file in which people finish an assessment: what the registers say, as comments, above the questions."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from audits.reports.dpia_triggers import MET
from audits.reports.ropa_items import stated
from audits.speaking import Speaker

if TYPE_CHECKING:
    from audits.report import Report

DESCRIBED = (
    "purposes",
    "basis",
    "subjects",
    "categories",
    "special",
    "datasets",
    "recipients",
    "transfers",
    "retention",
)
"""What is said of the purpose before anything is asked."""
QUESTIONS = ("necessity", "proportionality", "consulted", "advice")
"""What is answered in words, once."""
RISKS = ("access", "change", "loss")
"""Risks that every assessment weighs: illegitimate access, unwanted change, disappearance of data."""
_WIDTH = 116


def skeleton(report: Report, assessment: str, purpose: str, lang: str) -> str:
    """The text of the file for one assessment, from the report on all of them; YAML with its comments in `lang`.

    Levels and words that people give are left out of it, so that a file that nobody finished is refused.
    """
    speaker, document = Speaker(lang, report.zone), report.data
    facts = next(each for each in document["activities"] if each["id"] == purpose)
    lines = [
        *_comment(speaker.words.say("dpia.skeleton_head")),
        "version: 1",
        f"assessment: {json.dumps(assessment)}",
        "",
        *(line for said in _described(facts, document, speaker) for line in _comment(said)),
        "",
    ]
    for name in QUESTIONS:
        lines += [*_comment(speaker.words.say(f"dpia.ask_{name}")), f"{name}:", ""]
    lines += [*_comment(speaker.words.say("dpia.ask_risks")), "risks:"]
    for name in RISKS:
        lines += [*(f"  {line}" for line in _comment(speaker.words.say(f"dpia.risk_{name}"))), f"  {name}:"]
        lines += [f"    {each}:" for each in _RISK]
    lines += ["", *_comment(speaker.words.say("dpia.ask_authority")), "# authority_consulted: 2026-01-31"]
    lines += ["", *_comment(speaker.words.say("dpia.ask_review")), "review_by:"]
    return "\n".join(lines) + "\n"


_RISK = ("threat", "impact", "measures", "likelihood", "severity", "residual_likelihood", "residual_severity")


def _described(facts: Mapping[str, Any], document: Mapping[str, Any], speaker: Speaker) -> Iterator[str]:
    told, colon = dict(document) | {"codes": {}}, speaker.words.say("report.colon")
    for item in DESCRIBED:
        said = speaker.say(stated(item, facts, document["laws"], told))
        yield f"{speaker.words.say(f'ropa.item_{item}')}{colon}{said}"
    for name, count in facts["protection"].items():
        yield f"{speaker.words.say(f'ropa.fields_{name}')}{colon}{speaker.number(count)}"
    for each in document["measures"]:
        yield f"{speaker.words.say('ropa.item_measures')}{colon}{each['name']}: {each['text']}"
    for each in facts["triggers"]:
        if each["state"] == MET:
            what = speaker.words.say(f"dpia.test_{each['test']}")
            yield f"{speaker.words.say('dpia.trigger')}{colon}{what} ({each['article']}; {', '.join(each['evidence'])})"


def _comment(text: str) -> list[str]:
    """A text as comments; a line of it never ends the comment, whatever it holds."""
    plain = " ".join(text.split())
    return [f"# {line}" for line in textwrap.wrap(plain, _WIDTH, break_on_hyphens=False)] or ["#"]
