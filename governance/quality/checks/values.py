"""Validity of a value by its form: fillers, then form, check digit, region or day, as the kind of value has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.quality.checks import numbers, phones
from governance.quality.checks.base import verdict
from governance.quality.columns import Columns, where, written_as_day
from governance.quality.standard import Standard

Judge = Callable[[Columns, "ValueCheck"], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Gives where it can judge, where the form is wrong, and where the second rule of the kind is broken."""
_EMAIL = r"^[^\s@,;:<>()\[\]\\\"]+@(?:[^\s@.,;:<>()\[\]\\\"]+\.)+[^\s@.,;:<>()\[\]\\\"\d][^\s@.,;:<>()\[\]\\\"]+$"
_ODD_DOTS = r"^\.|\.\.|\.@"


@dataclass(frozen=True, slots=True)
class ValueCheck:
    """Validity of one field."""

    field: str
    """The column."""
    category: str
    """Its category."""
    kind: str | None
    """A key of KINDS; None for a field of which only fillers are known."""
    standard: Standard
    """What it must be like."""
    country: str | None = None
    """The column with the country of the person, if there is one."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Filler, form, and what else the kind has."""
        return ("validity.placeholder", "validity.form", _SECOND.get(self.kind or "", "validity.checksum"))

    @property
    def fields(self) -> tuple[str, ...]:
        """The column, and that of the country where the kind asks for it."""
        return (self.field, self.country) if self.country and self.kind == "phone" else (self.field,)

    def look(self, columns: Columns) -> np.ndarray:
        """As `Check.look`."""
        filler = self.fillers(columns)
        filled = columns.filled(self.field)
        if self.kind is None:
            return verdict(filled, filler)
        judged, form, second = KINDS[self.kind](columns, self)
        return verdict(filled & (judged | filler), filler, form, second)

    def fillers(self, columns: Columns) -> np.ndarray:
        """Where a filler stands for a value."""
        known = self.standard.fillers_of(self.category)
        lower = columns.lower(self.field)
        found = pc.is_in(lower, value_set=pa.array(known.words, pa.string()))
        if self.kind in ("phone", "national_id"):
            lower = pc.utf8_lower(columns.signs(self.field))
            found = pc.or_(found, pc.is_in(lower, value_set=pa.array(known.words, pa.string())))
        if known.patterns:
            found = pc.or_(found, pc.match_substring_regex(lower, f"^(?:{'|'.join(known.patterns)})$"))
        fillers: np.ndarray = where(found) & columns.filled(self.field)
        return fillers


def _email(columns: Columns, check: ValueCheck) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    text = columns.text(check.field)
    wrong = ~where(pc.match_substring_regex(text, _EMAIL)) | where(pc.match_substring_regex(text, _ODD_DOTS))
    return columns.filled(check.field), wrong, np.zeros(columns.rows, bool)


def _phone(columns: Columns, check: ValueCheck) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    countries = columns.text(check.country) if check.country else None
    wrong, unreached = phones.faults(columns.text(check.field), countries, check.standard.regions)
    return columns.filled(check.field), wrong, unreached


def _number(columns: Columns, check: ValueCheck) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    judged, broken = numbers.faults(columns.signs(check.field), check.kind or "")
    return judged, np.zeros(columns.rows, bool), broken


def _birth_date(columns: Columns, check: ValueCheck) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    column = columns.batch.column(check.field)
    typed = not pa.types.is_string(column.type)
    moments = columns.moments(check.field)
    judged = ~np.isnat(moments) if typed else written_as_day(columns.text(check.field))
    oldest = np.datetime64(
        check.standard.today.replace(year=check.standard.today.year - check.standard.pack.oldest_years, day=1), "s"
    )
    newest = np.datetime64(check.standard.today, "s") + np.timedelta64(1, "D")
    impossible = judged & (np.isnat(moments) | (moments < oldest) | (moments >= newest))
    return judged, np.zeros(columns.rows, bool), impossible


KINDS: Mapping[str, Judge] = MappingProxyType(
    {
        "bank_account": _number,
        "birth_date": _birth_date,
        "card": _number,
        "email": _email,
        "national_id": _number,
        "organization_id": _number,
        "phone": _phone,
    }
)
"""How each kind of value is judged."""
_SECOND = {"phone": "validity.region", "birth_date": "validity.date"}
