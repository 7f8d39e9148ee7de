"""Hold the access policy against its tests, and say which of its lines no test met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance.access.permits import DatasetPermit
from governance.access.policy import AccessPolicy
from governance.guard.filter import RecordFilter
from policies.access_lines import AccessRule
from policies.access_names import Names
from policies.access_tests import ABSENT, HIDDEN, REFUSED, VISIBLE, AccessTest, read_access_tests
from policies.errors import AccessRefusedError, PolicyFileError
from policies.vocabulary import Words

if TYPE_CHECKING:
    from governance.app import Governance

SCHEMA = "governance.policy-test/1"
"""The form of the JSON."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one test."""

    test: AccessTest
    """The test."""
    found: frozenset[str]
    """What the policy answers."""
    rows: frozenset[str] | None
    """The conditions that make a row visible, empty for all rows; None where nothing is shown or a row was given."""
    rules: frozenset[str]
    """Ids of the rules that decided."""

    @property
    def passed(self) -> bool:
        """Whether the policy answers what the test expects."""
        return self.found == self.test.expect and (self.test.rows is None or self.rows == self.test.rows)


@dataclass(frozen=True, slots=True)
class Trials:
    """What came of all tests."""

    trials: tuple[Trial, ...]
    """In the order of the file."""
    rules: tuple[AccessRule, ...]
    """Every `p` line of the policy, in its order."""
    policy: str
    """The digest of the policy."""

    @property
    def failed(self) -> tuple[Trial, ...]:
        """The tests that the policy does not pass."""
        return tuple(each for each in self.trials if not each.passed)

    @property
    def uncovered(self) -> tuple[AccessRule, ...]:
        """The lines that decided in no test."""
        met = {rule for trial in self.trials for rule in trial.rules}
        return tuple(rule for rule in self.rules if rule.rule_id not in met)

    @property
    def coverage(self) -> float:
        """The share of the policy's lines that decided in a test; 1.0 for a policy without lines."""
        return 1.0 - len(self.uncovered) / len(self.rules) if self.rules else 1.0

    def say(self, lang: str = "en") -> Iterator[str]:
        """The whole in words, one statement a line."""
        words = Words(lang)
        for each in self.trials:
            test = each.test
            if each.passed:
                yield words.say("grants.test_passed", name=test.name)
            else:
                expected, found = _said(test.expect, test.rows), _said(each.found, each.rows)
                yield words.say("grants.test_failed", name=test.name, line=test.line, expected=expected, found=found)
        for rule in self.uncovered:
            yield words.say("grants.test_uncovered", line=rule.line, text=", ".join(("p", *rule.values)))
        yield words.say(
            "grants.test_sum",
            passed=len(self.trials) - len(self.failed),
            tests=len(self.trials),
            covered=len(self.rules) - len(self.uncovered),
            rules=len(self.rules),
        )

    def to_json(self) -> dict[str, Any]:
        """The whole as plain data."""
        return {
            "schema": SCHEMA,
            "policy": self.policy,
            "tests": [
                {
                    "name": each.test.name,
                    "line": each.test.line,
                    "passed": each.passed,
                    "expected": sorted(each.test.expect),
                    "found": sorted(each.found),
                    "expected_rows": None if each.test.rows is None else sorted(each.test.rows),
                    "found_rows": None if each.rows is None else sorted(each.rows),
                    "rules": sorted(each.rules),
                }
                for each in self.trials
            ],
            "coverage": round(self.coverage, 4),
            "uncovered": [{"line": rule.line, "rule": rule.rule_id} for rule in self.uncovered],
        }


def try_policy(gov: Governance) -> Trials:
    """Run `policies/access_tests.yaml` against the policy files as they stand; no store is opened.

    Raises PolicyFileError when there is no such file or it is wrong.
    """
    policy = gov.policy_files.policy
    names = Names(policy.purposes, policy.principals, policy.catalog, policy.taxonomy)
    path = gov.project.policy_file("access_tests.yaml")
    if not path.exists():
        raise PolicyFileError(
            str(path), found="no file", expected="tests of the policy", next_step="write one; see docs/policy.md"
        )
    return try_tests(policy, read_access_tests(path, names))


def try_tests(policy: AccessPolicy, tests: Sequence[AccessTest]) -> Trials:
    """What a policy answers to each of some tests."""
    return Trials(tuple(_try(policy, each) for each in tests), policy.lines.rules, policy.digest)


def _try(policy: AccessPolicy, test: AccessTest) -> Trial:
    target = test.target
    if target.dataset is None:
        raise ValueError("a test is about a dataset or a field")
    principal = policy.principal(test.who)
    try:
        permit = policy.permit(principal, test.purpose, test.action, target.dataset)
    except AccessRefusedError as refusal:
        return Trial(test, frozenset((REFUSED,)), None, frozenset(refusal.rule_ids))
    field = target.field.field if target.field else None
    if field is not None and field not in permit.fields:
        denying = _denying(policy, test, permit.hidden[field])
        return Trial(test, frozenset((HIDDEN,)), None, denying)
    if test.row is None:
        return _whole(test, permit, field)
    facts = policy.datasets[target.dataset]
    judging = RecordFilter(permit, principal.attributes, facts.types)
    try:
        found, rules = judging.judged(test.row, field)
    except AccessRefusedError as refusal:
        return Trial(test, frozenset((refusal.found,)), None, frozenset())
    answer = ABSENT if found is None else found if field is not None else VISIBLE
    return Trial(test, frozenset((answer,)), None, rules)


def _whole(test: AccessTest, permit: DatasetPermit, field: str | None) -> Trial:
    """The answer for every row together."""
    taking = (*permit.deny, *permit.special)
    rules = {rule.rule_id for rule in (*permit.allow, *taking)}
    rows = frozenset(rule.rows.text for rule in permit.allow if rule.rows is not None)
    if field is None:
        return Trial(test, frozenset((VISIBLE,)), rows, frozenset(rules))
    shown = permit.fields[field]
    rules |= {rule.rule_id for rule in shown.rules} | {rule.rule_id for rule in shown.denies}
    return Trial(test, frozenset(shown.treatments), rows, frozenset(rules))


def _denying(policy: AccessPolicy, test: AccessTest, why: str) -> frozenset[str]:
    """The deny lines that hide a field; none where it is hidden for want of a rule or a review."""
    if why != "denied" or test.target.field is None:
        return frozenset()
    objects = policy.datasets[test.target.field.of].fields[test.target.field.field].deny_objects
    subjects = policy.subjects(policy.principal(test.who))
    matching: Iterable[AccessRule] = policy.matching(subjects, test.purpose, test.action)
    return frozenset(rule.rule_id for rule in matching if rule.effect == "deny" and rule.object.text in objects)


def _said(answer: frozenset[str], rows: frozenset[str] | None) -> str:
    """An answer in the signs of the policy: `mask:email [region == "EU"]`; `[*]` is all rows."""
    said = " | ".join(sorted(answer))
    return said if rows is None else f"{said} [{' or '.join(sorted(rows)) or '*'}]"
