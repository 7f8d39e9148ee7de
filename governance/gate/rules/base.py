"""What every rule is and sees, and how a rule's docstring is read as its page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from governance.access.facts import FieldFacts
from governance.gate.changes import SchemaChange, Unread
from governance.gate.finding import GateFinding, Level
from governance.gate.known import Known
from governance.gate.personal import Guess
from governance.gate.policy_changes import PolicyChange
from governance.gate.schema import Schema
from governance.gate.suppressions import Complaint
from policies.catalog import CatalogDataset, CatalogField
from policies.errors import ConfigError
from policies.nouns import FieldRef, LabelStatus

Item = SchemaChange | Unread | PolicyChange | Complaint
"""What a rule looks at."""
PARTS = ("What", "Why", "Example", "Fix", "Since")
"""The parts of a rule's page, in order."""


@dataclass(frozen=True)
class View:
    """What a rule may look at."""

    store: str
    """The store that the migration is for."""
    known: Known
    """What people decided."""
    ignore_case: bool
    """Whether the store takes `Email` and `email` for one field."""
    guess: Callable[[SchemaChange], Guess | None]
    """The name path."""
    schema: Schema
    """The schema in the end."""

    def decision(self, dataset: str, field: str) -> CatalogField | None:
        """What was decided about a field."""
        fields = self.fields(dataset)
        return fields.get(self._known(field, fields))

    def entry(self, dataset: str) -> CatalogDataset | None:
        """What was decided about a dataset."""
        store = self.known.catalog.stores.get(self.store)
        datasets = store.datasets if store is not None else {}
        return datasets.get(self._known(dataset, datasets))

    def fields(self, dataset: str) -> Mapping[str, CatalogField]:
        """What was decided about each field of a dataset; nothing for a dataset that nobody has looked at."""
        entry = self.entry(dataset)
        return entry.fields if entry is not None else {}

    def is_settled(self, change: SchemaChange, guess: Guess) -> bool:
        """Whether a person confirmed what the field is, or rejected just what its name says."""
        entry = self.decision(change.dataset, change.field)
        if entry is None:
            return False
        if entry.status is LabelStatus.REJECTED:
            return guess.category.key == entry.category or guess.category.key.startswith(f"{entry.category}.")
        return entry.status is LabelStatus.CONFIRMED

    def ref(self, dataset: str, field: str) -> FieldRef:
        """A field as the catalog writes the names that it has."""
        store = self.known.catalog.stores.get(self.store)
        known = self._known(dataset, store.datasets if store is not None else {})
        return FieldRef(self.store, known, self._known(field, self.fields(dataset)))

    def facts(self, dataset: str, field: str) -> FieldFacts | None:
        """What the catalog says of a field under the laws in force."""
        ref = self.ref(dataset, field)
        found = self.known.facts.get(ref.of)
        return found.fields.get(ref.field) if found is not None else None

    def datasets_with(self, field: str) -> Iterator[str]:
        """The declared datasets that have a field of a name."""
        store = self.known.catalog.stores.get(self.store)
        for name in store.datasets if store is not None else ():
            if self.decision(name, field) is not None:
                yield name

    def _known(self, name: str, names: Iterable[str]) -> str:
        """A name as the catalog writes it, if it has it; else as it is."""
        if self.ignore_case:
            return next((each for each in names if each.casefold() == name.casefold()), name)
        return name


class Rule(Protocol):
    """One rule."""

    id: str
    """Given once; its meaning never changes."""

    def look(self, item: Item, view: View) -> GateFinding | None:
        """What the rule has to say of a change, or of something that was not understood."""
        ...


def finding(rule: str, level: Level, item: SchemaChange, view: View, **values: str) -> GateFinding:
    """A finding about what a change is about."""
    return GateFinding(
        rule=rule,
        level=level,
        file=item.file,
        line=item.line,
        store=view.store,
        dataset=item.dataset,
        field=item.field,
        confidence=1.0,
        values=values,
    )


def policy_finding(rule: str, level: Level, item: PolicyChange) -> GateFinding:
    """A finding about what a change of policy is about."""
    return GateFinding(
        rule=rule,
        level=level,
        file=item.file,
        line=item.line,
        store=item.store,
        dataset=item.dataset,
        field=item.field,
        confidence=1.0,
        values={**item.values, "about": item.about},
    )


def registry(rules: Iterable[Rule]) -> Mapping[str, Rule]:
    """Rules by id, sorted. Raises ConfigError when two have one id."""
    found: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in found:
            raise ConfigError(
                f"rule {rule.id}", found="two rules with this id", expected="one", next_step="give the new one a new id"
            )
        found[rule.id] = rule
    return dict(sorted(found.items()))


def page(rule: Rule) -> Mapping[str, str]:
    """A rule's page: `Title` and each of `PARTS`, from its docstring."""
    text = inspect.getdoc(type(rule)) or ""
    pieces = re.split(rf"(?m)^({'|'.join(PARTS)}):\s*", text)
    return {"Title": pieces[0].strip()} | {
        name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def page_text(rule: Rule) -> str:
    """A rule's page as text."""
    parts = page(rule)
    said = [f"{name}: {_unfolded(parts[name])}" for name in PARTS]
    return "\n\n".join([f"{rule.id}: {parts['Title']}", *said]) + "\n"


def page_markdown(rule: Rule) -> str:
    """A rule's page as it stands in docs/rules."""
    parts = page(rule)
    said = [f"## {name}\n\n{_unfolded(parts[name])}" for name in PARTS]
    return "\n\n".join([f"# {rule.id}", parts["Title"], *said]) + "\n"


def _unfolded(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text)
