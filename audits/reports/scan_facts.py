"""What a scan's JSON form says, read once: fields with their place, their worst label and their unread rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from audits.report import Listing, Share, Tag, Text, Tone, text
from policies.taxonomy import Taxonomy, load_taxonomy

SENSITIVITIES = ("special", "restricted", "confidential", "internal", "public")
"""The sensitivities, worst first; `special` also stands for what a law calls special."""

RARE = 0.01
"""A finding in fewer than this share of the values is rare: worth a look, however small the share."""

UNLABELLED = "unlabelled"
"""The filter key of a field in which nothing was found."""


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field of a scan with its place."""

    store: str
    """Its store."""
    dataset: Mapping[str, Any]
    """Its dataset in the JSON form."""
    entry: Mapping[str, Any]
    """The field itself in the JSON form."""
    laws: tuple[str, ...] = ()
    """The laws of the scan, which say what is special."""

    @property
    def place(self) -> str:
        """`store.dataset.field`."""
        return f"{self.store}.{self.dataset['dataset']}.{self.entry['field']}"

    @property
    def label(self) -> Mapping[str, Any] | None:
        """Its label; None when nothing personal is known of it."""
        found: Mapping[str, Any] | None = self.entry["label"]
        return found

    @property
    def sensitivity(self) -> str:
        """The filter key: `special` when any law calls it so, else its sensitivity, else `unlabelled`."""
        if self.label is None:
            return UNLABELLED
        return "special" if self.label["special"] else str(self.label["sensitivity"])

    @property
    def personal(self) -> bool:
        """Whether its label says personal data: a rejected one and the category `none` do not."""
        return self.label is not None and self.label["status"] != "rejected" and self.label["category"] != "none"

    @property
    def unreviewed(self) -> bool:
        """Whether its label waits for a person."""
        return self.personal and self.label is not None and self.label["status"] == "proposed"

    @property
    def rare(self) -> tuple[Mapping[str, Any], ...]:
        """Its findings that few values hold."""
        return tuple(each for each in self.entry["findings"] if 0 < each["prevalence"] < RARE)

    @property
    def special_inside(self) -> tuple[Mapping[str, Any], ...]:
        """Its common findings of a special category, when the label itself does not say special."""
        if self.sensitivity == "special":
            return ()
        return tuple(
            each for each in self.entry["findings"] if each["prevalence"] >= RARE and is_special(each, self.laws)
        )

    @property
    def order(self) -> tuple[int, float, str]:
        """Worst first: by sensitivity, then confidence, then place."""
        rank = SENSITIVITIES.index(self.sensitivity) if self.label else len(SENSITIVITIES)
        return rank, -(self.label["confidence"] if self.label else 0.0), self.place


def each_field(scan: Mapping[str, Any]) -> Iterator[FieldFacts]:
    """Every field of a scan in its order."""
    laws = tuple(scan.get("summary", {}).get("laws", ()))
    for store in scan["stores"]:
        for dataset in store["datasets"]:
            yield from dataset_fields(store["store"], dataset, laws)


def dataset_fields(store: str, dataset: Mapping[str, Any], laws: tuple[str, ...]) -> Iterator[FieldFacts]:
    """Every field of a dataset in its order."""
    return (FieldFacts(store, dataset, entry, laws) for entry in dataset["fields"])


def is_special(finding: Mapping[str, Any], laws: tuple[str, ...]) -> bool:
    """Whether the category of a finding is special by nature or under one of the laws, by the newest category pack."""
    category = _taxonomy().categories.get(finding["category"])
    return category is not None and category.is_special(laws)


@cache
def _taxonomy() -> Taxonomy:
    return load_taxonomy(dt.date.max)


def unread_bound(rows_read: int, rows: int | None) -> float:
    """The share of rows that may, at 95 %, hold a kind that no row read held: 3/n, or 0 when all were read."""
    if rows is not None and rows_read >= rows:
        return 0.0
    return min(1.0, 3 / rows_read) if rows_read else 1.0


def entity_text(entity: str) -> Text:
    """The name of an entity; a user's own entity keeps its own name."""
    return Text(f"entity.{entity}", (), entity)


def category_text(category: str) -> Text:
    """The name of a data category."""
    return Text(f"category.{category}", (), category)


def sensitivity_tag(key: str) -> Tag:
    """A sensitivity as a coloured word."""
    return Tag(text(f"report.{key}"), Tone(key) if key in SENSITIVITIES else Tone.PLAIN)


def status_tag(status: str) -> Tag:
    """A review status as a coloured word."""
    tones = {"confirmed": Tone.GOOD, "rejected": Tone.PLAIN}
    return Tag(Text(f"scan.{status}", (), status), tones.get(status, Tone.NOTE))


def prevalence(finding: Mapping[str, Any]) -> Share:
    """The share of values that hold a finding, with its interval."""
    return Share(finding["prevalence"], finding["prevalence_low"], finding["prevalence_high"])


def best_finding(field: FieldFacts) -> Mapping[str, Any] | None:
    """The finding that the label rests on: of its entity where there is one, else the surest."""
    findings: list[Mapping[str, Any]] = list(field.entry["findings"])
    label = field.label
    own = [each for each in findings if label is not None and each["entity"] == label["entity"]]
    return next(iter(own or findings), None)


def laws_listing(laws: Sequence[str]) -> Listing:
    """The names of laws."""
    return Listing(tuple(Text(f"report.law_{law}", (), law.upper()) for law in laws))
