"""What lint rules are made of: a finding, a rule, and the questions that several rules ask of a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from governance.access.facts import DatasetFacts, FieldFacts
from governance.access.policy import AccessPolicy
from policies.access_lines import ANY, AccessRule
from policies.nouns import Effect, LabelStatus
from policies.purposes import PurposesFile


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The line cannot do what it says."""
    WARNING = "warning"
    """The line may do more, or less, than its author means."""


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One questionable line."""

    rule_id: str
    """The lint rule, such as `POL001`."""
    severity: Severity
    """How much it matters."""
    place: str
    """The file with its line."""
    line: int
    """The line, from 1; 0 for a finding on another file."""
    key: str
    """The words for it, a key of `policies/words/access.yaml`."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What the words want filled in."""


Found = Iterator[tuple[int, dict[str, str]]]
"""Line, 0 for a finding on another file, and the values for its words."""


@dataclass(frozen=True, slots=True)
class LintRule:
    """One lint rule."""

    rule_id: str
    """Its id."""
    severity: Severity
    """How much its findings matter."""
    find: Callable[[AccessPolicy], Found]
    """What it looks for; its docstring is the rule's page."""
    file: str
    """The file that a finding without a line is about."""


RULES: dict[str, LintRule] = {}
"""By id."""


def lint_rule(
    rule_id: str, severity: Severity, file: str = "purposes.yaml"
) -> Callable[[Callable[[AccessPolicy], Found]], None]:
    """Register a function as a rule. Raises ValueError for an id that is taken."""

    def register(find: Callable[[AccessPolicy], Found]) -> None:
        if rule_id in RULES:
            raise ValueError(f"lint rule {rule_id} is registered twice")
        RULES[rule_id] = LintRule(rule_id, severity, find, file)

    return register


def allows(policy: AccessPolicy) -> Iterator[AccessRule]:
    """The allow lines, in the order of the file."""
    return (rule for rule in policy.lines.rules if rule.effect is Effect.ALLOW)


def covers(wide: AccessRule, rule: AccessRule, purposes: PurposesFile) -> bool:
    """Whether a rule is for everybody and every purpose that another one is for."""
    subject = wide.subject in (ANY, rule.subject)
    return subject and (wide.purpose == ANY or wide.purpose in purposes.ancestry(rule.purpose))


def confirmed(policy: AccessPolicy, rule: AccessRule) -> Iterator[FieldFacts]:
    """The confirmed fields that an allow reaches."""
    for facts in policy.datasets.values():
        for each in facts.fields.values():
            if each.status is LabelStatus.CONFIRMED and rule.object.text in each.allow_objects:
                yield each


def datasets(policy: AccessPolicy, rule: AccessRule) -> Iterator[DatasetFacts]:
    """The datasets that a rule reaches, itself or through a field."""
    for facts in policy.datasets.values():
        objects = {text for each in facts.fields.values() for text in each.allow_objects | each.deny_objects}
        if rule.object.text in objects | facts.allow_objects | facts.deny_objects:
            yield facts
