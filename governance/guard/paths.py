"""A JSON field whose paths have rules of their own: shown in clear it would show them too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from governance.access.permits import DatasetPermit
from governance.guard.base import Permits
from governance.guard.kept import Kept
from policies.nouns import Action, DatasetRef, Principal

WHY = "path_not_clear"
"""Why such a field is hidden."""
_KEPT = 1_000


class PathPermits:
    """Permits in which a field is hidden when some path of it is not clear in every row."""

    def __init__(self, permits: Permits) -> None:
        self._permits = permits
        self._closed: Kept[int, tuple[DatasetPermit, DatasetPermit]] = Kept(_KEPT)

    def versions(self) -> Mapping[str, str]:
        """As the policy gives them."""
        return self._permits.versions()

    def permit(self, principal: Principal, purpose: str, action: Action, dataset: DatasetRef) -> DatasetPermit:
        """As the policy gives it; equal questions give the same object. Raises AccessRefusedError."""
        given = self._permits.permit(principal, purpose, action, dataset)
        found = self._closed.get(id(given))
        if found is None or found[0] is not given:
            found = (given, closed(given))
            self._closed.put(id(given), found)
        return found[1]


def closed(permit: DatasetPermit) -> DatasetPermit:
    """A permit without the fields of which some path is not clear; the same object when there are none."""
    paths = [name for name in (*permit.fields, *permit.hidden) if ":" in name]
    shut = {path.split(":")[0] for path in paths if not permit.is_clear(path)} & set(permit.fields)
    if not shut:
        return permit
    return replace(
        permit,
        fields={name: each for name, each in permit.fields.items() if name not in shut},
        hidden={**permit.hidden, **dict.fromkeys(sorted(shut), WHY)},
    )
