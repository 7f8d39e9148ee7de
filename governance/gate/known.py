"""What the policy folder says, as far as a check needs it; read without the engine that decides at run time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from governance.access.facts import DatasetFacts, dataset_facts
from policies.access_lines import AccessFile, read_access
from policies.access_names import Names
from policies.access_objects import AccessObject, ObjectKind
from policies.catalog import Catalog, read_catalog
from policies.config import GovernanceConfig
from policies.nouns import DatasetRef, Effect, Sensitivity
from policies.principals import PrincipalsFile, read_principals
from policies.purposes import PurposesFile, read_purposes
from policies.retention_rules import RetentionRule, read_retention
from policies.taxonomy import Taxonomy, load_taxonomy

NO_LINES = AccessFile("access.csv", (), (), ())
"""A policy that gives nothing."""


@dataclass(frozen=True)
class Known:
    """Everything that people decided, at one moment."""

    catalog: Catalog
    """The reviewed data map."""
    taxonomy: Taxonomy
    """The categories of the day."""
    laws: tuple[str, ...]
    """The laws in force."""
    lines: AccessFile = NO_LINES
    """The access policy."""
    purposes: PurposesFile = field(default_factory=PurposesFile)
    """Why data is used."""
    principals: PrincipalsFile = field(default_factory=PrincipalsFile)
    """Who asks."""
    retention: Mapping[str, RetentionRule] = field(default_factory=lambda: MappingProxyType({}))
    """How long records are kept."""
    encrypt_from: Sensitivity | None = None
    """From which sensitivity on fields must be encrypted."""

    @cached_property
    def facts(self) -> Mapping[DatasetRef, DatasetFacts]:
        """What the catalog says of each dataset under the laws in force."""
        return dataset_facts(self.catalog, self.taxonomy, self.laws)

    def has_purpose(self, dataset: DatasetRef, objects: Collection[str], category: str, *, special: bool) -> bool:
        """Whether a line gives a field, by one of the objects that reach it, for a purpose that admits its kind."""
        around = {str(dataset), dataset.store, "*"}
        return any(
            rule.effect is Effect.ALLOW
            and rule.object.text in (*objects, *around)
            and (not special or self.purposes.admits_special(rule.purpose, category))
            for rule in self.lines.rules
        )

    def is_masked(self, dataset: DatasetRef, field_name: str) -> bool:
        """Whether a line on the field, or on what it is, shows it otherwise than in clear."""
        facts = self.facts.get(dataset)
        known = facts.fields.get(field_name) if facts is not None else None
        if known is None:
            return False
        return any(
            rule.effect is Effect.ALLOW and rule.treatment not in ("", "clear")
            and rule.object.text in known.allow_objects and _is_about_fields(rule.object)
            for rule in self.lines.rules
        )  # fmt: skip

    def is_kept(self, dataset: DatasetRef) -> bool:
        """Whether a retention rule is about a dataset."""
        return any(rule.dataset == dataset for rule in self.retention.values())


def read_known(file: Callable[[str], Path], config: GovernanceConfig, on: dt.date) -> Known:
    """What the policy files say, `file` giving each one's path by name.

    Raises ConfigError, CatalogError, PolicyFileError or PredicateError when one of them is wrong.
    """
    taxonomy = load_taxonomy(on)
    catalog = read_catalog(file("catalog.yaml"))
    purposes, principals = read_purposes(file("purposes.yaml")), read_principals(file("principals.yaml"))
    least = config.protection.encrypt_from
    return Known(
        catalog,
        taxonomy,
        config.laws,
        read_access(file("access.csv"), Names(purposes, principals, catalog, taxonomy)),
        purposes,
        principals,
        read_retention(file("retention.yaml"), catalog),
        Sensitivity.of(least) if least is not None else None,
    )


def _is_about_fields(found: AccessObject) -> bool:
    return found.kind <= ObjectKind.SENSITIVITY
