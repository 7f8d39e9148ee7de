"""`masks.yaml`: what a safe copy of a store takes, and what becomes of each field.

    version: 1
    domains:
      customer_id: {kind: long_integer}
      person: {kind: person, locale: zh-Hans}
    datasets:
      customers:
        rows: country == "DE"
        fields:
          id: pseudonym:customer_id
          name: pseudonym:person
          email: mask:email
          country: {treatment: clear, why: needed by the tests of taxes}
      orders:
        follow: [customer_id]
        fields:
          id: clear
          customer_id: pseudonym:customer_id
          placed_at: shift:30
          note: drop

A dataset that is not listed is not copied, and a field of a listed one needs a treatment: `clear`, `mask:NAME`,
`pseudonym:DOMAIN`, `shift:DAYS`, `"null"` or `drop`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from policies.errors import ConfigError
from policies.predicate import parse_predicate
from policies.yaml_files import FileModel, check_model, parse_yaml, read_model

ALL, REFERRED = "all", "referred"
"""Words for `rows`: every row, or only those that a kept row refers to."""

_TREATMENT = re.compile(r"clear|null|drop|mask:[a-z0-9_]+|pseudonym:[a-z0-9_]+|shift:[1-9][0-9]{0,3}")
_NAME = r"^[a-z][a-z0-9_]{0,62}$"


class CopyDomain(FileModel):
    """One kind of value that has pseudonyms: equal values have equal ones wherever the domain stands."""

    kind: str
    """A kind of pseudonym, see docs/masks.md."""
    locale: str = ""
    """The language, for kinds that have one."""
    one_to_one: bool = False
    """Whether no two values may share a pseudonym; their pairs are then held in memory and kept sealed."""


class CopyField(FileModel):
    """What becomes of one field."""

    treatment: str
    """`clear`, `mask:NAME`, `pseudonym:DOMAIN`, `shift:DAYS`, `null` or `drop`."""
    why: str | None = None
    """Why it may be copied in clear although it is about people."""

    @field_validator("treatment")
    @classmethod
    def _known(cls, text: str) -> str:
        if not _TREATMENT.fullmatch(text):
            raise ValueError('one of clear, mask:NAME, pseudonym:DOMAIN, shift:DAYS, "null", drop')
        return text

    @property
    def kind(self) -> str:
        """The word before the colon."""
        return self.treatment.partition(":")[0]

    @property
    def name(self) -> str:
        """What stands behind the colon; empty without one."""
        return self.treatment.partition(":")[2]


class CopyDataset(FileModel):
    """What becomes of one dataset."""

    rows: str = ALL
    """Which rows are copied for their own sake: a predicate, `all` or `referred`."""
    follow: tuple[str, ...] = ()
    """Fields of foreign keys: only rows are copied whose row over there is copied for its own sake."""
    subject: str | None = None
    """The field by which dates are shifted; the catalog's subject key by default."""
    fields: dict[str, CopyField] = Field(default_factory=dict)
    """By name."""

    @field_validator("follow", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("fields", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """A bare word is a treatment, and what YAML reads as nothing means `null`."""
        if not isinstance(value, Mapping):
            return value
        return {
            name: {"treatment": "null" if each is None else each} if each is None or isinstance(each, str) else each
            for name, each in value.items()
        }

    @property
    def whole(self) -> bool:
        """Whether every row is copied."""
        return self.rows == ALL and not self.follow


class CopyRules(FileModel):
    """The whole of `masks.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    domains: dict[str, CopyDomain] = Field(default_factory=dict)
    """By name."""
    datasets: dict[str, CopyDataset] = Field(default_factory=dict)
    """By name in the store."""

    @field_validator("domains")
    @classmethod
    def _names(cls, value: dict[str, CopyDomain]) -> dict[str, CopyDomain]:
        for name in value:
            if not re.match(_NAME, name):
                raise ValueError("names of small letters, digits and underscores")
        return value


def read_copy_rules(path: Path) -> CopyRules:
    """The rules in a file. Raises ConfigError, or PredicateError for a `rows` that cannot be read."""
    return _checked(read_model(CopyRules, path), str(path))


def parse_copy_rules(text: str, place: str = "masks.yaml") -> CopyRules:
    """The rules in a text. Raises as `read_copy_rules`."""
    return _checked(check_model(CopyRules, parse_yaml(text, place), place), place)


def restored_copy_rules(document: Any, place: str) -> CopyRules:
    """The rules in the facts of a plan. Raises as `read_copy_rules`."""
    return _checked(check_model(CopyRules, document, place), place)


def _checked(rules: CopyRules, place: str) -> CopyRules:
    if not rules.datasets:
        raise ConfigError(
            f"{place}, datasets",
            found="no dataset",
            expected="at least one",
            next_step="name what is to be copied, or let `governance mask --init` write a first file",
        )
    for name, dataset in rules.datasets.items():
        if dataset.rows not in (ALL, REFERRED):
            parse_predicate(dataset.rows, f"{place}, datasets.{name}.rows")
        for field, entry in dataset.fields.items():
            if entry.kind == "pseudonym" and entry.name not in rules.domains:
                raise ConfigError(
                    f"{place}, datasets.{name}.fields.{field}",
                    found="a domain that is not described",
                    expected=" or ".join(rules.domains) or "a domain under `domains`",
                    next_step="add it under `domains` with its kind",
                )
    return rules
