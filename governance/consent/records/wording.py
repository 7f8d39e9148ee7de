"""A consent record in the words of one language, for the person whom it is about."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from governance.consent.events import EVERY, ConsentEvent, ConsentKind
from governance.consent.records.basis import RecordBasis
from governance.consent.records.parties import recipients_of
from policies.vocabulary import Words

Row = tuple[str, str]
"""A label and what it says."""
_GIVING = (ConsentKind.GIVEN, ConsentKind.RENEWED)
_UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}


class Wording:
    """Says records in one language and time zone."""

    def __init__(self, basis: RecordBasis, lang: str, zone: str) -> None:
        self._basis = basis
        self._words = Words(lang)
        self._zone = ZoneInfo(zone)

    def organisation(self) -> Iterator[Row]:
        """Who answers for the data, and where to turn to. Raises ConfigError when the controller is not stated."""
        controller, about = self._basis.controller, self._basis.organisation
        yield self._say("controller"), self._list((controller.name, controller.address, controller.country))
        yield self._say("contact"), controller.contact
        if about.officer is not None:
            yield self._say("officer"), self._list((about.officer.title, about.officer.contact))
        yield self._say("withdrawal"), self._basis.withdrawal
        if about.rights is not None:
            yield self._say("rights"), about.rights
        if about.authority is not None:
            yield self._say("authority"), about.authority

    def consent(self, events: Sequence[ConsentEvent]) -> Iterator[Row]:
        """One consent: all events of a purpose and channel in order of time. Raises ConfigError as `record_of`."""
        last, basis = events[-1], self._basis
        agreed = next((each for each in reversed(events) if each.kind in _GIVING), last)
        yield self._say("purpose"), basis.text(last.purpose)
        yield self._say("channel"), self._channel(last.channel)
        categories = basis.categories(last.purpose, agreed.categories)
        yield self._say("categories"), self._list(map(self._category, categories))
        yield self._say("state"), self._say(f"kind_{last.kind}")
        for each in events:
            yield self._say("history"), self._event(each)
        notices = dict.fromkeys((each.notice_version, each.language) for each in events if each.notice_version)
        yield self._say("notice"), self._list(f"{version} ({language})" for version, language in notices)
        yield self._say("lasts"), self._period(agreed.duration)
        yield self._say("retention"), self._period(basis.processing(last.purpose).retention)
        yield self._say("storage"), self._list(basis.storage(last.purpose))
        recipients = [f"{each.name} ({each.country})" for each in recipients_of(last.purpose, basis)]
        yield self._say("recipients"), self._list(recipients) or self._say("nobody")

    def moment(self, text: str) -> str:
        """A recorded moment as its reader's clock shows it, with the zone named."""
        local = dt.datetime.fromisoformat(text).astimezone(self._zone)
        return f"{local:%Y-%m-%d %H:%M} {self._zone.key}"

    def _event(self, event: ConsentEvent) -> str:
        said = f"{self.moment(event.valid_time)}: {self._say(f'kind_{event.kind}')}"
        return f"{said} ({self._say(f'form_{event.form}')})" if event.kind in _GIVING else said

    def _channel(self, channel: str) -> str:
        key = f"consent.channel_{'every' if channel == EVERY else channel}"
        return self._words.say(key) if self._words.has(key) else channel

    def _category(self, category: str) -> str:
        key = f"category.{category}"
        return self._words.say(key) if self._words.has(key) else category

    def _period(self, text: str) -> str:
        """An ISO 8601 period in words."""
        if not text:
            return self._say("endless")
        parts = re.findall(r"(\d+)([YMWD])", text)
        return self._list(self._words.say(f"receipt.{_UNITS[unit]}", count=int(count)) for count, unit in parts)

    def _say(self, name: str) -> str:
        return self._words.say(f"receipt.{name}")

    def _list(self, items: Iterable[str]) -> str:
        return self._say("comma").join(items)
