"""Whose keys the rows of a dataset hold: a number may be a patient's in one dataset and a nurse's in another."""

from __future__ import annotations

import enum

from governance.consent.refusals import refused
from policies.errors import AccessRefusedError
from policies.nouns import DatasetRef


class Whose(enum.Enum):
    """Whether the rows of a dataset are about the persons whose keys consent and restriction name in their store."""

    NAMED = "named"
    """They are: the only kind of persons of the store, or one that the catalog names."""
    OTHERS = "others"
    """They are for certain about another kind: nobody of theirs can consent, or be restricted, in this store."""
    UNTOLD = "untold"
    """Nobody can tell: such rows have no consent, and a restriction holds for them by the number."""
    UNDECLARED = "undeclared"
    """The store has several kinds, and the catalog does not say which is meant: the same."""


_EXPECTED = "rows about the persons whose keys consent names: `persons` of the store in catalog.yaml"
_REFUSALS = {
    Whose.OTHERS: (
        "rows about another kind of persons of this store",
        _EXPECTED,
        "use another purpose, or keep the consent of these persons in a store of their own",
    ),
    Whose.UNTOLD: (
        "a subject key of which nothing tells whose it is",
        _EXPECTED,
        "declare a join from the subject key to its dataset of persons in catalog.yaml",
    ),
    Whose.UNDECLARED: (
        "keys of several kinds of persons",
        "`persons:` for the store in catalog.yaml",
        "name the dataset of persons whose consent is kept, as docs/catalog.md says; `governance doctor` lists them",
    ),
}


def not_theirs(whose: Whose, dataset: DatasetRef, purpose: str) -> AccessRefusedError:
    """The error for a purpose that needs consent, over rows that are not for certain about whom consent names."""
    return refused(dataset.store if whose is Whose.UNDECLARED else str(dataset), purpose, *_REFUSALS[whose])


def one_kind(dataset: DatasetRef) -> Whose:
    """For stores with one kind of persons each."""
    del dataset
    return Whose.NAMED
