"""Every error that this distribution raises on purpose, in one tree.

GovernanceError
├── BadInputError            something a person wrote cannot be used as it stands (exit 2)
│   ├── ConfigError          governance.yaml, principals.yaml, purposes.yaml, retention.yaml, recognizers.yaml
│   ├── CatalogError         catalog.yaml
│   ├── PolicyFileError      access.csv
│   ├── PredicateError       an expression of the predicate language
│   ├── PackError            a rule pack
│   └── MigrationError       a migration that cannot be read
├── AccessRefusedError       who asks may not have what was asked for (exit 1)
│   └── StatementRefusedError  the statement cannot be parsed, resolved or made safe
├── StoreError               a store is down, unreadable or not as it was described (exit 2)
│   └── SchemaDriftError     the schema is not the one that the catalog was reviewed on
├── RecordsError             the governance database is missing, of another version, or cannot be written
│   └── LedgerError          an event could not be appended, so the use that it records is refused
├── TamperedError            the ledger, a checkpoint or a plan is not what was written (exit 1)
├── KeyringError             a key is missing, destroyed or cannot be unwrapped
├── DecryptionError          a token is not one of ours, was moved, cut or altered
├── StalePlanError           what a plan was made on has changed since
└── InstallationError        a package or extra is missing, or a stranger's package stands in its place

A message names the place, what was found, what was expected and the next step; never a value of a person. `found` is
therefore a kind, a shape, a name from a file of the user's, or a count.
"""

from __future__ import annotations


class GovernanceError(Exception):
    """What this distribution raises on purpose; `str()` of it can be shown to anybody.

    All four parts are plain text without personal values.
    """

    def __init__(self, place: str, *, found: str, expected: str, next_step: str) -> None:
        super().__init__(place, found, expected, next_step)
        self.place = place
        """Where: a file with its line, a store, dataset or field."""
        self.found = found
        """What stands there, as a kind, shape or count."""
        self.expected = expected
        """What would have been right."""
        self.next_step = next_step
        """What the reader can do about it."""

    def __str__(self) -> str:
        return f"{self.place}: found {self.found}; expected {self.expected}. Next: {self.next_step}"


class BadInputError(GovernanceError):
    """Something that a person wrote cannot be used as it stands; nothing was changed."""


class ConfigError(BadInputError):
    """A configuration file is wrong."""


class CatalogError(BadInputError):
    """The reviewed data map is wrong."""


class PolicyFileError(BadInputError):
    """A line of the access policy is wrong."""


class PredicateError(BadInputError):
    """An expression of the predicate language is wrong."""


class PackError(BadInputError):
    """A rule pack is wrong, or none is in force on the day that was asked for."""


class MigrationError(BadInputError):
    """A migration cannot be read, so nothing can be said about it."""


class AccessRefusedError(GovernanceError):
    """Who asks may not have what was asked for; also raised when that could not be decided."""

    def __init__(
        self, place: str, *, found: str, expected: str, next_step: str, rule_ids: tuple[str, ...] = ()
    ) -> None:
        super().__init__(place, found=found, expected=expected, next_step=next_step)
        self.rule_ids = rule_ids
        """Ids of the rules that decided, in sorted order; empty when no rule applies."""


class StatementRefusedError(AccessRefusedError):
    """A statement cannot be parsed, resolved or made safe; it did not run."""


class StoreError(GovernanceError):
    """A store is down, unreadable or not as it was described."""


class SchemaDriftError(StoreError):
    """The schema of a dataset is not the one that the catalog was reviewed on; the dataset is closed."""


class RecordsError(GovernanceError):
    """The governance database is missing, of another version, or cannot be written."""


class LedgerError(RecordsError):
    """An event could not be appended; the use that it would have recorded must not happen."""


class TamperedError(GovernanceError):
    """The ledger, a checkpoint or a plan is not what was written."""


class KeyringError(GovernanceError):
    """A key is missing, destroyed or cannot be unwrapped."""


class DecryptionError(GovernanceError):
    """A token is not one of ours, or was moved, cut or altered."""


class StalePlanError(GovernanceError):
    """What a plan was made on has changed since."""


class InstallationError(GovernanceError):
    """A package or extra is missing, or a stranger's package stands in its place."""
