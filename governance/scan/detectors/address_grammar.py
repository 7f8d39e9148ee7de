"""The grammar of postal addresses in Latin letters, made from the tables of the pack `addresses_latin`.

A *street* is number and name in the order of the country, a *box* a post box; what stands before is a *head* (unit,
floor, building), what follows the *tail*. Every repeat is bounded, so that no text takes longer than its length allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from governance.scan.detectors.address_pieces import BREAK, CAPITAL, LARGE, WORD, Tail, make_tail
from governance.scan.detectors.address_tail import bare_name
from governance.scan.lexicon import NEWEST
from governance.scan.listed import either, phrases
from policies.pack_loader import load_pack

_PART = (
    r"\d{1,5}(?:[A-Za-z]/\d{1,4}(?!\d))?(?:-\d{1,4})?(?: 1/2)?(?:[-/–+]\d{1,4}[A-Za-z]?){0,2}(?:/[A-Z](?!\w))?"
    r"(?: [A-Z] \d{1,3}(?=[,\n]|$)| ?[A-Za-z](?![\w'’.]))?[A-Za-z]?"
)
_SAID = r"(?i:(?:n[º°ºo]|nr|núm|num|no)\.? ?:? ?|n\.? ?|# ?)"
"""What may announce the number of a house behind its street."""
_NUMBER = rf"{_SAID}?{_PART}(?![\w])"
_BOX = r"(?:p\.? ?o\.? ?box|post ?box|postfach|postbus|apartado|boîte postale|casella postale|caixa postal|b\.?p\.?)"


@dataclass(frozen=True, slots=True)
class Grammar:
    """Compiled expressions: some match where an address begins, the others at the place where it may go on."""

    prefilters: tuple[str, ...]
    """RE2 expressions, one of which matches a text with an address."""
    kinds: dict[str, re.Pattern[str]]
    """Streets and boxes, each matched where it begins."""
    number: re.Pattern[str]
    """The number of a house."""
    suffixes: frozenset[str]
    """Words that end a street with its number before."""
    prefixes: frozenset[str]
    """Words that begin a street."""
    corner: re.Pattern[str]
    """A corner of two streets."""
    head: re.Pattern[str]
    """A unit, a floor or a building with what parts it from what follows, at the end of what stands before a street."""
    openers: frozenset[str]
    """Words that begin a street or a box."""
    glued: tuple[str, ...]
    """Ends of a word before a number that make it a street."""
    standing: frozenset[str]
    """Words that end the name of a street before its number."""
    tail: Tail
    """What may follow."""
    street: re.Pattern[str]
    """Another street behind one."""
    second: re.Pattern[str]
    """The word for a street behind a weak one: `Harbor Point Blvd`."""
    strangers: frozenset[str]
    """Words that no street has."""
    weak: frozenset[str]
    """Suffixes that need a capital."""
    units: frozenset[str]
    """Words before the number of a unit."""
    leading: frozenset[str]
    """Words that begin the name of a street and are words of every day: `Am Markt 5`."""
    links: frozenset[str]
    """Small words inside the name of a street."""
    sentence: frozenset[str]
    """Words that stand before the name of a street and belong to the sentence."""


@cache
def grammar() -> Grammar:
    """The newest edition. Raises PackError when the pack is wrong."""
    body = load_pack("addresses_latin", NEWEST).body
    words = {name: body[name].split() for name in _WORD_LISTS}
    suffixes = [*words["suffixes"], *words["weak_suffixes"]]
    units, alone, suffix = either(words["units"]), either(phrases(body["unit_words"])), either(words["suffixes"])
    ended = frozenset((*words["glued"], *words["standing"]))
    return Grammar(
        prefilters=_prefilters(words),
        kinds={
            kind: re.compile(each, re.IGNORECASE)
            for kind, each in _kinds(either(suffixes), either(words["prefixes"]), either([*ended])).items()
        },
        number=re.compile(_NUMBER),
        suffixes=frozenset(suffixes),
        prefixes=frozenset(words["prefixes"]),
        corner=re.compile(
            rf"(?i)(?:the )?(?:corner|intersection) of (?:[\w'’.]+ ){{1,6}}?(?:and|&) (?:[\w'’.]+ ){{0,3}}"
            rf"{either(suffixes)}(?!\w)"
        ),
        head=re.compile(_head(units, alone, either(words["buildings"]))),
        openers=frozenset((*words["prefixes"], *words["boxes"])),
        glued=tuple(words["glued"]),
        standing=frozenset(words["standing"]),
        tail=make_tail(units, alone, _names(body)),
        street=re.compile(rf" (?:{LARGE} ){{1,2}}(?i:{suffix})(?![\w'’])"),
        second=re.compile(rf"(?i: {either(suffixes)}(?![\w'’])\.?)"),
        strangers=frozenset(words["strangers"]),
        weak=frozenset(words["weak_suffixes"]),
        units=frozenset(words["units"]),
        leading=frozenset(words["leading"]),
        links=frozenset(words["links"]),
        sentence=frozenset(words["sentence"]) - frozenset(words["leading"]),
    )


_WORD_LISTS = (
    "suffixes", "weak_suffixes", "prefixes", "glued", "standing", "leading", "strangers", "units", "buildings", "links",
    "sentence", "boxes",
)  # fmt: skip


_ABBREVIATIONS = ("states", "states_short", "states_too", "districts", "divisions")


def _names(body: dict[str, Any]) -> dict[str, frozenset[str]]:
    """The lists of names that the tail looks up, as it writes them."""

    def known(name: str) -> frozenset[str]:
        return frozenset(map(bare_name, phrases(body[name])))

    return {
        "countries": known("countries") | frozenset(("usa", "uk", "uae", "u.s.a", "u.k")),
        "areas": known("cities") | known("regions") | known("quarters"),
        **{name: frozenset(body[name].split()) for name in _ABBREVIATIONS},
    }


def _head(units: str, alone: str, buildings: str) -> str:
    """`Flat 3, `, `12/F, `, `7F.-3, `, `Rose Cottage, `; a building is parted by a comma or a line."""
    value = r"(?:\.? ?(?:no\.? ?|#)?\d{1,5}[a-z]?(?:[-/&]\d{1,5}[a-z]?)?|[. ] ?[a-z](?:-?\d{1,4})?)"
    floor = (
        r"(?:\d{1,3}(?:st|nd|rd|th) (?:floor|fl\.?)|(?:ground|first|second|third|top|upper|lower) floor|[a-z\d]{1,3}/f"
        r"|\d{1,3}f\.?(?:-\d{1,2})?|#\d{1,3}-\d{1,4})"
    )
    name = rf"{CAPITAL}[\w'’&.-]{{0,24}}"
    house = rf"(?:(?:(?:{name}|of|the) ){{1,4}}(?i:{buildings}))"
    return (
        rf"(?<![\w.#/-])(?:(?i:(?:{units}{value}|{floor}|{alone})(?:{BREAK}| |/)|{units}\.?:? ?(?:no\.? ?|#)?)"
        rf"|{house}{BREAK})$"
    )


def _kinds(suffix: str, prefix: str, ended: str) -> dict[str, str]:
    """Streets and boxes, by the word that tells them."""
    inner = rf"(?:(?:{WORD}|\d{{1,3}}(?:st|nd|rd|th)?) ){{1,4}}?"
    direction = (
        r"(?: (?:N|S|E|W|NE|NW|SE|SW|North|South|East|West|Central|Upper|Lower|Extension|Ext\.?)(?![\w]))?"
        r"(?: \d{1,3}(?=[,\n]| #| [A-Z][a-z]+ \d))?"
    )
    lane = r"(?:(?:sec(?:tion)?|lane|ln|alley|aly)\.? ?\d{1,3},? ){0,3}"
    doubled = rf"(?:{_NUMBER} )?"
    before = rf"{prefix} ?(?:(?:{WORD}|\d{{1,3}}) ){{0,5}}?(?:{WORD}|\d{{1,3}}),? {_NUMBER}(?: \d{{1,4}}(?=[,\n]))?"
    crossed = (
        rf"{prefix} ?\d{{1,3}}[ªº]? ?[A-Z]{{0,2}}(?: bis)?(?: [A-Z]| sur| norte| este| oeste)? ?"
        r"(?:#|n[º°o]\.?) ?\d{1,3} ?[A-Z]{0,2} ?- ?\d{1,3}(?!\d)"
    )
    return {
        "english": rf"{_NUMBER},? {lane}{doubled}(?:{inner}(?P<suffix>{suffix})(?![\w'’])\.?|broadway(?!\w))"
        rf"{direction}",
        "before": rf"(?:{crossed}|(?:{_NUMBER},? )?{doubled}(?:bis,? |ter,? )?{before})",
        "french": rf"{_NUMBER},? {doubled}(?:bis,? |ter,? )?{prefix} (?:{WORD} ){{0,4}}?{WORD}"
        rf"(?=,|\n|$| \d{{5}}|\. |\.$| (?:apt|suite))",
        "glued": rf"(?:{_NUMBER} )?{doubled}(?:{WORD} ){{0,3}}?"
        rf"(?<=[ \d])(?=\S{{0,30}}\d? ?\d)\S{{0,30}}?{ended} ?{_NUMBER}",
        "plain": rf"{_NUMBER},? (?:(?:{WORD}|\d{{1,4}}) ){{0,5}}?[\w'’./-]{{1,30}}"
        rf"(?=[.,]?\s+(?:[?>]+ )?(?:apt|apartment|suite|ste|unit)\.? ?#?\d)",
        "town": rf"{_NUMBER},? (?:(?:{WORD}|\d{{1,4}}) ){{0,3}}(?:{WORD}(?: \d{{1,4}}(?!\d))?)(?= {{0,2}}[,\n.]| ?$)",
        "bare": rf"(?<!\w){prefix} (?:{WORD} ){{0,4}}?{WORD}(?:,? s/?n)?(?={BREAK}$)",
        "box": rf"{_BOX} ?#?\d{{1,6}}(?: \d{{2,3}})?(?!\w)",
        "military": r"(?:unit|psc) \d{2,5},?\sbox \d{2,5}",
        "rural": r"(?:rr|hc|rural route|star route) ?#?\d{1,3},? box \d{1,5}[a-z]?(?!\w)",
    }


def _prefilters(words: dict[str, list[str]]) -> tuple[str, ...]:
    """A number before a word with a capital, a word of streets and units, the end of a street or a name before one."""
    told = [*words["suffixes"], *words["prefixes"], "apt", "apartment", "suite", "unit", "box", "corner of"]
    plain = "|".join(re.escape(each) for each in told if each.isascii())
    glued = "|".join(re.escape(each) for each in words["glued"])
    return (
        r"\d[A-Za-z]?,? \p{Lu}",
        rf"(?i)(?:^|[^a-z])(?:{plain})(?:[^a-z]|$)",
        rf"(?i)(?:{glued}) ?\d",
        r"\p{Lu}[\pL'’-]+\.? \d{1,4} ?[A-Za-z]?(?:[/-]\d{1,4})?\.?,?[ \n]+(?:[A-Z]{1,2}-)?\d",
        r"address|lives? at|FPO,? A[AEP] \d",
    )
