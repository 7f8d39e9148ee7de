"""The policy folder and governance.yaml at one moment, with the places of what they say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from governance.gate.known import Known
from policies.config import GovernanceConfig
from policies.yaml_files import line_of, load_yaml

POLICY_FILES = ("access.csv", "catalog.yaml", "principals.yaml", "purposes.yaml", "retention.yaml")
"""The files of the policy folder that a check reads."""


@dataclass(frozen=True)
class PolicyState:
    """The policy folder and configuration at one moment."""

    folder: Path
    """Where the files lie."""
    shown: str
    """How the folder is named in findings."""
    known: Known
    """What they say."""
    config: GovernanceConfig
    """What governance.yaml says."""

    def file(self, name: str) -> str:
        """How one of the files is named in findings."""
        return f"{self.shown}/{name}"

    def line(self, name: str, *keys: Any) -> int:
        """The line of a key in one of the files."""
        return line_of(self._documents.get(name), keys) or 1

    @cached_property
    def _documents(self) -> dict[str, Any]:
        names = [name for name in POLICY_FILES if name.endswith(".yaml") and (self.folder / name).exists()]
        return {name: load_yaml(self.folder / name) for name in names}
