"""Say a value of a report in one language: words from the vocabulary, numbers and dates as its readers write them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from audits.report import Code, Count, Listing, Share, Tag, Text, Value
from policies.vocabulary import Words

LOCALES = {"en": "en_GB", "zh-Hans": "zh_Hans_CN", "zh-Hant": "zh_Hant_TW"}
"""The locale whose number and date forms a language takes; English dates name the month, so no order is guessed."""

DASH = "—"
"""What stands for no value."""

SMALLEST_SHOWN = 0.0001
"""A share below this is shown as less than it, so that a rare value never reads as nothing."""


class Speaker:
    """Turns values into text of one language and time zone. It has no state beyond these two.

    >>> Speaker("en").say(1234567)
    '1,234,567'
    """

    def __init__(self, lang: str, zone: str = "UTC") -> None:
        self.words = Words(lang)
        self.lang = lang
        self.zone = ZoneInfo(zone)
        self._locale = Locale.parse(LOCALES[lang])

    def say(self, value: Value) -> str:
        """The text of any value of a report."""
        match value:
            case None:
                return DASH
            case Text():
                return self._text(value)
            case Count():
                return self.number(value.value)
            case Share():
                return self.share(value.value)
            case Tag():
                return self._text(value.text)
            case Code():
                return value.text
            case Listing():
                return self.words.say("report.comma").join(self.say(each) for each in value.items)
            case dt.datetime():
                return format_datetime(value.astimezone(self.zone), format="medium", locale=self._locale)
            case dt.date():
                return format_date(value, format="medium", locale=self._locale)
            case int():
                return self.number(value)
            case _:
                return value

    def number(self, value: float) -> str:
        """A number with the digit groups of the language."""
        return format_decimal(value, locale=self._locale)

    def share(self, value: float) -> str:
        """A share in per cent: one place below ten, none above, and never `0 %` or `100 %` for what is not quite."""
        if value <= 0:
            return "0%"
        if value < SMALLEST_SHOWN:
            return f"< {SMALLEST_SHOWN:.2%}"
        if value >= 1:
            return "100%"
        places = 2 if value < 0.01 else 1
        shown = format_decimal(value * 100, format=f"#,##0.{'#' * places}", locale=self._locale)
        return f"> {self.number(99.9)}%" if shown == "100" else f"{shown}%"

    def moment(self, value: dt.datetime) -> str:
        """A moment in the report's time zone, with its offset: short names are ambiguous."""
        local = value.astimezone(self.zone)
        offset = local.strftime("%z")
        return f"{format_datetime(local, format='medium', locale=self._locale)} UTC{offset[:3]}:{offset[3:]}"

    def _text(self, value: Text) -> str:
        if not self.words.has(value.key):
            return value.otherwise or value.key
        key = value.key
        if ("count", 1) in value.values and self.words.has(f"{key}_one"):
            key = f"{key}_one"
        return self.words.say(key, **{name: self.say(each) for name, each in value.values})
