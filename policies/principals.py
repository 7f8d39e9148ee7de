"""`policies/principals.yaml`: the people and services that ask, with attributes that predicates can name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from policies.errors import ConfigError
from policies.nouns import Scalar
from policies.yaml_files import FileModel, read_model


class PrincipalsFile(FileModel):
    """The whole of `principals.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    principals: dict[str, dict[str, Scalar]] = Field(default_factory=dict)
    """Name to attributes; a name that is not here is unknown and refused."""


def read_principals(path: Path) -> PrincipalsFile:
    """The principals in a file; none where there is no file. Raises ConfigError."""
    return read_model(PrincipalsFile, path, error=ConfigError) if path.exists() else PrincipalsFile()
