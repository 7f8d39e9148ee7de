"""The form of `policies/retention.yaml`, as it is written."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from policies.lifecycle import PeriodText, StagesEntry
from policies.retention_starts import ElsewhereEntry, StartEntry, plain_start
from policies.verdicts import Action, Kind
from policies.yaml_files import FileModel


def _zone(name: str | None) -> str | None:
    if name is not None:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError("an IANA time zone such as Europe/Berlin") from None
    return name


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class ExceptionEntry(FileModel):
    """Records that a rule does not speak of."""

    where: str
    """A predicate of the one language; a record for which it is TRUE is left out."""
    reason: str = Field(min_length=1)
    """Why."""


class KeepWhileEntry(FileModel):
    """What a limit waits for although its period is over."""

    request: ElsewhereEntry | None = None
    """An open request of the person: a record of another dataset that belongs to it."""
    consent: str | None = None
    """A purpose: live consent to it keeps the record."""
    contract: ElsewhereEntry | None = None
    """A live contract: a record of another dataset that belongs to it."""


class RetentionEntry(FileModel):
    """One rule as it is written."""

    kind: Kind = "limit"
    """`limit`: kept no longer; `duty`: kept at least so long, whatever limits say."""
    dataset: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_-]*\..+$")
    """A table, as `store.dataset`."""
    category: str | None = None
    """A data category instead of a dataset: the rule holds for each dataset with a confirmed field of it."""
    purpose: str | None = None
    """The purpose that its records are kept for."""
    stage: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Only records in these stages of `stages`; all by default."""
    start: Annotated[str | StartEntry, BeforeValidator(plain_start)]
    """The day or time from which the period runs: a field, or `event`, `last` or `contract_end`."""
    start_zone: Annotated[str | None, AfterValidator(_zone)] = None
    """The zone of times in `start` that carry none; the project's zone by default."""
    period: PeriodText
    """An ISO 8601 duration of the calendar: `P6Y`, `P18M`, `P2W`, `P30D`."""
    where: str | None = None
    """Which records, in the predicate language; all by default."""
    exceptions: tuple[ExceptionEntry, ...] = ()
    """Records that the rule does not speak of, each with its reason."""
    keep_while: KeepWhileEntry = KeepWhileEntry()
    """What the rule waits for although its period is over."""
    action: Action = "delete"
    """What is done when a record is due."""
    masks: dict[str, str] = Field(default_factory=dict)
    """For `anonymise`: field, or data category, to a mask's name, or to `null` as a text."""
    basis: str = Field(min_length=1)
    """On what ground they are kept so long and no longer."""
    source: str | None = None
    """Where the period is written: an article, a schedule."""

    @model_validator(mode="after")
    def _fits_together(self) -> RetentionEntry:
        if (self.dataset is None) == (self.category is None):
            raise ValueError("one of `dataset` and `category`")
        if bool(self.masks) != (self.action == "anonymise"):
            raise ValueError("`masks` with `action: anonymise`, and only then")
        if self.kind == "duty" and (self.action != "delete" or self.keep_while != KeepWhileEntry()):
            raise ValueError("a duty without `action`, `masks` and `keep_while`: it only keeps")
        if self.category and self.kind == "limit" and self.action not in {"anonymise", "review"}:
            raise ValueError("`dataset` for an action that takes whole records away")
        return self


class WinBackEntry(FileModel):
    """People whom a marketing purpose may not reach without a live basis."""

    stages: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(min_length=1)
    """Stages of `stages`, such as `lapsed` and `lost`."""
    unless_consent: str
    """The purpose whose live consent lets them be reached all the same; it must rest on consent."""


class RetentionFile(FileModel):
    """The whole of `retention.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    stages: dict[str, StagesEntry] = Field(default_factory=dict)
    """Dataset to the stages of its records."""
    rules: dict[str, RetentionEntry] = Field(default_factory=dict)
    """By name."""
    win_back: dict[str, WinBackEntry] = Field(default_factory=dict)
    """Purpose, its children included, to the people whom it may not reach."""
