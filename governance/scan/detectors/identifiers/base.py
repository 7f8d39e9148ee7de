"""`Entry`: one kind of identifier, as the pack `identifiers` describes it; and how sure a match of it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from governance.scan.detectors.base import LEFT

Checksum = Callable[[str], bool]
"""Whether a number, as it is written, passes its check."""

FORE = rf"{LEFT}(?<![0-9][.:/-])"
"""Before a number stands no part of the same token, and no digit with a sign that would make both one number."""
AFT = r"(?![0-9A-Za-z]|[.:/-][0-9]|,[0-9]{3}(?![0-9])|%)"
"""As `FORE`, behind it."""


@dataclass(frozen=True, slots=True)
class Strength:
    """The scores of a match that passed its check."""

    alone: int
    """Nothing but the number; 0 when such a match is not worth a word."""
    written: int
    """Written with its usual dots, dashes or strokes."""
    near: int
    """A word of the entry, or the field's name, speaks for it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of identifier."""

    number: int
    """Its place in the pack."""
    entity: str
    """What it is, a key of the taxonomy's `entities`."""
    country: str
    """ISO 3166 region, or empty."""
    name: str
    """What it is called."""
    form: str
    """How it is written, in the syntax that RE2 and Python share, without boundaries."""
    pattern: re.Pattern[str]
    """The form between boundaries."""
    check: Checksum | None
    """Its check; None when it has none."""
    chance: float
    """The share of unrelated values of the same form that pass the check."""
    words: tuple[str, ...]
    """Words that speak for it, lower case."""
    strength: Strength
    """How sure a match is."""
    family: str
    """`national`, `tax` ... : a field that is known to hold such numbers speaks a little for each of them."""

    def passes(self, text: str) -> bool:
        """Whether a match passes the check, or has none to pass."""
        return self.check is None or self.check(text)


def bounded(form: str, *, any_case: bool) -> re.Pattern[str]:
    """A form between boundaries by script."""
    return re.compile(rf"{FORE}(?:{form}){AFT}", re.ASCII | (re.IGNORECASE if any_case else 0))
