"""Words for people, in English, simplified and traditional Chinese.

Each file in `policies/words` holds one area; a key `scan.title` stands in `scan.yaml` as `title`, with one text per
language. Mainland and Taiwan law use different terms, so `zh-Hant` is written and not converted.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from importlib import resources

from policies.errors import PackError
from policies.shipped_yaml import parse_shipped

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
"""The languages that every text exists in, as BCP 47 tags."""


class Words:
    """The texts of one language.

    >>> Words("en").say("common.yes")
    'yes'
    """

    def __init__(self, lang: str = "en") -> None:
        if lang not in LANGUAGES:
            raise PackError(
                "words",
                found="a language that there are no texts for",
                expected=" or ".join(LANGUAGES),
                next_step="name one of them",
            )
        self.lang = lang

    def say(self, key: str, /, **values: object) -> str:
        """The text of a key with `{name}` filled in. Raises PackError for a key that no file has."""
        area, _, name = key.partition(".")
        texts = _area(area).get(name)
        if texts is None:
            raise PackError(
                f"words `{key}`", found="no text", expected="a key of policies/words", next_step="add it there"
            )
        return texts[self.lang].format(**values) if values else texts[self.lang]

    def has(self, key: str) -> bool:
        """Whether a key has a text."""
        area, _, name = key.partition(".")
        return name in _area(area)


def areas() -> tuple[str, ...]:
    """The areas that have a file of words, sorted."""
    folder = resources.files("policies").joinpath("words")
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def placeholders(text: str) -> frozenset[str]:
    """The names that a text wants filled in."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


@cache
def _area(area: str) -> Mapping[str, Mapping[str, str]]:
    if area not in areas():
        return {}
    text = resources.files("policies").joinpath("words", f"{area}.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, str]] = parse_shipped(text, f"words {area}") or {}
    return found
