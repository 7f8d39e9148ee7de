"""One consent event: who (a keyed reference), for what, on which channel, in which form, and how it came about.

Every text is a code or reference from a short alphabet; what does not fit is refused without being repeated, so that no
e-mail address, name or sentence enters the records.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from json.encoder import encode_basestring
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from governance.ledger.events import stamp
from policies.errors import ConfigError
from policies.periods import parse_period
from policies.purposes import FORMS

EVERY = "*"
"""The channel of a consent that is not about one channel: it covers each."""
GUARDIAN = "guardian"
"""The form of a consent that a guardian gave for a child, where no stronger form is told; it needs a guardian_ref."""
EVENT_FORMS = (*FORMS, GUARDIAN)
"""Every form that an event can have; `guardian` has no place among FORMS, which go from weakest to strongest."""
_CODE = re.compile(r"[A-Za-z0-9._:/+-]{0,120}")
_CATEGORY = re.compile(r"[a-z0-9_]{1,60}(?:\.[a-z0-9_]{1,60}){0,5}")
_CATEGORIES_LENGTH = 1000
_PERSON = re.compile(r"p:[A-Za-z0-9_-]{1,64}|system")
_KEY_LENGTH = 191  # what MariaDB can index in utf8mb4


class ConsentKind(enum.StrEnum):
    """What happened to a consent. A kind of a later release stops use."""

    REQUESTED = "requested"
    """The person was asked; it changes nothing until they answer."""
    GIVEN = "given"
    """The person, or the guardian, agreed."""
    REFUSED = "refused"
    """The person said no when asked."""
    WITHDRAWN = "withdrawn"
    """The person took it back; with a guardian_ref, the guardian did."""
    EXPIRED = "expired"
    """It ended by itself; an end that follows from a duration needs no event."""
    RENEWED = "renewed"
    """What stood was confirmed for a new time; it revives nothing that was taken back."""
    INVALIDATED = "invalidated"
    """It was found not to be valid."""
    OBJECTED = "objected"
    """The person objects to a use, whatever basis it rests on."""


NOES = (ConsentKind.OBJECTED, ConsentKind.REFUSED, ConsentKind.WITHDRAWN)
"""Kinds by which a person says no."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person: the internal key that no store owns, and the key under which each store knows them."""

    key: str = field(repr=False)
    """The internal subject key; never an e-mail address or phone number, which change and are guessed."""
    store_keys: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Store name to the value of that store's subject-key field; stores known for this person may be left out."""

    def __post_init__(self) -> None:
        if not self.key:
            raise _wrong("subject key", "an empty text", "the internal subject key")
        for store, key in self.store_keys.items():
            if type(key) not in (str, int) or not 0 < len(str(key)) <= _KEY_LENGTH or "\0" in str(key):
                raise _wrong(
                    f"subject key in store {store}",
                    f"a {type(key).__name__} that cannot be a key",
                    f"a whole number or a text of 1 to {_KEY_LENGTH} characters",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """How an event came about; every text is a code of letters, digits and `._:/+-`."""

    jurisdiction: str = ""
    """The law that holds for the person, such as `gdpr`; empty when unknown."""
    notice_version: str = ""
    """Which privacy notice was shown."""
    language: str = ""
    """In which language, as a BCP 47 tag."""
    method: str = ""
    """How the person said so: `web_form`, `phone`, `paper`."""
    proof_ref: str = ""
    """Where the proof lies: an id of a recording, a scan, a log line."""
    collected_by: str = "system"
    """Who took it down: a reference that `Ledger.refer` gave, or `system`."""
    valid_time: dt.datetime | None = None
    """When the person said so, aware; None means now. A withdrawal dated ahead holds from now."""
    categories: tuple[str, ...] = ()
    """Data categories that it is about; empty means all that the purpose needs."""
    duration: str = ""
    """How long it lasts from `valid_time`, an ISO 8601 period such as `P12M`; empty means without an end."""
    guardian_ref: str = ""
    """Keyed reference of the guardian's proof; empty where no guardian acts."""

    def __post_init__(self) -> None:
        for name in ("jurisdiction", "notice_version", "language", "method", "proof_ref", "guardian_ref"):
            if not _CODE.fullmatch(getattr(self, name)):
                raise _wrong(f"consent {name}", "a text of another form", f"a code that matches {_CODE.pattern}")
        if len(self.jurisdiction) > 32 or len(self.language) > 35:
            raise _wrong(
                "consent jurisdiction or language", "a long text", "a law such as `gdpr`, a tag such as `zh-Hant`"
            )
        if not _PERSON.fullmatch(self.collected_by):
            raise _wrong("consent collected_by", "a text that is no reference", "what Ledger.refer gave, or `system`")
        if self.valid_time is not None and self.valid_time.tzinfo is None:
            raise _wrong("consent valid_time", "a time without a zone", "an aware datetime")
        _check_categories(self.categories)
        _check_duration(self.duration)

    def of_event(self) -> dict[str, Any]:
        """The same as the fields of an event, all but its times."""
        names = ("jurisdiction", "notice_version", "language", "method", "proof_ref", "collected_by", "duration")
        told = {name: getattr(self, name) for name in (*names, "guardian_ref")}
        return told | {"categories": tuple(sorted(set(self.categories)))}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """One event as the records hold it: references and codes only."""

    epoch: int
    """Its place among all changes, from 1, in the order in which they became durable; erasures take numbers too."""
    id: str
    """Given once."""
    subject_ref: str
    """Keyed reference of the person, 64 hex digits."""
    purpose: str
    """The purpose, or the parent of several."""
    channel: str
    """The channel, or `*` for each."""
    kind: str
    """A ConsentKind; a later release may add kinds, which stop use here."""
    form: str
    """One of EVENT_FORMS."""
    jurisdiction: str
    """As in Circumstances."""
    notice_version: str
    """As in Circumstances."""
    language: str
    """As in Circumstances."""
    method: str
    """As in Circumstances."""
    proof_ref: str
    """As in Circumstances."""
    collected_by: str
    """As in Circumstances."""
    valid_time: str
    """When the person said so: UTC with microseconds, as `2026-11-22T08:00:00.000000Z`; such texts sort by time."""
    recorded_time: str
    """When it was recorded, in the same form."""
    categories: tuple[str, ...] = ()
    """As in Circumstances, sorted."""
    duration: str = ""
    """As in Circumstances."""
    guardian_ref: str = ""
    """As in Circumstances."""
    snapshot: str = ""
    """Digest of what the purpose was when it was recorded: text, channels, categories; empty in older events."""

    @property
    def ends(self) -> str:
        """The moment from which it no longer holds, in the form of `valid_time`; empty for one without an end."""
        return end_of(self.valid_time, self.duration)

    @property
    def order(self) -> tuple[str, str, int]:
        """What "latest" means: valid time, then recorded time, then the order of recording."""
        return (self.valid_time, self.recorded_time, self.epoch)

    @property
    def digest(self) -> str:
        """SHA-256 over all that was recorded, for the ledger: a row that is changed later no longer fits its event."""
        return self.digest_under(self.epoch)

    def digest_under(self, epoch: int) -> str:
        """The same for this event under an epoch that it does not say."""
        before, after = _before_epoch(self), _after_epoch(self)
        told = [*_written(_BEFORE, before), f'"epoch":{epoch}', *_written(_AFTER, after)]
        return hashlib.sha256(f"{{{','.join(told)}}}".encode()).hexdigest()

    def says_the_same(self, other: ConsentEvent) -> bool:
        """Whether two events differ in nothing but when they were recorded."""
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS if name not in _RECORDING)


_FIELDS = tuple(each.name for each in fields(ConsentEvent))
_BEFORE = tuple(sorted(name for name in _FIELDS if name < "epoch"))
_AFTER = tuple(sorted(name for name in _FIELDS if name > "epoch"))
_before_epoch, _after_epoch = attrgetter(*_BEFORE), attrgetter(*_AFTER)
_LATER_FIELDS = ("categories", "duration", "guardian_ref", "snapshot")
"""Fields that events of the first release lack; empty ones stay out of the digest, so that it still fits those."""
_RECORDING = ("epoch", "recorded_time", "snapshot")
"""Fields that say when an event was recorded, and under what, but not what was told."""


def end_of(valid_time: str, duration: str) -> str:
    """When a period that begins at a moment is over; empty for no period, or one that outlasts the calendar."""
    if not duration:
        return ""
    try:
        return stamp(dt.datetime.fromisoformat(valid_time) + parse_period(duration).duration)
    except OverflowError:
        return ""


def _written(names: tuple[str, ...], values: tuple[Any, ...]) -> list[str]:
    """Fields as RFC 8785 writes texts and lists of them, for an object whose names are in order."""
    return [
        f'"{name}":{_list(value) if value.__class__ is tuple else encode_basestring(value)}'
        for name, value in zip(names, values, strict=True)
        if value or name not in _LATER_FIELDS
    ]


def _list(texts: tuple[str, ...]) -> str:
    return f"[{','.join(map(encode_basestring, texts))}]"


def _check_categories(categories: tuple[str, ...]) -> None:
    if not all(_CATEGORY.fullmatch(each) for each in categories) or len(" ".join(categories)) > _CATEGORIES_LENGTH:
        raise _wrong(
            "consent categories", "a text that is no data category", "keys such as `user.contact.email`, not too many"
        )


def _check_duration(duration: str) -> None:
    try:
        if duration:
            parse_period(duration)
    except ValueError:
        raise _wrong("consent duration", "a text of another form", "a period such as P12M, P2Y or P30D") from None


def _wrong(place: str, found: str, expected: str) -> ConfigError:
    return ConfigError(place, found=found, expected=expected, next_step="correct this value; nothing was recorded")
