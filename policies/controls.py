"""The controls of an audit, as the pack in force lists them: which report decides each, and which law asks for it."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from policies.errors import PackError
from policies.pack_loader import load_pack


class Control(BaseModel):
    """One control; its title, what stays for a person and its heading after ISO/IEC 27701 are words."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True)

    report: str
    """The kind of report that decides it."""
    fails_on: tuple[str, ...] = ()
    """Findings or short answers of that report, keys of policies/words, of which one is enough to fail."""
    unknown_on: tuple[str, ...] = ()
    """Findings that say that the report could not see enough."""
    absent_on: tuple[str, ...] = ()
    """Short answers that say that there is nothing to control, such as that nobody ever made a request."""
    asked_by: dict[str, str]
    """Law to the articles that ask for it."""

    @property
    def decided(self) -> bool:
        """Whether findings can decide it; else it is unknown until somebody looks."""
        return bool(self.fails_on)


class Controls:
    """All controls of one edition of the pack."""

    def __init__(self, version: str, by_id: dict[str, Control]) -> None:
        self.version = version
        """The edition."""
        self.by_id = by_id
        """Control by id, in the order of the pack."""


def load_controls(on: dt.date) -> Controls:
    """The controls in force on a day. Raises PackError."""
    pack = load_pack("controls", on)
    try:
        found = TypeAdapter(dict[str, Control]).validate_python(pack.body.get("controls"))
    except ValidationError as cause:
        raise PackError(
            "pack controls",
            found=f"{cause.error_count()} values of another form",
            expected="report, fails_on, unknown_on, absent_on and asked_by for each control",
            next_step="correct policies/packs/controls.yaml",
        ) from None
    return Controls(pack.version, found)
