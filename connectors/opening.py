"""`open_store`: the store that an address or a path means."""

from __future__ import annotations

from collections.abc import Callable

from connectors.base import ReadLimits, Store
from connectors.files.store import FileStore
from connectors.sql.address import is_database_url
from connectors.sql.store import SqlStore
from policies.errors import ConfigError


def open_store(
    name: str,
    target: str,
    limits: ReadLimits | None = None,
    encoding: str | None = None,
    *,
    name_filter: Callable[[str], str] = str,
) -> Store:
    """The store behind a SQLAlchemy URL, a file, a folder or a glob. Nothing is connected to or read yet.

    `name_filter` gives the form in which names of files, sheets and keys are shown; see `FileStore`.

    Raises ConfigError for a target that is neither, or for an encoding given to a database; InstallationError when the
    database's driver is missing.
    """
    if not target.strip():
        raise _neither(name, "an empty address")
    if not is_database_url(target):
        return FileStore(name, target, limits, encoding=encoding, name_filter=name_filter)
    if encoding is not None:
        raise _neither(name, "an encoding for a database, which states its own")
    return SqlStore(name, target, limits)


def _neither(name: str, found: str) -> ConfigError:
    return ConfigError(
        f"store {name}",
        found=found,
        expected="a database address such as postgresql://user@host/database, or the path of a file, folder or glob",
        next_step="correct the store's `url` or `path`",
    )
