"""The word lists of the `recognizers` pack, parsed once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache

from policies.pack_loader import load_pack

NEWEST = dt.date.max
"""Word lists carry no law: the newest edition is always the right one."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that detectors look up."""

    surnames_zh: frozenset[str]
    """One-character and two-character Chinese surnames."""
    given_zh: frozenset[str]
    """Characters common in Chinese given names."""
    not_names_zh: frozenset[str]
    """Words that begin like a Chinese name and are none."""
    given_latin: frozenset[str]
    """Given names in lower-case Latin letters."""
    surnames_latin: frozenset[str]
    """Surnames in lower-case Latin letters."""
    not_names_latin: frozenset[str]
    """Lower-case words of organizations, places and things."""
    health_en: str
    """A regular expression of words about health in Latin letters."""
    health_zh: str
    """A regular expression of words about health in Chinese."""


@cache
def lexicon() -> Lexicon:
    """The newest edition of the lists. Raises PackError when the pack is wrong."""
    body = load_pack("recognizers", NEWEST).body
    return Lexicon(
        surnames_zh=frozenset("".join(body["surnames_zh"].split())) | frozenset(body["surnames_zh_double"].split()),
        given_zh=frozenset("".join(body["given_zh"].split())),
        not_names_zh=frozenset(body["not_names_zh"].split()),
        given_latin=frozenset(body["given_latin"].split()),
        surnames_latin=frozenset(body["surnames_latin"].split()),
        not_names_latin=frozenset(body["not_names_latin"].split()),
        health_en=body["health_en"].replace("\n", "").replace(" |", "|").strip(),
        health_zh=body["health_zh"].replace("\n", "").replace(" ", ""),
    )
