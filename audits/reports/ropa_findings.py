"""What is missing in a record of processing: one finding a gap, with its rule, place, law, owner and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from audits.report import Tone
from audits.reports.ropa_items import stated

RULES: Mapping[str, Tone] = {
    "no_controller": Tone.BAD,
    "no_purposes": Tone.BAD,
    "no_basis": Tone.BAD,
    "basis_not_admitted": Tone.BAD,
    "no_condition": Tone.BAD,
    "no_retention": Tone.BAD,
    "no_contract": Tone.BAD,
    "no_transfer_ground": Tone.BAD,
    "no_measures": Tone.BAD,
    "no_subjects": Tone.BAD,
    "dataset_unknown": Tone.BAD,
    "field_unknown": Tone.BAD,
    "review_overdue": Tone.WARN,
    "no_storage": Tone.WARN,
    "no_data": Tone.WARN,
    "category_unused": Tone.WARN,
    "category_unheld": Tone.WARN,
    "dataset_unused": Tone.WARN,
    "field_unused": Tone.WARN,
    "dataset_gone": Tone.WARN,
    "field_gone": Tone.WARN,
}
"""Rules, most urgent first; their ids are `ropa.` and the name, and docs/ropa.md says what each asks for."""
DRIFT = ("dataset_unknown", "field_unknown", "dataset_unused", "field_unused", "dataset_gone", "field_gone")
"""Those on how the record and the stores differ."""
_OF_DATA = frozenset({"subjects", "categories", "datasets"})
"""Items of which `no_data` and `no_subjects` speak."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One gap."""

    rule: str
    """A key of RULES."""
    place: str
    """An activity, recipient, category, dataset or field; empty for the organisation."""
    activity: str = ""
    """The activity that it is about; empty where it is about none."""
    asked: tuple[tuple[str, str], ...] = ()
    """The laws that ask for it, each with the article; empty where none of them does alone."""
    detail: str = ""
    """A technical word that completes it: a category, a country."""
    owner: str | None = None
    """The office that answers for it, as organisation.yaml names it."""
    due: str | None = None
    """The day by which it is looked at anyway; None means now."""
    event: str | None = None
    """Id of the event that shows it; None where it comes from the project's files."""

    def to_json(self) -> dict[str, Any]:
        """The finding as plain data."""
        told = ("place", "activity", "detail", "owner", "due", "event")
        asked = [{"law": law, "article": article} for law, article in self.asked]
        return {"rule": f"ropa.{self.rule}", "asked": asked} | {name: getattr(self, name) for name in told}


def findings_of(document: Mapping[str, Any], today: dt.date) -> tuple[Finding, ...]:
    """All gaps of a record, by the order of RULES and then by place."""
    found = [
        *_organisation(document),
        *(each for activity in document["activities"] for each in _activity(document, activity, today)),
        *_clients(document),
        *_categories(document),
        *_subjects(document),
        *(Finding(each["kind"], each["place"], event=each["event"]) for each in document["drift"]),
    ]
    order = list(RULES)
    return tuple(
        sorted(_together(found), key=lambda each: (order.index(each.rule), each.activity, each.place, each.detail))
    )


def _together(found: Iterable[Finding]) -> Iterator[Finding]:
    """Each gap once, with all the laws that ask for it."""
    asked: dict[Finding, dict[tuple[str, str], None]] = {}
    for each in found:
        asked.setdefault(replace(each, asked=()), {}).update(dict.fromkeys(each.asked))
    for each, laws in asked.items():
        yield replace(each, asked=tuple(laws))


def _needed(document: Mapping[str, Any], of: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Forms with each item of theirs that must be stated."""
    for form in document["forms"]:
        for item in form["items"]:
            if item["must"] and item["of"] == of:
                yield form, item


def _organisation(document: Mapping[str, Any]) -> Iterator[Finding]:
    for form, item in _needed(document, "organisation"):
        if stated(item["item"], document["organisation"], form["laws"], document) is None:
            for law in form["laws"]:
                yield Finding(f"no_{item['item']}", "", asked=((law, item["article"]),))


def _activity(document: Mapping[str, Any], activity: Mapping[str, Any], today: dt.date) -> Iterator[Finding]:
    late = activity["review_by"] is not None and dt.date.fromisoformat(activity["review_by"]) < today
    due = None if late else activity["review_by"]
    name, owner = activity["id"], activity["owner"]

    def found(rule: str, place: str = name, **more: Any) -> Finding:
        return Finding(rule, place, name, owner=owner, due=due, **more)

    if late:
        yield found("review_overdue", detail=activity["review_by"])
    if not activity["datasets"] and not activity["umbrella"]:
        yield found("no_data")
    for form, item in _needed(document, "activity"):
        if item["item"] in _OF_DATA:
            continue
        for law in form["laws"]:
            if stated(item["item"], activity, (law,), document) is None and is_asked(item["item"], activity):
                yield found(f"no_{item['item']}", asked=((law, item["article"]),))
    for law, basis in activity["basis"].items():
        if law in document["bases"] and basis not in document["bases"][law]:
            yield found("basis_not_admitted", asked=((law, ""),), detail=basis)
    for each in activity["special"]:
        for law, condition in each["conditions"].items():
            if condition is None and law in document["laws"]:
                yield found("no_condition", asked=((law, ""),), detail=each["category"])
    for recipient in activity["recipients"]:
        yield from _recipient(document, recipient)


def is_asked(item: str, facts: Mapping[str, Any]) -> bool:
    """Whether an item is asked of an activity: some purposes reach no data, and then nothing is asked of it."""
    return item not in (*_OF_DATA, "retention") or bool(facts["datasets"])


def _recipient(document: Mapping[str, Any], recipient: Mapping[str, Any]) -> Iterator[Finding]:
    """Gaps of one recipient, each found once however many activities it serves."""
    name = recipient["name"]
    if recipient["contract"] is None:
        yield Finding("no_contract", name)
    for law, rule in document["transfer_rules"].items():
        countries = {recipient["country"][:2], *(each["country"] for each in recipient["transfers"])}
        for country in sorted(countries - set(rule["home"])):
            admitted = [
                each
                for each in recipient["transfers"]
                if each["country"] == country and each["mechanism"] in rule["grounds"]
            ]
            if not admitted:
                yield Finding("no_transfer_ground", name, asked=((law, rule["article"]),), detail=country)


def _clients(document: Mapping[str, Any]) -> Iterator[Finding]:
    for each in document["clients"]:
        if each["contract"] is None:
            yield Finding("no_contract", each["name"])


def _categories(document: Mapping[str, Any]) -> Iterator[Finding]:
    held = [each["category"] for each in document["held"]]
    used = {category for each in document["activities"] for category in each["categories"]}
    for category in held:
        if not used & set(_upwards(category)):
            yield Finding("category_unused", category)
    above = {step for each in held for step in _upwards(each)}
    for activity in document["activities"]:
        for category in activity["stated"]:
            if category not in above:
                yield Finding(
                    "category_unheld", category, activity["id"], owner=activity["owner"], due=activity["review_by"]
                )


def _subjects(document: Mapping[str, Any]) -> Iterator[Finding]:
    asked = [
        (law, item["article"])
        for form, item in _needed(document, "activity")
        if item["item"] == "subjects"
        for law in form["laws"]
    ]
    for dataset in document["without_subjects"]:
        for law, article in asked:
            yield Finding("no_subjects", dataset, asked=((law, article),))


def _upwards(category: str) -> Sequence[str]:
    """A category and those above it."""
    steps = category.split(".")
    return [".".join(steps[:depth]) for depth in range(len(steps), 0, -1)]
