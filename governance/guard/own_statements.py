"""What a row predicate may run on the connection of the statement to come, and in its transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class OwnStatements:
    """Constant SELECTs of ours. A snapshot that only they have taken can be given up for a newer one."""

    def __init__(
        self, first_row: Callable[[str], Sequence[object] | None], renew: Callable[[], None], *, idle: bool
    ) -> None:
        self._first_row = first_row
        self._idle = idle
        self._renew = renew

    def __call__(self, sql: str) -> Sequence[object] | None:
        """The first row of a constant SELECT."""
        return self._first_row(sql)

    def renew(self) -> None:
        """End the transaction that our own reading began; does nothing inside one that the user began."""
        if self._idle:
            self._renew()


def is_idle(raw: Any, kind: str) -> bool:
    """Whether a driver's connection is in no transaction, so that what is read next sees all that is committed."""
    if kind == "sqlite":
        return not raw.in_transaction
    if kind == "postgresql":
        return bool(raw.info.transaction_status == 0)  # psycopg's IDLE
    return not raw.server_status & 1  # MariaDB's SERVER_STATUS_IN_TRANS
