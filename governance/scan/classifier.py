"""One verdict over a field: findings with their evidence, and at most one label.

A label needs evidence about the column as a whole; a rare hit, however sure, stays a finding of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.base import Dataset, Field
from governance.scan.calibration import settled
from governance.scan.evidence import CLAIMS, Evidence, Surroundings, names_of, national, proves, refuted, weigh
from governance.scan.intervals import rule_of_three, wilson
from governance.scan.modelled import with_readings
from governance.scan.names import (
    DatasetWords,
    NameSignal,
    means_something,
    numbers_things,
    parts_of_names,
    read_comment,
    read_dataset,
    read_name,
    says_date,
    says_text,
    speaks_of_animals,
)
from governance.scan.profile import ColumnProfile
from governance.scan.profiling import UNSHOWN
from governance.scan.result import FREE_TEXT, FieldScan, Finding, Label, Signal
from governance.scan.shapes import shape_name
from governance.scan.shares import Around, entities_of
from governance.scan.tally import Tally
from governance.scan.weights import NATIONAL, weights_of
from policies.nouns import LabelStatus, Sensitivity
from policies.taxonomy import HARMLESS, Taxonomy

LABEL_FROM = 0.5
"""A label needs at least this confidence."""
_FINDING_FROM = 0.5
_NAMED = 0.5
"""From this weight on a name lets numbers of a mere form count as national ids; an `id_number` may be a thing's."""
_SEVERAL, _LIES, _LIARS, _LITTLE = 3, 2, 0.3, 0.5
"""Names mislead where several different values each refute so many of them, and more than this share of those that
claim something; a yes or no only says whether there is one. This part of the weight of all names is left then."""
_PROVEN = 2
"""So many names that their own values bear out make the others of the dataset worth trusting."""
_CODED = 0.9
"""From this share of bare digits on a field named after a code holds codes."""
_ANIMALS = 0.5
"""From this share of dogs, cats or spayed ones in a field on the rows are animals."""
_SEEN_FROM = 0.4
"""From this confidence on a field lends weight to the fields beside it."""
_MILD = frozenset(
    {
        "user.contact.organization",
        "user.workplace.organization_id",
        "user.location.precise",
        "user.contact.address.country",
    }
)
"""Categories that alone make no text personal."""
_PERSONAL_FIELDS = frozenset({"EMAIL_ADDRESS", "DATE_OF_BIRTH", "GENDER", "US_SSN", "CN_RESIDENT_ID", "NATIONAL_ID"})
_SUBJECT_KEY = Signal("foreign_key", True, 0.9, "it refers to the key of a dataset of people")
_LOOSE = frozenset({"PERSON", "ADDRESS", "HEALTH", "GENDER", "PASSPORT", "DATE_OF_BIRTH", "URL"})
"""Entities whose single hits among short values of another kind are chance more often than not."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a verdict is judged by, the same for a whole scan."""

    taxonomy: Taxonomy
    """The categories."""
    laws: Collection[str]
    """The laws that decide what is special."""


@dataclass(frozen=True, slots=True)
class DatasetNames:
    """What all the names of a dataset say, read once."""

    words: DatasetWords
    """What the dataset's own name says."""
    fields: Mapping[str, Mapping[str, NameSignal]]
    """What each field's name says, by field and entity."""
    comments: Mapping[str, Mapping[str, NameSignal]]
    """What each comment says."""
    seen: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What each field is likely to be by itself, once its values were looked at."""
    animals: bool = False
    """Whether fields such as `breed`, or values such as `spayed`, say that the rows are animals."""
    refuted: frozenset[str] = frozenset()
    """Fields whose names claim what their values are not, once these were looked at."""
    misleading: bool = False
    """Whether so many names are refuted that none of them is a guide."""
    trusted: bool = False
    """Whether several names claim what their values are, and hardly one what they are not."""
    keys: frozenset[str] = frozenset()
    """Fields that refer to the key of a dataset of people."""

    @property
    def subjects(self) -> bool:
        """Whether each row belongs to one of the people of another dataset."""
        return bool(self.keys)

    @property
    def around(self) -> Surroundings:
        """What stands around each field."""
        sure = [entity for signals in self.fields.values() for entity, each in signals.items() if each.weight >= 0.8]
        people = self.words.about_people or (bool(_PERSONAL_FIELDS & set(sure)) and not self.words.about_things)
        return Surroundings(self.words, people)

    def said_of(self, name: str, around: Surroundings) -> dict[str, tuple[float, tuple[Signal, ...]]]:
        """What a field's name and comment say together, little where the names of the dataset mislead."""
        said = names_of(self.fields.get(name, {}), self.comments.get(name, {}), around)
        if not self.misleading:
            return said
        return {entity: (weight * _LITTLE, signals) for entity, (weight, signals) in said.items()}

    def known_of(self, name: str, said: Collection[str], around: Surroundings) -> Around:
        """What is known of a field beside its values; `said` are the entities that its name and comment speak for."""
        beside = frozenset().union(*(entities for other, entities in self.seen.items() if other != name))
        return Around(
            beside,
            means_something(name) and not self.misleading and name not in self.refuted,
            frozenset() if self.misleading else frozenset(said),
            self.animals,
            people=around.people or self.subjects,
            listed=self.words.about_people or self.subjects or "PERSON" in beside,
            of_people=self.words.about_people,
            trusted=self.trusted,
            numbers_things=numbers_things(name),
            dates=says_date(name),
        )


def read_names(dataset: Dataset) -> DatasetNames:
    """What the names and comments of a dataset say."""
    words = read_dataset(dataset.name)
    said = {field.name: read_name(field.name, words) for field in dataset.fields}
    for name, signal in parts_of_names(said).items():
        said[name]["PERSON"] = signal
    return DatasetNames(
        words,
        said,
        {field.name: read_comment(field.comment) for field in dataset.fields},
        animals=any(speaks_of_animals(field.name) for field in dataset.fields),
        keys=frozenset(
            each.fields[0]
            for each in dataset.foreign_keys
            if len(each.fields) == 1 and read_dataset(each.dataset).about_people
        ),
    )


def look_around(names: DatasetNames, profiles: Mapping[str, ColumnProfile], fields: Iterable[Field]) -> DatasetNames:
    """The same names, knowing what each field is likely to be by itself, so that its neighbours can lean on it."""
    fields = tuple(fields)
    profiles = {name: each.estimated() for name, each in profiles.items()}
    names = _tested(names, profiles, fields)
    animals = any(profile.share("set.ANIMAL") >= _ANIMALS for profile in profiles.values())
    names = replace(names, animals=names.animals or animals)
    around = names.around
    seen = {}
    for each in fields:
        profile = profiles.get(each.name, ColumnProfile())
        said = names.said_of(each.name, around)
        known = names.known_of(each.name, said, around)
        weighed = (
            weigh(
                entity,
                profile,
                each,
                said.get(entity, (0.0, ())),
                is_text=False,
                around=known,
            )
            for entity in _possible(profile, said)
        )
        seen[each.name] = frozenset(evidence.entity for evidence in weighed if evidence.column >= _SEEN_FROM)
    return replace(names, seen={**names.seen, **seen})


def _tested(names: DatasetNames, profiles: Mapping[str, ColumnProfile], fields: Sequence[Field]) -> DatasetNames:
    """The same names, knowing which of them their own values refute."""
    around = names.around
    said = {each.name: names.said_of(each.name, around) for each in fields if each.name in profiles}
    known = Around(of_people=names.words.about_people)
    claiming = [name for name, each in said.items() if any(weight >= CLAIMS for weight, _ in each.values())]
    wrong = frozenset(
        each.name for each in fields if each.name in said and refuted(said[each.name], profiles[each.name], each, known)
    )
    lies = sum(_lies(name, profiles[name]) for name in wrong)
    misleading = lies >= _LIES and lies > _LIARS * len(claiming)
    proven = sum(
        proves(said[each.name], profiles[each.name])
        for each in fields
        if each.name in claiming and each.name not in wrong
    )
    trusted = not misleading and proven >= _PROVEN and lies <= _LIARS * proven
    return replace(names, refuted=names.refuted | wrong, misleading=misleading, trusted=trusted)


def _lies(name: str, profile: ColumnProfile) -> bool:
    """Whether a refuted name misleads: a flag only says whether there is one, and a `county_code` may be a number."""
    plain = profile.share("set.YES_NO") > 0 or (numbers_things(name) and profile.share("digits") > _CODED)
    return profile.distinct_count >= _SEVERAL and not plain


def hints_of(names: DatasetNames, field: str) -> frozenset[str]:
    """Entities that a field's name or comment speaks for, so that detectors may trust weaker hits."""
    signals = {**names.comments.get(field, {}), **names.fields.get(field, {})}
    hints = {entity for entity, each in signals.items() if each.weight >= (_NAMED if entity == "NATIONAL_ID" else 0.3)}
    return frozenset(hints | (NATIONAL if "NATIONAL_ID" in hints else set()))


def classify(
    profile: ColumnProfile, entry: Field, names: DatasetNames, rules: Rules, *, rows_total: int | None
) -> FieldScan:
    """The verdict over one field. `rows_total` is the dataset's size; None when unknown."""
    profile = profile.estimated()
    around = names.around
    said = names.said_of(entry.name, around)
    text = is_free_text(profile) or (says_text(entry.name) and entry.type in ("string", "other") and _worded(profile))
    known = names.known_of(entry.name, said, around)
    weighed = [
        weigh(each, profile, entry, said.get(each, (0.0, ())), is_text=text, around=known)
        for each in sorted(_possible(profile, said))
    ]
    if profile.filled:
        weighed = [settled(each, known) for each in weighed]
    weighed = with_readings(_gathered(weighed, profile, said), profile, is_text=text)
    complete = rows_total is not None and profile.rows >= rows_total
    findings = _findings(weighed, profile, rules, text=text, complete=complete)
    shown = shape_name(entry.name)
    return FieldScan(
        field=shown,
        type=entry.type,
        rows_read=profile.rows,
        null_share=round(profile.nulls / profile.rows, 6) if profile.rows else 0.0,
        distinct=profile.distinct_count,
        label=_label(weighed, findings, rules, text=text),
        findings=findings,
        unseen_bound=rule_of_three(profile.rows, complete=complete),
        name_shaped=shown != entry.name,
        signals=(_SUBJECT_KEY,) if entry.name in names.keys else (),
    )


def _possible(profile: ColumnProfile, said: Collection[str]) -> frozenset[str]:
    """The entities that something speaks for."""
    dated = ["DATE_OF_BIRTH"] if any(trait.startswith("year.") for trait in profile.traits) else []
    return frozenset({*profile.tallies, *said, *entities_of(profile), *dated})


def is_free_text(profile: ColumnProfile) -> bool:
    """Whether people write sentences in the field."""
    if profile.share("structured") > 0.5 or profile.share("url") > 0.5:
        return False
    wordy, sentences = profile.share("wordy"), profile.share("sentence")
    whole = max((tally.whole_strong for tally in profile.tallies.values()), default=0)
    if profile.filled and whole > 0.5 * profile.filled:
        return False
    return profile.mean_length >= 12 and wordy >= 0.3 and sentences >= 0.2 and wordy + sentences >= 0.6


def _worded(profile: ColumnProfile) -> bool:
    """Whether the values are words and no codes, few of them whole hits."""
    whole = max((tally.whole_strong for tally in profile.tallies.values()), default=0)
    return profile.mean_length >= 3 and profile.share("digits") < 0.5 and whole <= 0.3 * profile.filled


def _gathered(
    weighed: Sequence[Evidence],
    profile: ColumnProfile,
    said: Mapping[str, tuple[float, tuple[Signal, ...]]],
) -> list[Evidence]:
    """National ids of several kinds side by side count as one kind of field, `NATIONAL_ID`."""
    named = max((said[kind][0] for kind in (*NATIONAL, "NATIONAL_ID") if kind in said), default=0.0)
    share, alone = national(profile, named=named >= _NAMED)
    kept = list(weighed)
    if share < 0.2 or (share < 0.6 and named < 0.3):
        return kept
    target = alone or "NATIONAL_ID"
    signals = tuple(signal for kind in (*sorted(NATIONAL), "NATIONAL_ID") for signal in said.get(kind, (0.0, ()))[1])
    value = Signal("value", True, round(0.9 * min(1.0, share), 3), f"{share:.0%} of the values are national ids")
    column = min(0.99, 1 - (1 - named * 0.9) * (1 - 0.9 * min(1.0, share)))
    known = next((each for each in kept if each.entity == target), None)
    hits = known.hits if known and alone else round(share * profile.filled)
    gathered = Evidence(
        target, max(column, known.column if known else 0.0), known.mention if known else 0.0, hits, (value, *signals)
    )
    rivals = (NATIONAL | {"NATIONAL_ID"}) - {target}
    kept = [_quieter(each) if each.entity in rivals else each for each in kept if each.entity != target]
    return [*kept, gathered]


def _quieter(evidence: Evidence) -> Evidence:
    return Evidence(evidence.entity, min(evidence.column, 0.45), evidence.mention, evidence.hits, evidence.signals)


def _findings(
    weighed: Sequence[Evidence], profile: ColumnProfile, rules: Rules, *, text: bool, complete: bool
) -> tuple[Finding, ...]:
    """Every entity that is worth a line, surest first."""
    worth = [
        each
        for each in weighed
        if rules.taxonomy.of_entity(each.entity).key != HARMLESS and _worth_a_line(each, profile, text=text)
    ]
    rivals = {each.entity for each in worth if any(_outdone(each, other, rules) for other in worth)}
    made = [_finding(each, profile, rules, complete=complete) for each in worth if each.entity not in rivals]
    return tuple(sorted(made, key=lambda each: (-each.confidence, -each.prevalence, each.entity)))


def _outdone(each: Evidence, other: Evidence, rules: Rules) -> bool:
    """Whether another entity of the same kind explains the column better: a second country's passport, a password."""
    if {each.entity, other.entity} == {"PASSWORD", "SECRET"}:
        return each.entity == "PASSWORD"
    if other.entity == "ADDRESS" and each.entity.endswith(("_POSTCODE", "_PLZ", "POSTAL_CODE")):
        return other.column >= LABEL_FROM > each.column
    same = rules.taxonomy.of_entity(each.entity).key == rules.taxonomy.of_entity(other.entity).key
    return same and each.entity != other.entity and other.column >= LABEL_FROM > each.column


def _worth_a_line(each: Evidence, profile: ColumnProfile, *, text: bool) -> bool:
    if each.column >= _FINDING_FROM:
        return True
    if each.mention < _FINDING_FROM or not each.hits:
        return False
    if text or each.entity not in _LOOSE:
        return True
    tally = profile.tallies.get(each.entity, Tally())
    inside = tally.strong - tally.whole_strong
    streets = profile.tallies.get("ADDRESS", Tally()).whole_strong
    if each.entity == "PERSON" and streets > 0.5 * profile.filled:
        return tally.sure > 0
    if each.entity == "HEALTH":
        return inside > 0.2 * profile.filled
    return inside > 0 and profile.share("wordy") > 0.05 and each.entity not in ("URL", "GENDER")


def _finding(each: Evidence, profile: ColumnProfile, rules: Rules, *, complete: bool) -> Finding:
    category = rules.taxonomy.of_entity(each.entity)
    hits, read = min(each.hits, profile.filled), profile.filled
    tally = profile.tallies.get(each.entity, Tally())
    judged = min(tally.judged, read)
    if judged:
        low, high = wilson(hits / read * judged, judged)
    else:
        low, high = (hits / read, hits / read) if complete and read else wilson(hits, read)
    hidden = each.entity in UNSHOWN or category.is_special(rules.laws) or profile.distinct_count <= 12
    signals = each.signals
    if 0 < hits < 0.01 * read:
        signals = (*signals, Signal("spread", False, 0.5, f"rare: {hits} of {read} values read"))
    return Finding(
        entity=each.entity,
        category=category.key,
        confidence=round(max(each.column, each.mention), 3),
        prevalence=round(hits / read, 6) if read else 0.0,
        prevalence_low=round(low, 6),
        prevalence_high=round(high, 6),
        hits=hits,
        signals=signals,
        examples=() if hidden else tuple(dict.fromkeys(text for _, text in tally.shapes)),
    )


def _label(weighed: Sequence[Evidence], findings: Sequence[Finding], rules: Rules, *, text: bool) -> Label | None:
    """The verdict: the surest entity of the column, or personal free text, or nothing."""
    able = [
        each for each in weighed if each.column >= LABEL_FROM and rules.taxonomy.of_entity(each.entity).key != HARMLESS
    ]
    able = [each for each in able if not (text and each.entity not in ("HEALTH", "ADDRESS") and _by_name_only(each))]
    if able:
        faxes = [each for each in able if each.entity == "FAX"]
        able = [each for each in able if not (faxes and each.entity == "PHONE_NUMBER")]
        best = max(able, key=lambda each: (round(each.column, 2), weights_of(each.entity).strong, each.entity))
        secret = best.entity == "SECRET" and any(
            each.entity == "PASSWORD" and each.column >= LABEL_FROM for each in able
        )
        return _made(best.entity, best.column, rules, of="PASSWORD" if secret else best.entity)
    inside = [each for each in findings if each.hits and each.category not in _MILD]
    if text and inside:
        return _made(FREE_TEXT, max(each.confidence for each in inside), rules)
    return None


def _by_name_only(each: Evidence) -> bool:
    return not any(signal.signal == "value" and signal.speaks_for and signal.weight >= 0.2 for signal in each.signals)


def _made(entity: str, confidence: float, rules: Rules, *, of: str = "") -> Label:
    category = rules.taxonomy.of_entity(of or entity)
    special = category.is_special(rules.laws)
    sensitivity = Sensitivity.SPECIAL if category.sensitivity is Sensitivity.SPECIAL else category.sensitivity
    return Label(entity, category.key, sensitivity, special, round(confidence, 3), LabelStatus.PROPOSED)
