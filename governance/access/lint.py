"""What is questionable about a policy that can be loaded: lines that do nothing, or more than their author may mean.

Each rule has an id that never changes its meaning; its docstring is its page.
"""

from __future__ import annotations

from governance.access import lint_data, lint_duties, lint_lines, lint_names, lint_rows
from governance.access.lint_rule import RULES, LintFinding, LintRule
from governance.access.policy import AccessPolicy

FILES = (lint_data, lint_duties, lint_lines, lint_names, lint_rows)
"""The files of rules; importing one registers its rules."""


def lint(policy: AccessPolicy) -> list[LintFinding]:
    """All findings, by line and then by rule."""
    found = [
        LintFinding(
            rule.rule_id,
            rule.severity,
            f"{policy.lines.place}:{line}" if line else rule.file,
            line,
            f"access.lint_{rule.rule_id.lower()}",
            values,
        )
        for rule in lint_rules()
        for line, values in rule.find(policy)
    ]
    return sorted(found, key=lambda each: (each.line, each.rule_id, sorted(each.values.items())))


def lint_rules() -> tuple[LintRule, ...]:
    """Every rule, by id."""
    return tuple(RULES[rule_id] for rule_id in sorted(RULES))
