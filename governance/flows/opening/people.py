"""The users of a policy that come from a table or from the application, read again in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from governance.flows.opening.principals_table import principals_of_table
from governance.project import Project
from policies.errors import ConfigError
from policies.nouns import Scalar
from policies.principals import check_principals

PrincipalsSource = Callable[[], Mapping[str, Mapping[str, Scalar]]]
"""Gives every user's name with attributes. Whatever it raises reaches who asked, who then gets nothing."""
REFRESH_SECONDS = 30
"""How old what an application gave may be, unless the configuration says."""


@dataclass(frozen=True, slots=True)
class _Given:
    at: dt.datetime
    principals: dict[str, dict[str, Scalar]]


class People:
    """Users from elsewhere than `principals.yaml`. Not thread-safe: its owner asks under a lock of his own.

    Raises ConfigError when both the configuration and the application name a source.
    """

    def __init__(self, project: Project, clock: Callable[[], dt.datetime], given: PrincipalsSource | None) -> None:
        config = project.config.principals
        if config is not None and given is not None:
            raise ConfigError(
                f"{project.path}, principals",
                found="a table, and a source given by the application",
                expected="one of the two",
                next_step="take `principals` out of governance.yaml, or give none to Governance.open",
            )
        self._read = given if config is None else lambda: principals_of_table(project, config)
        self.place = "principals" if config is None else f"principals, table {config.store}.{config.table}"
        """Where they come from, for messages."""
        self._every = dt.timedelta(seconds=config.refresh_seconds if config is not None else REFRESH_SECONDS)
        self._clock = clock
        self._last: _Given | None = None

    def is_due(self) -> bool:
        """Whether what was read is too old to be used; never where there is no source."""
        if self._read is None:
            return False
        age = None if self._last is None else self._clock() - self._last.at
        return age is None or not dt.timedelta(0) <= age < self._every

    def now(self) -> Mapping[str, dict[str, Scalar]]:
        """The users, read again when it is due; an older state is never used instead of one that cannot be read.

        Equal states are one object. Raises ConfigError, StoreError, or whatever the application's source raises.
        """
        if self._read is None:
            return {}
        if self._last is None or self.is_due():
            at, before = self._clock(), self._last
            self._last = None
            found = check_principals(self._read(), self.place)
            same = before is not None and before.principals == found
            self._last = _Given(at, before.principals if same and before is not None else found)
        return self._last.principals
