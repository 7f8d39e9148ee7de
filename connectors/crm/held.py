"""What every CRM connector does alike: it keeps what an account holds for a while, and refuses writes by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from connectors.crm.http.pace import Clock
from policies.errors import StoreError

KEPT_SECONDS = 300.0
"""How long modules and fields are held before they are asked for again."""
Inventory = TypeVar("Inventory")


class Held(Generic[Inventory]):
    """Modules and fields of an account, asked for when they are first needed and when they are old. For many threads.

    `Held()` raises what asking raises.
    """

    def __init__(self, ask: Callable[[], Inventory], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._found: Inventory | None = None
        self._until = 0.0

    def __call__(self) -> Inventory:
        """What the account holds."""
        with self._lock:
            if self._found is None or self._clock.seconds() >= self._until:
                self._found = self._ask()
                self._until = self._clock.seconds() + KEPT_SECONDS
            return self._found


def refuse_unless(writable: bool, store: str) -> None:  # noqa: FBT001 the one thing asked
    """Return when jobs may write. Raises StoreError otherwise, before any call."""
    if not writable:
        raise StoreError(
            f"store {store}",
            found="a store that is only read",
            expected="`write: true` in its settings",
            next_step="allow writes for the time of the job, with a grant at the vendor whose rights cover them",
        )
