"""A property's value as the texts of fields: encodings, escapes, components and lists."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.files.encoding import codec_named
from connectors.files.vcard.cards import SOFT, Property

_COMPONENTS = {
    "N": ("family", "given", "additional", "prefix", "suffix", "surname2", "generation"),
    "ADR": (
        *("pobox", "extended", "street", "locality", "region", "code", "country"),
        *("room", "apartment", "floor", "number", "road", "building", "block", "subdistrict", "district"),
        *("landmark", "direction"),
    ),
    "ORG": ("", "unit"),
    "GENDER": ("", "text"),
}
"""What stands between semicolons (RFC 6350 6.2 to 6.6, RFC 9554 2); an empty one is the property itself. What follows
the last belongs to it."""
_LISTS = frozenset({"NICKNAME", "CATEGORIES"})
_SAID_BESIDE = {"LABEL": "label", "GEO": "geo", "SORT-AS": "sort"}
"""Parameters of 4.0 that hold what is otherwise a value."""
_ESCAPED = re.compile(r"\\([nN,;:\\])")
_ESCAPED_IN_2_1 = re.compile(r"\\([,;:\\])")
_COMPONENT = re.compile(r"((?:[^;\\]|\\.|\\$)*)(?:;|$)", re.DOTALL)
_ITEM = re.compile(r"((?:[^,\\]|\\.|\\$)*)(?:,|$)", re.DOTALL)
_CARETS = {"^n": "\n", "^^": "^", "^'": '"'}


@dataclass(slots=True)
class Decoder:
    """The texts of one file's properties."""

    codec: str
    """Of bytes for which the property names no encoding."""
    certain: bool
    """Whether the file's owner said so: then it holds for quoted-printable too, which is UTF-8 otherwise."""
    broken: int = 0
    """How many values did not fit their encoding; what did not is U+FFFD."""

    def text(self, each: Property) -> str:
        """The value decoded, escapes left in."""
        if each.encoding == SOFT:
            raw = binascii.a2b_qp(each.value.encode("latin-1"))
            return self._decoded(raw, each, self.codec if self.certain else "utf-8")
        return self._decoded(each.value.encode("latin-1"), each, self.codec)

    def beside(self, each: Property, name: str) -> str:
        """The text of a parameter, its own escapes (RFC 6868) undone."""
        text = self._decoded(each.parameters[name].encode("latin-1"), each, self.codec)
        return re.sub(r"\^[n^']", lambda found: _CARETS[found[0]], text)

    def _decoded(self, raw: bytes, each: Property, codec: str) -> str:
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        codec = codec_named(each.parameters.get("CHARSET", "")) or codec
        try:
            return raw.decode(codec)
        except UnicodeError:
            self.broken += 1
            return raw.decode("utf-8" if codec == "undefined" else codec, "replace")


def texts_of(each: Property, version: str, decoder: Decoder) -> Iterator[tuple[str, str]]:
    """Field and text of everything that a property says; empty texts are left out."""
    escaped = _ESCAPED_IN_2_1 if version == "2.1" else _ESCAPED
    whole = decoder.text(each)
    kind = each.name.rpartition(".")[2]
    for name, text in _split(each, kind, whole):
        if plain := _plain(text, escaped).strip():
            yield name, plain
    for parameter in _SAID_BESIDE if each.parameters else ():
        if each.parameters.get(parameter):
            yield f"{each.name}.{_SAID_BESIDE[parameter]}", decoder.beside(each, parameter)


def _split(each: Property, kind: str, text: str) -> Iterator[tuple[str, str]]:
    if words := _COMPONENTS.get(kind):
        for place, part in enumerate(_parts(text, ";")):
            word = words[min(place, len(words) - 1)]
            yield (f"{each.name}.{word}" if word else each.name), part
    elif kind in _LISTS:
        yield from ((each.name, part) for part in _parts(text, ","))
    elif kind == "TEL" and text[:4].lower() == "tel:":
        yield each.name, text[4:]
    else:
        yield each.name, text


def _parts(text: str, sign: str) -> list[str]:
    if "\\" not in text:
        return text.split(sign)
    return (_COMPONENT if sign == ";" else _ITEM).findall(text)


def _plain(text: str, escaped: re.Pattern[str]) -> str:
    if "\\" not in text:
        return text
    return escaped.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)
