"""What becomes of one record on which several retention rules speak: who wins, who loses. Pure.

Rules are of two kinds. A *duty* says that a record must be kept at least so long; a *limit* says that it may be kept no
longer. A record is due when a limit is over and nothing keeps it:

    hold   over   duty   over   what the limit itself waits for (request, consent, contract)   over   the limit

Of several limits that are over, the one that takes most away decides (delete, crypto_shred, anonymise, archive,
review), among equals the shortest. Of several duties that stand, the longest is named first. A duty whose start is
unknown stands: in doubt a record is kept. A limit whose start is unknown is never over.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["limit", "duty"]
"""What a rule says: no longer than, or at least as long as."""
Action = Literal["delete", "crypto_shred", "anonymise", "archive", "review"]
"""What is done with a record that is due."""

ACTIONS: tuple[Action, ...] = ("delete", "crypto_shred", "anonymise", "archive", "review")
"""From what takes most away to what takes nothing."""
WAITS = ("request", "consent", "contract")
"""What a limit can wait for, in the order in which it is named: an open request, live consent, a live contract."""


class Standing(enum.IntEnum):
    """How a rule stands to one record."""

    NONE = 0
    """It does not speak of it: another `where` or stage, or an exception."""
    RUNNING = 1
    """Its period is not over."""
    UNDATED = 2
    """Nobody knows when its period began."""
    OVER = 3
    """Its period is over."""
    REQUEST = 4
    """Over, and an open request keeps the record."""
    CONSENT = 5
    """Over, and live consent keeps the record."""
    CONTRACT = 6
    """Over, and a live contract keeps the record."""
    DONE = 7
    """Over, and what it asks for has been done: the fields are masked."""


_WAITING = {Standing.REQUEST: "request", Standing.CONSENT: "consent", Standing.CONTRACT: "contract"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What one rule says of one record."""

    rule: str
    """The rule's id."""
    kind: Kind
    """Duty or limit."""
    action: Action
    """What a limit does; a duty's is not looked at."""
    cutoff: dt.date
    """The first day whose records are not over; the longer a period, the earlier."""
    standing: Standing
    """How it stands to the record."""

    @property
    def rank(self) -> tuple[int, int, str]:
        """Where it comes among its kind: limits by action, then from the shortest; duties from the longest."""
        if self.kind == "duty":
            return 0, self.cutoff.toordinal(), self.rule
        return ACTIONS.index(self.action), -self.cutoff.toordinal(), self.rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a record, and by which rules."""

    outcome: Literal["due", "kept", "not_due"]
    """`due`; `kept` although a limit is over; `not_due` when none is."""
    why: str
    """`limit` of a due record; `hold`, `duty` or one of `WAITS` of a kept one; else `period`, `undated`, `done`, or
    `unruled` when no limit speaks of it."""
    action: Action | None
    """What is done with a due record."""
    won: tuple[str, ...]
    """The rules that decided, the deciding one first; empty for a hold."""
    lost: tuple[str, ...]
    """The rules that said otherwise, in their order."""


def standing(
    start: dt.date | None, cutoff: dt.date, *, waits: Iterable[str] = (), done: bool = False, speaks: bool = True
) -> Standing:
    """How a rule stands to a record that began on a day; `waits` are those of `WAITS` that hold now."""
    if not speaks:
        return Standing.NONE
    if start is None:
        return Standing.UNDATED
    if start >= cutoff:
        return Standing.RUNNING
    if done:
        return Standing.DONE
    live = set(waits)
    return next((each for each, name in _WAITING.items() if name in live), Standing.OVER)


def decide(claims: Sequence[Claim], *, held: bool = False) -> Verdict:
    """The verdict on one record. The order of claims has no effect."""
    ordered = sorted(claims, key=lambda each: each.rank)
    limits = [each for each in ordered if each.kind == "limit"]
    over = [each for each in limits if each.standing is Standing.OVER or each.standing in _WAITING]
    if not over:
        return _not_due(limits)
    lost = tuple(each.rule for each in over)
    duties = tuple(each.rule for each in ordered if each.kind == "duty" and each.standing in _KEEPS)
    if held:
        return Verdict("kept", "hold", None, (), lost)
    if duties:
        return Verdict("kept", "duty", None, duties, lost)
    free = next((each for each in over if each.standing is Standing.OVER), None)
    if free is None:
        return Verdict("kept", _WAITING[over[0].standing], None, (), lost)
    return Verdict("due", "limit", free.action, (free.rule,), tuple(each for each in lost if each != free.rule))


_KEEPS = (Standing.RUNNING, Standing.UNDATED)


def _not_due(limits: Sequence[Claim]) -> Verdict:
    for seen, why in ((Standing.RUNNING, "period"), (Standing.UNDATED, "undated"), (Standing.DONE, "done")):
        found = tuple(each.rule for each in limits if each.standing is seen)
        if found:
            return Verdict("not_due", why, None, found, ())
    return Verdict("not_due", "unruled", None, (), ())
