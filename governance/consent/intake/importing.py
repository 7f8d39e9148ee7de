"""Takes a file of consent into the records: streamed, in batches, each line once.

With `skip`, wrong lines are told and left out. With `refuse`, the whole file is read and checked first, and when a line
is wrong nothing is recorded. Memory does not grow with the file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from governance.consent import event_log
from governance.consent.base import Recorder, Sealer
from governance.consent.intake.batch import examine, write
from governance.consent.intake.claims import Claims
from governance.consent.intake.drafts import Draft, Drafting
from governance.consent.intake.entry import Fault
from governance.consent.intake.readers import Told
from governance.consent.upkeep import records_failed
from governance.ledger.base import KeyedHash
from governance.records.transactions import reading, writing
from policies.errors import ConfigError
from policies.purposes import PurposesFile

BATCH_LINES = 10_000
"""Lines in one transaction."""
_SQLITE_CACHE_KIB = 65_536
"""Pages of SQLite that an import keeps in memory: the rows of a batch lie all over its indexes."""
FAULTS_KEPT = 100
"""Faults that are told one by one; more are counted."""
Progress = Callable[[int, int | None, str], None]
"""Takes bytes read, bytes in all, and a word."""
_log = structlog.get_logger()


@dataclass(slots=True)
class Imported:
    """What came of a file."""

    lines: int = 0
    """Lines that were read, empty ones not counted."""
    recorded: int = 0
    """Events that are new."""
    known: int = 0
    """Events that were recorded already."""
    links: int = 0
    """People whose key in a store is new."""
    wrong: int = 0
    """Lines that were left out, or for which the file was refused."""
    faults: list[Fault] = field(default_factory=list)
    """What is wrong with the first of them, in the order of the file."""

    def tell(self, faults: list[Fault]) -> None:
        """Count faults, and keep the first."""
        self.wrong += len(faults)
        self.faults += faults[: max(0, FAULTS_KEPT - len(self.faults))]

    def to_json(self) -> dict[str, object]:
        """The same as plain data; a fault never holds a value of the file."""
        names = ("line", "place", "found", "expected")
        faults = [{name: getattr(each, name) for name in names} for each in self.faults]
        counts = {name: getattr(self, name) for name in ("lines", "recorded", "known", "links", "wrong")}
        return {"schema": "governance.consent-import/1", **counts, "faults": faults}


@dataclass(frozen=True)
class Importer:
    """Records, keys and rules that a file is taken in with. Raises RecordsError when the records database fails."""

    records: Engine
    """The records database."""
    purposes: PurposesFile
    """The purposes as they stand now."""
    keyed_hash: KeyedHash
    """Makes references and ids."""
    sealer: Sealer
    """Seals the keys of stores."""
    recorder: Recorder
    """The ledger: one event a batch."""
    actor: str
    """Reference of who imports."""
    run: str
    """Id of this run, in the events of its batches."""
    stores: frozenset[str]
    """Names of the project's stores."""
    now: dt.datetime
    """When it runs; what is recorded bears this time."""
    undeclared: frozenset[str] = frozenset()
    """Stores with several kinds of persons of which nobody said whose keys consent names: no key of theirs is taken."""

    @property
    def drafting(self) -> Drafting:
        """Makes drafts as of now."""
        return Drafting(self.purposes, self.keyed_hash, self.now, self.stores, self.undeclared)

    def take(self, told: Callable[[], Iterator[Told]], *, on_error: str, size_bytes: int, step: Progress) -> Imported:
        """Record what `told` gives, each time anew from the beginning of the file.

        `on_error` is `skip` or `refuse`; with `refuse` a wrong line leaves `wrong` above 0 and nothing recorded. Side
        effect: events, links of people to stores and one ledger event for each batch that changes anything.
        """
        if on_error == "refuse":
            checked = self._check(told(), size_bytes, step)
            if checked.wrong:
                return checked
        return self._record(told(), on_error, size_bytes, step)

    def _check(self, told: Iterator[Told], size_bytes: int, step: Progress) -> Imported:
        found, drafting = Imported(), self.drafting
        with Claims() as claims:
            for drafts, wrong, read in _batches(told, drafting, found):
                with _failing(self.records, reading) as connection:
                    against = examine(connection, drafting, drafts).faults
                found.tell(_sorted({each.line: each for each in (*claims.faults(drafts), *against, *wrong)}))
                step(read, size_bytes, "checked")
        return found

    def _record(self, told: Iterator[Told], on_error: str, size_bytes: int, step: Progress) -> Imported:
        found = Imported()
        drafting = self.drafting
        for drafts, wrong, read in _batches(told, drafting, found):
            with _failing(self.records, writing) as connection:
                _make_room(connection)
                event_log.take_turn(connection)
                examined = examine(connection, drafting, drafts)
                faults = [*wrong, *examined.faults]
                if faults and on_error == "refuse":
                    raise _changed(found)
                draft = write(connection, examined, self.sealer)
                if draft is not None:
                    refs = {**draft.refs, "import": self.run}
                    self.recorder.append_in(connection, replace(draft, actor=self.actor, refs=refs))
            found.recorded += len(examined.new)
            found.known += examined.known
            found.links += len(examined.links)
            found.tell(_sorted({each.line: each for each in faults}))
            _log.info("consent_batch_imported", run=self.run, events=len(examined.new), known=examined.known)
            step(read, size_bytes, "recorded")
        return found


def _batches(
    told: Iterator[Told], drafting: Drafting, found: Imported
) -> Iterator[tuple[list[Draft], list[Fault], int]]:
    """Drafts and faults of so many lines, and how many bytes were read; counts the lines."""
    drafts: list[Draft] = []
    faults: list[Fault] = []
    lines = read = 0
    for each in told:
        made, wrong = drafting.drafts(each)
        drafts += made
        faults += wrong
        lines, read = lines + 1, each.read_bytes
        found.lines += 1
        if lines == BATCH_LINES:
            yield drafts, faults, read
            drafts, faults, lines = [], [], 0
    if lines:
        yield drafts, faults, read


def _make_room(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_SQLITE_CACHE_KIB}")
    else:  # a plan that was made while the tables were empty would read all of them for each look-up
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


def _sorted(faults: dict[int, Fault]) -> list[Fault]:
    return [faults[line] for line in sorted(faults)]


@contextmanager
def _failing(records: Engine, kind: Callable[[Engine], AbstractContextManager[Connection]]) -> Iterator[Connection]:
    """A transaction whose failure is told without the foreign text."""
    try:
        with kind(records) as connection:
            yield connection
    except SQLAlchemyError as cause:
        raise records_failed(cause) from None


def _changed(found: Imported) -> ConfigError:
    return ConfigError(
        "file of consent",
        found="a line that is wrong now and was not when it was checked",
        expected="a file and records that stay the same while it is read",
        next_step=f"run it again; {found.recorded} events of it are recorded already, and stay",
    )
