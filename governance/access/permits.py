"""A permit: what one principal may see of one dataset for one purpose, ready to be put into a query.

It holds no attribute of the principal: those enter statements as bound values, so one permit serves everybody with the
same roles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.nouns import Action, DatasetRef
from policies.predicate import Predicate


@dataclass(frozen=True, slots=True)
class RowRule:
    """A set of rows that a rule gives or takes."""

    rule_id: str
    """The rule."""
    rows: Predicate | None
    """Which rows; None for all."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What one rule gives of a field."""

    rule_id: str
    """The rule."""
    treatment: str
    """`clear`, `mask:NAME`, `pseudonym` or `null`."""
    rows: Predicate | None
    """For which rows; None for all."""


@dataclass(frozen=True, slots=True)
class FieldPermit:
    """How one field is shown.

    For a row, the first of `rules` whose `rows` is TRUE decides; none means NULL. A row for which a predicate of
    `denies` is TRUE or unknown shows NULL, whatever the rules give.
    """

    field: str
    """The field's name."""
    rules: tuple[FieldRule, ...]
    """Most specific object first; among equals the most protective first. Never empty."""
    denies: tuple[RowRule, ...] = ()
    """Rows for which the field is denied; their `rows` is never None."""

    @property
    def treatments(self) -> tuple[str, ...]:
        """The treatments that can occur, sorted."""
        return tuple(sorted({rule.treatment for rule in self.rules}))


@dataclass(frozen=True, slots=True)
class DatasetPermit:
    """What one principal may see of one dataset.

    A row is visible when a rule of `allow` is TRUE for it, none of `deny` is TRUE or unknown, and each of `special` is
    FALSE.
    """

    dataset: DatasetRef
    """The dataset."""
    action: Action
    """What it permits."""
    purpose: str
    """For which purpose."""
    allow: tuple[RowRule, ...]
    """Rows that rules on the dataset, its store or `*` give; never empty."""
    deny: tuple[RowRule, ...]
    """Rows that are denied as a whole; their `rows` is never None."""
    special: tuple[RowRule, ...]
    """Rows that reveal a special category which the purpose does not list; their `rows` is never None."""
    fields: Mapping[str, FieldPermit]
    """The visible fields by name, in the catalog's order; a field that is not here is refused when named."""
    hidden: Mapping[str, str]
    """Each other field of the catalog, with why: `unreviewed`, `special`, `denied`, `no_rule`."""
    digest: str
    """Of all that went into it: policy files, catalog and packs. A cache key."""

    def is_clear(self, field: str) -> bool:
        """Whether a field is given in `clear` in every row that is visible.

        So it is without conditions, and also where each rule that gives rows gives the field in clear for them.
        """
        shown = self.fields.get(field)
        if shown is None or shown.denies or any(rule.treatment != "clear" for rule in shown.rules):
            return False
        given = {rule.rule_id for rule in shown.rules}
        return any(rule.rows is None for rule in shown.rules) or given.issuperset(rule.rule_id for rule in self.allow)
