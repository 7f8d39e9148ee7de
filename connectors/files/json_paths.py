"""The paths of JSON objects as fields, with keys that are data folded into `*`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_DATA_KEY = re.compile(r"@|\d{5,}")
_SPECIAL = re.compile(r"[.\[\]*\"]")
_LONGEST_KEY = 64
_MOST_KEYS = 64
"""An object of one path with more distinct keys than this is a table in disguise."""

MOST_ROOT_KEYS = 2_000
"""The keys of the records themselves are columns, of which a wide table has many."""

Steps = tuple[str, ...]
"""Keys from the root, `[]` for the items of a list and `*` for all keys of an object."""


class PathTree:
    """The keys that were seen below one path."""

    def __init__(self, most_keys: int = _MOST_KEYS) -> None:
        self._most_keys = most_keys
        self.children: dict[str, PathTree] = {}
        self.words: set[str] = set()
        self.folded = False

    def learn(self, value: Any, is_data: Callable[[str], bool]) -> None:
        """Take in one value."""
        if isinstance(value, dict):
            for key, child in value.items():
                self._child(key, is_data).learn(child, is_data)
        elif isinstance(value, list):
            tree = self.children.setdefault("[]", PathTree())
            for item in value:
                tree.learn(item, is_data)
        elif value is not None:
            self.words.add(_word(value))

    def _child(self, key: str, is_data: Callable[[str], bool]) -> PathTree:
        if not self.folded and (is_data(key) or (key not in self.children and len(self.children) >= self._most_keys)):
            self._fold()
        return self.children.setdefault("*" if self.folded else key, PathTree())

    def _fold(self) -> None:
        """Put all children but list items under `*`."""
        self.folded = True
        whole = PathTree()
        for key in [key for key in self.children if key != "[]"]:
            whole.merge(self.children.pop(key))
        self.children["*"] = whole

    def merge(self, other: PathTree) -> None:
        """Take in what another tree has seen."""
        self.words |= other.words
        for key, child in other.children.items():
            self.children.setdefault(key, PathTree()).merge(child)
        self.folded = self.folded or other.folded
        if len(self.children) > self._most_keys and not self.folded:
            self._fold()

    def leaves(self, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
        """Every path that holds values, with its type word; `json` where a list or `*` gives many values per row."""
        if self.words:
            many = "[]" in steps or "*" in steps
            yield steps, "json" if many else _common(self.words)
        for key, child in self.children.items():
            yield from child.leaves((*steps, key))


def looks_like_data(key: str) -> bool:
    """Whether a key is a value rather than a name: with `@`, five digits in a row, or longer than 64 characters."""
    return len(key) > _LONGEST_KEY or bool(_DATA_KEY.search(key))


def path_of(steps: Steps) -> str:
    """The field's name: `address.city`, `items[].name`, `contacts.*.phone`; a key with such signs stands in quotes."""
    path = ""
    for key in steps:
        step = json.dumps(key, ensure_ascii=False) if _SPECIAL.search(key) and key not in {"[]", "*"} else key
        path += step if step == "[]" else f".{step}" if path else step
    return path or "value"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "float" if isinstance(value, float) else "string"


def _common(words: set[str]) -> str:
    if len(words) == 1:
        return next(iter(words))
    return "float" if words == {"integer", "float"} else "string"
