"""What data must be like: the pack `quality` and the project's `quality.yaml` as one thing that checks can ask."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from pydantic import Field

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.quality_rules import QualityFile
from policies.retention_rules import Period, parse_period
from policies.taxonomy import Taxonomy
from policies.yaml_files import FileModel, check_model


class Fillers(FileModel):
    """Values that stand for nothing."""

    words: tuple[str, ...] = ()
    """Whole values in lower case."""
    patterns: tuple[str, ...] = ()
    """RE2 expressions for the whole value in lower case."""


class NameLists(FileModel):
    """Names of fields by what their values say."""

    verified: tuple[str, ...]
    """When a record was last verified."""
    changed: tuple[str, ...]
    """When it last changed."""
    began: tuple[str, ...]
    """When it began."""
    ended: tuple[str, ...]
    """When it ended."""
    happened: tuple[str, ...]
    """When something was done."""
    not_negative: tuple[str, ...]
    """Amounts that are never below zero."""


class LikenessPack(FileModel):
    """How much things in common speak for one person."""

    threshold: float
    """The sum from which on two records are about one person."""
    same: dict[str, float]
    """What counts when a thing is the same."""
    differs: dict[str, float]
    """What counts when it differs; nothing counts where one of the records lacks it."""


class QualityPack(FileModel):
    """The body of the pack."""

    checks: dict[str, str]
    """Category to check."""
    worded: tuple[str, ...]
    """Categories in which `everywhere` holds."""
    everywhere: Fillers
    """Fillers of every kind of value."""
    placeholders: dict[str, Fillers]
    """Fillers by category."""
    oldest_years: int
    """The oldest age that a person can have."""
    limits: dict[str, str]
    """Category to the longest time without verification."""
    names: NameLists
    """Names of fields."""
    others: tuple[str, ...]
    """Words that say a field is about somebody else."""
    channels: dict[str, str]
    """Channel to the category that it needs."""
    used_words: tuple[str, ...]
    """Categories whose standard is taken from use."""
    used_share: float
    """The share from which on a word is part of it."""
    yes: tuple[str, ...]
    """Words for yes."""
    no: tuple[str, ...]
    """Words for no."""
    likeness: LikenessPack
    """How much things in common speak for one person."""
    surname_readings: str = ""
    """Surnames with their reading, `单shan`, parted by blanks."""
    titles: tuple[str, ...] = Field(default=())
    """Titles in Latin letters."""
    titles_zh: tuple[str, ...] = Field(default=())
    """Titles behind a Chinese name."""


@dataclass(frozen=True, slots=True)
class Standard:
    """What a project's data must be like on one day."""

    pack: QualityPack
    """What holds for everybody."""
    version: str
    """The edition of the pack."""
    rules: QualityFile
    """What holds for this project."""
    today: dt.date
    """The day, in the project's zone."""
    regions: tuple[str, ...]
    """ISO 3166 regions that phone numbers without a prefix may belong to."""

    def check_of(self, category: str) -> str | None:
        """The check of a category, or of the nearest above it that has one."""
        return next((self.pack.checks[key] for key in Taxonomy.ancestry(category) if key in self.pack.checks), None)

    def limit_of(self, category: str) -> Period | None:
        """How long a record with that category may stand unverified; None for as long as it likes."""
        limits = {**self.pack.limits, **self.rules.limits}
        return next((parse_period(limits[key]) for key in Taxonomy.ancestry(category) if key in limits), None)

    def fillers_of(self, category: str) -> Fillers:
        """All fillers of a category: its own, those above it, those of every kind, and the project's."""
        found = [self.pack.placeholders[key] for key in Taxonomy.ancestry(category) if key in self.pack.placeholders]
        if any(Taxonomy.is_under(category, each) for each in self.pack.worded):
            found.append(self.pack.everywhere)
        own = [each for key in Taxonomy.ancestry(category) for each in self.rules.placeholders.get(key, ())]
        words = (*(word for each in found for word in each.words), *(each.lower() for each in own))
        return Fillers(words=words, patterns=tuple(pattern for each in found for pattern in each.patterns))

    def is_named(self, field: str, kind: str) -> bool:
        """Whether a field's name is, or ends with, one of a list of `names`."""
        listed: tuple[str, ...] = getattr(self.pack.names, kind)
        plain = plain_name(field)
        return any(plain == each or (len(each) > 2 and plain.endswith(f"_{each}")) for each in listed)

    def is_about_others(self, field: str) -> bool:
        """Whether a field's name says that its value is about another person than the record."""
        plain = plain_name(field)
        words = set(plain.split("_"))
        return any(each in words if each.isascii() else each in plain for each in self.pack.others)


def plain_name(field: str) -> str:
    """A field's name as words in lower case, parted by `_`: `ShipTo` and `ship-to` are `ship_to`."""
    return re.sub(r"[^a-z0-9\u4e00-\u9fff]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", field).lower()).strip("_")


def load_standard(rules: QualityFile, today: dt.date, regions: tuple[str, ...]) -> Standard:
    """The standard of a day. Raises PackError when the pack is wrong."""
    pack = load_pack("quality", today)
    body = check_model(QualityPack, pack.body, "pack quality", error=PackError)
    return Standard(body, pack.version, rules, today, regions)
