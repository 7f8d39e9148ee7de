"""Events and their bytes: schema `governance.event/1`, encoded by RFC 8785 and stored exactly as hashed.

Every key of the schema is in every leaf, null, empty list or empty object where there is nothing to say, so one event
has one encoding. `docs/ledger.md` draws the form.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from types import MappingProxyType
from typing import Self, TypeVar

from governance.ledger import patterns
from policies.errors import LedgerError, TamperedError

SCHEMA = "governance.event/1"
"""Name and version of the form; a later form gets another number and old leaves stay as they are."""

KINDS = frozenset(
    {
        "archive.checked",
        "assessment.closed",
        "assessment.opened",
        "assessment.signed",
        "automated.declared",
        "automated.ended",
        "automated.review_asked",
        "automated.review_decided",
        "backup.drilled",
        "break_glass.approved",
        "break_glass.closed",
        "break_glass.opened",
        "catalog.decided",
        "check",
        "close",
        "consent.expired",
        "consent.exported",
        "consent.forgotten",
        "consent.given",
        "consent.imported",
        "consent.invalidated",
        "consent.judged",
        "consent.objected",
        "consent.receipt",
        "consent.refused",
        "consent.renewed",
        "consent.requested",
        "consent.withdrawn",
        "decision",
        "hold.placed",
        "hold.released",
        "incident.assessed",
        "incident.closed",
        "incident.contained",
        "incident.notified",
        "incident.opened",
        "job.approved",
        "job.batch",
        "job.done",
        "job.paused",
        "job.planned",
        "job.unlinked",
        "key.backup",
        "key.checked",
        "key.created",
        "key.destroyed",
        "key.restored",
        "key.rotated",
        "ledger.opened",
        "name.erased",
        "period.closed",
        "period.dropped",
        "period.opened",
        "recipient.told",
        "report",
        "request.acknowledged",
        "request.answered",
        "request.asked",
        "request.closed",
        "request.dropped",
        "request.extended",
        "request.investigated",
        "request.opened",
        "request.partly",
        "request.paused",
        "request.refused",
        "request.resolved",
        "request.resumed",
        "request.task_done",
        "request.task_given",
        "request.verified",
        "restriction.lifted",
        "restriction.placed",
        "review.closed",
        "review.decided",
        "review.opened",
        "scan",
        "scan.judged",
        "subject.exported",
        "subject.rectified",
        "training.attested",
    }
)
"""What an event can be about."""
RETIRED_KINDS = frozenset({"retention.batch", "retention.done", "retention.planned"})
"""What events of earlier releases can be about; they are read, and never written any more."""

_MAPPINGS = ("counts", "versions", "refs")


@dataclass(frozen=True, slots=True)
class EventObject:
    """One thing that an event is about."""

    ref: str
    """A store, dataset or field, as in `crm.customers.email`."""
    treatment: str | None = None
    """What was given of it: `clear`, `mask:email`, `null`; None where that does not apply."""


class _Formed:
    """Has room for the encoded form beside the fields of a draft."""

    __slots__ = ("_around", "_form")
    _form: tuple[str, ...]
    _around: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft(_Formed):
    """What happened, before the ledger gives it an id, a time and a place.

    Raises LedgerError when a field holds anything but ids, codes, counts and names from the user's own files.
    """

    kind: str
    """One of KINDS."""
    actor: str
    """Reference of the service or OS user who acted, or `system`."""
    principal: str | None = None
    """Reference of the person or service on whose behalf."""
    purpose: str | None = None
    """The purpose that was stated."""
    action: str | None = None
    """`read`, `export`, `write`, `delete`, or the verb of a command."""
    outcome: str | None = None
    """How it ended or was decided: `allowed`, `refused`, `done`, `failed`."""
    objects: tuple[EventObject, ...] = ()
    """What it was about, in the order of the statement or plan."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Numbers by name: `rows`, `fields`."""
    rules: tuple[str, ...] = ()
    """Ids of the rules that decided."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """What was in force: digests of policy, catalog, packs."""
    refs: Mapping[str, str] = field(default_factory=dict)
    """Ids of what it belongs to: `decision`, `job`, `plan`."""
    statement: str | None = None
    """Keyed hash of the statement; never its text."""
    reason: str | None = None
    """A key of the words files that says why."""
    note: str | None = None
    """Reference of a free text."""

    def __post_init__(self) -> None:
        for name in _MAPPINGS:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if self.kind not in KINDS and not (isinstance(self, Event) and self.kind in RETIRED_KINDS):
            patterns.refuse("kind", "a kind that is not in KINDS", "a kind of governance.ledger.events")
        self._check_people()
        self._check_codes()

    def form(self) -> tuple[str, ...]:
        """The encoded event around its id, period, seq and time: five texts, made once."""
        found: tuple[str, ...] | None = getattr(self, "_form", None)
        if found is None:
            text = _encoded(self, {"id": _HOLE, "period": _HOLE, "seq": _HOLE, "time": _HOLE})
            found = tuple(text.split(_ENCODED_HOLE))
            object.__setattr__(self, "_form", found)
        return found

    def ending(self, decision_id: str) -> tuple[str, ...]:
        """The form of the same close for another decision, whose id was checked."""
        found: tuple[str, ...] | None = getattr(self, "_around", None)
        if found is None:
            first, second, third, fourth, fifth = self.form()
            before, _, after = third.partition(f'{_REFS}"{self.refs["decision"]}"')
            found = (first, second, before + _REFS, after, fourth, fifth)
            object.__setattr__(self, "_around", found)
        first, second, start, after, fourth, fifth = found
        return first, second, f'{start}"{decision_id}"{after}', fourth, fifth

    @property
    def closes(self) -> str | None:
        """The decision that this event ends; None for any other kind."""
        return self.refs.get("decision") if self.kind == "close" else None

    def _check_people(self) -> None:
        patterns.check("actor", self.actor, patterns.PRINCIPAL_REF)
        patterns.check("principal", self.principal, patterns.PRINCIPAL_REF, optional=True)
        patterns.check("note", self.note, patterns.NOTE_REF, optional=True)

    def _check_codes(self) -> None:
        patterns.check("purpose", self.purpose, patterns.PURPOSE, optional=True)
        patterns.check("action", self.action, patterns.CODE, optional=True)
        patterns.check("outcome", self.outcome, patterns.CODE, optional=True)
        patterns.check("reason", self.reason, patterns.CODE, optional=True)
        patterns.check("statement", self.statement, patterns.HASH, optional=True)
        for each in self.objects:
            patterns.check_object("objects.ref", each.ref)
            patterns.check("objects.treatment", each.treatment, patterns.CODE, optional=True)
        for rule in self.rules:
            patterns.check("rules", rule, patterns.RULE)
        patterns.check_counts(self.counts)
        patterns.check_each("versions", self.versions, patterns.VERSION)
        patterns.check_each("refs", self.refs, patterns.ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(EventDraft):
    """What happened, as the ledger holds it."""

    id: str
    """Given once; evidence in reports names it."""
    time: str
    """UTC with microseconds, as `2026-11-22T08:00:00.000000Z`."""
    period: int
    """The period of the log, from 1."""
    seq: int
    """The place in its period, from 0."""

    @classmethod
    def of(cls, draft: EventDraft, *, event_id: str, time: dt.datetime, period: int, seq: int) -> Self:
        """A draft that got its id, time and place."""
        return cls.at(draft, event_id=event_id, time=stamp(time), period=period, seq=seq)

    @classmethod
    def at(cls, draft: EventDraft, *, event_id: str, time: str, period: int, seq: int) -> Self:
        """As `of`, with the time as `stamp` gives it."""
        patterns.check_id("id", event_id)
        return _copied(cls, draft, _form=draft.form(), id=event_id, time=time, period=period, seq=seq)

    def leaf(self) -> bytes:
        """The bytes that are stored and hashed: RFC 8785.

        The standard library's encoder gives the same bytes as that scheme for what an event can hold: texts, whole
        numbers below 2**53, and keys in ASCII. It is ten times quicker than an encoder in Python; an event that this
        ledger makes only fills in the form of its draft. Raises LedgerError for a text that is no Unicode.
        """
        form: tuple[str, ...] | None = getattr(self, "_form", None)
        if form is not None:
            return filled(form, self.id, self.time, self.period, self.seq)
        place = {name: getattr(self, name) for name in ("id", "period", "seq", "time")}  # read, not made here
        return _as_bytes(_encoded(self, place))

    @classmethod
    def from_leaf(cls, leaf: bytes) -> Self:
        """The event in stored bytes. Raises TamperedError for bytes that this schema does not make."""
        try:
            document = json.loads(leaf)
            if document.pop("schema") != SCHEMA:
                raise _not_an_event()
            document["objects"] = tuple(EventObject(**each) for each in document["objects"])
            document["rules"] = tuple(document["rules"])
            return cls(**document)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise _not_an_event() from None

    @property
    def moment(self) -> dt.datetime:
        """The time as a datetime in UTC."""
        return dt.datetime.fromisoformat(self.time)


_DRAFT_FIELDS = tuple(each.name for each in fields(EventDraft) if each.init)
_VALUES = attrgetter(*_DRAFT_FIELDS)
_PUTS = tuple(getattr(EventDraft, name).__set__ for name in _DRAFT_FIELDS)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_REFS = '"refs":{"decision":'
_STAMP_DIGITS = 19  # up to the seconds; behind them stands the zone
_second = [(dt.datetime.min.replace(tzinfo=dt.UTC), "0001-01-01T00:00:00")]
"""The last second that was written out: events follow each other, and its text takes most of a stamp's time."""
_HOLE = "\0"  # no text of an event holds one
_ENCODED_HOLE = '"\\u0000"'
_Made = TypeVar("_Made", bound=EventDraft)


def _encoded(draft: EventDraft, place: Mapping[str, object]) -> str:
    document: dict[str, object] = {name: getattr(draft, name) for name in _DRAFT_FIELDS} | dict(place)
    document |= {name: dict(getattr(draft, name)) for name in _MAPPINGS}
    document["schema"] = SCHEMA
    document["objects"] = [{"ref": each.ref, "treatment": each.treatment} for each in draft.objects]
    document["rules"] = list(draft.rules)
    return _ENCODER.encode(document)


def filled(form: tuple[str, ...], event_id: str, time: str, period: int, seq: int) -> bytes:
    """The leaf of a form. Raises LedgerError for a text that is no Unicode."""
    first, second, third, fourth, fifth = form
    return _as_bytes(f'{first}"{event_id}"{second}{period}{third}{seq}{fourth}"{time}"{fifth}')


def _as_bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        patterns.refuse("objects", "a text with a lone surrogate", "Unicode text")


def _copied(kind: type[_Made], draft: EventDraft, **others: object) -> _Made:
    """A draft under another kind: it was checked when it was made, and cannot change."""
    made = object.__new__(kind)
    for put, value in zip(_PUTS, _VALUES(draft), strict=True):
        put(made, value)
    for name, value in others.items():
        object.__setattr__(made, name, value)
    return made


def stamp(time: dt.datetime) -> str:
    """A time as events write it. Raises LedgerError for a time without a zone, or out of what UTC can tell."""
    if time.tzinfo is None:
        patterns.refuse("time", "a time without a zone", "an aware datetime")
    if time.tzinfo is not dt.UTC:
        try:
            time = time.astimezone(dt.UTC)
        except OverflowError:
            patterns.refuse("time", "a time before year 1 or after year 9999 in UTC", "a time between these")
    second, text = _second[0]
    past = time - second
    if past.days or past.seconds:
        second = time.replace(microsecond=0)
        text, past = second.isoformat()[:_STAMP_DIGITS], time - second
        _second[0] = (second, text)
    return f"{text}.{past.microseconds:06d}Z"


def is_stamp(text: object) -> bool:
    """Whether a text is a time as `stamp` writes it."""
    try:
        return isinstance(text, str) and stamp(dt.datetime.fromisoformat(text)) == text
    except (ValueError, LedgerError):
        return False


def _not_an_event() -> TamperedError:
    return TamperedError(
        "ledger event",
        found="stored bytes of another form",
        expected=f"an event of schema {SCHEMA}",
        next_step="run `governance ledger verify`, which names the place",
    )
