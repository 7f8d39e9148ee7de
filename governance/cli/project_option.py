"""Open the project that a command works on."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from governance.app import Governance


@contextmanager
def opened(ctx: click.Context) -> Iterator[Governance]:
    """The project of the command line, closed afterwards. Who started the command is recorded as the actor."""
    from governance.app import Governance

    path: Path = ctx.find_root().obj
    gov = Governance.open(path, actor=actor())
    try:
        yield gov
    finally:
        gov.close()


def actor() -> str:
    """The operating system's user: for the record, and to tell who plans, approves and runs a job.

    The user's id comes first: LOGNAME and its like can be set by anybody.
    """
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        pass
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"
