"""What names a policy line can use, and which spellings of a name are refused.

A name that looks like another and is not equal to it is how a rule silently misses its object, so neither invisible
characters nor names that differ only in case or Unicode form are accepted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from policies.catalog import Catalog
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Names:
    """The files whose names policy lines refer to."""

    purposes: PurposesFile
    """Why data is used."""
    principals: PrincipalsFile
    """Who asks."""
    catalog: Catalog
    """Which data there is."""
    taxonomy: Taxonomy
    """What kinds of data there are."""


def folded(name: str) -> str:
    """A name with case, width and composition taken off: two names that fold alike look alike."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def twin(name: str, others: Iterable[str]) -> str | None:
    """Another name that folds like this one; None when there is none."""
    form = folded(name)
    return next((other for other in others if other != name and folded(other) == form), None)
