"""The refusal of a use whose consent cannot be told."""

from __future__ import annotations

from policies.errors import AccessRefusedError

ONLY_HERE = (
    "a store that must not be written, so that consent stands on guarded connections alone",
    "a guarded statement",
    "ask through the guard, or let the store be written: `consent: projection` in governance.yaml",
)
"""What was found, what is expected and what to do, where a store has temporary sets alone."""


def refused(place: str, purpose: str, found: str, expected: str, next_step: str) -> AccessRefusedError:
    """The error for a place and purpose."""
    return AccessRefusedError(
        f"{place}, purpose `{purpose}`, which needs consent",
        found=found,
        expected=expected,
        next_step=next_step,
        rule_ids=(f"consent:{purpose}",),
    )
