"""Postal addresses as whole values: number, one or two names, and a word for a street."""

from __future__ import annotations

from governance.scan.forms.base import Form, Written, entities
from governance.scan.makeup import BLANK, DIGIT, LETTER

_STREET = "Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd"
_THINGS = "Way|Ways|Place|Row|Walk|Path|Close|Minutes?|Hours?|Days?|Weeks?|Times|People|Items|Orders?|Pieces?|Percent"

ADDRESSES: tuple[Form, ...] = (
    Written(
        name="street",
        entities=entities("ADDRESS"),
        exemplar="12 Maple Street",
        expression=rf"^[1-9]\d{{0,4}}(?: [A-Z][a-z]{{2,15}}){{1,2}} (?:{_STREET})$",
        kinds=DIGIT | LETTER | BLANK,
        sizes=(8, 50),
        digits=(1, 5),
        but=rf" (?:{_THINGS}|{_STREET}) ",
    ),
)
"""Forms of addresses."""
