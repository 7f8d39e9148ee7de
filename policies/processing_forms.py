"""What a record of processing states, law by law, from the pack `processing`: items with their articles. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import Field

from policies.errors import PackError
from policies.lifecycle import PeriodText
from policies.pack_loader import load_pack
from policies.taxonomy import Taxonomy
from policies.yaml_files import FileModel, check_model

ORGANISATION_ITEMS = ("controller", "joint_controllers", "measures", "officer", "representative", "storage")
"""Items that hold for all activities."""
ACTIVITY_ITEMS = (
    "basis",
    "categories",
    "code",
    "datasets",
    "purposes",
    "recipients",
    "retention",
    "situations",
    "source",
    "special",
    "subjects",
    "transfers",
)
"""Items of one activity."""
CLIENT_ITEMS = ("client", "client_officer", "client_purposes", "client_transfers")
"""Items of one controller on whose account data is processed."""


class FormItem(FileModel):
    """One item of a form."""

    item: str
    """One of ORGANISATION_ITEMS, ACTIVITY_ITEMS or CLIENT_ITEMS."""
    article: str
    """Where it is asked for."""
    of: Literal["activity", "client", "organisation"] = "activity"
    """What it is stated of."""
    must: bool = True
    """Whether it is missed where nothing is stated; else it may be that there is none."""


class ProcessingForm(FileModel):
    """One form of the record."""

    laws: tuple[str, ...] = Field(min_length=1)
    """The laws that ask for it."""
    role: Literal["controller", "processor"]
    """Whether it is for one's own purposes, or for those of others."""
    article: str
    """The article."""
    as_of: dt.date
    """The day from which the text of that article holds."""
    confidence: Literal["text", "secondary", "memory"]
    """How it was read."""
    keep: PeriodText | None = None
    """How long the record is kept; None where the law names no period."""
    items: tuple[FormItem, ...] = Field(min_length=1)
    """In its order."""


class TransferRule(FileModel):
    """What a law says of data that leaves its countries."""

    article: str
    """Where it is said."""
    home: tuple[str, ...]
    """Countries to which data goes without a ground of its own, by ISO 3166 code."""
    grounds: tuple[str, ...]
    """The words that `mechanism` of a transfer may have."""


class _Body(FileModel):
    forms: dict[str, ProcessingForm]
    transfers: dict[str, TransferRule]
    codes: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class ProcessingForms:
    """The forms of one edition of the pack."""

    version: str
    """The edition."""
    forms: dict[str, ProcessingForm]
    """By name, in the order of the pack."""
    transfers: dict[str, TransferRule]
    """By law."""
    codes: dict[str, dict[str, str]]
    """Law to the official codes of kinds of data, by category."""

    def code(self, law: str, category: str) -> str | None:
        """The official code of a category, or of the nearest above it that has one."""
        known = self.codes.get(law, {})
        return next((known[each] for each in Taxonomy.ancestry(category) if each in known), None)


@cache
def load_processing_forms(on: dt.date) -> ProcessingForms:
    """The forms in force on a day. Raises PackError."""
    pack = load_pack("processing", on)
    body = check_model(_Body, pack.body, "pack processing", error=PackError)
    known = {"organisation": ORGANISATION_ITEMS, "activity": ACTIVITY_ITEMS, "client": CLIENT_ITEMS}
    for name, form in body.forms.items():
        for each in form.items:
            if each.item not in known[each.of]:
                raise PackError(
                    f"pack processing, form {name}",
                    found="an item that no record states",
                    expected=" or ".join(known[each.of]),
                    next_step="correct policies/packs/processing.yaml",
                )
    return ProcessingForms(pack.version, body.forms, body.transfers, body.codes)
