"""`policies/separation.yaml`: roles that nobody may hold together, so that who does something is not who checks it.

version: 1
pairs:
  - {roles: [cashier, auditor], why: who pays out does not check the payments}
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from policies.errors import ConfigError
from policies.yaml_files import FileModel, read_model

SEPARATION = "separation.yaml"
"""The name of the file."""


class SeparatedRoles(FileModel):
    """Two roles that are kept apart."""

    roles: tuple[str, str]
    """The two."""
    why: str
    """What the pair would allow one person alone."""

    @model_validator(mode="after")
    def _two(self) -> SeparatedRoles:
        if self.roles[0] == self.roles[1]:
            raise ValueError("two different roles")
        return self


class SeparationFile(FileModel):
    """The whole of `separation.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    pairs: tuple[SeparatedRoles, ...] = ()
    """The pairs."""


def read_separation(path: Path) -> SeparationFile:
    """The pairs of a file; none where there is no file. Raises ConfigError."""
    return read_model(SeparationFile, path, error=ConfigError) if path.exists() else SeparationFile()
