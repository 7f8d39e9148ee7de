"""What the name of a field, its comment and its dataset's name say: whole words, many languages.

A name path is independent of the values: it works on an empty table. `email_template`, `is_phone_verified` and
`acid_level` are no e-mail, phone or id: a word behind or before a match that makes a thing *about* the value takes the
match's weight away, and a shorter match inside a longer one of another entity does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from governance.scan.lexicon import NEWEST
from policies.pack_loader import load_pack

SURE = 0.85
"""The weight of a phrase that decides by itself."""
THING_NAME = "THING_NAME"
"""Stands among the signals of a field that holds names of things, such as `company_name`."""
MAYBE = 0.35
"""The weight of a phrase that needs company."""

_HAN = re.compile(r"[\u3400-\u9fff]+")
_CAMEL = re.compile(
    r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])"
)
_ENDING = re.compile(
    r"(?i)(?:\.(?:csv|tsv|txt|dat|jsonl?|ndjson|xlsx?|xlsm|ods|parquet|pq|feather|arrow|orc|avro|xml|ya?ml|gz|bz2|zst|zip))+"
    r"(?=#|$)"
)
"""The ending of a file's name; `crm.user` has none."""
_LONGEST = 5
_TELLING = 6
"""A last part of so many letters may be one that needs company: `agentsuffix`."""
_NUMBERED = 5
"""Longer words that end in `id` or `code` are made of two: `entityid`, and not `paid`."""
_NO_PERSON = 0.03
_AMONG_PEOPLE = 0.6
"""The weight of `name` in a dataset of people ..."""
_ALONE = 0.75
"""... and of `alias` or `contact` there, with no other word beside."""
_PAIRED = frozenset({"first", "middle", "last"})
"""Words that are parts of a person's name where a field with another of them stands beside."""
_UNKNOWN = 0.12
"""The weight of `name` behind a word that is neither a person nor a thing."""
_RANKS = frozenset({"title", "position"})
"""Words that are a person's job in a list of people alone."""
_OF_WORK = frozenset({"work", "workplace", "job", "employment", "current", "info", "role"})
_NEUTRAL = frozenset(
    [
        "no",
        "number",
        "num",
        "nr",
        "nbr",
        "value",
        "val",
        "text",
        "txt",
        "str",
        "string",
        "raw",
        "new",
        "old",
        "main",
        "primary",
        "secondary",
        "alt",
        "alternate",
        "alternative",
        "home",
        "work",
        "office",
        "personal",
        "private",
        "business",
        "other",
        "current",
        "previous",
        "prev",
        "original",
        "orig",
        "en",
        "cn",
        "zh",
        "tw",
        "hk",
        "us",
        "de",
        "uk",
        "eng",
        "chn",
        "local",
        "native",
        "line",
        "part",
        "full",
        "last",
        "enc",
        "encrypted",
        "hash",
        "hashed",
        "plain",
        "code",
        "ref",
        "a",
        "b",
        "c",
        "x",
        "data",
        "info",
        "field",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
        "0",
        "hex",
    ]
)


@dataclass(frozen=True, slots=True)
class NameSignal:
    """What a name says for one entity."""

    weight: float
    """0 to 1."""
    phrase: str
    """The words of the pack that matched; never text of the name itself."""


@dataclass(frozen=True, slots=True)
class DatasetWords:
    """What a dataset's name says."""

    about_people: bool
    """Whether its rows are people."""
    about_things: bool
    """Whether its name is that of things."""
    special: tuple[str, ...]
    """Special categories that being listed in it reveals."""
    phrase: str
    """The word that revealed it; empty without one."""


@dataclass(frozen=True, slots=True)
class _Match:
    entity: str
    low: int
    high: int
    weight: float
    phrase: str


@dataclass(frozen=True, slots=True)
class _Rules:
    phrases: Mapping[str, tuple[tuple[str, float, str], ...]]
    han: tuple[tuple[str, str, float], ...]
    refused: Mapping[str, frozenset[str]]
    changers: frozenset[str]
    before: frozenset[str]
    person: frozenset[str]
    thing: frozenset[str]
    person_datasets: frozenset[str]
    special: Mapping[str, str]
    special_not: frozenset[str]
    turning: frozenset[str]
    text: frozenset[str]
    empty: frozenset[str]
    animals: frozenset[str]
    numbering: frozenset[str]
    date_words: frozenset[str]
    vocabulary: frozenset[str]


def says_text(name: str) -> bool:
    """Whether a field's name says that people write sentences in it: notes, remarks, 备注."""
    words = words_of(name)
    return bool(set(words[-2:]) & _rules().text) or any(
        phrase in word for word in words if _HAN.match(word) for phrase in _rules().text
    )


def means_something(name: str) -> bool:
    """Whether a name is more than a place in a row, as `c1`, `col_3` and `Unnamed: 2` are."""
    return any(_HAN.match(word) or (len(word) > 2 and word not in _rules().empty) for word in words_of(name))


def numbers_things(name: str) -> bool:
    """Whether a name is that of a number given to a thing: `permit_number`, `borough_county_code`, `entityid`."""
    words = words_of(name)
    return bool(set(words) & _rules().numbering) or (
        bool(words) and len(words[-1]) > _NUMBERED and words[-1].endswith(("id", "code", "number"))
    )


def says_date(name: str) -> bool:
    """Whether a name says no more than that the field holds a date: `date_1`, `datum`, `日期`."""
    return bool(words_of(name)) and all(word in _rules().date_words or word.isdigit() for word in words_of(name))


def speaks_of_animals(name: str) -> bool:
    """Whether a field with this name is about an animal: `breed`, `species`, `kennel_number`."""
    return bool(set(words_of(name)) & _rules().animals)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: `CustomerEMail_2` gives customer, e, mail, 2; Chinese runs stay whole."""
    spaced = _HAN.sub(lambda run: f" {run[0]} ", name)
    plain = [word for word in re.split(r"[\W_]+", _CAMEL.sub(" ", spaced).lower()) if word]
    return tuple(part for word in plain for part in _parts(word))


@lru_cache(maxsize=4096)
def _parts(word: str) -> tuple[str, ...]:
    """The known words that an unspaced word is made of, as in `agentfirstname`; the word itself when it is not."""
    rules = _rules()
    if len(word) < 8 or not word.isascii() or word in rules.phrases:
        return (word,)
    for cut in range(3, len(word) - 3):
        head, tail = word[:cut], word[cut:].rstrip("0123456789")
        sure = SURE if len(tail) < _TELLING else MAYBE
        if any(weight >= sure for _, weight, _ in rules.phrases.get(tail, ())) and _known(head):
            return (head, tail)
    return (word,)


def _known(head: str) -> bool:
    """Whether a text is one or two words of the lists."""
    words = _rules().vocabulary
    return head in words or any(head[:cut] in words and head[cut:] in words for cut in range(3, len(head) - 2))


def read_name(name: str, dataset: DatasetWords) -> dict[str, NameSignal]:
    """What a field's name says, by entity; weights under 0.05 are left out."""
    words = words_of(name)
    matches = _longest([*_latin(words), *_chinese(words)])
    found: dict[str, NameSignal] = {}
    for match in matches:
        behind = any(
            other.low >= match.high and other.entity != match.entity and other.weight >= SURE for other in matches
        )
        weight = round(_in_place(match, words, dataset) * (0.3 if behind else 1.0), 3)
        if match.entity == "PERSON" and weight == _NO_PERSON:
            found[THING_NAME] = NameSignal(1.0, match.phrase)
        known = found.get(match.entity)
        if weight >= 0.05 and (known is None or weight > known.weight):
            found[match.entity] = NameSignal(weight, match.phrase)
    return found


def parts_of_names(names: Iterable[str]) -> dict[str, NameSignal]:
    """What fields say together, by field: `judge_first` beside `judge_last` or `judge_last_name` holds given names."""
    stems: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        words = _bare(words_of(name))
        if words and words[-1] in _PAIRED:
            stems.setdefault(words[:-1], {})[words[-1]] = name
    paired = (part for part in stems.values() if {"first", "last"} <= set(part))
    return {name: NameSignal(SURE, word) for part in paired for word, name in part.items()}


def _bare(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a name without a last one that says `name`."""
    return words[:-1] if words[-1:] in (("name",), ("nm",)) else words


def read_comment(comment: str) -> dict[str, NameSignal]:
    """What a comment says: phrases that decide by themselves, at half their weight."""
    words = words_of(comment[:400])
    if len(words) > 30:
        return {}
    matches = _longest([*_latin(words), *_chinese(words)])
    return {
        match.entity: NameSignal(MAYBE, match.phrase)
        for match in matches
        if match.weight >= SURE and _alone(match, words)
    }


def read_dataset(name: str) -> DatasetWords:
    """What the name of a table, file or sheet says; folder and ending do not count."""
    stem = _ENDING.sub("", name.rsplit("/", 1)[-1])
    words, rules = words_of(stem), _rules()
    windows = {"_".join(words[low:high]) for low, high in _windows(len(words))}
    han = [run for run in words if _HAN.fullmatch(run)]
    people = bool(windows & rules.person_datasets) or any(word in run for run in han for word in rules.person_datasets)
    things = bool({word for each in windows for word in (each, each.removesuffix("s"))} & rules.thing) and not people
    named = [
        word for word in rules.special if word in windows or (_HAN.match(word) and any(word in run for run in han))
    ]
    lookup = bool(set(words) & rules.special_not) or any(word in run for run in han for word in rules.special_not)
    chosen = [] if lookup else sorted(named)
    return DatasetWords(
        people, things, tuple(sorted({rules.special[word] for word in chosen})), chosen[0] if chosen else ""
    )


def _in_place(match: _Match, words: tuple[str, ...], dataset: DatasetWords) -> float:
    """The weight of a match among the other words of the name."""
    rules = _rules()
    before, after = words[: match.low], _behind(match, words)
    others = {*before, *after}
    joined = {"".join(words[low:high]) for low, high in _windows(len(words))}
    if rules.refused.get(match.entity, frozenset()) & (joined - {"".join(words[match.low : match.high])}):
        return match.weight * 0.1
    if match.entity == "PERSON":
        return _person(match, before, after, dataset)
    if match.phrase in _RANKS and match.entity == "JOB_TITLE":
        if dataset.about_people and not set(words) - {match.phrase} - _OF_WORK:
            return 0.6
        return match.weight * 0.5
    if match.entity != "CONSENT_FLAG" and (others & rules.before & set(before) or set(after) & rules.changers):
        return match.weight * 0.12
    strange = [word for word in after if word not in _NEUTRAL and not _HAN.match(word)]
    return match.weight * (0.5 if strange else 1.0)


def _behind(match: _Match, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words behind a match that can turn it: those of `age at retirement` only say when it was taken."""
    after, turning = words[match.high :], _rules().turning
    if words[match.high - 1] in turning:
        return ()
    return next((after[:place] for place, word in enumerate(after[:-1]) if word in turning), after)


def _person(match: _Match, before: tuple[str, ...], after: tuple[str, ...], dataset: DatasetWords) -> float:
    rules = _rules()
    if set(after) & (rules.changers - {"title"}) or set(before) & rules.before:
        return match.weight * 0.12
    if match.phrase != "name":
        if dataset.about_people and not before and not after and match.weight < SURE:
            return _ALONE
        things = {*before[-1:], *after} & (rules.thing - rules.person)
        return match.weight * (0.3 if things and match.weight < SURE else 1.0)
    near = [*before[-1:], *after[:1]]
    if any(word in rules.person for word in near):
        return 0.8
    if set(before) & rules.thing or set(after) & rules.thing:
        return _NO_PERSON
    if before[-1:]:
        return _UNKNOWN
    return _AMONG_PEOPLE if dataset.about_people else _NO_PERSON if dataset.about_things else 0.2


def _alone(match: _Match, words: tuple[str, ...]) -> bool:
    """Whether a comment speaks of the value and not of something about it."""
    rules = _rules()
    return not (
        set(words[match.high : match.high + 1]) & rules.changers
        or set(words[: match.low]) & {"no", "not", "without", "never"}
    )


def _latin(words: tuple[str, ...]) -> Iterable[_Match]:
    for low, high in _windows(len(words)):
        for entity, weight, phrase in _phrases("".join(words[low:high]), plural=high - low > 1):
            yield _Match(entity, low, high, weight, phrase)


def _phrases(joined: str, *, plural: bool) -> tuple[tuple[str, float, str], ...]:
    """What some words say; of several words also their plural: `given names`, `phone numbers`."""
    phrases = _rules().phrases
    return phrases.get(joined) or (phrases.get(joined.removesuffix("s"), ()) if plural else ())


def _chinese(words: tuple[str, ...]) -> Iterable[_Match]:
    """Phrases inside Chinese runs; a longer phrase hides a shorter one, and something about a value is none."""
    rules = _rules()
    for place, run in enumerate(words):
        if not _HAN.fullmatch(run):
            continue
        taken = 0
        for phrase, entity, weight in rules.han:
            if phrase not in run or (len(phrase) == 1 and run != phrase) or len(phrase) < taken:
                continue
            taken = max(taken, len(phrase))
            rest = run.split(phrase, 1)[1]
            about = any(word in rest for word in rules.changers if _HAN.match(word)) or rest.endswith(
                ("名称", "名稱", "编号", "編號")
            )
            yield _Match(entity, place, place + 1, weight * (0.12 if about else 1.0), phrase)


def _longest(matches: Iterable[_Match]) -> list[_Match]:
    """The matches that lie in no longer match."""
    every = list(matches)
    return [
        one
        for one in every
        if not any(
            other.low <= one.low and one.high <= other.high and other.high - other.low > one.high - one.low
            for other in every
        )
    ]


def _windows(count: int) -> list[tuple[int, int]]:
    return [(low, high) for low in range(count) for high in range(low + 1, min(count, low + _LONGEST) + 1)]


@cache
def _rules() -> _Rules:
    body = load_pack("field_names", NEWEST).body
    phrases: dict[str, list[tuple[str, float, str]]] = {}
    han: list[tuple[str, str, float]] = []
    refused: dict[str, frozenset[str]] = {}
    for entity, entry in body["entities"].items():
        refused[entity] = frozenset(_joined(str(phrase)) for phrase in entry.get("not", ()))
        for weight, group in ((SURE, "sure"), (MAYBE, "maybe")):
            for phrase in map(str, entry.get(group, ())):
                if _HAN.search(phrase):
                    han.append((phrase, entity, weight))
                phrases.setdefault(_joined(phrase), []).append((entity, weight, phrase))
    return _Rules(
        phrases={key: tuple(entries) for key, entries in phrases.items()},
        han=tuple(sorted(han, key=lambda each: (-len(each[0]), each[0], each[1]))),
        refused=refused,
        changers=_set(body["changers"]),
        before=_set(body["before_changers"]),
        person=_set(body["person_words"]),
        thing=_set(body["thing_words"]),
        person_datasets=_set(body["person_datasets"]),
        special={word: key for key, words in body["special_datasets"].items() for word in words.split()},
        special_not=_set(body["special_not"]),
        turning=_set(body["turning_words"]),
        text=_set(body["text_words"]),
        empty=_set(body["empty_words"]),
        animals=_set(body["animal_words"]),
        numbering=_set(body["numbering_words"]),
        date_words=_set(body["date_words"]),
        vocabulary=_vocabulary(body),
    )


def _vocabulary(body: Mapping[str, Any]) -> frozenset[str]:
    words = _set(body["person_words"]) | _set(body["thing_words"]) | _set(body["linking_words"]) | _NEUTRAL
    return frozenset(word for word in words if len(word) > 2 and word.isascii())


def _joined(phrase: str) -> str:
    return "".join(phrase.split()).lower()


def _set(words: Any) -> frozenset[str]:
    return frozenset(str(words).split())
