"""The tables of several rules of one store, in the order in which their rows go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from sqlalchemy import Connection

from governance.retention.target import Target, find_target
from policies.errors import ConfigError
from policies.retention_rules import RetentionRule


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule with what the catalog says of its dataset."""

    rule: RetentionRule
    """The rule."""
    subject_key: tuple[str, ...] = ()
    """The fields that identify a person; empty when the catalog names none."""


def find_targets(connection: Connection, ruled: Sequence[Ruled], *, today: dt.date, zone: str) -> list[Target]:
    """The tables of some rules of one store in the order in which their rows go: what refers to others before them.

    Raises as `find_target`, and ConfigError for two rules on one table, or tables that refer to each other in a circle.
    """
    found: dict[tuple[str | None, str], Target] = {}
    for each in sorted(ruled, key=lambda each: str(each.rule.dataset)):
        target = find_target(connection, each.rule, subject=each.subject_key, today=today, zone=zone)
        if target.home in found:
            raise _together_error("two rules on one dataset")
        found[target.home] = target
    graph = {
        home: {each.home for each in target.referrers if each.home in found and each.home != home}
        for home, target in found.items()
    }
    ordered: dict[tuple[str | None, str], Target] = {}
    try:
        for home in TopologicalSorter(graph).static_order():
            ordered[home] = replace(found[home], beside={each: ordered[each] for each in graph[home]})
    except CycleError:
        raise _together_error("datasets that refer to each other in a circle") from None
    return list(ordered.values())


def _together_error(found: str) -> ConfigError:
    return ConfigError(
        "retention.yaml",
        found=found,
        expected="rules whose records can go one dataset after the other",
        next_step="plan them apart, one rule a plan file",
    )
