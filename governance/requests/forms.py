"""Identifiers in every form in which a store may write them: whether a value, or a text, holds one.

    email   without case, width and blanks
    phone   the same number by libphonenumber, however it is written; a number without its country is read under each
            region of the project
    name    without case, width and blanks; characters are not converted between simplified and traditional
    key     a subject key of one store or dataset, see `keys.py`; never looked for in fields
    other   `id` and any other kind: letters and digits alone, without case and width

Nothing here reads a store. Values never show in a repr.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from governance.requests.traced import Identifier
from policies.errors import BadInputError

KEY = "key"
"""The kind of an internal subject key."""
SHORTEST = 5
"""An id of fewer letters and digits is not followed from record to record, and not looked for in texts."""
LAST_DIGITS = 6
"""By so many last digits of a phone number candidates are found; the whole number decides."""
_MOST_GROUPS = 12
"""A phone number is written in so many groups of digits at most."""
_DIGIT_RUN = re.compile(r"[+(]?\d[\d\s().\-/]{4,}\d")


@dataclass(frozen=True)
class Form:
    """One identifier, ready to be compared."""

    kind: str
    """As of the identifier."""
    value: str = field(repr=False)
    """As it was given."""
    normal: str = field(repr=False)
    """What is compared; for a phone its last digits."""
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    """For a phone: the numbers that it may be, as E.164."""
    regions: tuple[str, ...] = ()
    """For a phone: where a number without its country may belong."""

    def matches(self, value: Any) -> bool:
        """Whether a field's whole value is this identifier."""
        if value is None:
            return False
        text = str(value)
        if self.kind == "phone":
            return bool(self.numbers & phone_numbers(text, self.regions))
        return normal(self.kind, text) == self.normal

    def is_for(self, kind: str) -> bool:
        """Whether it is looked for in fields of a kind: an `id` in those of every kind that is compared as ids are."""
        return self.kind == kind or (self.kind == "id" and kind not in ("email", "phone", "name", KEY))

    def stands_in(self, text: str) -> bool:
        """Whether a text names this identifier, as a word of its own."""
        if self.kind == "phone":
            return any(self._is_number(each.group()) for each in _DIGIT_RUN.finditer(_wide(text)))
        return self._word is not None and self._word.search(_wide(text).casefold()) is not None

    @property
    def is_searched_in_texts(self) -> bool:
        """Whether it is long enough to mean something in a text."""
        return self.kind in ("email", "phone") or (self.kind == "name" and len(self.normal) > 1) or self.is_followed

    @property
    def is_followed(self) -> bool:
        """Whether it may lead from one record to another."""
        if self.kind == "phone":
            return bool(self.numbers)
        return self.kind not in ("name", KEY) and len(self.normal) >= SHORTEST

    @property
    def spellings(self) -> tuple[str, ...]:
        """The value as given, and as it is compared: what an index of exact values can be asked for."""
        return tuple(dict.fromkeys([self.value, *(sorted(self.numbers) if self.numbers else [self.normal])]))

    def _is_number(self, run: str) -> bool:
        """Whether some neighbouring groups of digits are the number: other numbers may stand right beside it."""
        groups = re.findall(r"\d+", run)
        return any(
            "".join(groups[start:end]) in self._written
            for start in range(len(groups))
            for end in range(start + 1, min(start + _MOST_GROUPS, len(groups)) + 1)
        )

    @cached_property
    def _written(self) -> frozenset[str]:
        """The digits of a phone as people write them."""
        found: set[str] = set()
        for number in self.numbers:
            country, national = _parts(number)
            found |= {national, f"0{national}", f"{country}{national}", f"00{country}{national}"}
            found |= {f"{country}0{national}", f"00{country}0{national}"}  # +49 (0) 30 ...
        return frozenset(found)

    @cached_property
    def _word(self) -> re.Pattern[str] | None:
        between = r"\s*" if self.kind == "name" else "" if self.kind == "email" else r"[\s.\-/]?"
        letters = self.normal.casefold()
        inside = between.join(map(re.escape, letters))
        edge = r"[\w.+-]" if self.kind == "email" else r"[^\W_]"
        if not letters:
            return None
        before = f"(?<!{edge})" if letters[0].isascii() else ""
        after = r"(?![\w-]|\.\w)" if self.kind == "email" else f"(?!{edge})" if letters[-1].isascii() else ""
        return re.compile(before + inside + after, re.ASCII)  # a Chinese character beside an id is no letter of it


def form_of(identifier: Identifier, regions: Sequence[str]) -> Form:
    """An identifier, ready to be compared. Raises BadInputError for one that cannot be of its kind."""
    kind, value = identifier.kind, identifier.value
    if kind == "phone":
        numbers, digits = phone_numbers(value, tuple(regions)), _digits(_wide(value))
        if len(digits) < LAST_DIGITS:
            raise _wrong(kind, "fewer than six digits", "a phone number, best with its country")
        return Form(kind, value, digits[-LAST_DIGITS:], numbers or frozenset({digits}), tuple(regions))
    found = normal(kind, value)
    if not found or (kind == "email" and "@" not in found[1:-1]):
        raise _wrong(kind, "a value of another form", "an e-mail address" if kind == "email" else "letters or digits")
    return Form(kind, value, found)


def guessed_kinds(value: str, regions: Sequence[str]) -> tuple[str, ...]:
    """The kinds that a value may be: an `@` makes it an e-mail address, a telephone's look a phone.

    Digits alone that are a phone number in one of the regions are looked for as a phone and as an id; anything else is
    an id. Raises BadInputError for nothing.
    """
    text = _wide(value).strip()
    if not text:
        raise _wrong("identifier", "nothing", "an e-mail address, a phone number or an id")
    if "@" in text:
        return ("email",)
    looks = text.startswith(("+", "00", "(")) or re.search(r"\d[\s\-/.()]+\d", text)
    if looks and not re.search(r"[^\W\d_]", text):
        return ("phone",)
    return ("id", "phone") if text.isdigit() and phone_numbers(text, tuple(regions)) else ("id",)


def followed(kind: str, value: Any, regions: Sequence[str]) -> Form | None:
    """A value of a record as an identifier that leads on; None for one that means nothing, such as `n/a`."""
    if value is None or kind in ("name", KEY):
        return None
    try:
        form = form_of(Identifier(kind, str(value)), regions)
    except BadInputError:
        return None
    if kind == "phone" and not phone_numbers(str(value), tuple(regions)):
        return None
    return form if form.is_followed else None


def normal(kind: str, text: str) -> str:
    """What is compared of an e-mail address, name or id."""
    folded = unicodedata.normalize("NFKC", _wide(text).casefold())
    if kind in ("email", "name"):
        return "".join(folded.split())
    return "".join(each for each in folded.upper() if each.isalnum())


@lru_cache(maxsize=4096)
def phone_numbers(text: str, regions: tuple[str, ...]) -> frozenset[str]:
    """The numbers that a text may be, as E.164 without extension; a national one under each region that has it."""
    import phonenumbers

    wide = _wide(text).strip()
    if wide.startswith("00"):
        wide = "+" + wide[2:]
    found = set()
    for region in (None,) if wide.startswith("+") else regions:
        try:
            number = phonenumbers.parse(wide, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            found.add(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if not found and not wide.startswith("+") and len(digits := _digits(wide)) > 10:
        return phone_numbers(f"+{digits}", regions)  # an international number whose plus was lost
    return frozenset(found)


def regions_of(regions: Iterable[str]) -> tuple[str, ...]:
    """Regions in one order, so that what is cached of them is found again."""
    return tuple(sorted(set(regions)))


@lru_cache(maxsize=1024)
def _parts(number: str) -> tuple[str, str]:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return "", number
    return str(parsed.country_code), phonenumbers.national_significant_number(parsed)


def _wide(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _digits(text: str) -> str:
    return "".join(each for each in text if each.isdigit() and each.isascii())


def _wrong(kind: str, found: str, expected: str) -> BadInputError:
    return BadInputError(
        f"identifier of kind {kind}", found=found, expected=expected, next_step="check it, or say --kind"
    )
