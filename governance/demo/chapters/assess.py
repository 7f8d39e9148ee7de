"""Chapter: the record of processing with its gaps, and the impact assessment of the clinic line, signed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from typing import Any

from governance.app import Governance
from governance.demo.stage import Line, Stage, table
from policies.assessment_answers import AnswersFile
from policies.shipped_yaml import parse_shipped

PURPOSE = "care"
"""What is assessed: the clinic line."""
SIGNER = "dora"
"""Who signs: the privacy officer."""
DAYS = 365
"""After how long it is looked at again."""


def assess(stage: Stage) -> Iterator[Line]:
    """Gaps by rule; then how each purpose stands, after the first walk has signed the assessment of one."""
    gov, words = stage.gov, stage.speaker.words
    record = gov.audit_ropa().data
    yield from stage.say("ropa", activities=len(record["activities"]))
    gaps: Counter[Any] = Counter(each["rule"].removeprefix("ropa.") for each in record["findings"])
    yield from table([(words.say(f"ropa.rule_{rule}"), count) for rule, count in gaps.items()])
    yield from stage.command("governance audit ropa --form gdpr --format html --output ropa.html")
    yield Line("")
    found = _assessed(gov)
    needed = [each for each in found["activities"] if each["need"] == "needed"]
    yield from stage.say("dpia", needed=len(needed), activities=len(found["activities"]))
    yield from table([(each["id"], words.say(f"dpia.state_{each['state']}"), _met(each)) for each in needed])
    signed = next(each for each in found["assessments"] if each["purpose"] == PURPOSE and each["signature"])
    signer = found["names"].get(signed["signature"]["signer"], signed["signature"]["signer"])
    yield from stage.say("dpia_signed", purpose=PURPOSE, signer=signer)
    yield from stage.command("governance audit dpia show")


def _met(activity: dict[str, Any]) -> int:
    return sum(each["state"] == "met" for each in activity["triggers"])


def _assessed(gov: Governance) -> dict[str, Any]:
    """The report's data, with an assessment of the purpose that was signed, now or by an earlier walk."""
    found = dict(gov.audit_dpia().data)
    if any(each["purpose"] == PURPOSE and each["signature"] for each in found["assessments"]):
        return found
    opened = gov.open_assessment(PURPOSE)
    said = parse_shipped(
        resources.files("governance.demo.data").joinpath("assessment.yaml").read_text(encoding="utf-8"), "demo"
    )
    review = gov.clock().date() + dt.timedelta(days=DAYS)
    answers = AnswersFile.model_validate(said | {"assessment": opened.id, "review_by": review})
    gov.sign_assessment(opened.id, answers, principal=SIGNER)
    return dict(gov.audit_dpia().data)
