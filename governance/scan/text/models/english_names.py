"""What the English model says, put right by grammar and word lists: ends, kinds and scores.

The model is trained on news. In forms, chats and lists it calls a lone given name an organization, runs over the ends
of lines and takes streets for people; each rule here is about one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from governance.scan.lexicon_latin import COMMON, GIVEN, NAME, NEVER, ORDINARY, PLACE, WORD, bare, latin_lexicon
from governance.scan.text.spans import Span

SURE, FAIR, WEAK, DOUBTFUL = 0.85, 0.65, 0.55, 0.35
"""Named in the lists; shaped like one; one unknown word; not standing by itself."""

_TITLE = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Dame|Lord|Lady|Rev|Herr|Frau|Mme|Mlle|Hon|Capt|Sgt|Lt|Col|Gen)\b\.?"
    r"|(?:RIP|Damn|Hey|Hi|Hello|Dear|Thanks|Mom|Dad|Uncle|Aunt|Aunty|Grandma|Grandpa)\b)\s*",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"\b(?:Inc|Ltd|LLC|LLP|PLC|Corp|Corporation|Co|Company|GmbH|AG|SA|BV|Group|Bank|Trust|Holdings|Partners|Associates"
    r"|Foundation|University|College|School|Institute|Academy|Hospital|Clinic|Ministry|Department|Agency|Authority"
    r"|Council|Commission|Committee|Association|Society|Union|Party|Church|Airlines|Motors|Technologies|Technology"
    r"|Systems|Solutions|Software|Services|Industries|Labs|Media|News|Times|Studios|Records|Insurance|Energy|Capital"
    r"|Consulting|Press|Team|United|FC)\b\.?",
)
_STREET = re.compile(
    r"\b(?:Street|Rd|Road|Ave|Avenue|Blvd|Lane|Ln|Drive|Court|Place|Square|Suite|Apt|Box|Unit|Rue|Via|Calle|Rua|Avenida"
    r"|Platz|Weg|ul)\b\.?|(?:stra(?:ss|ß)e|straat|gasse|weg|vej|gatan?|laan)\b",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(r"\d[A-Za-z]?,? (?:[^\W\d_][\w.]* )?$")
_NUMBER_BEHIND = re.compile(r",? \d{1,4}\b(?![-–:/.]\d)")
_THING_BEFORE = re.compile(r"(?:\b(?:an?|some|any|this|that|my|your|his|her)\b|\bwhere:)\s*$", re.IGNORECASE)
"""What stands before a thing or a place rather than before an organization."""
_IN_BEFORE = re.compile(r"\bin\s*$", re.IGNORECASE)
"""What stands before a place or a work: people are at a firm, not in it."""
_AT_BEFORE = re.compile(r"\b(?:at|for|from|by|joined|left)\s*$", re.IGNORECASE)
_LABEL = re.compile(
    "email|phone|fax|mobile|address|account|card|invoice|order|ticket|iban|ssn|dob|dns|zip|mrn|name", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_AROUND = 24
_OWNED = re.compile(
    r"['’]s (?:wife|husband|spouse|partner|mother|father|mom|mum|dad|parents|son|daughter|kids|children|brother|sister"
    r"|boyfriend|girlfriend|birthday|name|surname|address|phone|mobile|number|email|house|apartment|passport|doctor)\b"
)
"""What people have."""
_SITE_BEFORE = re.compile(
    r"\b(?:city|town|village|district|province|region|county|island|capital|(?:lives?|living|based|born|am|are|is) in"
    r"|I['’]m in|moved to|trip to|flight to) $",
    re.IGNORECASE,
)
"""What stands before a place."""
_WEB = re.compile(r"\w://|^www\.|@", re.IGNORECASE)


def tidy(text: str, spans: Iterable[Span]) -> list[Span]:
    """The model's spans of one text with better ends, kinds and scores; some are gone."""
    return [each for span in spans if (each := _tidied(text, span)) is not None]


def is_name(word: str) -> bool:
    """Whether a word is a given name and no other word."""
    flags = _flags(word)
    return bool(flags & COMMON) and not flags & (WORD | NEVER)


def _tidied(text: str, span: Span) -> Span | None:
    start, end = _ends(text, span)
    words = _WORD.findall(text, start, end)
    if not words or all(_flags(word) & NEVER or _LABEL.fullmatch(word) for word in words):
        return None
    if _WEB.search(text, start, end):
        return None
    entity = _kind(text[start:end], span.entity, words)
    entity = _by_surroundings(text, start, end, entity, words)
    return Span(start, end, entity, _SCORES[entity](text, start, end, words))


def _ends(text: str, span: Span) -> tuple[int, int]:
    """The place without other lines, and a person's without titles and signs at its ends."""
    start = span.start + len(text[span.start : span.end]) - len(text[span.start : span.end].lstrip("\r\n"))
    end = start + len(re.split(r"[\r\n]", text[start : span.end])[0])
    if span.entity == "PERSON":
        while (title := _TITLE.match(text, start, end)) and title.end() < end:
            start = title.end()
        start += len(text[start:end]) - len(re.sub(r"^[\W\d_]+", "", text[start:end]))
    kept = re.sub(r"(?:\s?['’]s?)?[^\w.)]*$", "", text[start:end])
    if span.entity == "PERSON":
        kept = re.sub(r"(?<=[a-z]{3})\.$", "", kept)
    return start, start + len(kept)


def _kind(name: str, entity: str, words: Sequence[str]) -> str:
    """A person's name is a person whatever the model calls it, and a company's a company."""
    if _COMPANY.search(name) and len(words) > 1:
        return "ORGANIZATION"
    flags = _flags(words[0])
    named = flags & (COMMON | GIVEN) and not flags & (PLACE | WORD | NEVER) and name[0].isupper() and not name.isupper()
    return "PERSON" if entity != "PERSON" and named and len(words) <= 3 else entity


def _by_surroundings(text: str, start: int, end: int, entity: str, words: Sequence[str]) -> str:
    """A word that no list knows is a person's where it owns what people own, a place where a town is spoken of."""
    known = [_flags(word) for word in words]
    if entity != "PERSON" and not any(known) and len(words) == 1 and _OWNED.match(text, end):
        return "PERSON"
    site = entity == "PERSON" and _SITE_BEFORE.search(text, max(0, start - _AROUND), start) is not None
    return "LOCATION" if site and not any(flags & (COMMON | GIVEN) for flags in known) else entity


def _person(text: str, start: int, end: int, words: Sequence[str]) -> float:
    name = text[start:end]
    every = [_flags(word) for word in words]
    if any(sign.isdigit() for sign in name) or _STREET.search(name) or _numbered(text, start, end):
        return DOUBTFUL
    if len(words) > 5 or any(flags & NEVER for flags in every) or name.islower():
        return DOUBTFUL
    if len(words) == 1:
        return _lone(every[0], name)
    known = every[0] & (COMMON | GIVEN) or every[-1] & NAME
    return SURE if known else DOUBTFUL if any(flags & (WORD | PLACE) for flags in every) else FAIR


def _lone(flags: int, name: str) -> float:
    """The score of a name of one word."""
    if flags & (ORDINARY | PLACE) or (flags & WORD and not flags & COMMON) or (name.isupper() and not flags & NAME):
        return DOUBTFUL
    return FAIR if flags & NAME else WEAK


def _organization(text: str, start: int, end: int, words: Sequence[str]) -> float:
    name = text[start:end]
    if _COMPANY.search(name) and len(words) > 1:
        return SURE
    if (
        name.islower()
        or any(sign.isdigit() or sign == "@" for sign in name)
        or _STREET.search(name)
        or _numbered(text, start, end)
    ):
        return DOUBTFUL
    return FAIR if len(words) > 1 and _stands(text, start, name) else DOUBTFUL


def _stands(text: str, start: int, name: str) -> bool:
    """Whether a name without a company's word stands as one does: not shouted, no thing, no place."""
    before = text[max(0, start - _AROUND) : start]
    if name.isupper() or ":" in name or _THING_BEFORE.search(before) or _IN_BEFORE.search(before):
        return False
    return not name.startswith(("the ", "The ")) or _AT_BEFORE.search(before) is not None


def _place(text: str, start: int, end: int, words: Sequence[str]) -> float:
    name, first = text[start:end], _flags(words[0])
    if any(sign.isdigit() for sign in name) or len(words) > 4:
        return DOUBTFUL
    if words[0].lower() == "the" and not any(_flags(word) & PLACE for word in words[1:]):
        return DOUBTFUL
    if len(words) == 1 and not first & PLACE and (first & (WORD | NAME | NEVER) or not name[0].isupper()):
        return DOUBTFUL
    return FAIR


_SCORES = {"PERSON": _person, "ORGANIZATION": _organization, "LOCATION": _place}


def _numbered(text: str, start: int, end: int) -> bool:
    """Whether a house number stands before or behind, or a street word behind."""
    before, behind = text[max(0, start - _AROUND) : start], text[end : end + _AROUND].lstrip(" ,")
    return bool(_NUMBER_BEFORE.search(before) or _NUMBER_BEHIND.match(text, end) or _STREET.match(behind))


def _flags(word: str) -> int:
    return latin_lexicon().flags.get(bare(word.removesuffix("'s").removesuffix("’s")), 0)
