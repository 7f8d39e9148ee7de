"""One piece of what follows a street, as an expression: unit, district, town, state, postcode, country."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-ŽȘȚ\u1e00-\u1eff\u0386-\u03ab\u0400-\u042f]"
WORD = r"[^\W\d_][\w'’.-]{0,30}"
BREAK = r"(?:\.? {0,2},{1,2} {0,3}\n[ >?]{0,5},? ?| {0,3}\n[ >?]{0,5},? ?|\.? {0,2},{1,2} {0,2}| [-–/] )"
SEPARATOR = rf"(?:{BREAK}|\.? {{1,2}}|\.\n)"
UK_CODE = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_CODE_BEHIND = r"(?![\w-]| ?\d)"
_CODE = (
    rf"(?:{UK_CODE}|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]\d[\dW] ?[A-Z\d]{{4}}|\d{{5}}(?:-\d{{3,4}})?|\d{{4}} ?[A-Z]{{2}}"
    rf"|\d{{2}}-\d{{3}}|\d{{3}}-\d{{4}}|\d{{4}}-\d{{3}}|\d{{3}} \d{{2,3}}|[A-Z]\d{{4}}(?:[A-Z]{{3}})?"
    rf"|[A-Z]{{2}}-\d{{4,5}}|\d{{6,7}}|\d{{4}}){_CODE_BEHIND}"
)
_CODE_SAID = r"(?:(?:zip|postal|post|pin)(?: ?code)?:? ?|c\.?p\.? ?|τκ )"
_CODE_FIRST = (
    r"(?:(?:[A-Z]{1,2}|FIN)[- ]?)?(?:\d{8}|\d{5}(?:-\d{3})?|\d{4}-\d{3}|\d{4}(?: ?[A-Z]{2})?|\d{2}-\d{3}|\d{3} \d{2})"
    rf"{_CODE_BEHIND}"
)
_LINK = (
    r"(?:de|da|do|di|du|des|del|dels|della|dos|das|la|le|les|los|las|am|an der|an dem|im|in der|ob der|bei|sur|sous"
    r"|upon|on|under|in|of|the|and|y|e|i|den|van|der|u|v|nad|pod|og|på|pri|ob|en|lès|na|a)"
)
_SAINT = r"(?:St|Ste|Sta|Sto|Mt|Ft|Pt|Dist|Col|Twp|Gral|Dr)\. ?"
_LETTERS = r"(?:[^\W\d_]|['’-](?!\d))"
LARGE = rf"(?:(?:[A-Z]\.){{2,4}}(?!\w)|(?:{_SAINT})?{CAPITAL}{_LETTERS}{{0,30}}(?:\.{_LETTERS}{{1,12}}){{0,2}}(?!\w))"
TOWN = rf"{LARGE}(?:(?: (?:{_LINK} ){{0,2}}(?![A-Z]{{2,3}}(?!\w))|-){LARGE}){{0,4}}"
_TOWN_SMALL = r"[^\W\d_][\w'’-]{0,30}(?: [^\W\d_][\w'’-]{0,30}){0,4}"
_BEHIND_TOWN = r"(?: \d{1,2}(?:er?|e|º)?(?! ?[\d/:%-]|\w|\.\d)| cedex(?: \d{1,2})?| [A-ZÖ](?!\w))?"
_STATE = r"(?:[A-Z]{2,3}(?!\w)|(?:[A-Z]\.){2,3})"


@dataclass(frozen=True, slots=True)
class Tail:
    """Compiled expressions and word lists of what follows a street."""

    step: re.Pattern[str]
    """One piece with what parts it from the one before."""
    small: re.Pattern[str]
    """The same for texts without capitals."""
    countries: frozenset[str]
    """Names of countries, bare."""
    areas: frozenset[str]
    """Names of big cities, regions and quarters, bare."""
    states: frozenset[str]
    """Abbreviations of states and provinces."""
    states_short: frozenset[str]
    """Those whose postcodes have four digits."""
    states_too: frozenset[str]
    """Those that are words as well."""
    districts: frozenset[str]
    """Last words of the names of districts, bare."""
    divisions: frozenset[str]
    """First words of the names of regions, bare."""


def make_tail(units: str, alone: str, names: Mapping[str, frozenset[str]]) -> Tail:
    """The tail for expressions of units with and without a number, and for lists of names and words."""
    floor = r"(?:floor|fl\.|stock(?:werk)?|og|etage|étage|piso|planta|andar|patro|/f)(?:,? (?:links|rechts|mitte))?"
    unit = (
        rf"(?:{units}(?:\.? ?(?:n[oº°]\.? ?|#)?\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,5}}[A-Za-z]?)?"
        r"|[. ] ?[A-Za-z](?:-?\d{1,4})?)(?!\w)"
        rf"|p\.? ?o\.? ?box ?\d{{1,6}}|# ?\d{{1,5}}(?:-\d{{1,5}})?[A-Za-z]?(?!\w)"
        rf"|(?:\d{{1,2}}(?:st|nd|rd|th|er|e|º|ª|°|\.)?|ground|first|second|third|fourth|fifth|top|upper|lower) ?"
        rf"{floor}(?!\w)|(?:\d{{1,2}}|st|kl)\.? ?(?:tv|th|mf)\.?(?!\w)"
        rf"|\d{{1,2}}[º°ª]\.? ?(?:[a-z]|izq|dcha|dto|esq|drt|frt)\.?(?!\w)"
        rf"|{alone}(?!\w)|[gl]{{1,2}}/f(?!\w))"
    )
    return Tail(
        re.compile(_step(f"(?i:{unit})", TOWN, f"(?i:{_CODE_SAID})")),
        re.compile(_step(unit, _TOWN_SMALL, _CODE_SAID), re.IGNORECASE),
        names["countries"],
        names["areas"],
        names["states"],
        names["states_short"],
        names["states_too"],
        names["districts"],
        names["divisions"],
    )


def _step(unit: str, town: str, said: str) -> str:
    return (
        rf"(?:{SEPARATOR}|-(?=\d{{6}}(?!\d)))(?:(?P<unit>{unit})"
        rf"|(?P<military>[AFD]PO,? A[AEP] \d{{5}}(?:-\d{{4}})?{_CODE_BEHIND})"
        rf"|(?P<first>{said}?(?P<zip>{_CODE_FIRST})(?:,? {{1,2}}|{BREAK}){town}{_BEHIND_TOWN})"
        rf"|(?P<short>\d{{3}} {town})|(?P<after>{_STATE},?{SEPARATOR}{_CODE})"
        rf"|(?P<code>{said}?{_CODE})|(?P<three>\d{{3}}(?=[,;.\n]|$))|(?P<paren>\([A-Z]{{2}}\))|(?P<state>(?:nan|{_STATE}))(?!\w)"
        rf"|(?P<town>{town}(?: \d{{1,2}}(?= {{0,2}}[,\n]))?))"
    )
