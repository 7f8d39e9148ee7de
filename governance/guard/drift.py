"""How a dataset departed from what it was when the store was opened: once departed, it stays closed until then."""

from __future__ import annotations

from collections.abc import Iterable

from governance.guard.schema import TableShape

_REOPEN = "; the store has to be opened again"


class History:
    """Each dataset as it was first seen in order, and those that departed since. Used under the watch's lock."""

    def __init__(self) -> None:
        self._first: dict[str, TableShape] = {}
        self._departed: dict[str, str] = {}

    def departures(self, tables: Iterable[TableShape], drifted: dict[str, str]) -> None:
        """Add to `drifted`, in place, what departed from its first form, now or earlier."""
        for dataset, gone in drifted.items():
            if dataset in self._first:
                self._departed.setdefault(dataset, gone + _REOPEN)
        for table in tables:
            if table.dataset in drifted:
                continue
            first = self._first.setdefault(table.dataset, table)
            why = _difference(first, table)
            if why:
                self._departed.setdefault(table.dataset, why + _REOPEN)
        drifted.update(self._departed)


def _difference(first: TableShape, now: TableShape) -> str | None:
    if first.mark != now.mark:
        return "another table or view of the same name"
    both = [name for name in first.fields if name in now.fields]
    if both != [name for name in now.fields if name in first.fields]:
        return "fields that changed places since the store was opened"
    if any(first.places.get(name) != now.places.get(name) for name in both):
        return "fields that are other columns than when the store was opened"
    return None
