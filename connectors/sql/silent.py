"""SQLAlchemy's engines and pools without a voice: their logs would repeat rows, parameters and addresses."""

from __future__ import annotations

import logging
import time
from collections import deque
from functools import cached_property

from sqlalchemy import pool
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.engine.base import OptionEngineMixin
from sqlalchemy.pool.base import ConnectionPoolEntry, _ConnectionRecord

_SPARE = 16  # as many as a store keeps connections: more are seldom out at once

SILENT = logging.Logger("connectors.sql.silent", level=logging.CRITICAL + 1)  # noqa: LOG001 outside the tree
"""Stands in no hierarchy: no setting of the application's logging reaches it."""


class Silent:
    """An engine or pool that logs nothing, whatever `echo` and the levels of `sqlalchemy` say."""

    @property
    def logger(self) -> logging.Logger:
        """The logger that says nothing."""
        return SILENT

    @logger.setter
    def logger(self, _: object) -> None:
        """Nothing: SQLAlchemy sets a logger of its own at start and at `echo`."""

    def _should_log_debug(self) -> bool:
        return False

    def _should_log_info(self) -> bool:
        return False


class SilentEngine(Silent, Engine):  # type: ignore[misc]  # `logger` is a property here
    """An engine that logs nothing."""


class _SilentOptionEngine(OptionEngineMixin, SilentEngine):  # type: ignore[misc]  # as SQLAlchemy's own OptionEngine
    def update_execution_options(self, **opt: object) -> None:
        Engine.update_execution_options(self, **opt)


SilentEngine._option_cls = _SilentOptionEngine  # type: ignore[assignment]  # noqa: SLF001 what execution_options() makes


def silenced(engine: Engine) -> SilentEngine:
    """The same engine without a voice: what `create_engine` made writes rows to the log where the application asks.

    Take it before listening to events of the engine.
    """
    engine.logger = SILENT  # by it go the first questions of the dialect
    return SilentEngine(engine.pool, engine.dialect, engine.url, hide_parameters=True)


class SilentQueuePool(Silent, pool.QueuePool):  # type: ignore[misc]  # as above
    """The pool of the driver's connections."""


class SilentNullPool(Silent, pool.NullPool):  # type: ignore[misc]  # as above
    """The pool of a guarded engine, which keeps no connection.

    What SQLAlchemy makes around a connection waits here, empty, for the next one: to make it takes longer than to give
    a connection out. Where somebody listens to connections it is made anew each time, as SQLAlchemy's own pool does.
    """

    _dialect: Dialect

    @cached_property
    def _spare(self) -> deque[_ConnectionRecord]:
        return deque(maxlen=_SPARE)

    def _do_get(self) -> ConnectionPoolEntry:
        if self.dispatch.connect or self.dispatch.first_connect:
            return self._create_connection()
        try:
            record = self._spare.pop()
        except IndexError:
            return self._create_connection()
        record.starttime = time.time()
        record.dbapi_connection = self._creator()  # type: ignore[call-arg]  # made without a record
        record.fresh = True
        return record

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self.dispatch.close or self._dialect.is_async or not isinstance(record, _ConnectionRecord):
            record.close()
            return
        connection, record.dbapi_connection = record.dbapi_connection, None
        if connection is not None:
            record.finalize_callback.clear()
            try:  # noqa: SIM105 a context manager is three calls more, for each query
                self._dialect.do_close(connection)
            except Exception:  # noqa: BLE001, S110 as SQLAlchemy's own, which would log it
                pass
        record.info.clear()
        self._spare.append(record)
