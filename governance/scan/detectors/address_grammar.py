"""The grammar of postal addresses in Latin letters, made from the tables of the pack `addresses_latin`.

A *street* is number and name in the order of the country, a *box* a post box; *tail* is what may follow: unit, town,
state, postcode, country. Every repeat is bounded, so that no text takes longer than its length allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from governance.scan.lexicon import NEWEST
from policies.pack_loader import load_pack

_WORD = r"[^\W\d_][\w'’.-]{0,30}"
_LARGE = r"[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’.-]{0,30}"
_NUMBER = r"(?:No\.? ?)?\d{1,5}(?:[-/]\d{1,4})?(?: ?[A-Za-z](?![\w'’.]))?[A-Za-z]?(?![\w])"
_BOX = r"(?:p\.? ?o\.? ?box|post ?box|postfach|postbus|apartado|boîte postale|casella postale|caixa postal)"
_BOX_WORDS = (
    "p.o.",
    "po",
    "p.o",
    "box",
    "postbox",
    "post",
    "postfach",
    "postbus",
    "apartado",
    "boîte",
    "casella",
    "caixa",
    "psc",
)
_SEPARATOR = r"(?:,? {0,3}\n[ >?]{0,5},? ?|, {0,2}| {1,2})"
_BREAK = r"(?:,? {0,3}\n[ >?]{0,5},? ?|, {0,2})"
_UK = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_CODE = (
    rf"(?:{_UK}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{{5}}(?:-\d{{3,4}})?|\d{{4}} [A-Z]{{2}}|"
    r"\d{2}-\d{3}|\d{3} \d{2}|\d{4}|\d{6})(?![\w-]| ?\d)"
)
_CODE_FIRST = r"(?:[A-Z]{1,2}[- ])?(?:\d{5}|\d{4}(?: [A-Z]{2})?|\d{2}-\d{3}|\d{3} \d{2})(?![\w-]| ?\d)"
_LINK = (
    r"(?:de|da|do|di|du|des|del|della|la|le|am|an der|im|in der|ob der|sur|sous|upon|on|of|the|y|den|bei|u|v|nad"
    r"|pod|i|og|på)"
)
_TOWN = rf"{_LARGE}(?:[ -](?:{_LINK} ){{0,2}}{_LARGE}){{0,4}}"
_TOWN_ANY = rf"{_WORD}(?: {_WORD}){{0,4}}"
_STATE = r"[A-Z]{2,3}(?![\w])"
_MILITARY = r"(?:[AFD]PO,? A[AEP] \d{5}(?:-\d{4})?)"


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
    ahead: re.Pattern[str]
    """A unit before a number, at the end of what stands before it."""
    openers: frozenset[str]
    """Words that begin a street or a box."""
    glued: tuple[str, ...]
    """Ends of a word before a number that make it a street."""
    unit: re.Pattern[str]
    """A unit behind a street."""
    tail: re.Pattern[str]
    """Town, state, postcode, country."""
    small: str
    """The same in texts without capitals, not yet compiled: that takes long, and few texts need it."""
    street: re.Pattern[str]
    """Another street behind one."""
    town: re.Pattern[str]
    """A town that nothing follows, behind a unit."""
    strangers: frozenset[str]
    """Words that no street has."""
    weak: frozenset[str]
    """Suffixes that need a capital."""


@cache
def grammar() -> Grammar:
    """The newest edition. Raises PackError when the pack is wrong."""
    body = load_pack("addresses_latin", NEWEST).body
    units = _either(body["units"].split())
    country, city = _either(_phrases(body["countries"])), _either(_phrases(body["cities"]))
    every = _either([*body["suffixes"].split(), *body["weak_suffixes"].split()])
    prefix, glued = _either(body["prefixes"].split()), _either(body["glued"].split())
    region, suffix = _either(_phrases(body["regions"])), _either(body["suffixes"].split())
    return Grammar(
        prefilters=_prefilters(body),
        kinds={kind: re.compile(each, re.IGNORECASE) for kind, each in _kinds(every, prefix, glued).items()},
        number=re.compile(_NUMBER),
        suffixes=frozenset((*body["suffixes"].split(), *body["weak_suffixes"].split())),
        prefixes=frozenset(body["prefixes"].split()),
        corner=re.compile(
            rf"(?i)(?:the )?(?:corner|intersection) of (?:[\w'’.]+ ){{1,6}}?(?:and|&) (?:[\w'’.]+ ){{0,3}}{every}(?!\w)"
        ),
        ahead=re.compile(rf"(?i)(?<![\w]){units}\.? ?#?\d{{0,5}}[A-Za-z]?\d{{0,3}}(?:, {{0,2}}\n? ?|[ /])$"),
        openers=frozenset((*body["prefixes"].split(), *_BOX_WORDS)),
        glued=tuple(body["glued"].split()),
        unit=re.compile(_unit(units), re.IGNORECASE),
        tail=re.compile(_tail(_TOWN, country, city, region)),
        small=_tail(_TOWN_ANY, country, city, region),
        street=re.compile(rf" (?:{_LARGE} ){{1,2}}(?i:{suffix})(?![\w'’])"),
        town=re.compile(rf"(?:, ?| )(?P<first>{_LARGE})(?:[ -](?:{_LINK} )?{_LARGE}){{0,2}}(?:,? nan)?"),
        strangers=frozenset(body["strangers"].split()),
        weak=frozenset(body["weak_suffixes"].split()),
    )


def _either(words: list[str]) -> str:
    return "(?:" + "|".join(sorted((re.escape(word) for word in words), key=len, reverse=True)) + ")"


def _phrases(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.split("|") if phrase.strip()]


def _unit(units: str) -> str:
    """`Apt. 5B`, `#12`, `2nd floor`, `1.OG`."""
    return (
        rf"{_SEPARATOR}(?:{units}\.? ?#?(?:\d{{1,5}}[A-Za-z]?|[A-Za-z]\d{{0,4}})(?!\w)|# ?\d{{1,5}}[A-Za-z]?(?!\w)"
        rf"|\d{{1,2}}(?:st|nd|rd|th|º|°|\.)? ?(?:floor|fl\.|stock|og|etage|piso|/f)(?!\w))"
    )


def _kinds(suffix: str, prefix: str, glued: str) -> dict[str, str]:
    """Streets and boxes, by the word that tells them."""
    inner = rf"(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}?"
    direction = r"(?: (?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)(?![\w]))?"
    doubled = rf"(?:{_NUMBER} )?"
    before = rf"{prefix} ?(?:{_WORD} ){{0,5}}?{_WORD},? (?:n[º°o]\.? ?|nr\.? )?{_NUMBER}"
    return {
        "english": rf"{_NUMBER},? {doubled}(?:{inner}(?P<suffix>{suffix})(?![\w'’])\.?|broadway(?!\w)){direction}",
        "before": rf"(?:{_NUMBER},? )?{doubled}(?:bis,? |ter,? )?{before}",
        "french": rf"{_NUMBER},? {doubled}(?:bis,? |ter,? )?{prefix} (?:{_WORD} ){{0,4}}?{_WORD}"
        rf"(?=,|\n|$| \d{{5}}|\. |\.$| (?:apt|suite))",
        "glued": rf"(?:{_NUMBER} )?{doubled}(?:{_WORD} ){{0,3}}?"
        rf"(?<=[ \d])(?=\S{{0,30}}\d? ?\d)\S{{0,30}}?{glued} ?{_NUMBER}",
        "plain": rf"{_NUMBER},? (?:(?:{_WORD}|\d{{1,4}}) ){{0,5}}?[\w'’./-]{{1,30}}"
        rf"(?=[.,]?\s+(?:[?>]+ )?(?:apt|apartment|suite|ste|unit)\.? ?#?\d)",
        "town": rf"{_NUMBER},? (?:(?:{_WORD}|\d{{1,4}}) ){{0,3}}(?:{_WORD}(?: \d{{1,4}}(?!\d))?)(?= {{0,2}}[,\n.]| ?$)",
        "box": rf"{_BOX} ?#?\d{{1,6}}(?: \d{{2,3}})?(?!\w)",
        "military": r"(?:unit \d{3,5},? box \d{2,5}|psc \d{2,5},? box \d{2,5})",
    }


def _tail(town: str, country: str, city: str, region: str) -> str:
    """What may follow street and unit; the longest that ends in a postcode, a state, a country or a known city."""
    state = rf"(?:{_STATE}|nan|{region})"
    ends = (
        rf"{_MILITARY}",
        rf"{_CODE_FIRST},? {town}(?:{_BREAK}{country}(?!\w))?",
        rf"(?:{town}{_BREAK}){{0,2}}{town}?{_SEPARATOR}?(?:{state},?{_SEPARATOR})?{_CODE}(?:{_SEPARATOR}{country}(?!\w))?",
        rf"(?:{town}{_SEPARATOR}){{0,2}}?(?:{state}{_SEPARATOR})?{country}(?!\w)(?:,? {_CODE})?",
        rf"(?:{town}{_BREAK}){{0,1}}{town}{_BREAK}(?:{_STATE})",
        rf"(?:{town}{_BREAK})?{city}(?!\w)(?:{_BREAK}{country}(?!\w))?",
    )
    return rf"{_SEPARATOR}(?:{'|'.join(ends)})"


def _prefilters(body: dict[str, str]) -> tuple[str, ...]:
    """A number before a word with a capital, a word of streets, boxes and units, an end of a street before a number."""
    words = [
        *body["suffixes"].split(),
        *body["prefixes"].split(),
        "apt",
        "apartment",
        "suite",
        "unit",
        "box",
        "corner of",
    ]
    plain = "|".join(re.escape(each) for each in words if each.isascii())
    glued = "|".join(re.escape(each) for each in body["glued"].split())
    return (
        r"\d[A-Za-z]?,? \p{Lu}",
        rf"(?i)(?:^|[^a-z])(?:{plain})(?:[^a-z]|$)",
        rf"(?i)(?:{glued}) ?\d",
        r"address|lives? at|FPO,? A[AEP] \d",
    )
