"""Values that only the words right before them tell: user names, record numbers, insurance numbers.

`微信号：zhangsan_2024`, `MRN 00482913`, `user name: ann.miller`. One detector an entity; what announces it
stands in the pack `identifiers` under `announced`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from governance.scan.detectors.base import TEXT, FieldContext, Hits, mask
from governance.scan.lexicon import NEWEST
from policies.pack_loader import load_pack

_JOIN = (
    r"(?P<join>\s{0,2}(?:(?i:no\.?|number|num\.?|id|account|nr\.?)(?![A-Za-z0-9])|[#№]|号码|號碼|号|號|编号|編號|账号|帐号|帳號)?"
    r"\s{0,2}(?:[:=：]|(?i:is|was|ist)(?![A-Za-z0-9])|[是为為]|[(（])?\s{0,2}[\"'“「@]?)"
)
_TOLD = re.compile(r"[:=：是为為#№号號]|(?i:(?<![A-Za-z])(?:id|no|number)(?![A-Za-z]))")
_MARK = re.compile(r"[0-9_]|[A-Za-z0-9][.-][A-Za-z0-9]")
_LATIN = re.compile(r"[A-Za-z0-9' ]+")
_NO_VALUE = frozenset(
    [
        "required",
        "invalid",
        "unknown",
        "null",
        "none",
        "true",
        "false",
        "undefined",
        "empty",
        "missing",
        "password",
        "username",
        "string",
        "text",
        "optional",
        "please",
        "contact",
        "account",
        "number",
        "payment",
        "official",
        "group",
        "public",
        "article",
        "support",
        "service",
        "services",
        "login",
        "admin",
        "administrator",
        "root",
        "user",
        "test",
        "and",
        "the",
        "not",
        "must",
        "should",
        "cannot",
        "with",
        "for",
        "you",
        "your",
        "from",
        "that",
        "this",
        "has",
        "have",
        "was",
        "name",
        "email",
        "field",
        "here",
        "value",
        "profile",
    ]
)
_LONGEST = 1_048_576


@dataclass(frozen=True, slots=True)
class Announcement:
    """Words and the form of what they announce."""

    pattern: re.Pattern[str]
    """Words, what may stand between, and the value as group `hit`."""
    score: int
    """The score of a value."""
    marked: bool
    """Whether a value needs a sign that words have not, unless the words end in `id` or a colon."""
    digits: int
    """How many digits a value without that freedom holds at least."""


@dataclass(frozen=True, slots=True)
class AnnouncedDetector:
    """One entity that words announce."""

    name: str
    """Its own name."""
    entity: str
    """What it finds."""
    prefilter: str
    """An RE2 expression of all its words."""
    rules: tuple[Announcement, ...]
    """What announces it."""
    chance: float = 0.0
    """As `Detector.chance`."""
    types: frozenset[str] = TEXT
    """As `Detector.types`."""
    digits: int = 0
    """As `Detector.digits`."""
    foreign: bool = False
    """As `Detector.foreign`."""

    def find(self, values: pa.Array, context: FieldContext) -> Hits:  # noqa: ARG002 the words stand in the text
        """As `Detector.find`."""
        index = np.flatnonzero(mask(values, self.prefilter))
        texts = values.take(pa.array(index)).to_pylist() if len(index) else []
        places = {
            (place, match.start("hit"), match.end("hit")): rule.score
            for place, text in zip(index.tolist(), texts, strict=True)
            for rule in self.rules
            for match in rule.pattern.finditer(text, 0, _LONGEST)
            if _believable(match, rule)
        }
        return Hits.of(self.entity, sorted((*key, score) for key, score in places.items()))


def _believable(match: re.Match[str], rule: Announcement) -> bool:
    value: str = match["hit"]
    if value.lower().strip(".-@") in _NO_VALUE:
        return False
    if not rule.marked:
        return sum(sign.isdigit() for sign in value) >= min(rule.digits, len(value))
    return _MARK.search(value) is not None or _TOLD.search(match["said"] + match["join"]) is not None


@cache
def make_announced() -> tuple[AnnouncedDetector, ...]:
    """A detector for each entity that words announce, sorted by entity. Raises PackError when the pack is wrong."""
    rules: dict[str, list[Mapping[str, Any]]] = {}
    for rule in load_pack("identifiers", NEWEST).body["announced"]:
        rules.setdefault(rule["entity"], []).append(rule)
    return tuple(
        AnnouncedDetector(
            name=f"announced.{entity.lower()}",
            entity=entity,
            prefilter="|".join(_prefilter(rule["says"], marked=rule["marked"]) for rule in some),
            rules=tuple(_announcement(rule) for rule in some),
        )
        for entity, some in sorted(rules.items())
    )


def _prefilter(words: Sequence[str], *, marked: bool) -> str:
    """An RE2 expression that matches every text with one of the words, Latin ones as words of their own."""
    latin = "|".join(sorted(re.escape(word) for word in words if _LATIN.fullmatch(word)))
    other = "|".join(sorted(re.escape(word) for word in words if not _LATIN.fullmatch(word)))
    behind = "[^0-9A-Za-z]" if marked else "[^A-Za-z]"
    spoken = rf"(?:^|[^0-9A-Za-z])(?:{latin})(?:{behind}|$)" if latin else ""
    return f"(?i:{'|'.join(part for part in (spoken, other) if part)})"


def _announcement(rule: Mapping[str, Any]) -> Announcement:
    before = rf"(?P<said>{_either(rule['says'], marked=rule['marked'])}){_JOIN}"
    pattern = rf"{before}(?P<hit>{rule['form']})(?![0-9A-Za-z@]|[._-][0-9A-Za-z])"
    return Announcement(re.compile(pattern), int(rule["score"]), bool(rule["marked"]), int(rule.get("digits", 4)))


def _either(words: Iterable[str], *, marked: bool) -> str:
    """The words, longest first; Latin ones in any case and no part of a longer word."""
    behind = r"(?![A-Za-z0-9])" if marked else r"(?![A-Za-z])"
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(
        rf"(?<![A-Za-z0-9])(?i:{re.escape(word)}){behind}" if _LATIN.fullmatch(word) else rf"(?i:{re.escape(word)})"
        for word in ordered
    )
