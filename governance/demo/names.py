"""Invented people's names as shops hold them: Chinese in either script, romanised, English and German, also mixed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from governance.demo.wordlists import word_list


@dataclass(frozen=True, slots=True)
class Name:
    """One person's name and what e-mail addresses and logins are made of."""

    written: str
    """The name as the customer record holds it."""
    variant: str
    """Another spelling of the same name: other script, order, capitals or romanisation."""
    surname: str
    """The surname in the script of `written`."""
    latin_first: str
    """Given name in plain Latin letters, lower case."""
    latin_last: str
    """Surname in plain Latin letters, lower case."""


_PLAIN = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "é": "e",
        "á": "a",
        "ë": "e",
        "ş": "s",
        "ı": "i",
        "'": "",
        " ": "",
        "-": "",
    }
)


def draw_name(rng: Random, country: str, *, male: bool) -> Name:
    """A name usual in the country; one in ten people there bears a foreign one."""
    foreign = rng.random()
    if country in {"CN", "TW", "HK"}:
        return _western(rng, "english", male=male) if foreign < 0.02 else _chinese(rng, country, male=male)
    if foreign < 0.06:
        return _chinese(rng, rng.choice(("CN", "TW", "HK")), male=male, latin_only=True)
    return _western(rng, "german" if country == "DE" else "english", male=male)


@cache
def _surnames() -> tuple[list[Any], list[int]]:
    rows = word_list("names")["surnames"]
    weights: list[int] = []
    total = 0
    for row in rows:
        total += row[5]
        weights.append(total)
    return list(rows), weights


def _chinese(rng: Random, country: str, *, male: bool, latin_only: bool = False) -> Name:
    words = word_list("names")
    rows, weights = _surnames()
    last = rng.choices(rows, cum_weights=weights)[0]
    given = words["given_male" if male else "given_female"]
    parts = [rng.choice(given) for _ in range(1 if rng.random() < (0.25 if country == "CN" else 0.04) else 2)]
    script = 0 if country == "CN" else 1
    roman = {"CN": 2, "TW": 3, "HK": 4}[country]
    hanzi = last[script] + "".join(part[script] for part in parts)
    latin_last = last[roman].title()
    syllables = [part[roman] for part in parts]
    joined = "".join(syllables) if country == "CN" else "-".join(syllables)
    latin = f"{joined.capitalize()} {latin_last}"
    other = last[1 - script] + "".join(part[1 - script] for part in parts)
    written, variant = hanzi, other if other != hanzi else latin
    if latin_only:
        written, variant = latin, hanzi
    elif country != "CN":
        written = _with_latin(
            rng, hanzi, latin, joined, latin_last, words["extra_first_male" if male else "extra_first_female"]
        )
    elif rng.random() < 0.02:
        written = f"{last[0]} {''.join(part[0] for part in parts)}"
    return Name(written, variant, last[script], "".join(syllables), last[roman])


def _with_latin(rng: Random, hanzi: str, latin: str, joined: str, last: str, extras: list[str]) -> str:
    style = rng.random()
    if style < 0.74:
        return hanzi
    extra = rng.choice(extras)
    if style < 0.82:
        return f"{hanzi} {extra}"
    if style < 0.88:
        return f"{extra} {last} {hanzi}"
    if style < 0.94:
        return f"{last.upper()} {joined.title()}"
    return latin


def _western(rng: Random, tongue: str, *, male: bool) -> Name:
    words = word_list("names")
    first = rng.choice(words[f"{tongue}_{'male' if male else 'female'}"])
    last = rng.choice(words[f"{tongue}_last"])
    style = rng.random()
    written = f"{first} {last}"
    variant = f"{last}, {first}"
    if style < 0.06:
        written, variant = variant, written
    elif style < 0.12:
        written = f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
    elif style < 0.15:
        written = written.upper()
    elif style < 0.17:
        written = (
            f"{'Mr' if male else 'Ms'} {written}" if tongue == "english" else f"{'Herr' if male else 'Frau'} {written}"
        )
    return Name(written, variant, last, _plain(first), _plain(last))


def _plain(text: str) -> str:
    return "".join(sign for sign in text.lower().translate(_PLAIN) if sign.isascii() and sign.isalpha())
