"""What each part of an event may look like: ids, codes, counts and names from the user's own files, nothing else.

A value of a person seldom fits one of these (an e-mail address has `@`, a sentence has spaces); a text that does not
fit is refused without being repeated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from policies.errors import LedgerError

CODE = re.compile(r"[a-z0-9_.:-]{1,100}")
"""Words of ours: kinds, actions, outcomes, reasons, treatments, names of counts."""
_ID_LENGTH = 64
ID = re.compile(rf"[A-Za-z0-9_-]{{1,{_ID_LENGTH}}}")
"""Ids that `new_id` gave."""
PRINCIPAL_REF = re.compile(r"p:[A-Za-z0-9_-]{1,64}|system")
"""A person or service in the erasable names; `system` is this software itself."""
NOTE_REF = re.compile(r"n:[A-Za-z0-9_-]{1,64}")
"""A free text in the erasable names."""
PURPOSE = re.compile(r"[\w.:*-]{1,100}")
"""A name of purposes.yaml, in any script."""
RULE = re.compile(r"[\w.:/#*+-]{1,200}")
"""An id of a rule: a file with its line, or a name of ours."""
VERSION = re.compile(r"[A-Za-z0-9_.:+-]{1,100}")
"""A digest or version number."""
HASH = re.compile(r"[0-9a-f]{64}")
"""A keyed hash."""
OBJECT = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[^\x00-\x1f\x7f]{1,400})?")
"""A store, dataset or field as `policies.nouns` writes it."""
_MAIL = re.compile(r"[^\s@]@[^\s@]+\.[^\s@]")
_COUNT_LIMIT = 2**53  # JSON numbers are exact below


def check(field: str, value: str | None, pattern: re.Pattern[str], *, optional: bool = False) -> None:
    """Return when a text fits its pattern. Raises LedgerError, which does not repeat the text."""
    if value is None and optional:
        return
    if not isinstance(value, str) or not pattern.fullmatch(value):
        refuse(field, "a text of another form" if value else "nothing", f"a match of {pattern.pattern}")


def check_id(field: str, value: str) -> None:
    """Return when a text is an id that `new_id` could give. Raises LedgerError."""
    if type(value) is not str or not value.isalnum() or not value.isascii() or len(value) > _ID_LENGTH:
        check(field, value, ID)  # which knows `-` and `_` too, and takes longer


def check_object(field: str, ref: str) -> None:
    """Return when a text is the name of a store, dataset or field. Raises LedgerError."""
    check(field, ref, OBJECT)
    if _MAIL.search(ref):
        refuse(field, "a name that looks like an e-mail address", "the name of a store, dataset or field")


def check_each(field: str, values: Mapping[str, str], pattern: re.Pattern[str]) -> None:
    """Return when all names are codes and all texts fit their pattern. Raises LedgerError."""
    for name, value in values.items():
        check(f"name in {field}", name, CODE)
        check(f"{field}.{name}", value, pattern)


def check_counts(counts: Mapping[str, int]) -> None:
    """Return when all names are codes and all counts whole numbers from 0. Raises LedgerError."""
    for name, count in counts.items():
        check("name in counts", name, CODE)
        if type(count) is not int or not 0 <= count < _COUNT_LIMIT:
            refuse(f"counts.{name}", f"a {type(count).__name__} that is no count", "a whole number from 0")


def refuse(field: str, found: str, expected: str) -> NoReturn:
    """Raise the LedgerError of a field that holds what an event may not hold."""
    raise LedgerError(
        f"event field `{field}`",
        found=found,
        expected=expected,
        next_step="hand names and free text to Ledger.refer and record the reference",
    )
