"""Reads and writes consent in the records database, on a connection whose transaction the caller holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from governance.consent.events import ConsentEvent
from governance.consent.tables import ENDS, EVENTS, HEAD, SUBJECTS
from policies.errors import RecordsError

Item = TypeVar("Item")

PAGE = 500
"""Subjects read at a time; below the number of parameters that every database takes."""
_COLUMNS = tuple(each.name for each in fields(ConsentEvent))
_OTHERS = tuple(name for name in _COLUMNS if name not in ("epoch", "categories"))
_others = attrgetter(*_OTHERS)
_HEAD = select(
    HEAD.c.epoch, HEAD.c.origin, HEAD.c.swept, select(func.min(ENDS.c.ends)).scalar_subquery().label("next_end")
).where(HEAD.c.id == 1)


def pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items in lists of `PAGE`, the last one shorter."""
    source = iter(items)
    while page := list(islice(source, PAGE)):
        yield page


@dataclass(frozen=True, slots=True)
class Head:
    """How far the records are."""

    epoch: int
    """Of the newest change; 0 before the first."""
    origin: str
    """Id of the first event, by which a store knows whose epochs it counts; empty before it."""
    swept: str
    """The moment up to which ends were told to the stores, as an event's `valid_time`; empty before the first."""
    next_end: str
    """The next moment at which a consent ends, in the same form; empty when none is to come."""


@dataclass(frozen=True, slots=True)
class SubjectLink:
    """A person in one store."""

    subject_ref: str
    """Keyed reference of the person."""
    key_ref: str
    """Keyed reference of the store's own key, so that two people cannot claim one."""
    sealed_key: bytes = field(repr=False)
    """The store's own key, sealed."""
    erasing: bool
    """Whether the store is to forget the person, after which this row goes too."""
    epoch: int
    """Of the last change that the store must learn of."""


_link_row = attrgetter(*(each.name for each in fields(SubjectLink)))


def read_head(connection: Connection) -> Head:
    """How far the records are. Raises RecordsError when the one row of the head is gone."""
    row = connection.execute(_HEAD).first()
    if row is None:
        raise RecordsError(
            "consent records", found="no head", expected="one row", next_step="restore the records from a backup"
        )
    return Head(row.epoch, row.origin, row.swept, row.next_end or "")


def next_epoch(connection: Connection) -> int:
    """Count one epoch on; until the transaction ends nobody else can, so epochs become durable in their order."""
    connection.execute(update(HEAD).where(HEAD.c.id == 1).values(epoch=HEAD.c.epoch + 1))
    return read_head(connection).epoch


def sweep(connection: Connection, upto: str) -> int:
    """Tell every store of the people whose consent ended by a moment that something changed; gives how many people."""
    first = next_epoch(connection)  # before the list is read: from here on nobody can add an end that it lacks
    gone = ENDS.c.ends <= upto
    people = connection.execute(select(ENDS.c.subject_ref).where(gone).distinct()).scalars().all()
    told = [{"ref": ref, "to": first + at} for at, ref in enumerate(people)]
    if told:
        move = update(SUBJECTS).where(SUBJECTS.c.subject_ref == bindparam("ref")).values(epoch=bindparam("to"))
        connection.execute(move, told)
    connection.execute(delete(ENDS).where(gone))
    last = max(first, first + len(people) - 1)
    swept = max(upto, read_head(connection).swept)  # another process, whose clock is ahead, may have been here
    connection.execute(update(HEAD).where(HEAD.c.id == 1).values(epoch=last, swept=swept))
    return len(people)


def add_event(connection: Connection, event: ConsentEvent) -> None:
    """Write an event under its epoch, and its end; the first one gives the records their origin."""
    connection.execute(insert(EVENTS).values(**_row(event)))
    if event.ends:
        connection.execute(insert(ENDS).values(epoch=event.epoch, subject_ref=event.subject_ref, ends=event.ends))
    connection.execute(update(HEAD).where(HEAD.c.id == 1, HEAD.c.origin == "").values(origin=event.id))


def take_turn(connection: Connection) -> None:
    """Let nobody else write consent until the transaction ends: what is read from now on still holds when it writes.

    SQLite's writing transactions take turns anyway; on PostgreSQL this locks the one row of the head.
    """
    connection.execute(update(HEAD).where(HEAD.c.id == 1).values(epoch=HEAD.c.epoch))


def reserve_epochs(connection: Connection, count: int) -> int:
    """Count several epochs on, and give the first of them; nobody else can until the transaction ends."""
    connection.execute(update(HEAD).where(HEAD.c.id == 1).values(epoch=HEAD.c.epoch + count))
    return read_head(connection).epoch - count + 1


def add_events(connection: Connection, events: Sequence[ConsentEvent], first: int) -> None:
    """Write many events under the epochs from `first` on, whatever they say of it, as `add_event` does one."""
    if not events:
        return
    numbered = list(enumerate(events, start=first))
    rows = [(epoch, " ".join(each.categories), *_others(each)) for epoch, each in numbered]
    _insert_all(connection, EVENTS, ("epoch", "categories", *_OTHERS), rows)
    ends = [(epoch, each.subject_ref, ends) for epoch, each in numbered if (ends := each.ends)]
    _insert_all(connection, ENDS, ("epoch", "subject_ref", "ends"), ends)
    connection.execute(update(HEAD).where(HEAD.c.id == 1, HEAD.c.origin == "").values(origin=events[0].id))


def rows_among(
    connection: Connection, table: Table, names: Sequence[str], column: str, values: Sequence[str], *, store: str = ""
) -> Iterator[Sequence[Any]]:
    """Columns of the rows that have one of some values in a column, and the store where one is named.

    By the driver itself, `PAGE` values at a time; names are ours, values are bound.
    """
    mark = _mark(connection)
    told = f"SELECT {', '.join(names)} FROM {table.name} WHERE {f'store = {mark} AND ' if store else ''}{column} "  # noqa: S608
    before: tuple[Any, ...] = (store,) if store else ()
    for page in pages(values):
        if mark == "?":
            yield from connection.exec_driver_sql(f"{told}IN ({', '.join('?' * len(page))})", (*before, *page))
        else:
            yield from connection.exec_driver_sql(f"{told}= ANY(%s)", (*before, page))


def find_events(connection: Connection, event_ids: Sequence[str]) -> list[ConsentEvent]:
    """The events of some ids."""
    found = rows_among(connection, EVENTS, _COLUMNS, "id", event_ids)
    return [_event(dict(zip(_COLUMNS, row, strict=True))) for row in found]


def find_event(connection: Connection, event_id: str) -> ConsentEvent | None:
    """The event of an id."""
    row = connection.execute(select(EVENTS).where(EVENTS.c.id == event_id)).mappings().first()
    return _event(row) if row is not None else None


def events_of(connection: Connection, subject_refs: Collection[str]) -> dict[str, list[ConsentEvent]]:
    """All events of some people, at most `PAGE` of them, by reference, in order of time."""
    found: dict[str, list[ConsentEvent]] = {ref: [] for ref in subject_refs}
    query = select(EVENTS).where(EVENTS.c.subject_ref.in_(sorted(subject_refs)))
    for row in connection.execute(query).mappings():
        found[row["subject_ref"]].append(_event(row))
    for events in found.values():
        events.sort(key=lambda each: each.order)
    return found


def links_of(connection: Connection, subject_ref: str) -> dict[str, SubjectLink]:
    """A person's links by store."""
    query = select(SUBJECTS).where(SUBJECTS.c.subject_ref == subject_ref)
    return {row.store: _link(row) for row in connection.execute(query)}


def owner_of(connection: Connection, store: str, key_ref: str) -> str | None:
    """Who holds a store's key already."""
    query = select(SUBJECTS.c.subject_ref).where(SUBJECTS.c.store == store, SUBJECTS.c.key_ref == key_ref)
    return connection.execute(query).scalar_one_or_none()


def add_link(connection: Connection, store: str, link: SubjectLink) -> None:
    """Write a person's link to a store."""
    connection.execute(insert(SUBJECTS).values(store=store, **asdict(link)))


def touch(connection: Connection, subject_ref: str, epoch: int, *, erasing: bool = False) -> None:
    """Tell every store of a person that something changed; with `erasing`, that it is to forget them."""
    change = update(SUBJECTS).where(SUBJECTS.c.subject_ref == subject_ref).values(epoch=epoch)
    connection.execute(change.values(erasing=True) if erasing else change)


def touch_all(connection: Connection, epochs: Mapping[str, int]) -> None:
    """As `touch`, for many people, each with an epoch of their own; costs nothing for those whom no store knows."""
    known = {ref for (ref,) in rows_among(connection, SUBJECTS, ("subject_ref",), "subject_ref", sorted(epochs))}
    linked = [{"ref": ref, "to": epochs[ref]} for ref in sorted(known)]
    if linked:
        move = update(SUBJECTS).where(SUBJECTS.c.subject_ref == bindparam("ref")).values(epoch=bindparam("to"))
        connection.execute(move, linked)


def add_links(connection: Connection, links: Iterable[tuple[str, SubjectLink]]) -> None:
    """Write many links of people to stores, each behind the name of its store."""
    names = tuple(each.name for each in fields(SubjectLink))
    _insert_all(connection, SUBJECTS, ("store", *names), [(store, *_link_row(link)) for store, link in links])


def changed_links(connection: Connection, store: str, since: int) -> Iterator[list[SubjectLink]]:
    """The people of a store whose last change came after an epoch, in pages, in order of change."""
    while True:
        query = (
            select(SUBJECTS)
            .where(SUBJECTS.c.store == store, SUBJECTS.c.epoch > since)
            .order_by(SUBJECTS.c.epoch)
            .limit(PAGE)
        )
        page = [_link(row) for row in connection.execute(query)]
        if not page:
            return
        yield page
        since = page[-1].epoch


def has_erased(connection: Connection, store: str, upto: int) -> bool:
    """Whether a store that has come up to an epoch has forgotten people whose sealed keys are still here."""
    query = select(SUBJECTS.c.epoch).where(SUBJECTS.c.store == store, SUBJECTS.c.erasing, SUBJECTS.c.epoch <= upto)
    return connection.execute(query.limit(1)).first() is not None


def drop_erased(connection: Connection, store: str, upto: int) -> int:
    """Remove the sealed keys of people whom a store has forgotten; gives how many."""
    gone = delete(SUBJECTS).where(SUBJECTS.c.store == store, SUBJECTS.c.erasing, SUBJECTS.c.epoch <= upto)
    return connection.execute(gone).rowcount


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"


def _insert_all(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Many rows by the driver itself, which takes a third of the time; names are ours, values are bound."""
    if rows:
        told = f"({', '.join(names)}) VALUES ({', '.join([_mark(connection)] * len(names))})"
        connection.exec_driver_sql(f"INSERT INTO {table.name} {told}", list(rows))


def _row(event: ConsentEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in _COLUMNS} | {"categories": " ".join(event.categories)}


def _event(row: Mapping[Any, Any]) -> ConsentEvent:
    return ConsentEvent(**{**row, "categories": tuple(row["categories"].split())})


def _link(row: object) -> SubjectLink:
    return SubjectLink(*(getattr(row, name) for name in ("subject_ref", "key_ref", "sealed_key", "erasing", "epoch")))
