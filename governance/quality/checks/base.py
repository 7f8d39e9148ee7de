"""What a check is: it looks at one column of a batch and says of each row which rule it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from governance.quality.columns import Columns

NOT_CHECKED = -1
"""Of a row about which the check says nothing, such as one without a value."""
FINE = 0
"""Of a row that breaks no rule; a broken one has the place of its rule in `Check.rules`, from 1."""


class Check(Protocol):
    """Looks at one column."""

    @property
    def rules(self) -> Sequence[str]:
        """The ids of the rules that it can find broken, all of one dimension."""
        ...

    @property
    def fields(self) -> Sequence[str]:
        """The columns that it needs."""
        ...

    def look(self, columns: Columns) -> np.ndarray:
        """For each row NOT_CHECKED, FINE or the number of the rule that it breaks, as int8."""
        ...


@dataclass(frozen=True, slots=True)
class Placed:
    """A check and what it is about."""

    place: str
    """A field or dataset."""
    check: Check
    """How it is looked at."""

    @property
    def dimension(self) -> str:
        """The dimension of its rules."""
        return self.check.rules[0].partition(".")[0]


def verdict(checked: np.ndarray, *broken: np.ndarray) -> np.ndarray:
    """The numbers of rules for each row: of several that it breaks, the first one given."""
    found: np.ndarray = np.where(checked, FINE, NOT_CHECKED).astype(np.int8)
    for number in range(len(broken), 0, -1):
        found[broken[number - 1] & checked] = number
    return found
