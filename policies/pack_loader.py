"""Load the pack of rule data that was in force on a day: laws, taxonomy, entities."""

from __future__ import annotations

import datetime as dt
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict

from policies.errors import PackError
from policies.shipped_yaml import parse_shipped
from policies.yaml_files import check_model


class Pack(BaseModel):
    """The head that every pack has; the other keys are its body."""

    model_config = ConfigDict(extra="allow", frozen=True)

    pack: str
    """Its name, equal to the file's name without dates."""
    version: str
    """Which edition this is; reports state it."""
    effective_from: dt.date
    """The first day on which it holds."""
    effective_to: dt.date | None
    """The last day on which it holds; None while no end is known."""
    source: str
    """Which text the data was made from."""
    confidence: str
    """`text` (read in the act itself), `secondary`, `memory` or `reviewed` (our own data)."""

    @property
    def body(self) -> dict[str, Any]:
        """The pack's own keys, as plain data."""
        return dict(self.model_extra or {})


def load_pack(name: str, on: dt.date) -> Pack:
    """The pack of that name in force on a day. Raises PackError when there is none, or the pack is wrong."""
    editions = [pack for pack in _editions(name) if pack.effective_from <= on]
    current = [pack for pack in editions if pack.effective_to is None or on <= pack.effective_to]
    if not current:
        raise PackError(
            f"pack {name}",
            found=f"{len(_editions(name))} edition(s), none in force on {on}",
            expected="one edition in force",
            next_step="check the name under `laws` in governance.yaml, or the date asked for",
        )
    return max(current, key=lambda pack: pack.effective_from)


@cache
def _editions(name: str) -> tuple[Pack, ...]:
    folder = resources.files("policies").joinpath("packs")
    texts = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml") and entry.name.removesuffix(".yaml").split("@")[0] == name
    }
    return tuple(
        check_model(Pack, parse_shipped(text, file), file, error=PackError) for file, text in sorted(texts.items())
    )
