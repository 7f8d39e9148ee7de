"""Values inside JSON columns, by path: `$.emergency.tel`, `$.tags[*]`; keys that look like data collapse to `*`.

An object with more than 64 different keys is a map from data to something, so its keys are data too. Data-like keys
are looked at as the values of the path that ends in `*`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from governance.scan.profile import ColumnProfile
from governance.scan.shapes import looks_personal

MAX_KEYS = 64
"""An object path with more different keys than this collapses."""
_DEEPEST = 24
_STAR = "*"
_ITEM = "[*]"
_VALUE = "value"
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_NUMBER = re.compile(r"\d+|(?=.*\d)[0-9a-fA-F-]{16,}")

Path = tuple[str, ...]


def walk(document: Any, steps: dict[str, str]) -> Iterator[tuple[Path, str]]:
    """Every leaf with its path, and every key that looks like data as a value of the path that ends in `*`.

    `steps` remembers what each key becomes, so that a key is looked at once.
    """
    stack: list[tuple[Path, Any]] = [((), document)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, Mapping) and len(path) < _DEEPEST:
            for key, child in node.items():
                step = steps.get(key) or steps.setdefault(key, key_step(key))
                if step == _STAR:
                    yield (*path, _STAR), key
                stack.append(((*path, step), child))
        elif isinstance(node, list) and len(path) < _DEEPEST:
            stack.extend(((*path, _ITEM), child) for child in node)
        elif node is not None:
            yield (*path, _VALUE) if path[-1:] == (_STAR,) else path, _text(node)


def key_step(key: str) -> str:
    """A key as a step of a path: itself, or `*` when it looks like a value."""
    data = len(key) > 64 or not key or _NUMBER.fullmatch(key) is not None or looks_personal(key)
    return _STAR if data else key


def parse(text: str) -> Any:
    """A JSON text as data, halves of characters as U+FFFD; the text itself when it is none."""
    try:
        data = json.loads(text)
        if _HALF.search(text) is None:
            return data
        whole = json.dumps(data, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return json.loads(whole)
    except (ValueError, RecursionError):
        return text


def collapse(profiles: Mapping[Path, ColumnProfile]) -> dict[Path, ColumnProfile]:
    """Profiles with the paths below wide objects joined; depends on the set of paths only, not on their order."""
    joined = dict(profiles)
    for depth in range(_DEEPEST + 1):
        children: dict[Path, set[str]] = {}
        for path in joined:
            if len(path) > depth and path[depth] != _ITEM:
                children.setdefault(path[:depth], set()).add(path[depth])
        wide = {prefix for prefix, keys in children.items() if len(keys) > MAX_KEYS}
        if wide:
            joined = _joined(joined, wide, depth)
    return joined


def written(path: Path) -> str:
    """A path as reports write it behind the column's name."""
    return "$" + "".join(step if step == _ITEM else f".{step}" for step in path)


def name_of(path: Path) -> str:
    """The words of a path that name its values: the last key, behind its parent."""
    return " ".join([step for step in path if step not in (_STAR, _ITEM)][-2:])


def once_a_row(path: Path) -> bool:
    """Whether a document has at most one value at the path."""
    return _STAR not in path and _ITEM not in path


def _joined(profiles: Mapping[Path, ColumnProfile], wide: set[Path], depth: int) -> dict[Path, ColumnProfile]:
    joined: dict[Path, ColumnProfile] = {}
    for path in sorted(profiles):
        inside = len(path) > depth and path[:depth] in wide and path[depth] != _ITEM
        target = (*path[:depth], _STAR, *path[depth + 1 :]) if inside else path
        joined[target] = joined[target].merge(profiles[path]) if target in joined else profiles[path]
    return joined


def _text(node: Any) -> str:
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node)
