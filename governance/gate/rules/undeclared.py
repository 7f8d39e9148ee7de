"""The finding that rules about undeclared fields share."""

from __future__ import annotations

from governance.gate.changes import ChangeKind, SchemaChange
from governance.gate.finding import GateFinding, Level
from governance.gate.personal import Guess
from governance.gate.rules.base import View

NEW_FIELDS = (ChangeKind.ADD_FIELD, ChangeKind.RENAME_FIELD)
"""Changes after which a field has a name that it had not."""


def undeclared_finding(rule: str, level: Level, change: SchemaChange, guess: Guess, view: View) -> GateFinding | None:
    """The finding, to which the check adds catalog lines; None when people decided, or when GOV004 speaks instead."""
    if view.is_settled(change, guess):
        return None
    if change.kind is ChangeKind.RENAME_FIELD and view.decision(change.dataset, change.former) is not None:
        return None
    return GateFinding(
        rule=rule,
        level=level,
        file=change.file,
        line=change.line,
        store=view.store,
        dataset=change.dataset,
        field=change.field,
        entity=guess.entity,
        category=guess.category.key,
        sensitivity=guess.category.sensitivity.word,
        confidence=guess.confidence,
    )
