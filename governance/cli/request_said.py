"""What the commands of `governance request` say, in the words of a language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from governance.requests.request import Request
    from policies.vocabulary import Words

_TOLD = (
    "received",
    "due_day",
    "ack_day",
    "acknowledged",
    "extended",
    "paused",
    "identity",
    "outcome",
    "reason",
    "cause",
    "tier",
    "contact",
)
"""What is said of one request when it has it."""


def request_said(found: Request, words: Words) -> str:
    """Where a request stands: id, type, law, state, last day."""
    if found.paused:
        told = words.say("requests.told_paused", since=found.paused)
    else:
        told = words.say("requests.told_due", day=found.due_day)
    return f"{_head(found.to_json(), words)}  {told}"


def requests_said(rows: Sequence[Mapping[str, Any]], words: Words) -> Iterator[str]:
    """A list of requests, and how many."""
    for each in rows:
        late = f"  {words.say('requests.told_late')}" if each["overdue"] else ""
        yield f"{_head(each, words)}  {_clock(each, words)}{late}"
    yield words.say("requests.told_count", count=len(rows))


def whole_said(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    """A request with its tasks and its history."""
    yield _head(found, words)
    for name in _TOLD:
        if found[name]:
            yield words.say("requests.told_field", name=words.say(f"requests.has_{name}"), value=found[name])
    for task in found["tasks"]:
        yield words.say("requests.told_task", **{name: task[name] for name in ("id", "place", "owner")},
                        state=words.say(f"requests.task_{task['state']}"))  # fmt: skip
    for each in found["history"]:
        parts = (
            each["at"],
            words.say(f"requests.move_{each['kind']}"),
            each["recorded_by"],
            each["code"],
            each["note"],
        )
        yield "  " + "  ".join(filter(None, parts))


def _head(row: Mapping[str, Any], words: Words) -> str:
    kind, state = words.say(f"requests.type_{row['type']}"), words.say(f"requests.state_{row['state']}")
    return f"{row['id']}  {kind}  {row['law']}  {state}"


def _clock(row: Mapping[str, Any], words: Words) -> str:
    if row["unacknowledged"]:
        return words.say("requests.told_confirm", ack=row["ack_day"], due=row["due_day"])
    return words.say("requests.told_stands") if row["paused"] else words.say("requests.told_answer", due=row["due_day"])
