"""Read the YAML that the product ships (packs, words, data of the demo) by libyaml: a scan reads half a megabyte of it.

It resolves scalars by the core schema of YAML 1.2 (section 10.3) and, as `policies.yaml_files` does, days. What people
write is read there, which keeps comments and lines and refuses a key given twice; a test reads all that is shipped both
ways.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import yaml

from policies.errors import PackError


class _Loader(yaml.CSafeLoader):  # type: ignore[misc]  # the package publishes no types
    """Knows no scalars but those below."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 its base asks for one


def _integer(text: str) -> int:
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


_SCALARS: tuple[tuple[str, str, str, Callable[[str], object]], ...] = (
    ("null", r"~|null|Null|NULL|", "~nN\0", lambda _: None),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF", lambda text: text.lower() == "true"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789", _integer),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
        lambda text: float(text.replace(".inf", "inf").replace(".nan", "nan")),
    ),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789", dt.date.fromisoformat),
)
"""Tag, form, first characters, and what gives the value; the first form that fits decides."""


def _register(tag: str, form: str, firsts: str, make: Callable[[str], object]) -> None:
    name = f"tag:yaml.org,2002:{tag}"
    _Loader.add_implicit_resolver(name, re.compile(rf"(?:{form})\Z"), ["" if each == "\0" else each for each in firsts])
    _Loader.add_constructor(name, lambda loader, node: make(loader.construct_scalar(node)))


for _scalar in _SCALARS:
    _register(*_scalar)


def parse_shipped(text: str, place: str) -> Any:
    """The document in a YAML text of ours. Raises PackError."""
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 its base is a safe loader
    except yaml.YAMLError:
        raise PackError(
            place, found="text that is no YAML 1.2", expected="the file as it was shipped", next_step="install anew"
        ) from None
