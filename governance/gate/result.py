"""The result of a check: findings in order, and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from governance.gate.finding import GateFinding, Level
from governance.gate.rules.all import RULES
from governance.gate.rules.base import page

SCHEMA = "governance.check/1"
"""The name of the JSON form; a change that breaks readers gives it another number."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found."""

    findings: tuple[GateFinding, ...]
    """In order of place."""
    files: int
    """Migrations read."""
    statements: int
    """Statements and operations looked at."""
    changes: int
    """Changes of schema, rows and rights."""
    suppressed: int = 0
    """Findings that a suppression silences."""
    baselined: int = 0
    """Findings that the baseline has."""
    unread: int = 0
    """Statements, operations and files of which something was not understood."""

    @property
    def failed(self) -> bool:
        """Whether a finding stops the change."""
        return any(each.level is Level.ERROR for each in self.findings)

    @property
    def verdict(self) -> str:
        """`block` or `pass`."""
        return "block" if self.failed else "pass"

    def to_json(self) -> dict[str, Any]:
        """The stable form; equal input gives equal bytes."""
        return {
            "schema": SCHEMA,
            "findings": [each.to_json() for each in self.findings],
            "summary": {
                "files": self.files,
                "statements": self.statements,
                "changes": self.changes,
                "errors": sum(each.level is Level.ERROR for each in self.findings),
                "warnings": sum(each.level is Level.WARNING for each in self.findings),
                "suppressed": self.suppressed,
                "baselined": self.baselined,
                "unread": self.unread,
                "verdict": self.verdict,
                "by_rule": {rule: sum(each.rule == rule for each in self.findings) for rule in RULES},
            },
        }

    def to_sarif_results(self) -> list[dict[str, Any]]:
        """The `results` of a SARIF 2.1.0 run."""
        return [each.to_sarif() for each in self.findings]


def sarif_rules() -> list[dict[str, Any]]:
    """The `rules` of the driver of a SARIF run: every rule with its page."""
    return [
        {
            "id": rule_id,
            "name": type(rule).__name__,
            "shortDescription": {"text": (text := page(rule))["Title"]},
            "fullDescription": {"text": text["What"]},
            "help": {"text": "\n\n".join(f"{part}: {text[part]}" for part in ("Why", "Example", "Fix", "Since"))},
        }
        for rule_id, rule in RULES.items()
    ]
