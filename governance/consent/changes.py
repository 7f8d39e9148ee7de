"""Consent that dies when its purpose changes: the snapshot that was recorded with it against the purpose of today."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from governance.consent.drafting import snapshot_of
from governance.consent.events import ConsentEvent
from policies.consent_laws import ConsentLaws
from policies.purposes import PurposesFile


class ChangeRule:
    """Whether a consent is stale, under the laws in force.

    An event that names no law is judged by the strictest of them. One without a snapshot, of an older release, never is
    stale: nobody knows what it was given for.
    """

    def __init__(self, purposes: PurposesFile, rules: ConsentLaws, in_force: Collection[str]) -> None:
        self._laws = rules.dying_on_change(rules.laws)
        self._strict = bool(rules.dying_on_change(in_force))
        self._now = {each: snapshot_of(purposes, each) for each in sorted(purposes.purposes)}
        told = [rules.pack, *sorted(self._laws), str(self._strict), *self._now.values()]
        self.digest = hashlib.sha256("\0".join(told).encode()).hexdigest() if self._laws else ""
        """Changes with whatever could make a consent stale."""

    def __call__(self, event: ConsentEvent) -> bool:
        """Whether this consent is stale."""
        dies = event.jurisdiction in self._laws or (not event.jurisdiction and self._strict)
        return dies and self.changed(event)

    def changed(self, event: ConsentEvent) -> bool:
        """Whether the purpose is another one than when this event was recorded, whatever the law says of it."""
        return bool(event.snapshot) and event.snapshot != self._now.get(event.purpose)
