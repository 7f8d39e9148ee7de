"""From profile and names to evidence: for each entity what the values, the name, the comment and the type say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connectors.base import Field
from governance.scan.intervals import beats_chance
from governance.scan.names import THING_NAME, DatasetWords, NameSignal
from governance.scan.profile import ColumnProfile
from governance.scan.result import Signal
from governance.scan.shares import NOTHING, Around, coded, contradicted, left_of, of_things, speaks_against, speaks_for
from governance.scan.tally import Tally
from governance.scan.weights import NAME_ONLY, NATIONAL, PLATES, Weights, type_fits, weights_of
from governance.scan.years import looks_born

_OF_ANIMALS = frozenset({"AGE", "PERSON"})
"""What animals have as well as people."""
_OF_PEOPLE = frozenset({"PERSON", "GENDER", "AGE", "ETHNICITY", "MARITAL_STATUS", "EMAIL_ADDRESS", *NATIONAL})
"""What a dataset of people holds."""
_FEW = 10
"""With fewer values than this, misfitting ones do not speak against a name ..."""
_CHECKED = 0.75
"""... but of an entity whose form every value has: its values take at least this part of a name's weight."""
_ORDINARY = 0.25
"""A larger share of ordinary words than this speaks against names of people ..."""
_NO_NAMES = 0.6
"""... and twice this share takes so much of a name's weight."""
_REFUTED = 0.4
"""A name is refuted, and no guide to its values at all, when they take at least this part of its weight."""
_FLOOR = 0.3
"""Under this share of values that hold a position the column is none of positions."""
_PROOF = 0.5
"""From this confidence on values bear their name out."""
_POSITION = 0.75
"""Confidence that a column is one of positions when all its values hold one."""
_YEARS = 4
"""Digits of a year of birth."""
CLAIMS = 0.6
"""From this weight on a name claims to be an entity."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against one entity in one field."""

    entity: str
    """The entity."""
    column: float
    """Confidence that the field as a whole is this entity, 0 to 1."""
    mention: float
    """Confidence that at least the values hit hold it, 0 to 1."""
    hits: int
    """Rows that count as hits."""
    signals: tuple[Signal, ...]
    """Heaviest first."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a field."""

    dataset: DatasetWords
    """What the dataset's name says."""
    people: bool
    """Whether the dataset's rows are people, by its name or by fields that only people have."""


def names_of(
    signals: Mapping[str, NameSignal], comment: Mapping[str, NameSignal], around: Surroundings
) -> dict[str, tuple[float, tuple[Signal, ...]]]:
    """Weight and signals of name and comment together, by entity."""
    joined: dict[str, tuple[float, tuple[Signal, ...]]] = {}
    if THING_NAME in signals and "PERSON" not in comment:
        joined["PERSON"] = (0.0, (Signal("name", False, 0.55, "the name is that of a thing's name"),))
        signals = {entity: each for entity, each in signals.items() if entity not in (THING_NAME, "PERSON")}
    signals = {entity: each for entity, each in signals.items() if entity != THING_NAME}
    for entity in sorted({*signals, *comment}):
        found: list[Signal] = []
        weight = 0.0
        if entity in signals:
            weight = signals[entity].weight
            found.append(Signal("name", True, weight, f"the name says `{signals[entity].phrase}`"))
            if (
                entity == "PERSON"
                and signals[entity].phrase == "name"
                and around.people
                and weight < 0.6
                and weight > 0.15
            ):
                found.append(Signal("neighbour", True, 0.5, "other fields of the dataset are about one person"))
                weight = _either(weight, 0.5)
        if entity in comment:
            found.append(
                Signal("comment", True, comment[entity].weight, f"the comment says `{comment[entity].phrase}`")
            )
            weight = _either(weight, comment[entity].weight * 1.5 if not signals else comment[entity].weight)
        joined[entity] = (weight, tuple(found))
    return joined


def weigh(
    entity: str,
    profile: ColumnProfile,
    field: Field,
    name: tuple[float, tuple[Signal, ...]],
    *,
    is_text: bool,
    around: Around = NOTHING,
) -> Evidence:
    """The evidence for one entity in one field."""
    weights, tally = weights_of(entity), profile.tallies.get(entity, Tally())
    name_weight, signals = name
    if not type_fits(entity, field.type):
        against = Signal("type", False, 0.95, f"a {field.type} cannot hold it")
        return Evidence(entity, name_weight * 0.05, 0.0, 0, (against, *signals))
    values, value_signals = _values(tally, profile, weights)
    values *= 1 - (contradicted(entity, profile) if entity == "PERSON" else 0.0)
    shared, rows, why = speaks_for(entity, profile, around)
    if shared > values:
        kind = "neighbour" if shared > speaks_for(entity, profile, replace(around, beside=frozenset()))[0] else "value"
        value_signals = (*value_signals, Signal(kind, True, round(shared, 3), why))
        values = shared
    values = (_unplaced(profile, values, name_weight) if entity == "ADDRESS" else values) * left_of(
        entity, profile, around
    )
    if entity == "COORDINATE" and (placed := _POSITION * _located(profile)) > values:
        value_signals = (*value_signals, Signal("value", True, round(placed, 3), "the values hold a position"))
        values = placed
    if entity == "DATE_OF_BIRTH" and (born := _born(profile, around)) > values:
        value_signals = (*value_signals, Signal("neighbour", True, born, "years, months and days lie as births do"))
        values, rows, shared = born, profile.filled, born
    if entity in _OF_ANIMALS and around.animals:
        values, name_weight = values * 0.45, name_weight * 0.6
    if entity == "PERSON" and any(not signal.speaks_for for signal in signals):
        values *= 0.45
    if things := of_things(entity, profile, around):
        values, name_weight = values * (1 - things), name_weight * (1 - things)
    misfit = _taken(entity, profile, field, name_weight, around)
    column = _either(values, name_weight * (1 - misfit))
    if misfit:
        value_signals = (*value_signals, Signal("value", False, round(misfit, 3), "the values do not have its form"))
    sure = tally.sure > 0 or beats_chance(tally.strong, tally.strong + tally.refused, tally.chance_permille / 1000)
    thing = entity == "PERSON" and any(signal.signal == "name" and not signal.speaks_for for signal in signals)
    mention = weights.precision if tally.strong and sure and (is_text or (weights.in_text and not thing)) else 0.0
    hits = max(tally.strong + (tally.weak if name_weight >= 0.3 or column >= 0.5 else 0), rows if shared >= 0.3 else 0)
    ordered = tuple(sorted((*signals, *value_signals), key=lambda each: (-each.weight, each.signal, each.reason)))
    return Evidence(entity, min(column, 0.99), mention, hits, ordered)


def _located(profile: ColumnProfile) -> float:
    """The share of the values that hold a position among other words, as an address with its coordinates does."""
    tally = profile.tallies.get("COORDINATE", Tally())
    located = (tally.strong - tally.whole_strong) / profile.filled if profile.filled else 0.0
    return located if located >= _FLOOR else 0.0


def _unplaced(profile: ColumnProfile, values: float, name_weight: float) -> float:
    """What is left of an address that holds its position: it is a position, unless the name claims an address."""
    return values if name_weight >= CLAIMS else values * (1 - _located(profile))


def refuted(
    said: Mapping[str, tuple[float, tuple[Signal, ...]]], profile: ColumnProfile, field: Field, around: Around
) -> bool:
    """Whether the values fit none of the entities that the name claims, so that it is no guide to them at all."""
    claims = [entity for entity, (weight, _) in said.items() if weight >= CLAIMS]
    return bool(claims and profile.filled) and all(
        _taken(entity, profile, field, said[entity][0], around) >= _REFUTED for entity in claims
    )


def proves(said: Mapping[str, tuple[float, tuple[Signal, ...]]], profile: ColumnProfile) -> bool:
    """Whether the values alone speak for one of the entities that the name claims."""
    return any(
        weight >= CLAIMS
        and max(
            _values(profile.tallies.get(entity, Tally()), profile, weights_of(entity))[0],
            speaks_for(entity, profile)[0],
        )
        >= _PROOF
        for entity, (weight, _) in said.items()
    )


def _taken(entity: str, profile: ColumnProfile, field: Field, name_weight: float, around: Around) -> float:
    """The part of a name's weight that the values take away, 0 to 1."""
    if not type_fits(entity, field.type):
        return 1.0
    if field.type in ("date", "datetime") or (entity == "COORDINATE" and _located(profile)):
        return 0.0
    if coded(entity, profile, around):
        return contradicted(entity, profile)
    tally = profile.tallies.get(entity, Tally())
    return max(_misfit(entity, tally, profile, weights_of(entity), name_weight), speaks_against(entity, profile))


def _born(profile: ColumnProfile, around: Around) -> float:
    """How sure the spread of dates makes a column beside people one of birth dates."""
    people = around.people or bool(_OF_PEOPLE & set(around.beside))
    if not people or around.animals or (around.named and not around.dates):
        return 0.0
    return looks_born(profile)


def _values(tally: Tally, profile: ColumnProfile, weights: Weights) -> tuple[float, tuple[Signal, ...]]:
    """What the values alone say of the whole field."""
    filled = profile.filled
    if not filled or not (tally.strong or tally.weak):
        return 0.0, ()
    share = (tally.whole_strong + tally.whole_weak) / filled
    passed = tally.strong + tally.weak
    chance = tally.chance_permille / 1000
    honest = max(0.0, (passed / (passed + tally.refused) - chance) / (1 - chance)) if chance < 1 else 0.0
    base = (weights.strong * tally.whole_strong + weights.weak * tally.whole_weak) / max(
        1, tally.whole_strong + tally.whole_weak
    )
    ramp = 0.0 if share < weights.floor else min(1.0, (share - weights.floor / 2) / (0.75 - weights.floor / 2))
    column = base * ramp * (honest if tally.refused else 1.0)
    signals = [Signal("value", True, round(column, 3), f"{passed} of {filled} values read have its form")]
    if tally.refused:
        signals.append(
            Signal("value", False, round(1 - honest, 3), f"{tally.refused} of {passed + tally.refused} fail its check")
        )
    return column, tuple(signals)


def _misfit(entity: str, tally: Tally, profile: ColumnProfile, weights: Weights, name_weight: float) -> float:
    """How much the values take from a name that they do not fit."""
    if not profile.filled or (profile.filled < _FEW and weights.against < _CHECKED):
        return 0.0
    if entity in NAME_ONLY:
        return _form_misfit(entity, profile)
    share = (tally.strong + tally.weak) / profile.filled
    if entity == "URL":
        share = max(share, profile.share("url"))
    if entity == "VEHICLE_PLATE":
        share += sum(tally.strong for kind, tally in profile.tallies.items() if kind in PLATES) / profile.filled
    if profile.filled < _FEW:
        return weights.against * profile.filled / (profile.filled + 1) if not share else 0.0
    if entity == "ADDRESS":
        share += profile.share("last.ADDRESS") + profile.share("form.street") + profile.share("form.unit")
        share += _located(profile)
    if entity == "DATE_OF_BIRTH" and profile.mean_length == _YEARS:
        share += profile.share("digits")
    if entity == "PERSON" and name_weight < 0.7:
        known = (profile.share(f"set.{part}") for part in ("GIVEN", "SURNAME", "NAME_SUFFIX"))
        named = max(tally.whole_strong / profile.filled, *known)
        return 0.8 * (1 - named / 0.4) if named < 0.4 else 0.0
    if entity == "PERSON" and (refused := tally.refused / profile.filled) > _ORDINARY:
        return _NO_NAMES * min(1.0, (refused - _ORDINARY) / _ORDINARY)
    return weights.against * (1 - share / 0.15) if share < 0.15 else 0.0


def _form_misfit(entity: str, profile: ColumnProfile) -> float:
    """How much the form of the values speaks against an entity that only a name can tell."""
    few, text = profile.distinct_count <= 20, profile.share("wordy")
    misfits = {
        "AGE": 1 - max(profile.share("age"), 0.0) if profile.traits.get("digits") and "age" in profile.traits else 0.0,
        "CITY": max(profile.share("digits"), text, profile.share("url")),
        "CONSENT_FLAG": 0.0 if few else 0.8,
        "COUNTRY": max(text, profile.share("decimal"), 0.8 if profile.distinct_count > 400 else 0.0),
        "JOB_TITLE": max(profile.share("digits"), 0.6 * profile.share("sentence")),
        "MARITAL_STATUS": 0.0 if profile.distinct_count <= 40 else 0.8,
        "NATIONAL_ID": max(text, profile.share("one_word"), 0.6 if few and profile.filled > 200 else 0.0),
        "POSTAL_CODE": _no_postal_length(profile) * (1 - profile.share("postal")),
        "RELIGION": text,
        "USERNAME": max(text, profile.share("url"), 0.9 * profile.share("dated")),
        "MEDICAL_RECORD_ID": max(text, profile.share("one_word")),
        "PASSWORD": text,
    }
    return min(0.95, misfits.get(entity, 0.0))


def _no_postal_length(profile: ColumnProfile) -> float:
    """How much the length of values speaks against postal codes: none has two signs, and longer ones hold more."""
    return 0.95 if profile.mean_length < 3 else 0.7 if profile.mean_length > 8 else 0.0


def national(profile: ColumnProfile, *, named: bool) -> tuple[float, str]:
    """Share of the values that are national ids of any kind, and the kind when one alone makes them up."""
    counts = {
        kind: profile.tallies[kind].whole_strong
        for kind in sorted(NATIONAL)
        if kind in profile.tallies and (named or _beyond_chance(profile.tallies[kind]))
    }
    weak = {kind: profile.tallies[kind].whole_weak for kind in sorted(NATIONAL) if kind in profile.tallies}
    weak = {kind: each if named else 0 for kind, each in weak.items()}
    total = sum(counts.values()) + sum(weak.values())
    if not total or not profile.filled:
        return 0.0, ""
    both = {kind: counts.get(kind, 0) + each for kind, each in weak.items()}
    best = max(sorted(both), key=lambda kind: both[kind])
    alone = both[best] >= 0.95 * total
    return total / profile.filled, best if alone else ""


def _beyond_chance(tally: Tally) -> bool:
    """Whether more values pass a check than numbers of anything would."""
    return beats_chance(tally.whole_strong, tally.whole_strong + tally.refused, tally.chance_permille / 1000)


def _either(one: float, other: float) -> float:
    """The confidence that two independent signals give together."""
    return 1 - (1 - min(one, 0.99)) * (1 - min(other, 0.99))
