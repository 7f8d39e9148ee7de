"""The policy folder, read anew when a file of it changes, so that a revocation holds from the next statement on.

A file that is half-written or wrong raises, and whoever asked gets nothing: an older policy is never used instead.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from governance.access.permits import DatasetPermit
from governance.access.policy import AccessPolicy
from governance.project import Project
from policies.access_lines import read_access
from policies.access_names import Names
from policies.catalog import Catalog, read_catalog
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, Principal
from policies.principals import read_principals
from policies.purposes import PurposesFile, read_purposes
from policies.taxonomy import Taxonomy, load_taxonomy

WATCHED = ("access.csv", "catalog.yaml", "principals.yaml", "purposes.yaml")
"""The files that decide who may see what."""

_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True)
class _Read:
    stamp: _Stamp
    day: dt.date
    policy: AccessPolicy


class PolicyFiles:
    """What the policy folder says now. Safe to share between threads."""

    def __init__(
        self,
        project: Project,
        clock: Callable[[], dt.datetime],
        glass_is_open: Callable[[Principal, str], bool] = lambda *_: False,
    ) -> None:
        self._glass_is_open = glass_is_open
        self._project = project
        self._clock = clock
        self._lock = threading.Lock()
        self._last: _Read | None = None

    @property
    def policy(self) -> AccessPolicy:
        """The access policy as the files stand at this moment.

        Raises ConfigError, CatalogError, PolicyFileError or PredicateError when one of them is wrong.
        """
        stamp, day = self._stamp(), self._clock().date()
        last = self._last
        if last is not None and last.stamp == stamp and last.day == day:
            return last.policy
        with self._lock:
            policy = self._read(day)
            # Stamped before it was read: a file that changed meanwhile is read again at the next question.
            self._last = _Read(stamp, day, policy)
            return policy

    @property
    def catalog(self) -> Catalog:
        """The reviewed data map."""
        return self.policy.catalog

    @property
    def purposes(self) -> PurposesFile:
        """The purposes."""
        return self.policy.purposes

    @property
    def taxonomy(self) -> Taxonomy:
        """The categories in force today."""
        return self.policy.taxonomy

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        """What a principal may see of a dataset; as `AccessPolicy.permit`, by the policy of this moment.

        A principal whose roles or attributes changed since a session was opened is refused, so that no statement runs
        with what was true before.
        """
        policy = self.policy
        if policy.principal(principal.name) != principal:
            raise AccessRefusedError(
                str(dataset),
                found="a session whose principal got other roles or attributes since it was opened",
                expected="a session of the principal as it is now",
                next_step="open a new session",
                rule_ids=("guard.principal_changed",),
            )
        opened = policy.purposes.break_glass(purpose) is not None and self._glass_is_open(principal, purpose)
        return policy.permit(principal, purpose, action, dataset, glass_open=opened)

    def versions(self) -> dict[str, str]:
        """Digests of the policy and of the catalog as they stand."""
        policy = self.policy
        return {"catalog": policy.catalog.digest, "policy": policy.digest}

    def _read(self, day: dt.date) -> AccessPolicy:
        return read_policy(self._project.policy_file, self._project.config.laws, day)

    def _stamp(self) -> _Stamp:
        return tuple(_stamp(self._project.policy_file(name)) for name in WATCHED)


def read_policy(file: Callable[[str], Path], laws: Collection[str], day: dt.date) -> AccessPolicy:
    """The access policy of some files, `file` giving each one's path by name, with the packs of a day.

    Raises ConfigError, CatalogError, PolicyFileError or PredicateError when one of them is wrong.
    """
    taxonomy = load_taxonomy(day)
    purposes = read_purposes(file("purposes.yaml"))
    principals = read_principals(file("principals.yaml"))
    catalog = read_catalog(file("catalog.yaml"))
    lines = read_access(file("access.csv"), Names(purposes, principals, catalog, taxonomy))
    return AccessPolicy(lines, purposes, principals, catalog, taxonomy, laws)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
