"""What a pass leaves out, gathered as counts while it runs."""

from __future__ import annotations

from connectors.base import NotSeen


class Notes:
    """A tally of what was not seen: one entry per place and reason, in the order of the first."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}
        self._firsts: dict[tuple[str, str], str] = {}
        self._said: list[NotSeen] = []

    def say(self, place: str, reason: str, detail: str = "") -> None:
        """Add one entry as it stands."""
        self._said.append(NotSeen(place, reason, detail))

    def count(self, place: str, reason: str, number: int = 1, *, first: str = "") -> None:
        """Add to the number of things left out at a place; `first` says where the first of them lies."""
        key = (place, reason)
        self._counts[key] = self._counts.get(key, 0) + number
        self._firsts.setdefault(key, first)

    def listed(self) -> list[NotSeen]:
        """All entries; the detail of a counted one is `12` or `12, first at line 40`."""
        counted = [
            NotSeen(
                place, reason, f"{number}, first at {first}" if (first := self._firsts[place, reason]) else f"{number}"
            )
            for (place, reason), number in self._counts.items()
        ]
        return [*self._said, *counted]
