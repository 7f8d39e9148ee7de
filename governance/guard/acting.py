"""Who acts in this thread or task, and why: a context variable, so that code far below need not hand it on.

    with gov.acting("alice", "support"):
        with gov.session("crm") as db:  # alice, for support
            ...

A new task and `asyncio.to_thread` take it along. A bare thread and `loop.run_in_executor` do not: there nobody acts,
and whatever needs somebody is refused. It never falls back to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from policies.errors import AccessRefusedError

RULE = "guard.context"
"""The rule that refusals for want of a principal or purpose name."""


@dataclass(frozen=True, slots=True)
class Acting:
    """A principal, and why they act when that is known already."""

    project: object
    """Whose principal it is: names of one project mean nothing in another."""
    principal: str
    """Who acts, by name."""
    purpose: str | None = None
    """Why; None when whoever opens a store says it."""

    def __repr__(self) -> str:
        return f"Acting({self.purpose})"


Still = Callable[[], bool]
"""Whether the context is still the one that a store was opened in."""

_ACTING: ContextVar[Acting | None] = ContextVar("governance_acting", default=None)


def current(project: object) -> Acting | None:
    """Who acts here and now for a project; None when nobody does."""
    found = _ACTING.get()
    return found if found is not None and found.project is project else None


@contextmanager
def acting(who: Acting | None) -> Iterator[None]:
    """Let somebody act in a block, or nobody; who acted before does so again after it."""
    token = _ACTING.set(who)
    try:
        yield
    finally:
        _ACTING.reset(token)


def settled(project: object, principal: str | None, purpose: str | None) -> tuple[str, str, Still | None]:
    """Principal and purpose, what is not given from the context; and what tells whether that still holds.

    Raises AccessRefusedError when one of them is neither given nor in the context.
    """
    if principal is not None and purpose is not None:
        return principal, purpose, None
    here = current(project)
    who = principal if principal is not None else (here.principal if here else None)
    why = purpose if purpose is not None else (here.purpose if here else None)
    if who is None or why is None:
        raise lost("no principal" if who is None else "no purpose")

    def still() -> bool:
        now = current(project)
        return now is not None and who in (principal, now.principal) and why in (purpose, now.purpose)

    return who, why, still


def lost(found: str) -> AccessRefusedError:
    """The refusal of a use that nobody, or somebody else, would make."""
    return AccessRefusedError(
        "context",
        found=found,
        expected="the principal and purpose that the store was opened for, in the same request or task",
        next_step="name both, or open and use it inside `with gov.acting(...)`; a thread does not inherit them, "
        "`asyncio.to_thread` does",
        rule_ids=(RULE,),
    )
