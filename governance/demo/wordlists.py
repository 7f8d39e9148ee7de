"""The demo's word lists, read once from the YAML files beside this module."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from policies.errors import ConfigError
from policies.yaml_files import parse_yaml


@cache
def word_list(name: str) -> dict[str, Any]:
    """The document of `data/NAME.yaml` as plain dicts and lists. Callers must not change it.

    Raises ConfigError when the file is no YAML.
    """
    text = resources.files("governance.demo").joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    plain: dict[str, Any] = _plain(parse_yaml(text, f"demo data {name}", error=ConfigError))
    return plain


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node
