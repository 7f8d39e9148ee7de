"""The pack `identifiers` as entries, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from governance.scan.detectors.identifiers.base import Entry, Strength, bounded
from governance.scan.detectors.identifiers.checks import check_named
from governance.scan.detectors.identifiers.context import ContextWords
from governance.scan.lexicon import NEWEST
from policies.errors import PackError
from policies.pack_loader import load_pack


@cache
def entries() -> tuple[Entry, ...]:
    """Every kind of identifier, in the order of the pack. Raises PackError when the pack is wrong."""
    body = load_pack("identifiers", NEWEST).body
    strengths = {name: Strength(*scores) for name, scores in body["strengths"].items()}
    return tuple(_entry(number, raw, strengths) for number, raw in enumerate(body["entries"]))


@cache
def context_words() -> ContextWords:
    """The words of all entries, and those of other numbers under the place -1."""
    phrases: dict[str, list[int]] = {}
    for entry in entries():
        for word in entry.words:
            phrases.setdefault(word, []).append(entry.number)
    for word in load_pack("identifiers", NEWEST).body["other_numbers"]:
        phrases.setdefault(str(word).lower(), []).append(OTHER)
    return ContextWords(phrases)


OTHER = -1
"""Stands among the entries that words speak for: an order, an amount, a version."""


def _entry(number: int, raw: Mapping[str, Any], strengths: Mapping[str, Strength]) -> Entry:
    where = f"pack identifiers, entry {number + 1} ({raw.get('entity', '?')})"
    check = str(raw.get("check", ""))
    try:
        return Entry(
            number=number,
            entity=raw["entity"],
            country=raw.get("country", ""),
            name=raw["name"],
            form=raw["form"],
            pattern=bounded(raw["form"], any_case=raw.get("any_case", bool(check))),
            check=check_named(check) if check else None,
            chance=float(raw["chance"]),
            words=tuple(str(word).lower() for word in raw["words"]),
            strength=strengths[raw["strength"]],
            family=raw.get("family", ""),
        )
    except (KeyError, re.error) as error:
        raise PackError(
            where,
            found=f"a wrong or missing key: {error}",
            expected="entity, name, form, chance, words, strength, and a check that exists",
            next_step="correct the entry",
        ) from error
