"""What the name path says of a new field: its name, its dataset's name, comment and type; there are no values."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from governance.gate.changes import SchemaChange
from governance.scan.evidence import Surroundings, names_of
from governance.scan.names import read_comment, read_dataset, read_name
from policies.nouns import Sensitivity
from policies.taxonomy import Category, Taxonomy

THRESHOLD = 0.5
"""From this confidence on a name speaks for itself."""
_ABOUT = 0.12  # `email boolean` and `last_login timestamp` say something about a thing and do not hold it
_ADDRESS = frozenset(
    ["addr", "address", "billing", "birth", "home", "mailing", "province", "residence", "shipping", "us"]
)
"""Words beside which `state` is a part of a country; by itself it is more often that of a process."""
_FLAGS = frozenset({"CONSENT_FLAG"})
_DATES = frozenset({"DATE_OF_BIRTH"})


@dataclass(frozen=True, slots=True)
class Guess:
    """What a field holds, going by its name."""

    entity: str
    """The entity, as in the taxonomy."""
    category: Category
    """The category that it stands for."""
    special: bool
    """Whether the category is special by nature or under one of the laws in force."""
    confidence: float
    """0 to 1."""


def guess(change: SchemaChange, taxonomy: Taxonomy, laws: Collection[str]) -> Guess | None:
    """The likeliest entity of a field, the more sensitive one among equals; None when nothing reaches the threshold."""
    dataset = read_dataset(change.dataset)
    around = Surroundings(dataset, people=dataset.about_people)
    joined = names_of(read_name(change.field, dataset), read_comment(change.comment), around)
    said = {entity: weight for entity, (weight, _) in joined.items()}
    if not (dataset.about_people or _ADDRESS & set(re.split(r"[^a-z]+", change.field.lower()))):
        said.pop("STATE", None)
    fitting = _fitting(change.native_type)
    if fitting is not None:
        said = {entity: weight * (1 if entity in fitting else _ABOUT) for entity, weight in said.items()}
    guesses = [
        Guess(entity, category, category.is_special(laws), round(weight, 2))
        for entity, weight in said.items()
        if weight >= THRESHOLD and (category := taxonomy.of_entity(entity)).sensitivity is not Sensitivity.PUBLIC
    ]
    return max(
        guesses, key=lambda each: (each.confidence, each.special, each.category.sensitivity, each.entity), default=None
    )


def _fitting(native_type: str) -> Collection[str] | None:
    """The entities that a type can hold; None for a type that can hold any."""
    word = native_type.upper().removeprefix("SA.").removeprefix("SQLALCHEMY.")
    if word.startswith(("BOOL", "BIT(1", "TINYINT(1)", "MYSQL.TINYINT(DISPLAY_WIDTH=1")):
        return _FLAGS
    return _DATES if word.startswith(("DATE", "TIME", "UTCDATETIME", "MYSQL.DATETIME", "MYSQL.TIMESTAMP")) else None
