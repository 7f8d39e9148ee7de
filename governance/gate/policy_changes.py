"""What a change of the policy folder or of governance.yaml does, one record a statement."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class PolicyChangeKind(enum.StrEnum):
    """What happens."""

    DECLARE_FIELD = "declare_field"
    """A field is confirmed in the catalog."""
    STOP_ENCRYPTING = "stop_encrypting"
    """A field that was encrypted is not any more."""
    EXPOSE = "expose"
    """A field is shown to more users, or more openly."""
    WIDE_LINE = "wide_line"
    """A line on a store, on everything or on all data of users gives special data in clear."""
    NO_BASIS = "no_basis"
    """A purpose has no lawful basis under a law in force."""
    KEEP_LONGER = "keep_longer"
    """Records are kept longer, or no rule ends them any more."""
    WEAKER_KEYS = "weaker_keys"
    """Keys, ciphers or indexes are set weaker."""
    OTHER_PEOPLE = "other_people"
    """Keys of persons mean other people."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One change."""

    kind: PolicyChangeKind
    """What happens."""
    file: str
    """The file, as a path with `/`, relative to `governance.yaml`."""
    line: int
    """Where in it, from 1."""
    store: str = ""
    """The store, where it is about one."""
    dataset: str = ""
    """The dataset, where it is about one."""
    field: str = ""
    """The field, where it is about one."""
    about: str = ""
    """What it is about beside these: a purpose, a rule, a setting."""
    values: Mapping[str, str] = dataclasses.field(default_factory=lambda: MappingProxyType({}))
    """What the message fills in."""

    @property
    def key(self) -> tuple[str, ...]:
        """What it is about, without the line: equal before and after where nothing changed."""
        return (self.kind, self.store, self.dataset, self.field, self.about, *sorted(self.values.values()))
