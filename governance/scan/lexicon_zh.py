"""The tables of the `names_zh` pack, parsed once: what Chinese names look like and what stands beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from governance.scan.lexicon import NEWEST
from policies.pack_loader import load_pack

Weights = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Words that stand beside names, in simplified characters."""

    titles: frozenset[str]
    """Behind a name: 先生, 经理."""
    short_titles: frozenset[str]
    """Titles of one character: 总, 姐."""
    announcing: frozenset[str]
    """Before a name: 联系人, 患者."""
    roles: frozenset[str]
    """Offices and jobs before a name: 记者, 董事长."""
    verbs: frozenset[str]
    """What people do, behind a name: 表示, 来电."""
    lists: frozenset[str]
    """Between names: 和, 以及."""
    before: frozenset[str]
    """Small words before a name: 对, 由."""
    behind: frozenset[str]
    """Small words behind a name: 的, 曾."""
    place_endings: frozenset[str]
    """Last characters of places and things: 区, 寺."""
    role_endings: frozenset[str]
    """Last characters of words for people: 长, 员."""


@dataclass(frozen=True, slots=True)
class NamesZh:
    """What Chinese names look like, and how much each piece of evidence weighs."""

    simplified: Mapping[int, str]
    """For `str.translate`: traditional to simplified, one character to one."""
    surnames_double: frozenset[str]
    """Surnames of two characters."""
    surnames: Weights
    """How much one character speaks for a surname, in half nats."""
    given_first: Weights
    """The same for the first character of a given name."""
    given_last: Weights
    """The same for its last character."""
    transliteration: Weights
    """The same for characters that write foreign names."""
    words: Surroundings
    """What stands beside."""
    native: Weights
    """Evidence for a Chinese name: log odds times 100."""
    foreign: Weights
    """Evidence for a foreign one."""


@cache
def names_zh() -> NamesZh:
    """The newest edition of the tables. Raises PackError when the pack is wrong."""
    body = load_pack("names_zh", NEWEST).body
    return NamesZh(
        simplified={ord(pair[0]): pair[1] for pair in body["simplified_of"].split()},
        surnames_double=frozenset(body["surnames_double"].split()),
        surnames=_by_character(body["surname_weights"]),
        given_first=_by_character(body["given_first"]),
        given_last=_by_character(body["given_last"]),
        transliteration=_by_character(body["transliteration"]),
        words=_surroundings(body),
        native=dict(body["native"]),
        foreign=dict(body["foreign"]),
    )


@dataclass(frozen=True, slots=True)
class OrganizationsZh:
    """Words of names of organizations."""

    kinds: re.Pattern[str]
    """What such a name ends with, the longest first."""
    branch: re.Pattern[str]
    """What may follow and belongs to it."""
    weak: frozenset[str]
    """Kinds that need more of a name before them."""
    generic: frozenset[str]
    """What stands before a kind and names nobody."""
    stops: frozenset[str]
    """Words that never stand inside a name."""
    inside: frozenset[str]
    """Words that do, whatever part of speech they are."""
    naming: frozenset[str]
    """Ordinary words that organizations are called by."""
    famous: re.Pattern[str]
    """Names that everybody knows, which end like nothing in particular."""


@cache
def organizations_zh() -> OrganizationsZh:
    """The newest edition. Raises PackError when the pack is wrong."""
    body = load_pack("organizations_zh", NEWEST).body
    kinds = sorted(body["kinds"].split(), key=lambda each: (-len(each), each))
    words = {name: frozenset(body[name].split()) for name in ("weak", "generic", "stops", "inside", "naming")}
    ended = "|".join(kinds)
    han = r"[\u4e00-\u9fff]"
    named = rf"(?:(?![{body['no_department']}]){han})"
    branch = (
        rf"(?:\({han}{{2,8}}\)|(?<=集团){han}{{2,8}}?(?=股份|有限))?(?:(?:股份|责任)?有限(?:责任)?公司)?"
        rf"(?:{han}{{2,6}}?(?:分公司|支行|分行|分院|分校|分局|营业部|分部))?(?:附属{han}{{0,6}}?(?:医院|中学|小学))?"
        rf"(?:{named}{{0,7}}?(?:{'|'.join(body['departments'].split())}))?"
    )
    return OrganizationsZh(
        kinds=re.compile(ended), branch=re.compile(branch), famous=_any(body["famous"].split()), **words
    )


def _any(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, names), key=lambda each: (-len(each), each))))


def _by_character(groups: Mapping[Any, str]) -> Weights:
    return {sign: int(weight) for weight, signs in groups.items() for sign in "".join(signs.split())}


def _surroundings(body: Mapping[str, Any]) -> Surroundings:
    lists = ("titles", "short_titles", "announcing", "roles", "verbs", "lists", "before", "behind")
    endings = ("place_endings", "role_endings")
    return Surroundings(
        **{name: frozenset(body[name].split()) for name in lists},
        **{name: frozenset("".join(body[name].split())) for name in endings},
    )
