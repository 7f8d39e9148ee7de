"""A file of names for `governance consent import --map`: what the words of another system mean here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from policies.errors import ConfigError
from policies.lifecycle import PeriodText
from policies.yaml_files import FileModel, read_model


class ConsentMapFile(FileModel):
    """The whole of the file; each key is a word of the other system, exactly as it writes it."""

    version: Literal[1] = 1
    """The form of the file."""
    purposes: dict[str, str] = Field(default_factory=dict)
    """To a purpose of purposes.yaml."""
    channels: dict[str, str] = Field(default_factory=dict)
    """Purpose, as the other system names it, to the channel that it is about; every channel by default."""
    categories: dict[str, str] = Field(default_factory=dict)
    """To a data category."""
    methods: dict[str, str] = Field(default_factory=dict)
    """How consent was collected, to a code such as `web_form`."""
    terminations: dict[str, PeriodText | Literal["none"]] = Field(default_factory=dict)
    """How consent ends, to a period such as `P1Y`, or `none` where it stands until it is withdrawn."""


def read_consent_map(path: Path | None) -> ConsentMapFile:
    """The names in a file; none without one. Raises ConfigError."""
    return ConsentMapFile() if path is None else read_model(ConsentMapFile, path, error=ConfigError)
