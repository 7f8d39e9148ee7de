"""Which fields of which datasets rules decide by, for a store of which only these are read."""

from __future__ import annotations

from collections.abc import Iterable

from policies.nouns import DatasetRef
from policies.retention_rules import RetentionRule
from policies.retention_starts import Elsewhere


def fields_needed(rules: Iterable[RetentionRule]) -> dict[DatasetRef, set[str]]:
    """By dataset the fields that some rules read, those of other datasets included; masks' fields too."""
    found: dict[DatasetRef, set[str]] = {}
    for rule in rules:
        found.setdefault(rule.dataset, set()).update(rule.fields, rule.masks)
        for source in rule.start.sources:
            if source.elsewhere is not None:
                found.setdefault(source.elsewhere.dataset, set()).add(source.field)
        for each in _elsewhere(rule):
            tested = each.where.fields if each.where is not None else frozenset()
            found.setdefault(each.dataset, set()).update(tested, (theirs for theirs, _ in each.by))
    return found


def _elsewhere(rule: RetentionRule) -> list[Elsewhere]:
    places = [source.elsewhere for source in rule.start.sources]
    places += [rule.keep_while.request, rule.keep_while.contract]
    return [each for each in places if each is not None]
