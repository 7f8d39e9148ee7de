"""Masks of text, each a list of patterns that Python's `re` and Arrow's RE2 read alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from governance.protect.masks.base import by_distinct

DIGITS = "0123456789"
"""What `phone` shows at the end of a number."""

PLUS_DIGITS = "+0123456789"
"""What `phone` shows at the start of a number."""

EMAIL_STOPS = " \t\n\r,;:/<>()\"'，；：、（）"
"""A value that holds one of these is not one bare e-mail address, so `email` shows none of it."""

HAN = (("㐀", "䶿"), ("一", "鿿"), ("𠀀", "\U000323af"))
"""First and last character of each stretch of Chinese characters; a name that begins with one is a Chinese name."""

COMPOUND_SURNAMES = (
    "欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "司徒", "东方", "東方", "独孤",
    "獨孤", "南宫", "南宮", "尉迟", "尉遲", "公孙", "公孫", "慕容", "长孙", "長孫", "宇文",
    "皇甫", "令狐", "轩辕", "軒轅", "夏侯", "端木", "百里", "呼延", "东郭", "東郭", "西门",
    "西門", "申屠", "澹台", "澹臺", "赫连", "赫連", "第五", "范姜", "張簡",
)  # fmt: skip
"""Surnames of two characters, which `name` keeps whole."""

PLACE_FORMS = (
    ("區", "区"), ("縣", "县"), ("園", "园"), ("廠", "厂"), ("县", "区"),
    *((f"{kind}区", f"{kind}〇") for kind in ("自治", "行政", "地", "小", "社", "园", "校", "厂", "街", "景")),
    *((stop, "号") for stop in "號路街弄巷"),
)  # fmt: skip
"""In this order, what `address` reads as what while it looks for the end of district, city and province: `区` ends a
district or county only where it is not part of another word, and `号` stands for every word of a street."""

PLACE_ENDS = (("区", 16), ("市", 10), ("省", 8))
"""The last character of what `address` keeps, the first that fits, and the greatest place at which it may stand."""


class TextForm:
    """The first pattern that fits the whole value gives what is left of it; one that fits none leaves `otherwise`."""

    def __init__(self, cases: Sequence[tuple[str, str]], otherwise: str) -> None:
        self._python = [(re.compile(pattern, re.DOTALL), left) for pattern, left in cases]
        self._arrow = [(rf"(?s)\A(?:{pattern})\z", left) for pattern, left in cases]
        self._otherwise = otherwise

    def one(self, value: object) -> object | None:
        """What is left of a text."""
        if not isinstance(value, str):
            return None
        for pattern, left in self._python:
            if found := pattern.fullmatch(value):
                return found.expand(left)
        return self._otherwise

    def column(self, values: pa.Array) -> pa.Array:
        """What is left of each text. A pattern sees only the texts that those before it did not fit."""
        return self._after(0, values)

    def _after(self, case: int, values: pa.Array) -> pa.Array:
        if case == len(self._arrow):
            left = pa.scalar(self._otherwise, values.type)
            return pc.if_else(pc.is_valid(values), left, pa.scalar(None, values.type))
        pattern, replacement = self._arrow[case]
        fits = pc.fill_null(pc.match_substring_regex(values, pattern), False)
        rest = pc.invert(fits)
        if not pc.any(fits).as_py():
            return self._after(case + 1, values)
        fitting = pc.replace_substring_regex(values.filter(fits), pattern, replacement)
        if not pc.any(rest).as_py():
            return cast("pa.Array", fitting)
        made = pc.replace_with_mask(values, fits, fitting)
        return cast("pa.Array", pc.replace_with_mask(made, rest, self._after(case + 1, values.filter(rest))))


class AddressForm:
    """Keeps province, city and district of a Chinese address."""

    def one(self, value: object) -> object | None:
        """What is left of a text."""
        if not isinstance(value, str):
            return None
        read = value
        for word, other in PLACE_FORMS:
            read = read.replace(word, other)
        street = read.find("号") + 1 or len(read) + 1
        for end, limit in PLACE_ENDS:
            place = read.find(end) + 1
            if 2 <= place <= limit and place < street:
                return value[:place] + "****"
        return "****"

    def column(self, values: pa.Array) -> pa.Array:
        """What is left of each text."""
        return by_distinct(self, values)


def name_form() -> TextForm:
    """Surname and stars of a Chinese name, initials of another."""
    compound = "|".join(COMPOUND_SURNAMES)
    han = "[" + "".join(f"{first}-{last}" for first, last in HAN) + "]"
    return TextForm(
        (
            (f"({compound}).", r"\1*"),
            (f"({compound})..+", r"\1**"),
            (f"({han}).", r"\1*"),
            (f"({han})..+", r"\1**"),
            ("([^ ])[^ ]* ([^ ]).*", r"\1*** \2***"),
            ("(.).+", r"\1***"),
        ),
        "*",
    )


def email_form() -> TextForm:
    """First character and domain of one address."""
    other = f"[^@{EMAIL_STOPS}]"
    return TextForm(((f"({other}){other}+(@{other}*)", r"\1***\2"), (f"{other}?(@{other}*)", r"***\1")), "***")


def phone_form() -> TextForm:
    """First three and last four digits."""
    return TextForm(((r"([+0-9]{3}).{4,}([0-9]{4})", r"\1****\2"), (r".{4,}([0-9]{4})", r"****\1")), "****")
