"""The win-back guard: marketing does not reach lapsed people without a live basis, decided inside the query.

    win_back:
      marketing: {stages: [lapsed, lost], unless_consent: marketing.email}

A record is shown for `marketing`, and for what lies below it, when it is for certain in another stage, or when its
person consents to `marketing.email` at this moment. A record whose stage cannot be told counts as lapsed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol
from zoneinfo import ZoneInfo

from governance.consent.conditions import ReadHead
from governance.flows.opening.policy_files import PolicyFiles
from governance.project import Project
from policies.errors import AccessRefusedError
from policies.nouns import DatasetRef
from policies.predicate import either
from policies.retention_file import WinBackEntry
from policies.retention_rules import RetentionBook, read_book
from policies.row_conditions import ExistsIn

_RULE = "win_back:"


class Consents(Protocol):
    """Consent as conditions on rows; `governance.flows.consent.consent_wiring.LiveConsent` is one."""

    def prepare(self, store: str, purpose: str, run: ReadHead | None = None) -> None:
        """Make sure that what a statement will see of consent is the latest."""
        ...

    def conditions(self, dataset: DatasetRef, purpose: str, *, every_row: bool = False) -> tuple[ExistsIn, ...]:
        """What must hold of each row; with `every_row`, whatever its law rests the purpose on."""
        ...

    def lasting(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """The same for what outlives the moment, such as a view."""
        ...


class WinBackGuard:
    """Consent, and the stages of `retention.yaml`, as one row predicate of the guard."""

    def __init__(
        self, project: Project, files: PolicyFiles, consent: Consents, clock: Callable[[], dt.datetime]
    ) -> None:
        self._path = project.policy_file("retention.yaml")
        self._zone = ZoneInfo(project.config.time_zone)
        self._files = files
        self._consent = consent
        self._clock = clock
        self._last: tuple[tuple[int, int], RetentionBook] | None = None

    def prepare(self, store: str, purpose: str, run: ReadHead | None = None) -> None:
        """Bring the consent up to date that a statement will see, that of a live basis included."""
        self._consent.prepare(store, purpose, run)
        for _, entry in self._entries(purpose):
            self._consent.prepare(store, entry.unless_consent, run)

    def conditions(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """What must hold of each row; changes with the policy files and, where stages depend on it, with the day.

        Raises AccessRefusedError for a dataset that names persons and has no stages, or a basis that is no consent.
        """
        return self._with_lapse(self._consent.conditions(dataset, purpose), dataset, purpose)

    def lasting(self, dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        """The same for a view, which does not move on with the day: of lapsed people's stages nobody is spared."""
        found = self._with_lapse(self._consent.lasting(dataset, purpose), dataset, purpose)
        return tuple(replace(each, spared=None) if each.rule_id.startswith(_RULE) else each for each in found)

    def _with_lapse(self, found: tuple[ExistsIn, ...], dataset: DatasetRef, purpose: str) -> tuple[ExistsIn, ...]:
        for name, entry in self._entries(purpose):
            if self._names_persons(dataset):
                found = (*found, *self._lapse(dataset, purpose, name, entry))
        return found

    def _lapse(self, dataset: DatasetRef, purpose: str, name: str, entry: WinBackEntry) -> Iterator[ExistsIn]:
        stages = self._book().lifecycles.get(dataset)
        if stages is None:
            raise _refused(dataset, purpose, "a dataset that names persons and has no stages", "its stages in `stages`")
        asked = self._consent.conditions(dataset, entry.unless_consent, every_row=True)
        basis = [each for each in asked if not each.absent]  # who is shut out is so by the purpose itself
        if not basis:
            raise _refused(dataset, purpose, "a live basis that needs no consent", "a purpose that rests on consent")
        spared = stages.surely_not(entry.stages, self._clock().astimezone(self._zone).date())
        return (replace(each, rule_id=f"{_RULE}{name}", spared=either(each.spared, spared)) for each in basis)

    def _names_persons(self, dataset: DatasetRef) -> bool:
        entry = self._files.catalog.dataset(dataset)
        return entry is not None and bool(entry.subject_key)

    def _entries(self, purpose: str) -> Iterator[tuple[str, WinBackEntry]]:
        book = self._book()
        if not book.win_back:
            return
        purposes = self._files.purposes
        if not book.win_back.keys() <= purposes.purposes.keys():  # a slip of the pen must not open what it should close
            raise AccessRefusedError(
                f"{self._path}, win_back",
                found="a purpose that purposes.yaml does not have",
                expected="purposes of purposes.yaml",
                next_step="mend the name; until then nothing is decided",
                rule_ids=("win_back",),
            )
        for each in purposes.ancestry(purpose):
            if each in book.win_back:
                yield each, book.win_back[each]

    def _book(self) -> RetentionBook:
        """The rules as the file has them now; read again when it was changed."""
        if not self._path.exists():
            return RetentionBook()
        status = self._path.stat()
        mark = status.st_mtime_ns, status.st_size
        if self._last is None or self._last[0] != mark:
            self._last = mark, read_book(self._path)
        return self._last[1]


def _refused(dataset: DatasetRef, purpose: str, found: str, expected: str) -> AccessRefusedError:
    return AccessRefusedError(
        f"{dataset}, purpose `{purpose}`, which may not reach lapsed people",
        found=found,
        expected=expected,
        next_step="mend `stages` and `win_back` of retention.yaml; see docs/retention.md",
        rule_ids=(f"win_back:{purpose}",),
    )
