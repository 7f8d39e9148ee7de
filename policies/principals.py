"""`policies/principals.yaml`: the people and services that ask, with attributes that predicates can name.

Some or all of them can come from elsewhere, a table or the application; they are held against the same rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from policies.characters import bad_character
from policies.errors import ConfigError
from policies.nouns import Scalar
from policies.yaml_files import FileModel, read_model

MOST_PRINCIPALS = 100_000
"""More than these are refused: a source that gives everything of some table is a mistake."""
_LONGEST = 200


class PrincipalsFile(FileModel):
    """The whole of `principals.yaml`."""

    version: Literal[1] = 1
    """The form of the file."""
    principals: dict[str, dict[str, Scalar]] = Field(default_factory=dict)
    """Name to attributes; a name that is not here is unknown and refused."""


def read_principals(path: Path) -> PrincipalsFile:
    """The principals in a file; none where there is no file. Raises ConfigError."""
    return read_model(PrincipalsFile, path, error=ConfigError) if path.exists() else PrincipalsFile()


def check_principals(found: object, place: str) -> dict[str, dict[str, Scalar]]:
    """Principals from elsewhere, as a copy of their own.

    Raises ConfigError, which names no principal and no value, for a name or value that a policy cannot hold.
    """
    if not isinstance(found, Mapping):
        raise _wrong(place, f"a {type(found).__name__}", "a mapping of names to attributes")
    if len(found) > MOST_PRINCIPALS:
        raise _wrong(place, f"{len(found)} principals", f"at most {MOST_PRINCIPALS}")
    return {_name(name, place): _attributes(attributes, place) for name, attributes in found.items()}


def together(file: PrincipalsFile, others: Mapping[str, dict[str, Scalar]], place: str) -> PrincipalsFile:
    """Those of the file and those from elsewhere. Raises ConfigError when a name is in both."""
    both = len(file.principals.keys() & others.keys())
    if both:
        raise _wrong(place, f"{both} name(s) that principals.yaml has too", "each principal in one place")
    return PrincipalsFile(principals={**file.principals, **others}) if others else file


def _name(name: object, place: str) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST:
        raise _wrong(place, f"a name that is a {type(name).__name__}, blank or long", f"1 to {_LONGEST} characters")
    if name != name.strip() or name == "*" or bad_character(name) is not None:
        raise _wrong(place, "a name with an invisible character, a blank at an end, or `*`", "visible characters only")
    return name


def _attributes(attributes: object, place: str) -> dict[str, Scalar]:
    if not isinstance(attributes, Mapping):
        raise _wrong(place, f"attributes that are a {type(attributes).__name__}", "a mapping of names to values")
    for name, value in attributes.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise _wrong(place, "an attribute whose name conditions cannot write", "letters, digits and `_`")
        if not isinstance(value, str | int | float | bool | None) or (
            isinstance(value, float) and not math.isfinite(value)
        ):
            expected = "text, a finite number, a truth value or nothing"
            raise _wrong(f"{place}, attribute `{name}`", f"a value of type {type(value).__name__}", expected)
    return dict(attributes)


def _wrong(place: str, found: str, expected: str) -> ConfigError:
    return ConfigError(place, found=found, expected=expected, next_step="correct the source of principals")
