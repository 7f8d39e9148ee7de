"""What the commands of `governance job` say, in the words of a language."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audits.formats.widths import pad

if TYPE_CHECKING:
    from audits.speaking import Speaker
    from policies.vocabulary import Words

_COUNTS = ("planned", "done", "held", "barred", "changed", "gone", "fresh")
_IN_WORDS = {"kind": "listed", "state": "state"}
"""Fields of a job whose values have words, with what their keys begin with."""


def jobs_said(found: Sequence[Mapping[str, Any]], words: Words) -> Iterator[str]:
    """A line for each job, and how many."""
    for each in found:
        state, kind = pad(words.say(f"job.state_{each['state']}"), 8), pad(words.say(f"job.listed_{each['kind']}"), 10)
        yield f"{each['id']}  {state}  {kind}  {each['place']}  {each['done']}/{each['rows']}"
    yield words.say("job.told_count", count=len(found))


def job_said(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    """One job field by field, and the counts of its steps."""
    for name, value in found.items():
        if name != "steps":
            told = words.say(f"job.{_IN_WORDS[name]}_{value}") if name in _IN_WORDS else _plain(value)
            yield words.say("job.told_field", name=words.say(f"job.has_{name}"), value=told)
    for step in found["steps"]:
        counts = words.say("report.comma").join(words.say(f"job.step_{name}", count=step[name]) for name in _COUNTS)
        yield words.say("job.told_step", number=step["number"] + 1, name=step_said(step["name"], words), counts=counts)


def step_said(name: str, words: Words) -> str:
    """The name of a step, `delete crm.orders` or `archive crm.orders by RULE`; another one stands as it is."""
    verb, _, rest = name.partition(" ")
    if not words.has(f"job.verb_{verb}"):
        return name
    of, by, rule = rest.partition(" by ")
    return words.say("job.step_of_by" if by else "job.step_of", verb=words.say(f"job.verb_{verb}"), of=of, rule=rule)


def certificate_said(document: Mapping[str, Any], speaker: Speaker, *, verified: bool) -> Iterator[str]:
    """A certificate, after a line on its signature where that was verified."""
    say, approved = speaker.words.say, document["approved"]
    if verified:
        yield say("job.cert_verified", key=document["signer"]["public_key"])
    yield say("job.cert_title", id=document["id"], kind=say(f"job.kind_{document['kind']}"), place=document["place"])
    times = {name: speaker.say(dt.datetime.fromisoformat(document[name])) for name in ("began", "ended")}
    yield say("job.cert_times", **times)
    yield say("job.cert_plan", plan=document["job"], seal=document["plan"]["seal"], by=document["plan"]["made_by"])
    yield (
        say("job.cert_approved", by=approved["by"], event=approved["event"])
        if approved
        else say("job.cert_not_approved")
    )
    yield say("job.cert_run", by=document["run_by"], decision=document["decision"])
    for step in document["steps"]:
        yield say("job.cert_step", name=step_said(step["name"], speaker.words), dataset=step["dataset"])
        yield from (f"    {say(f'job.count_{name}')}: {speaker.say(step[name])}" for name in _COUNTS)
        if "receipts" in step:
            yield say("job.cert_receipts", **{name: step["receipts"].get(name, 0) for name in ("done", "gone")})
    for name, value in document["findings"].items():
        yield say("job.cert_finding", name=name, value=_plain(value))
    yield say("job.cert_marks", until=speaker.say(dt.date.fromisoformat(document["marks"]["until"])))


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value) or "-"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else "-" if value is None else str(value)
