"""Members of JSON values that are about somebody else: `profile:$.emergency.name` in the column `profile`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\*)\]")


def members_of(names: Iterable[str]) -> dict[str, list[tuple[str, ...]]]:
    """Of names of fields those that are paths in a column, by column; `*` stands for each item of a list."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for name in names:
        column, mark, path = name.partition(":$")
        if mark:
            found.setdefault(column, []).append(tuple(member or star for member, star in _STEP.findall(path)))
    return found


def without_members(value: Any, paths: Iterable[tuple[str, ...]]) -> Any:
    """A JSON value, or its text, without some members; None for a text that is no JSON, since nobody can tell."""
    if value is None:
        return None
    try:
        document = json.loads(value) if isinstance(value, str) else json.loads(json.dumps(value))
    except ValueError:
        return None
    for path in paths:
        document = _without(document, path)
    return json.dumps(document, ensure_ascii=False) if isinstance(value, str) else document


def _without(value: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return None
    step, rest = path[0], path[1:]
    if step == "*":
        return [_without(each, rest) for each in value] if rest and isinstance(value, list) else None
    if not isinstance(value, dict) or step not in value:
        return value
    if not rest:
        return {name: each for name, each in value.items() if name != step}
    return {**value, step: _without(value[step], rest)}
