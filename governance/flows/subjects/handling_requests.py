"""`gov.requests`: the register of requests and complaints of a project, with people by name and places checked.

    made = gov.requests.open("access", law="gdpr", subject="customer-17", channel="email")
    gov.requests.task(made.id, "crm.customers", owner="alice")

Names, contact words and free texts go to the erasable table beside the ledger; the register holds their references.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack
from zoneinfo import ZoneInfo

from governance.ledger.events import stamp
from governance.requests.calendars import calendars_of
from governance.requests.desk import Desk, Said
from governance.requests.document import references, requests_document, shown
from governance.requests.intake import Intake
from governance.requests.register import Register
from governance.requests.request import Request, Task
from governance.requests.timing import Timing
from policies.clocks import Level, PauseCause, load_clocks
from policies.errors import CatalogError, GovernanceError
from policies.nouns import DatasetRef

if TYPE_CHECKING:
    from governance.app import Governance


Moved = TypeVar("Moved", Request, Task)


class About(TypedDict, total=False):
    """What can be said of a request beside its type, law and person."""

    channel: str
    """How it came, of `governance.requests.intake.CHANNELS`."""
    requester: str
    """Who asks: `self`, `agent`, `guardian` or `relative`."""
    contact: str | None
    """How to reach the person, as a free text; it can be erased."""
    cause: str
    """What gave occasion to it, as a code such as `billing`."""
    tier: str
    """The person's tier as a customer, as a code."""
    note: str | None
    """A free text; it can be erased."""


class Requests:
    """The register of one project. Every method raises as `governance.requests.register` says."""

    def __init__(self, gov: Governance) -> None:
        self._gov = gov

    def open(
        self,
        kind: str,
        *,
        law: str,
        subject: str,
        received: dt.datetime | None = None,
        **about: Unpack[About],
    ) -> Request:
        """Take down what a person asks for; recorded as `request.opened`.

        `subject` is the internal subject key, never a name or an address; kept is the keyed reference that consent has
        of the person. `received` is aware; now when it is left out.
        """
        with self._kept(about.get("contact"), about.get("note")) as (contact, note):
            intake = Intake(
                type=kind,
                law=law,
                subject_ref=self._gov.consent.subject_ref(subject),
                received=received,
                channel=about.get("channel", "other"),
                requester=about.get("requester", "self"),
                contact=contact,
                cause=about.get("cause", ""),
                tier=about.get("tier", ""),
                note=note,
            )
            return self._register.open(intake)

    def acknowledge(self, request: str, *, at: dt.datetime | None = None, note: str | None = None) -> Request:
        """Record that the person was told that it came."""
        return self._move(partial(self._register.acknowledge, request), note, at)

    def ask(self, request: str, *, at: dt.datetime | None = None, note: str | None = None) -> Request:
        """Record that the person was asked who they are."""
        return self._move(partial(self._register.ask, request), note, at)

    def verify(self, request: str, level: Level, *, at: dt.datetime | None = None, note: str | None = None) -> Request:
        """Record how sure one is of the person; a clock that stood for it runs again."""
        return self._move(partial(self._register.verify, request, level), note, at)

    def extend(self, request: str, reason: str, *, note: str | None = None) -> Request:
        """Record that the person was told, now, that it takes longer; `reason` is a code such as `complex`."""
        return self._move(partial(self._register.extend, request, reason), note, None)

    def pause(
        self, request: str, cause: PauseCause, *, at: dt.datetime | None = None, note: str | None = None
    ) -> Request:
        """Record that the clock stands since the person was asked."""
        return self._move(partial(self._register.pause, request, cause), note, at)

    def resume(self, request: str, *, at: dt.datetime | None = None, note: str | None = None) -> Request:
        """Record that the person has answered, and the clock runs again."""
        return self._move(partial(self._register.resume, request), note, at)

    def task(self, request: str, place: str, owner: str, *, note: str | None = None) -> Task:
        """Give somebody, by name, the work in a store or dataset. Raises ConfigError, CatalogError for unknown ones."""
        self._check_place(place)
        ref = self._gov.ledger.refer("principal", owner)
        return self._move(partial(self._register.task, request, place, ref), note, None)

    def done(self, request: str, task: str, *, note: str | None = None) -> Task:
        """Record that a task is done."""
        return self._move(partial(self._register.done, request, task), note, None)

    def step(
        self,
        request: str,
        step: Literal["investigated", "resolved"],
        *,
        at: dt.datetime | None = None,
        note: str | None = None,
    ) -> Request:
        """Take a complaint to its next step."""
        move = self._register.investigate if step == "investigated" else self._register.resolve
        return self._move(partial(move, request), note, at)

    def answer(
        self,
        request: str,
        *,
        partly: str | None = None,
        routes: Collection[str] = (),
        at: dt.datetime | None = None,
        note: str | None = None,
    ) -> Request:
        """Record that the answer went out; with `partly`, the ground on which a part was refused; routes as there."""
        if partly is None:
            return self._move(partial(self._register.answer, request), note, at)
        return self._move(partial(self._register.answer_partly, request, partly, routes), note, at)

    def refuse(
        self,
        request: str,
        reason: str,
        *,
        routes: Collection[str] = (),
        at: dt.datetime | None = None,
        note: str | None = None,
    ) -> Request:
        """Record that the person was told why not; `routes` are those that the refusal named: `authority`, `court`."""
        return self._move(partial(self._register.refuse, request, reason, routes), note, at)

    def close(self, request: str, *, why: str | None = None, note: str | None = None) -> Request:
        """Record that nothing is left to be done; with `why` (`withdrawn`, `duplicate`) one without an answer."""
        if why is None:
            return self._move(partial(self._register.close, request), note, None)
        return self._move(partial(self._register.drop, request, why), note, None)

    # --- looking

    def list(self, *, every: bool = False) -> tuple[Request, ...]:
        """Requests whose person waits, the one due first at the head; with `every`, all of them as they came."""
        return tuple(self._register.all() if every else self._register.waiting())

    def overdue(self) -> tuple[Request, ...]:
        """Requests of which the answer or the acknowledgement is overdue now."""
        now = stamp(self._gov.clock())
        return tuple(each for each in self._register.waiting() if each.is_overdue(now))

    def show(self, request: str) -> dict[str, Any]:
        """One request with tasks and history, people by name and texts where they are still kept."""
        found, tasks, history = (
            self._register.get(request),
            self._register.tasks([request]),
            self._register.history(request),
        )
        return shown(found, tasks, history, self._gov.ledger.resolve_all(references(found, tasks, history)))

    def statistics(self, year: int | None = None) -> dict[str, Any]:
        """The numbers of the report, as `governance.requests/1`; `year` is that of the CCPA's metrics."""
        requests = self._register.all()
        tasks = self._register.tasks([each.id for each in requests])
        names = self._gov.ledger.resolve_all({each.owner for each in tasks} - {"system"})
        now = self._gov.clock()
        document = requests_document(requests, tasks, names, now=now, timing=self._timing, year=year)
        return document | {"calendar": self._gov.project.config.calendar}

    # --- parts

    @property
    def _register(self) -> Register:
        gov = self._gov
        return Register(
            Desk(
                records=gov.records,
                ledger=gov.ledger,
                clock=gov.clock,
                new_id=gov.new_id,
                timing=self._timing,
                actor=gov.actor_ref,
                digest=gov.policy_files.policy.digest,
            )
        )

    @cached_property
    def _timing(self) -> Timing:
        config = self._gov.project.config
        zone = ZoneInfo(config.time_zone)
        return Timing(load_clocks(self._gov.clock().astimezone(zone).date()), zone, calendars_of(config))

    def _move(self, act: Callable[[Said], Moved], note: str | None, at: dt.datetime | None) -> Moved:
        with self._kept(note) as (ref,):
            return act(Said(at=at, note=ref))

    @contextmanager
    def _kept(self, *texts: str | None) -> Iterator[tuple[str | None, ...]]:
        """The references of texts; those that nobody had before are erased again when the move is refused."""
        ledger = self._gov.ledger
        fresh = [each for each in texts if each and ledger.find("note", each) is None]
        refs = {each: ledger.refer("note", each) for each in texts if each}
        try:
            yield tuple(refs[each] if each else None for each in texts)
        except GovernanceError:
            for each in fresh:
                ledger.erase(refs[each], actor=self._gov.actor_ref)
            raise

    def _check_place(self, place: str) -> None:
        store, _, name = place.partition(".")
        self._gov.project.store(store)
        if name and self._gov.catalog.dataset(DatasetRef(store, name)) is None:
            raise CatalogError(
                "request, task",
                found="a dataset that the catalog does not have",
                expected="a store, or one of its datasets such as crm.customers",
                next_step="see `governance catalog show`",
            )
