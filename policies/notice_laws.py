"""What each law wants a privacy notice to say, from the pack `notices`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.yaml_files import FileModel, check_model

SetName = Literal["cross_border", "direct", "indirect", "sensitive", "sharing"]


class NoticeLaw(FileModel):
    """What one law wants."""

    as_of: dt.date
    """The day from which the text of these articles holds."""
    confidence: Literal["text", "secondary", "memory"]
    """How it was read."""
    sets: dict[SetName, dict[str, str]]
    """Kind of notice, or use that it covers, to item and article."""

    def items(self, kind: str, covers: Iterable[str]) -> dict[str, str]:
        """Item to article, for a notice of a kind that covers some uses; empty where the law knows none of them."""
        found: dict[str, str] = {}
        for name in (kind, *covers):
            for item, article in self.sets.get(name, {}).items():  # type: ignore[call-overload]  # names outside: nothing
                found.setdefault(item, article)
        return found


class _Body(FileModel):
    laws: dict[str, NoticeLaw]


@dataclass(frozen=True, slots=True)
class NoticeLaws:
    """The items of all laws in the pack."""

    pack: str
    """Name and edition, as `notices@2026.11`."""
    laws: Mapping[str, NoticeLaw]
    """By law."""


@cache
def load_notice_laws(on: dt.date) -> NoticeLaws:
    """The items in force on a day. Raises PackError when the pack is wrong."""
    pack = load_pack("notices", on)
    body = check_model(_Body, pack.body, "pack notices", error=PackError)
    return NoticeLaws(f"{pack.pack}@{pack.version}", MappingProxyType(dict(body.laws)))
