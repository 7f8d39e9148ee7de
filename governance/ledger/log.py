"""The log itself: `append` returns when the event is durable, or raises so that the use does not happen."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from governance.ledger.appending import Appender, Entry, Placed
from governance.ledger.base import KeyedHash, Signer
from governance.ledger.checkpoint_file import CheckpointFiles, KeptAt
from governance.ledger.closes import Decided, close_of
from governance.ledger.events import Event, EventDraft, stamp
from governance.ledger.export import export_lines
from governance.ledger.group_commit import GroupCommit, Outcome, Units
from governance.ledger.late_closes import LATE_ENDS, LateCloses
from governance.ledger.names import Names
from governance.ledger.period_ending import closing, drop, droppable, dropping, edited, opening, retention_limit
from governance.ledger.periods import PeriodState, list_periods, newest_note, stored_note
from governance.ledger.proving import prove_event, prove_start
from governance.ledger.reading import Filter, read_events, read_leaves
from governance.ledger.tree import Frontier
from governance.ledger.verification import Verification, verify_log, verify_period
from governance.records.transactions import plain, plain_writer, reading, writing
from policies.errors import LedgerError, RecordsError


class Ledger:
    """The append-only log of every decision and action, and the erasable names beside it.

    May be shared by threads; several processes may each have one on the same database. Used with `with`, or ended by
    `finish`, it leaves a checkpoint of everything it wrote.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        signer: Signer,
        keyed_hash: KeyedHash,
        clock: Callable[[], dt.datetime],
        new_id: Callable[[], str],
        checkpoint_files: Sequence[Path] = (),
    ) -> None:
        self._engine = engine
        self._writing = plain_writer(engine)
        self._signer = signer
        self._keyed_hash = keyed_hash
        self._clock = clock
        self._appender = Appender(signer, keyed_hash, clock, new_id)
        self._files = CheckpointFiles(checkpoint_files)
        self._names = Names(engine, keyed_hash, new_id)
        self._file_behind = False  # a checkpoint was signed in somebody else's transaction
        self._group = GroupCommit(self._write)
        self._late = LateCloses(self._group.submit)

    # --- writing

    def append(self, draft: EventDraft) -> Event:
        """Record what happened; durable when this returns. Raises LedgerError when it could not be recorded."""
        return self._record((draft,))[0].event()

    def append_many(self, drafts: Sequence[EventDraft]) -> list[Event]:
        """Record several events together: all of them or none. Raises LedgerError.

        Events that other threads record at the same moment share the commit.
        """
        return [each.event() for each in self._record(drafts)]

    def append_in(self, connection: Connection, draft: EventDraft) -> Event:
        """Record what happened inside a transaction of the caller's; durable when, and only when, that commits.

        The transaction is one of `governance.records.transactions.writing` on the records database: it holds the write
        lock on SQLite from its start, and on PostgreSQL the ledger's lock from here until it ends, so keep what follows
        short. A checkpoint that falls due here reaches the checkpoint file with the next event of this ledger's own, or
        with `finish`. Raises LedgerError; then roll back.
        """
        with _TRANSLATED:
            placed, note = self._appender.append(plain(connection), (draft,))
        self._file_behind = self._file_behind or note is not None
        return placed[0].event()

    def decide(self, draft: EventDraft) -> Decided:
        """Record a decision, before the first row is read or written. Raises LedgerError."""
        if draft.kind != "decision":
            raise _refused(f"a draft of kind {draft.kind} where a decision belongs")
        return Decided(self._record((draft,))[0].id, draft)

    def close(self, decision_id: str, outcome: str, counts: Mapping[str, int], *, reason: str | None = None) -> Event:
        """Record how the use that a decision allowed has ended. Raises LedgerError for a second close."""
        decision = next(self.events(ids=(decision_id,)), None)
        if decision is None or decision.kind != "decision":
            raise _refused("an id that is no decision of this ledger")
        return self._record((close_of(Decided(decision_id, decision), outcome, counts, reason),))[0].event()

    def close_soon(self, decision: Decided, outcome: str, counts: Mapping[str, int]) -> None:
        """Record how the use that a decision allowed has ended, `LATE_SECONDS` later at most.

        Returns at once: what must be durable before a use is its decision. Whatever reads this ledger sees it.
        """
        self._late.add(close_of(decision, outcome, counts))

    def settle(self) -> None:
        """Record the ends that wait for another event, now. Raises LedgerError."""
        self._late.flush()

    def checkpoint(self) -> str:
        """A signed note of the log as it stands, kept in the table and in the files. Raises LedgerError.

        A file that cannot be written raises nothing: what the note covers is durable. See `checkpoint_faults`.
        """
        self._late.flush()
        with _TRANSLATED, self._writing() as lines:
            period = self._appender.open_period(lines)
            note = stored_note(lines, period) or self._appender.sign(lines, period)
            self._appender.save(lines, period)
        self._keep(note)
        return note

    @property
    def checkpoint_faults(self) -> int:
        """How often a checkpoint could not be written to one of its files since this ledger was opened."""
        return self._files.faults

    def checkpoint_places(self) -> list[KeptAt]:
        """How each checkpoint file stands to the newest signed checkpoint. Raises LedgerError."""
        with _TRANSLATED, reading(self._engine) as connection:
            return self._files.states(newest_note(plain(connection)))

    def close_period(self, *, actor: str = "system") -> str:
        """End the open period and begin the next one, in one transaction; gives the last checkpoint of the old one.

        Raises LedgerError.
        """
        appender = self._appender
        with _TRANSLATED, self._writing() as lines:
            period = appender.open_period(lines)
            appender.add(lines, period, (closing(period, actor),))
            note = appender.sign(lines, period)
            period.save(lines, self._keyed_hash, stamp(self._clock()))
            following = period.follow(lines, stamp(self._clock()))
            appender.add(lines, following, (opening(period),))
            newest = appender.sign(lines, following)  # so that the files hold what binds the two together
            appender.save(lines, following)
        self._files.keep(newest)
        return note

    def drop_period(self, number: int, *, keep_days: int, actor: str = "system") -> Event:
        """Delete the events of a closed period for good, all but its last checkpoint; recorded in the open period.

        `keep_days` is how long a period is kept once it is closed. The period is verified first. Raises BadInputError
        for a period that may not go, TamperedError for one that does not verify, LedgerError.
        """
        until = stamp(retention_limit(self._clock(), keep_days))
        with _TRANSLATED, reading(self._engine) as connection:
            droppable(connection, number, self._keyed_hash, until)
        if verify_period(self._engine, self._signer, self._keyed_hash, number):
            raise edited(number)
        with _TRANSLATED, writing(self._engine) as connection:
            row = droppable(connection, number, self._keyed_hash, until)
            root = Frontier.load(row.size, row.frontier).root()
            placed, note = self._appender.append(plain(connection), (dropping(row, actor, root),))
            drop(connection, row, self._keyed_hash, stamp(self._clock()))
        self._keep(note)
        return placed[0].event()

    def droppable_events(self, number: int, *, keep_days: int) -> int:
        """How many events `drop_period` would delete; nothing is changed. Raises as that does, but verifies nothing."""
        with _TRANSLATED, reading(self._engine) as connection:
            until = stamp(retention_limit(self._clock(), keep_days))
            return int(droppable(connection, number, self._keyed_hash, until).size)

    def periods(self) -> list[PeriodState]:
        """All periods, the oldest first. Raises LedgerError."""
        with _TRANSLATED, reading(self._engine) as connection:
            return list_periods(connection)

    def finish(self) -> None:
        """Leave a checkpoint of everything written. Raises LedgerError."""
        self._late.stop()
        self.checkpoint()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    # --- reading

    def leaves(self) -> Iterator[list[bytes]]:
        """The stored bytes of every event in the order of the log, in batches, unchecked. Raises LedgerError."""
        self._late.flush()
        return read_leaves(self._engine)

    def events(
        self,
        kind: str | Collection[str] | None = None,
        *,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        principal: str | None = None,
        ids: Collection[str] | None = None,
    ) -> Iterator[Event]:
        """Events in the order of the log: of some kinds, from `since` on, before `until`, of a principal, by id.

        Streams. Raises LedgerError, and TamperedError for stored bytes that are no event.
        """
        self._late.flush()
        kinds = (kind,) if isinstance(kind, str) else kind
        return read_events(self._engine, Filter(kinds, since, until, principal, ids))

    def open_decisions(self) -> Iterator[Event]:
        """Allowed uses without a close: in every report their outcome is unknown. A refusal has nothing to close."""
        self._late.flush()
        found = read_events(self._engine, Filter(open_decisions=True))
        return (event for event in found if event.outcome != "refused")

    def verify(self, checkpoint: str | None = None) -> Verification:
        """What recomputing the whole log from its stored bytes shows, against a checkpoint kept outside if given.

        Raises TamperedError for a text that is no checkpoint of this ledger's key, LedgerError when it cannot be read.
        """
        self._late.flush()
        return verify_log(self._engine, self._signer, self._keyed_hash, outside=checkpoint)

    def export(self) -> Iterator[bytes]:
        """The lines of a copy that anybody can verify offline, behind a checkpoint of everything so far.

        Raises LedgerError.
        """
        self.checkpoint()
        return export_lines(self._engine, self._signer)

    def prove(self, event_id: str) -> dict[str, Any]:
        """That an event is in the log that a checkpoint signs, as plain data. Raises BadInputError, LedgerError."""
        self.checkpoint()
        return prove_event(self._engine, event_id)

    def prove_start(self, older: str) -> dict[str, Any]:
        """That this log continues the log of an older checkpoint, as plain data.

        Raises TamperedError when it does not, BadInputError, LedgerError.
        """
        self.checkpoint()
        return prove_start(self._engine, self._signer, older)

    # --- names and hashes

    def refer(self, kind: str, text: str) -> str:
        """The reference of a name (`principal`) or free text (`note`) in the erasable table. Raises LedgerError."""
        return self._names.refer(kind, text)

    def resolve(self, ref: str) -> str | None:
        """The text of a reference; None once it is erased. Raises LedgerError."""
        return self._names.resolve(ref)

    def resolve_all(self, refs: Iterable[str]) -> dict[str, str]:
        """The texts of many references; erased ones are left out. Raises LedgerError."""
        return self._names.resolve_all(refs)

    def find(self, kind: str, text: str) -> str | None:
        """The reference of a text, if it has one; nothing is added. Raises LedgerError."""
        return self._names.find(kind, text)

    def erase(self, ref: str, *, actor: str = "system") -> bool:
        """Forget the text of a reference for good; gives whether there was one. Raises LedgerError.

        The ledger keeps the reference and still verifies. The erasure is recorded, in the same transaction.
        """
        note_ref, person = (ref, None) if ref.startswith("n:") else (None, ref)
        draft = EventDraft(
            kind="name.erased", actor=actor, principal=person, action="delete", outcome="done", note=note_ref
        )
        with _TRANSLATED, writing(self._engine) as connection:
            found = self._names.erase_in(connection, ref)
            note = self._appender.append(plain(connection), (draft,))[1] if found else None
        self._names.overwrite()
        self._keep(note)
        return found

    def statement_hash(self, statement: str) -> str:
        """The keyed hash by which events name a statement."""
        return self._keyed_hash.digest("ledger.statement", statement.encode(errors="surrogatepass"))

    # --- inside a transaction

    def _record(self, entries: Sequence[Entry]) -> list[Placed]:
        """Record entries together, and the ends that wait where there are enough of them."""
        if len(self._late) < LATE_ENDS:
            return self._group.submit(entries)
        with self._late.taken(LATE_ENDS) as late:
            return self._group.submit([*late, *entries])[len(late) :]

    def _write(self, take: Callable[[], Units]) -> list[Outcome]:
        """Units in one transaction; when that fails each in its own, so that a wrong one fails alone."""
        units: Units = ()
        try:
            with _TRANSLATED, self._writing() as lines:
                units = take()
                behind, self._file_behind = self._file_behind, False
                entries = units[0] if len(units) == 1 else [entry for unit in units for entry in unit]
                placed, note = self._appender.append(lines, entries)
                note = note or (newest_note(lines) if behind else None)
        except LedgerError as error:
            alone = [partial(tuple, (unit,)) for unit in units]
            return [error] if len(units) < 2 else [self._write(each)[0] for each in alone]
        self._keep(note)
        if len(units) == 1:
            return [placed]
        found = iter(placed)
        return [list(islice(found, len(unit))) for unit in units]

    def _keep(self, note: str | None) -> None:
        if note is not None:
            self._files.keep(note)


class _Translated:
    """Turns what the database raises into LedgerError; its own text can carry values."""

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            return
        if issubclass(kind, IntegrityError | sqlite3.IntegrityError):
            raise _refused("an id that is taken, or a decision that is closed already") from None
        if issubclass(kind, SQLAlchemyError | sqlite3.Error | RecordsError) and not issubclass(kind, LedgerError):
            raise _refused("a database that could not be written") from None


_TRANSLATED = _Translated()


def _refused(found: str) -> LedgerError:
    return LedgerError(
        "ledger",
        found=found,
        expected="an event that is durable before the use it records",
        next_step="nothing was released; run `governance doctor`, then `governance ledger verify`",
    )
