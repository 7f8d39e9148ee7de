"""The numbers of the report on access: per person, purpose, field, treatment, day and outcome."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TypeAlias

from audits.reports.access_leaves import Shape
from audits.reports.access_tally import Group, Stamp, Tally
from audits.reports.access_uses import WRITING
from audits.reports.access_watch import Watch

PersonKey: TypeAlias = tuple[str, str, str]
"""Person, purpose and action."""
FieldKey: TypeAlias = tuple[str, str, str]
"""Field, treatment and purpose."""
DenialKey: TypeAlias = tuple[str, str, str, str]
"""Person, purpose, action and reason; an empty text for no reason."""


class PersonGroup(Group):
    """Granted uses by one person for one purpose by one action."""

    __slots__ = ("fields", "rules")

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[FieldKey, Group] = defaultdict(Group)
        self.rules: set[str] = set()


class FieldGroup(Group):
    """Granted uses of one field under one treatment for one purpose."""

    __slots__ = ("people",)

    def __init__(self) -> None:
        super().__init__()
        self.people: set[str] = set()


class Sums:
    """Every number, added up shape by shape."""

    def __init__(self, today: dt.date) -> None:
        self.granted = Group()
        """Uses that were allowed."""
        self.writes = Group()
        """Those of them that change rows."""
        self.handed = Group()
        """Those of them that hand rows out."""
        self.refused = Tally()
        """Decisions that did not allow."""
        self.open = Tally()
        """Uses that nothing closes."""
        self.stray = Tally()
        """Closing events of a decision that is not among the events, or that were closed before."""
        self.persons: dict[PersonKey, PersonGroup] = defaultdict(PersonGroup)
        self.fields: dict[FieldKey, FieldGroup] = defaultdict(FieldGroup)
        self.days: dict[dt.date, Group] = defaultdict(Group)
        self.denials: dict[DenialKey, Tally] = defaultdict(Tally)
        self.others: dict[str, Tally] = defaultdict(Tally)
        """Kind of event to how many, for events that are no use."""
        self.users: set[str] = set()
        """References of everybody who used or was refused."""
        self.watch = Watch(today)
        """What unusual use is measured by."""

    @property
    def decisions(self) -> int:
        """Decisions of every outcome."""
        return self.granted.uses.seen + self.refused.seen

    def other(self, kind: str, stamp: Stamp) -> None:
        """Count an event that is no use."""
        self.others[kind].add(1, stamp)

    def take(self, shape: Shape, day: dt.date, group: Group) -> None:
        """Count uses of one shape on one day."""
        person, purpose, action = str(shape.principal), str(shape.purpose), str(shape.action)
        self.users.add(person)
        self.watch.take(shape, day, group)
        if not shape.granted:
            self.refused.merge(group.uses)
            self.denials[person, purpose, action, shape.reason or ""].merge(group.uses)
            return
        self.granted.merge(group)
        (self.writes if shape.action in WRITING else self.handed).merge(group)
        self.days[day].merge(group)
        own = self.persons[person, purpose, action]
        own.merge(group)
        own.rules.update(shape.rules)
        for ref, treatment in shape.fields:
            own.fields[ref, treatment, purpose].merge(group)
            whole = self.fields[ref, treatment, purpose]
            whole.merge(group)
            whole.people.add(person)
