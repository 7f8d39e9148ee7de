"""How packs list words and names, and the towns of the world that one of them lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources


def phrases(text: str) -> list[str]:
    """Phrases parted by `|`, each with single blanks."""
    return [" ".join(phrase.split()) for phrase in text.split("|") if phrase.strip()]


def either(words: Iterable[str]) -> str:
    """An expression of one of some words and phrases, the longest first."""
    return "(?:" + "|".join(map(_escaped, sorted(words, key=lambda each: (-len(each), each)))) + ")"


def _escaped(word: str) -> str:
    return re.escape(word).replace("\\ ", " ")


@cache
def towns() -> tuple[frozenset[str], frozenset[str]]:
    """Towns in bare Latin letters, and Chinese ones."""
    text = resources.files("policies").joinpath("packs", "places.txt").read_text(encoding="utf-8")
    latin, _, chinese = text.partition("[latin]\n")[2].partition("[chinese]\n")
    return _names(latin), _names(chinese)


def _names(text: str) -> frozenset[str]:
    return frozenset(name for each in text.replace("\n", " ").split(",") if (name := " ".join(each.split())))
