"""The demo's word lists, read once from the YAML files beside this module."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from policies.shipped_yaml import parse_shipped


@cache
def word_list(name: str) -> dict[str, Any]:
    """The document of `data/NAME.yaml` as plain dicts and lists. Callers must not change it.

    Raises PackError when the file is no YAML.
    """
    text = resources.files("governance.demo").joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = parse_shipped(text, f"demo data {name}")
    return found
