"""Names of people as whole values: Latin ones by the words of the lexicon, Chinese ones by their characters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from governance.scan.detectors.base import FieldContext
from governance.scan.forms.base import Class, Form, Written, entities
from governance.scan.lexicon import lexicon
from governance.scan.makeup import BLANK, HAN, LETTER, Makeup, Numbers, kinds, some

_PERSON = entities("PERSON")
_WORD = r"[A-Z](?:[A-Za-z]{1,18}|[a-z]{1,8}-[A-Z][a-z]{1,8})"
_GIVEN, _SURNAME, _OTHER = 1, 2, 4
_LATIN = Written(
    name="name_latin",
    entities=_PERSON,
    exemplar="",
    expression=rf"^{_WORD}(?: [A-Z]\.)? {_WORD}$",
    kinds=LETTER | BLANK | kinds(".-"),
    sizes=(5, 60),
    digits=(0, 0),
)


@dataclass(frozen=True, slots=True)
class LatinName:
    """A given name, perhaps an initial, and a surname; where the field is said to hold names any last word does."""

    name: str = "name_latin"
    """Its own name."""
    entities: frozenset[str] = _PERSON
    """As `Form.entities`."""

    def classes(self, values: pa.Array, makeup: Makeup, rows: Numbers, context: FieldContext) -> Iterable[Class]:
        """As `Form.classes`."""
        found = _LATIN.rows(values, makeup, rows)
        if not len(found):
            return []
        first, last, other = _said(some(values, found))
        given = (first & _GIVEN != 0) & ~other
        both = given & (last & _SURNAME != 0)
        made = [("Anna Smith", found[both])]
        if "PERSON" in context.hints:
            made.append(("Anna Bjxqzwk", found[given & ~both & (last & _GIVEN == 0)]))
        return [(exemplar, chosen) for exemplar, chosen in made if len(chosen)]


def _said(names: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """What the lexicon says of first and last words, and whether any word is that of a thing."""
    split = pc.split_pattern(pc.ascii_lower(names), " ")
    offsets = np.asarray(split.offsets)
    words, meanings = _words()
    place = pc.fill_null(pc.index_in(split.flatten(), words), len(words))
    said = meanings[np.asarray(place)]
    starts = offsets[:-1] - offsets[0]
    last = offsets[1:] - offsets[0] - 1
    either = np.bitwise_or.reduceat(said, starts)
    return said[starts], said[last], either & _OTHER != 0


@cache
def _words() -> tuple[pa.Array, npt.NDArray[np.uint8]]:
    """Every Latin word of the lexicon with its meanings; one behind the last stands for an unknown word."""
    known = lexicon()
    meanings = dict.fromkeys(sorted(known.given_latin | known.surnames_latin | known.not_names_latin), 0)
    for word in meanings:
        given, other = word in known.given_latin, word in known.not_names_latin
        meanings[word] = _GIVEN * given | _SURNAME * (word in known.surnames_latin) | _OTHER * (other and not given)
    return pa.array(list(meanings), pa.string()), np.array([*meanings.values(), 0], np.uint8)


@dataclass(frozen=True, slots=True)
class ChineseName:
    """A Chinese surname and one or two characters that are common in given names."""

    name: str = "name_zh"
    """Its own name."""
    entities: frozenset[str] = _PERSON
    """As `Form.entities`."""

    def classes(self, values: pa.Array, makeup: Makeup, rows: Numbers, _context: FieldContext) -> Iterable[Class]:
        """As `Form.classes`."""
        made = [(form.exemplar, form.rows(values, makeup, rows)) for form in _chinese()]
        return [(exemplar, chosen) for exemplar, chosen in made if len(chosen)]


@cache
def _chinese() -> tuple[Written, ...]:
    known = lexicon()
    single = "".join(sorted(each for each in known.surnames_zh if len(each) == 1))
    double = "|".join(sorted(each for each in known.surnames_zh if len(each) == 2))
    given = "".join(sorted(known.given_zh))
    none = f"^(?:{'|'.join(sorted(known.not_names_zh))})"
    long = rf"^(?:[{single}][{given}]{{2}}|(?:{double})[{given}]{{1,2}})$"
    return (
        Written("name_zh_long", _PERSON, "王小明", long, HAN, (9, 12), (0, 0), none),
        Written("name_zh_short", _PERSON, "王明", rf"^[{single}][{given}]$", HAN, (6, 6), (0, 0), none),
    )


NAMES: tuple[Form, ...] = (LatinName(), ChineseName())
"""Forms of names."""
