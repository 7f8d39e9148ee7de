"""The ways into the guard that `Governance` offers beside a session: for asyncio, drivers, functions and requests."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from governance.flows.access.asking import Asked, ask
from governance.guard.acting import Acting, acting
from policies.errors import InstallationError
from policies.nouns import Action, DatasetRef

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

    from governance.app import Governance
    from governance.guard.asgi import ASGIApp, GuardedApp, Identify
    from governance.guard.break_glass import Opening
    from governance.guard.connection import GuardedConnection

Worker = TypeVar("Worker", bound=Callable[..., Any])


class Uses:
    """What `Governance` inherits. Who is not named acts by the context: see `acting`."""

    def connect(
        self,
        store: str,
        *,
        principal: str | None = None,
        purpose: str | None = None,
        action: Action = Action.READ,
        writes: bool = False,
    ) -> GuardedConnection:
        """A PEP 249 connection on a store, guarded; to be closed by the caller. Errors as `session`."""
        asked = self._ask(principal, purpose, action, writes=writes)
        return self._gov.guard(store).connect(asked.context, asked.stay)

    def async_engine(
        self,
        store: str,
        *,
        principal: str | None = None,
        purpose: str | None = None,
        action: Action = Action.READ,
        writes: bool = False,
    ) -> AsyncEngine:
        """As `engine`, for asyncio: the same guard in a thread for each connection.

        Raises InstallationError without the extra `async`.
        """
        _check_greenlet()
        asked = self._ask(principal, purpose, action, writes=writes)
        made = self._gov.guard(store).async_engine(asked.context, asked.stay)
        self._gov.searchable(made.sync_engine, store)
        return made

    def async_session(
        self,
        store: str,
        *,
        principal: str | None = None,
        purpose: str | None = None,
        action: Action = Action.READ,
        writes: bool = False,
    ) -> AsyncSession:
        """As `session`, for asyncio; objects stay readable after a commit.

        Raises InstallationError without the extra `async`.
        """
        _check_greenlet()
        asked = self._ask(principal, purpose, action, writes=writes)
        made = self._gov.guard(store).async_session(asked.context, asked.stay)
        self._gov.searchable(made.sync_session, store)
        if writes:
            self._gov.encrypt_writes(made.sync_session, store)
        return made

    def filter(
        self,
        records: Any,
        *,
        dataset: str,
        principal: str | None = None,
        purpose: str | None = None,
        action: Action = Action.READ,
    ) -> Any:
        """What a principal may see of records of a dataset, such as the answer of an API.

        Takes mappings, dataclasses and pydantic models and gives a list of dicts; takes a DataFrame or an Arrow table
        and gives one. Hidden fields and rows are left out, the rest is treated, as the same rows would be in a query.
        Records of a CRM, which takes no SQL, are decided on here too. Recorded like any read. Raises
        AccessRefusedError.
        """
        from governance.flows.access.guarding import record_guard_of

        asked = self._ask(principal, purpose, action)
        store, _, name = dataset.partition(".")
        return record_guard_of(self._gov, store).filter(records, DatasetRef(store, name), asked.context)

    def acting(self, principal: str, purpose: str | None = None) -> AbstractContextManager[None]:
        """A block in which a principal acts: what is opened there without naming anybody is theirs.

        What was opened in it is refused outside of it, and in threads that did not take the context along.
        """
        return acting(Acting(self, principal, purpose))

    def guarded(self, *, purpose: str, returns: str | None = None) -> Callable[[Worker], Worker]:
        """A decorator: the function, plain or `async`, works for this purpose and for whoever acts.

        With `returns`, a dataset such as `crm.customers`, what it gives is treated by `filter` before anybody gets it.
        Calling it where nobody acts raises AccessRefusedError.
        """
        from governance.guard.decorating import guarded

        def treat(given: Any) -> Any:
            return self._gov.filter(given, dataset=returns) if returns is not None else given

        return guarded(self, purpose, treat, lambda: ask(self._gov, None, purpose, Action.READ))

    def break_glass(self, principal: str, reason: str, minutes: int, *, purpose: str | None = None) -> Opening:
        """Open a purpose for emergencies; as `breaking_glass.break_glass`."""
        from governance.flows.access.breaking_glass import break_glass

        return break_glass(self._gov, principal, reason, minutes, purpose)

    def approve_break_glass(self, opening: str, principal: str) -> Opening:
        """Approve an opening that waits; as `breaking_glass.approve_break_glass`."""
        from governance.flows.access.breaking_glass import approve_break_glass

        return approve_break_glass(self._gov, opening, principal)

    def close_break_glass(self, opening: str, principal: str) -> Opening:
        """End an opening before its time; as `breaking_glass.close_break_glass`."""
        from governance.flows.access.breaking_glass import close_break_glass

        return close_break_glass(self._gov, opening, principal)

    def break_glass_openings(self) -> tuple[Opening, ...]:
        """All openings, oldest first."""
        from governance.flows.access.breaking_glass import break_glass_openings

        return break_glass_openings(self._gov)

    def asgi(self, app: ASGIApp, identify: Identify) -> GuardedApp:
        """An ASGI application around another one: in each request acts whom `identify` finds, or nobody.

        `identify(scope)`, plain or `async`, gives a principal's name, a name and a purpose, or None. A refusal that
        the application does not handle is answered with 403.
        """
        from governance.guard.asgi import GuardedApp

        return GuardedApp(self, app, identify)

    @property
    def _gov(self: Self) -> Governance:
        return cast("Governance", self)

    def _ask(self, principal: str | None, purpose: str | None, action: Action, *, writes: bool = False) -> Asked:
        return ask(self._gov, principal, purpose, action, writes=writes)


def _check_greenlet() -> None:
    if importlib.util.find_spec("greenlet") is None:
        raise InstallationError(
            "asyncio",
            found="no greenlet, by which SQLAlchemy waits inside its own calls",
            expected="the extra `async`",
            next_step="pip install 'customer-data-governance[async]'",
        )
