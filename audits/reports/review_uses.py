"""Which rules let whom in, how often and when last, read once from the ledger: memory does not grow with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from audits.reports.access_leaves import Leaves, Parse
from audits.reports.access_tally import Stamp, Tally


class RuleUses:
    """Granted uses, told apart by the rules that decided and by who they were for."""

    def __init__(self, parse: Parse = json.loads) -> None:
        self._leaves = Leaves(parse)
        self._cells: dict[tuple[tuple[str, ...], str | None], Tally] = {}
        self.events = 0
        """Events that were read."""
        self.first: str | None = None
        """The time of the first of them, as events write it; None for none."""

    def take(self, leaves: Iterable[bytes]) -> None:
        """Read further leaves of the ledger, in its order. Raises what `parse` raises for a foreign one."""
        for leaf in leaves:
            shape, id_, time, _, _ = self._leaves.read(leaf)
            self._count(time)
            if shape.kind == "decision" and shape.granted:
                self._add(shape.rules, shape.principal, (self.events, id_, time))

    def take_events(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Read further events in the form `governance.event/1`, in the order of the ledger."""
        for event in events:
            self._count(event["time"])
            if event["kind"] == "decision" and event["outcome"] == "allowed":
                self._add(tuple(event["rules"]), event["principal"], (self.events, event["id"], event["time"]))

    def under(self, grant: Mapping[str, Any]) -> Tally:
        """The uses under a grant: a rule is used by whoever it let in; a role line only by those that it reaches."""
        found, rules, people = Tally(), frozenset(grant["rules"]), frozenset(grant["principals"])
        for (decided, principal), own in self._cells.items():  # each use is in one cell, whatever rules it has
            if not rules.isdisjoint(decided) and (grant["kind"] == "line" or principal in people):
                found.merge(own)
        return found

    def _count(self, time: str) -> None:
        self.events += 1
        if self.first is None:
            self.first = time

    def _add(self, rules: tuple[str, ...], principal: str | None, stamp: Stamp) -> None:
        self._cells.setdefault((rules, principal), Tally()).add(1, stamp)
