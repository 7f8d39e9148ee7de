"""Uses in the ledger: a decision before the first row, and how it ended."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from governance.access.permits import DatasetPermit
from governance.guard.base import Recorder, UseContext
from governance.guard.kept import Kept
from governance.guard.rewrite import Rewritten
from governance.ledger.closes import Decided
from governance.ledger.events import EventDraft, EventObject
from policies.errors import AccessRefusedError, LedgerError, SchemaDriftError
from policies.nouns import Action, FieldRef

PEOPLE_SECONDS = 30
"""How long the references of people are kept."""
_log = structlog.get_logger()
_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_ACTIONS = {"insert": Action.WRITE, "update": Action.WRITE, "delete": Action.DELETE}


class Use:
    """One recorded use: opened by a decision, closed once. The end of one that writes is durable before it goes on."""

    def __init__(self, recorder: Recorder, decision: Decided, *, writes: bool = False) -> None:
        self._recorder = recorder
        self._decision = decision
        self._writes = writes
        self._closed = False
        self.rows = 0

    def close(self, outcome: str, *, conflicts: int = 0) -> None:
        """Record how it ended; a second call does nothing. Raises LedgerError.

        `conflicts` counts rows that a key or another rule of the database refused, which tells that others exist.
        """
        if not self._closed:
            self._closed = True
            counts = {"rows": self.rows, "conflicts": conflicts} if conflicts else {"rows": self.rows}
            if self._writes:
                self._recorder.close(self._decision.id, outcome, counts)
            else:
                self._recorder.close_soon(self._decision, outcome, counts)

    def abandon(self) -> None:
        """Record the end where nobody can be told that this failed."""
        try:
            self.close("partial")
        except LedgerError:
            _log.warning("guard.close_not_recorded", decision=self._decision.id)


class Drafts:
    """Drafts of decisions made before: the same plan and text for the same people give the same draft.

    Beside them the references of those people, asked for anew every PEOPLE_SECONDS: a name can be erased meanwhile.
    """

    def __init__(self, most: int = 1_000, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._people: Kept[tuple[str, str], tuple[float, tuple[str, str]]] = Kept(most)
        self._kept: Kept[tuple[int, str, str, str, str, str], tuple[Rewritten, EventDraft]] = Kept(most)

    def people(self, recorder: Recorder, actor: str, principal: str) -> tuple[str, str]:
        """The references of who acts and who asks. Raises LedgerError."""
        now, found = self._seconds(), self._people.get((actor, principal))
        if found is None or now >= found[0]:
            found = (now + PEOPLE_SECONDS, (recorder.refer("principal", actor), recorder.refer("principal", principal)))
            self._people.put((actor, principal), found)
        return found[1]

    def draft(
        self,
        rewritten: Rewritten,
        statement: str,
        people: tuple[str, str],
        context: UseContext,
        make: Callable[[], EventDraft],
    ) -> EventDraft:
        """The draft of a plan; it is kept with the plan, so that no other can come to its place in memory.

        Texts that differ in the names of their parameters alone have one plan.
        """
        key = (id(rewritten), statement, *people, context.purpose, str(context.action))
        found = self._kept.get(key)
        if found is None or found[0] is not rewritten:
            found = (rewritten, make())
            self._kept.put(key, found)
        return found[1]


class Recording:
    """Writes the uses of one connection."""

    def __init__(
        self, recorder: Recorder, context: UseContext, drafts: Drafts, versions: Callable[[], Mapping[str, str]]
    ) -> None:
        self._recorder = recorder
        self._versions = versions
        self._context = context
        self._drafts = drafts
        self._people: tuple[str, str] | None = None

    def allowed(self, rewritten: Rewritten, statement: str) -> Use | None:
        """Record that a statement may run; None for one that reads no dataset. Raises LedgerError."""
        if not rewritten.datasets:
            return None
        draft = self._drafts.draft(
            rewritten,
            statement,
            self._people or self._known(),
            self._context,
            lambda: self._event("allowed", statement, rewritten.objects, rewritten.rules, self._action(statement)),
        )
        return Use(self._recorder, self._recorder.decide(draft), writes=rewritten.write is not None)

    def filtered(self, permit: DatasetPermit, conditions: Sequence[str], statement: str) -> Use:
        """Record that records of a dataset were treated by a permit. Raises LedgerError."""
        ref = permit.dataset
        rules = {rule.rule_id for rule in (*permit.allow, *permit.deny, *permit.special)} | set(conditions)
        for each in permit.fields.values():
            rules |= {rule.rule_id for rule in each.rules} | {rule.rule_id for rule in each.denies}
        objects = tuple(
            EventObject(str(FieldRef(ref.store, ref.dataset, name)), treatment)
            for name, each in permit.fields.items()
            for treatment in each.treatments
        )
        draft = self._event("allowed", statement, objects, tuple(sorted(rules)), self._context.action)
        return Use(self._recorder, self._recorder.decide(draft))

    def refused(self, statement: str, error: AccessRefusedError | SchemaDriftError) -> None:
        """Record that a statement was refused, and by which rules. Raises LedgerError."""
        rules = error.rule_ids if isinstance(error, AccessRefusedError) else ("guard.drift",)
        self._recorder.decide(self._event("refused", statement, (), rules, self._action(statement)))

    def _action(self, statement: str) -> Action:
        """By what a statement is decided: what it begins with, or the reading of the connection."""
        first = _FIRST_WORD.match(statement)
        return _ACTIONS.get(first[1].lower() if first else "", self._context.action)

    def _event(
        self,
        outcome: str,
        statement: str,
        objects: tuple[EventObject, ...],
        rules: tuple[str, ...],
        action: Action,
    ) -> EventDraft:
        people = self._known()
        return EventDraft(
            kind="decision",
            actor=people[0],
            principal=people[1],
            purpose=self._context.purpose,
            action=str(action),
            outcome=outcome,
            objects=objects,
            rules=rules,
            versions=self._versions(),
            statement=self._recorder.statement_hash(statement),
        )

    def _known(self) -> tuple[str, str]:
        """The references of who acts and who asks, asked for once."""
        if self._people is None:
            self._people = self._drafts.people(self._recorder, self._context.actor, self._context.principal.name)
        return self._people
