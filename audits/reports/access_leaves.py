r"""Stored events read quickly: an event that differs from one already read only in its numbers is not parsed again.

A leaf is RFC 8785, so its keys stand in one order. What differs between two like events (id, place, time, counts, refs,
hash of the statement) is cut out, and the rest, its shape, is looked up. A quote inside a text is written `\"`, so a
mark such as `,"id":"` is only found between two keys. A leaf of an unknown shape is parsed whole and checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Parse: TypeAlias = Callable[[bytes], Mapping[str, Any]]
"""Makes the plain form `governance.event/1` of a leaf; raises for foreign bytes."""

SHAPES = 20_000
"""Shapes and sets of counts that are remembered; past that they are forgotten and learned again."""


@dataclass(frozen=True, eq=False, slots=True)
class Shape:
    """What like events have in common. Equal shapes are one object."""

    kind: str
    """The kind of event."""
    principal: str | None
    """Reference of the person or service on whose behalf."""
    actor: str
    """Reference of the service that acted."""
    purpose: str | None
    """The purpose that was stated."""
    action: str | None
    """What was done."""
    outcome: str | None
    """How it was decided or ended."""
    reason: str | None
    """Why, as a key of the words files."""
    rules: tuple[str, ...]
    """Ids of the rules that decided."""
    fields: tuple[tuple[str, str], ...]
    """Each object with its treatment, each once; objects without one are left out."""

    @property
    def granted(self) -> bool:
        """Whether a decision allowed; anything but a clear `allowed` counts as refused."""
        return self.outcome == "allowed"


Read: TypeAlias = tuple[Shape, str, str, Mapping[str, int], str | None]
"""One event: its shape, its id, its time as events write it, its numbers, and the decision that it refers to."""


class Leaves:
    """Reads leaves and remembers their shapes."""

    def __init__(self, parse: Parse) -> None:
        self._parse = parse
        self._shapes: dict[bytes, Shape] = {}
        self._equal: dict[tuple[Any, ...], Shape] = {}
        self._counts: dict[bytes, Mapping[str, int]] = {}
        self.people: set[str] = set()
        """References of everybody on whose behalf or through whom something was done."""

    def read(self, leaf: bytes) -> Read:
        """Shape, id, time, counts and the decision that is referred to. Raises what `parse` raises."""
        find = leaf.find
        counts = find(b',"counts":')
        id_at = find(b',"id":"', counts)
        id_end = find(b'"', id_at + 7)
        refs = find(b',"refs":', id_end)
        rules = find(b',"rules":', refs)
        seq = find(b',"seq":', rules)
        time = find(b',"time":"', seq)
        if counts < 0 or id_at < 0 or refs < 0 or rules < 0 or seq < 0 or time < 0:
            return self._whole(leaf)
        if not leaf.startswith(b'","versions":', time + 36):
            return self._whole(leaf)
        key = b"".join((leaf[:counts], leaf[id_end:refs], leaf[rules:seq], leaf[time + 36 :]))
        shape = self._shapes.get(key)
        if shape is None:
            return self._whole(leaf, key)
        said = leaf[refs + 8 : rules]
        if said == b"{}":
            decision = None
        elif said.startswith(b'{"decision":"') and said.count(b'"') == 4:
            decision = said[13:-2].decode()
        else:
            decision = json.loads(said).get("decision")
        numbers = leaf[counts + 10 : id_at]
        found = self._counts.get(numbers)
        if found is None:
            found = self._counts_of(numbers)
        return shape, leaf[id_at + 7 : id_end].decode(), leaf[time + 9 : time + 36].decode(), found, decision

    def _counts_of(self, numbers: bytes) -> Mapping[str, int]:
        if len(self._counts) >= SHAPES:
            self._counts.clear()
        found: Mapping[str, int] = json.loads(numbers)
        self._counts[numbers] = found
        return found

    def _whole(self, leaf: bytes, key: bytes | None = None) -> Read:
        event = self._parse(leaf)
        shape = self._shape(event)
        if key is not None:
            if len(self._shapes) >= SHAPES:
                self._shapes.clear()
            self._shapes[key] = shape
        return shape, event["id"], event["time"], event["counts"], event["refs"].get("decision")

    def _shape(self, event: Mapping[str, Any]) -> Shape:
        pairs = ((each["ref"], each["treatment"]) for each in event["objects"] if each["treatment"])
        named = (event[name] for name in ("kind", "principal", "actor", "purpose", "action", "outcome", "reason"))
        parts = (*named, tuple(event["rules"]), tuple(dict.fromkeys(pairs)))
        if len(self._equal) >= SHAPES:
            self._equal.clear()
            self._shapes.clear()
        self.people |= {each for each in (event["principal"], event["actor"]) if each is not None}
        return self._equal.setdefault(parts, Shape(*parts))
