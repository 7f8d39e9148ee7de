"""The policy folder, read anew when a file of it changes, so that a revocation holds from the next statement on.

A file that is half-written or wrong raises, and whoever asked gets nothing: an older policy is never used instead.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from governance.access.permits import DatasetPermit
from governance.access.policy import AccessPolicy
from governance.flows.opening.people import People, PrincipalsSource
from governance.project import Project
from policies.access_lines import read_access
from policies.access_names import Names
from policies.catalog import Catalog, read_catalog
from policies.errors import AccessRefusedError
from policies.nouns import Action, DatasetRef, Principal, Scalar
from policies.principals import read_principals, together
from policies.purposes import PurposesFile, read_purposes
from policies.separation import SEPARATION, read_separation
from policies.taxonomy import Taxonomy, load_taxonomy

WATCHED = ("access.csv", "catalog.yaml", "principals.yaml", "purposes.yaml")
"""The files that decide who may see what."""


class Requirement(Protocol):
    """What must hold of a principal beside the policy, such as training."""

    def __call__(self, principal: Principal, purpose: str, /) -> None:
        """Return when it holds; raise AccessRefusedError, or any other error when it cannot be told."""
        ...


_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True)
class _Read:
    stamp: _Stamp
    day: dt.date
    people: Mapping[str, dict[str, Scalar]]
    policy: AccessPolicy


class PolicyFiles:
    """What the policy folder says now. Safe to share between threads.

    `principals` gives users beside those of `principals.yaml`; `glass_is_open` says whether break-glass is open for a
    principal and a purpose; `requirement` is asked before each permit. Raises ConfigError when the configuration names
    a table of principals too.
    """

    def __init__(
        self,
        project: Project,
        clock: Callable[[], dt.datetime],
        principals: PrincipalsSource | None = None,
        glass_is_open: Callable[[Principal, str], bool] = lambda *_: False,
        requirement: Requirement = lambda *_: None,
    ) -> None:
        self._requirement = requirement
        self._glass_is_open = glass_is_open
        self._project = project
        self._people = People(project, clock, principals)
        self._clock = clock
        self._lock = threading.Lock()
        self._last: _Read | None = None

    @property
    def policy(self) -> AccessPolicy:
        """The access policy as the files, and users from elsewhere, stand at this moment.

        Raises ConfigError, CatalogError, PolicyFileError or PredicateError when one of them is wrong, StoreError when a
        table of users cannot be read, and whatever a source of the application's raises.
        """
        stamp, day = self._stamp(), self._clock().date()
        last = self._last
        if last is not None and last.stamp == stamp and last.day == day and not self._people.is_due():
            return last.policy
        with self._lock:
            people = self._people.now()
            if last is not None and last.stamp == stamp and last.day == day and last.people is people:
                return last.policy
            policy = self._read(day, people)
            # Stamped before it was read: a file that changed meanwhile is read again at the next question.
            self._last = _Read(stamp, day, people, policy)
            return policy

    def policy_of(self, file: Callable[[str], Path]) -> AccessPolicy:
        """The policy of other files, `file` giving each one's path by name, with today's packs, laws and users.

        Raises as `policy`.
        """
        with self._lock:
            people = self._people.now()
        laws = self._project.config.laws
        return read_policy(file, laws, self._clock().date(), people=people, people_place=self._people.place)

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
        self._requirement(principal, purpose)
        return policy.permit(principal, purpose, action, dataset, glass_open=opened)

    def versions(self) -> dict[str, str]:
        """Digests of the policy and of the catalog as they stand."""
        policy = self.policy
        return {"catalog": policy.catalog.digest, "policy": policy.digest}

    def _read(self, day: dt.date, people: Mapping[str, dict[str, Scalar]]) -> AccessPolicy:
        file, laws = self._project.policy_file, self._project.config.laws
        return read_policy(file, laws, day, people=people, people_place=self._people.place)

    def _stamp(self) -> _Stamp:
        return tuple(_stamp(self._project.policy_file(name)) for name in WATCHED)


def read_policy(
    file: Callable[[str], Path],
    laws: Collection[str],
    day: dt.date,
    *,
    people: Mapping[str, dict[str, Scalar]] = MappingProxyType({}),
    people_place: str = "principals",
) -> AccessPolicy:
    """The access policy of some files, `file` giving each one's path by name, with the packs of a day.

    `people` are users beside those of the files. Raises ConfigError, CatalogError, PolicyFileError or PredicateError
    when one of them is wrong.
    """
    taxonomy = load_taxonomy(day)
    purposes = read_purposes(file("purposes.yaml"))
    principals = together(read_principals(file("principals.yaml")), people, people_place)
    catalog = read_catalog(file("catalog.yaml"))
    lines = read_access(file("access.csv"), Names(purposes, principals, catalog, taxonomy))
    return AccessPolicy(lines, purposes, principals, catalog, taxonomy, laws, read_separation(file(SEPARATION)))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
