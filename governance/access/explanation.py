"""What an explanation says, as data, as JSON and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from governance.access.resolution import Hidden
from policies.vocabulary import Words

SCHEMA = "governance.explanation/1"
"""The form of the JSON."""


class Reason(StrEnum):
    """What settled the question; `access.reason_NAME` are the words for it."""

    SHOWN = "shown"
    UNKNOWN_PURPOSE = "unknown_purpose"
    PURPOSE_NOT_GRANTED = "purpose_not_granted"
    NOT_OPENED = "not_opened"
    UNKNOWN_DATASET = "unknown_dataset"
    UNKNOWN_FIELD = "unknown_field"
    DATASET_DENIED = "dataset_denied"
    DATASET_SPECIAL = "dataset_special"
    NO_ROWS = "no_rows"
    NO_FIELD = "no_field"
    UNREVIEWED = "unreviewed"
    SPECIAL = "special"
    DENIED = "denied"
    NO_RULE = "no_rule"
    PATH = "path"


class Loss(StrEnum):
    """Why a rule that names the user and the object does not decide; `access.loss_NAME` are the words for it."""

    OTHER_PURPOSE = "other_purpose"
    OTHER_ACTION = "other_action"
    GATED = "gated"
    DENIED = "denied"
    NOT_EVALUABLE = "not_evaluable"
    LESS_SPECIFIC = "less_specific"
    LESS_PROTECTIVE = "less_protective"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class RuleShown:
    """One line of the policy, with its part in the answer."""

    rule_id: str
    """The rule."""
    line: int
    """Where it stands in the file."""
    text: str
    """The line, in its canonical form."""
    loss: str | None = None
    """Why it does not decide; None for one that does."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to: why may, or may not, this user do this with that?"""

    user: str
    """Who was asked about."""
    action: str
    """The action."""
    purpose: str
    """The purpose."""
    object: str
    """The dataset or field."""
    allowed: bool
    """Whether anything is shown."""
    reason: str
    """What settled it."""
    treatments: tuple[str, ...] = ()
    """For a field: what can be shown, in the order in which rules are tried."""
    deciding: tuple[RuleShown, ...] = ()
    """The rules that decide, in the order in which they are tried; denies first."""
    losing: tuple[RuleShown, ...] = ()
    """The other rules that name the user and the object, in the order of the file."""
    status: str | None = None
    """What people said of the field's label; None for datasets."""
    category: str | None = None
    """The field's category; None for datasets."""
    sensitivity: str | None = None
    """The field's sensitivity under the laws in force; None for datasets."""
    special: tuple[str, ...] = ()
    """Special categories that are in play and that the purpose does not list."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """For a dataset that is shown: each field with its treatments, or why it is hidden."""
    policy: str = ""
    """The digest of the policy that was asked."""

    def to_json(self) -> dict[str, Any]:
        """The explanation as plain data."""
        return {"schema": SCHEMA, **asdict(self)}

    def say(self, lang: str = "en") -> str:
        """The explanation as text, one statement a line."""
        return "\n".join(_sentences(self, Words(lang)))


def _sentences(it: Explanation, words: Words) -> Iterator[str]:
    head = "access.explain_allowed" if it.allowed else "access.explain_refused"
    action = words.say(f"audit.action_{it.action}")
    yield words.say(head, user=it.user, action=action, object=it.object, purpose=it.purpose)
    yield words.say(f"access.reason_{it.reason}", special=", ".join(it.special))
    if it.treatments:
        yield words.say("access.explain_treatments", treatments=", ".join(it.treatments))
    if it.status is not None:
        sensitivity = words.say(f"access.sensitivity_{it.sensitivity}")
        status = words.say(f"catalog.status_{it.status}")
        yield words.say("access.explain_label", category=it.category, sensitivity=sensitivity, status=status)
    if it.special and it.allowed:
        yield words.say("access.explain_special_rows", special=", ".join(it.special))
    for rule in it.deciding:
        yield words.say("access.explain_deciding", line=rule.line, text=rule.text, rule=rule.rule_id)
    for rule in it.losing:
        why = words.say(f"access.loss_{rule.loss}")
        yield words.say("access.explain_losing", line=rule.line, text=rule.text, rule=rule.rule_id, why=why)
    for name, what in it.fields.items():
        shown = words.say(f"access.hidden_{what}") if what in tuple(Hidden) else what
        yield words.say("access.explain_field", field=name, shown=shown)
