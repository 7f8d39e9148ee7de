"""Keyed pseudonyms: plausible values that stand for real ones, the same everywhere under one key and domain.

>>> import pyarrow as pa
>>> people = Pseudonymizer(PseudonymKey(bytes(32)), "person", "person", "en")
>>> len(people.column(pa.array(["Ann Lee", None, "Ann Lee"])).unique())
2
"""

from __future__ import annotations

from governance.protect.pseudonyms.assignments import Assignments
from governance.protect.pseudonyms.dates import shift_dates
from governance.protect.pseudonyms.key import PseudonymKey
from governance.protect.pseudonyms.kinds import KINDS, PseudonymKind
from governance.protect.pseudonyms.pseudonymizer import Pseudonymizer

__all__ = ["KINDS", "Assignments", "PseudonymKey", "PseudonymKind", "Pseudonymizer", "shift_dates"]
