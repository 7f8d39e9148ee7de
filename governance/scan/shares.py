"""What the makeup of a column says of it: shares of values of a form or a closed set, for and against an entity.

The rules are data, pack `fusion`. They see counts only, so they hold for any split of the column, and they may ask what
the fields beside it are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from governance.scan.lexicon import NEWEST
from governance.scan.profile import ColumnProfile
from policies.pack_loader import load_pack

_START = 1 / 3
"""The part of a rule's confidence that its lowest share gives."""
_STRANGE = 0.55
"""What is left of a loose rule's confidence where the name means something else."""
_BARE = 0.9
"""From this share of bare digits on a column of phone numbers may be one of other numbers."""
_FEW = 5
"""With fewer values than this, shares say little against a name."""
_CODES, _SHORT = 12, 3
"""At most so many different values of at most so many signs on average are codes of a few cases."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is known of a field beside its values."""

    beside: frozenset[str] = frozenset()
    """Entities of the fields beside it."""
    named: bool = False
    """Whether its name means something."""
    said: frozenset[str] = frozenset()
    """Entities that its name or comment speaks for."""
    animals: bool = False
    """Whether the rows are animals."""
    people: bool = False
    """Whether the rows are people, or refer to people."""
    listed: bool = False
    """Whether each row is one person or names one: by the dataset's name, by a key, or by a field beside it."""
    of_people: bool = False
    """Whether the dataset's name says that its rows are people."""
    trusted: bool = False
    """Whether names of the dataset proved right, so that one that means something else counts against its values."""
    numbers_things: bool = False
    """Whether its name is that of a number given to a thing: `permit_number`, `county_code`."""
    dates: bool = False
    """Whether its name says no more than that it holds a date."""


NOTHING = Around()
"""Nothing is known but the values."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which the makeup of a column speaks for an entity."""

    entity: str
    """The entity."""
    traits: tuple[str, ...]
    """Whose shares are added up."""
    low: float
    """From this share on it speaks."""
    high: float
    """From this share on it speaks in full."""
    gives: float
    """The confidence in full."""
    words: str
    """What the traits are, for the reason."""
    distinct: int = 1
    """At least so many different values."""
    most: int = 1_000_000_000
    """At most so many."""
    repeats: float = 1.0
    """At most this share of the values are different ones."""
    length: tuple[float, float] = (0.0, 1e9)
    """The mean length lies in between."""
    beside: frozenset[str] = frozenset()
    """A field beside it is one of these; empty for no condition."""
    above: tuple[str, ...] = ()
    """The share is larger than that of each of these traits."""
    loose: bool = False
    """Whether many other things look alike, so that a name that means something else speaks against it."""

    yields: frozenset[str] = frozenset()
    """Entities that win when the name speaks for them."""

    def confidence(self, profile: ColumnProfile, around: Around) -> float:
        """How sure the rule is, 0 to 1."""
        beside = around.beside
        share = self.share(profile)
        if share < self.low or (self.beside and not self.beside & set(beside)):
            return 0.0
        if not self.distinct <= profile.distinct_count <= self.most:
            return 0.0
        if profile.distinct_count > max(self.repeats * profile.filled, 1):
            return 0.0
        if not self.length[0] <= profile.mean_length <= self.length[1]:
            return 0.0
        if any(profile.share(other) >= share for other in self.above):
            return 0.0
        grown = min(1.0, (share - self.low) / (self.high - self.low))
        strange = self.loose and around.named and self.entity not in around.said
        strange = strange or bool(self.yields & around.said)
        return self.gives * (_START + (1 - _START) * grown) * (_STRANGE if strange else 1.0)

    def share(self, profile: ColumnProfile) -> float:
        """The share of the values that have one of the traits."""
        return min(1.0, sum(profile.share(trait) for trait in self.traits))


@dataclass(frozen=True, slots=True)
class _Rules:
    by_entity: Mapping[str, tuple[Rule, ...]]
    against: Mapping[str, Mapping[str, float]]
    expected: Mapping[str, tuple[tuple[str, ...], float, float, bool]]
    yes_or_no: frozenset[str]
    numbered: frozenset[str]
    coded: frozenset[str]
    of_things: Mapping[str, Mapping[str, float]]


def entities_of(profile: ColumnProfile) -> frozenset[str]:
    """The entities that some rule could speak for in this column."""
    return frozenset(
        entity
        for entity, rules in _rules().by_entity.items()
        if any(trait in profile.traits for rule in rules for trait in rule.traits)
    )


def speaks_for(entity: str, profile: ColumnProfile, around: Around = NOTHING) -> tuple[float, int, str]:
    """Confidence, rows and reason of the strongest rule; zeros without one."""
    rules = _rules().by_entity.get(entity, ())
    if not profile.filled or not rules:
        return 0.0, 0, ""
    confidence, rule = max(((each.confidence(profile, around), each) for each in rules), key=lambda pair: pair[0])
    share = rule.share(profile)
    return confidence, round(share * profile.filled), f"{share:.0%} of the values are {rule.words}"


def left_of(entity: str, profile: ColumnProfile, around: Around) -> float:
    """What is left of the values' weight under a name that calls them numbers of things, 0 to 1."""
    alike = entity in _rules().numbered or (entity == "PHONE_NUMBER" and profile.share("digits") > _BARE)
    return _STRANGE if alike and around.numbers_things and entity not in around.said else 1.0


def of_things(entity: str, profile: ColumnProfile, around: Around) -> float:
    """The part of all weight that is lost because the values are those of a thing or a group of people, 0 to 1.

    Only where no row is one person's: a geometry is how maps hold their features, a band of ages how a statistic parts
    a population.
    """
    if around.listed:
        return 0.0
    return min(1.0, sum(profile.share(trait) * part for trait, part in _rules().of_things.get(entity, {}).items()))


def coded(entity: str, profile: ColumnProfile, around: Around) -> bool:
    """Whether the values may be codes of the entity that no list knows, in a dataset that is called one of people."""
    few = profile.distinct_count <= _CODES and profile.mean_length <= _SHORT
    return around.of_people and few and entity in _rules().coded


def speaks_against(entity: str, profile: ColumnProfile) -> float:
    """The part of a name's weight that the makeup of the values takes away, 0 to 1."""
    if profile.filled < _FEW:
        return 0.0
    traits, least, missing, formal = _rules().expected.get(entity, ((), 0.0, 0.0, False))
    plain = formal or profile.share("latin") + profile.share("digits") + profile.share("decimal") >= 0.8
    found = profile.tallies[entity].whole_strong / profile.filled if entity in profile.tallies else 0.0
    lacking = bool(traits) and plain and found + sum(profile.share(trait) for trait in traits) < least
    return 0.97 * max(contradicted(entity, profile), missing if lacking else 0.0)


def contradicted(entity: str, profile: ColumnProfile) -> float:
    """The share of the values that are clearly something else, 0 to 1."""
    rules = _rules()
    plain = 0.0 if entity in rules.yes_or_no else profile.share("set.YES_NO")
    return min(1.0, plain + sum(profile.share(trait) * part for trait, part in rules.against.get(entity, {}).items()))


@cache
def _rules() -> _Rules:
    body = load_pack("fusion", NEWEST).body
    return _Rules(
        {entity: tuple(_rule(entity, each) for each in rules) for entity, rules in body["by_values"].items()},
        {entity: dict(traits) for entity, traits in body["against"].items()},
        {
            entity: (tuple(each["traits"]), float(each["least"]), float(each["lost"]), each.get("formal", False))
            for entity, each in body["expected"].items()
        },
        frozenset(body["yes_or_no"]),
        frozenset(body["numbered"]),
        frozenset(body["coded"]),
        {entity: dict(traits) for entity, traits in body["of_things"].items()},
    )


def _rule(entity: str, entry: Mapping[str, Any]) -> Rule:
    low, high = entry.get("length", (0.0, 1e9))
    return Rule(
        entity,
        tuple(entry["traits"]),
        entry["from"],
        entry["full"],
        entry["gives"],
        entry["words"],
        entry.get("distinct", 1),
        entry.get("most", 1_000_000_000),
        entry.get("repeats", 1.0),
        (low, high),
        frozenset(entry.get("beside", ())),
        tuple(entry.get("above", ())),
        entry.get("loose", False),
        frozenset(entry.get("yields", ())),
    )
