"""What package a person is given, and what it holds in counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What package is made, and for whom."""

    output: Path
    """A new folder, or a file that ends in `.zip`."""
    principal: str
    """Who makes it; needs `export` on the person's records."""
    purpose: str
    """Why: a purpose of `purposes.yaml`, such as answering requests."""
    language: str = "en"
    """The person's language: `en`, `zh-Hans` or `zh-Hant`."""
    portable: bool = False
    """Only what the person provided, on the ground of consent or contract, as JSON and CSV."""
    confirmed: bool = False
    """A human has looked at several subject keys, and they are one person's."""
    models: str = "auto"
    """Whether the models of the extra `nlp` look for other people in texts: `auto`, `on` or `off`."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What a package holds, in counts."""

    records: Mapping[str, int]
    """By dataset."""
    left_out: tuple[tuple[str, str], ...]
    """Place and reason, a key `reason_KEY` of the words."""
    redacted: int
    """Mentions of others that were taken out."""
    not_told: tuple[tuple[str, str], ...]
    """Law and item that nobody recorded; whoever sends the package adds them."""
