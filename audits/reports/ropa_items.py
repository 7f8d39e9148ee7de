"""What a record of processing states of each item of a form, as values that every format can write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from audits.report import Code, Listing, Text, Value, text
from audits.reports.retention import period_text

_Facts = Mapping[str, Any]


def stated(item: str, facts: _Facts, laws: Sequence[str], document: _Facts) -> Value:
    """What is stated of an item under some laws; None where nothing is. `facts` are what the item is of."""
    return _ITEMS[item](facts, laws, document)


def law_name(law: str) -> Text:
    """A law as people know it."""
    return Text(f"report.law_{law}", (), law)


def category_name(key: str) -> Text:
    """A category of data as people know it."""
    return Text(f"category.{key}", (), key)


def listed(values: Iterable[Value]) -> Value:
    """Several values; None for none of them."""
    found = tuple(values)
    return Listing(found) if found else None


def _plain(key: str) -> Callable[[_Facts, Sequence[str], _Facts], Value]:
    return lambda facts, _laws, _document: facts[key]


def _basis(activity: _Facts, laws: Sequence[str], _: _Facts) -> Value:
    return listed(
        text("ropa.by_law", law=law_name(law), what=text(f"ropa.basis_{activity['basis'][law]}"))
        for law in laws
        if law in activity["basis"]
    )


def _special(activity: _Facts, laws: Sequence[str], _: _Facts) -> Value:
    return listed(
        text("ropa.condition", category=category_name(each["category"]), law=law_name(law), condition=condition)
        if condition is not None
        else text("ropa.condition_none", category=category_name(each["category"]), law=law_name(law))
        for each in activity["special"]
        for law, condition in each["conditions"].items()
        if law in laws
    )


def _recipients(facts: _Facts, _laws: Sequence[str], _document: _Facts) -> Value:
    return listed(
        text(
            f"ropa.recipient_{each['role']}",
            name=each["party"],
            country=each["country"],
            contract=each["contract"] if each["contract"] is not None else text("ropa.without_contract"),
        )
        for each in facts["recipients"]
    )


def _transfers(facts: _Facts, _laws: Sequence[str], _document: _Facts) -> Value:
    return listed(
        text(
            "ropa.transfer",
            name=each["party"],
            country=one["country"],
            ground=Code(one["mechanism"]),
            reference=one["reference"],
        )
        for each in facts["recipients"]
        for one in each["transfers"]
    )


def _retention(activity: _Facts, _laws: Sequence[str], _document: _Facts) -> Value:
    """The stated period and the rules; None where nothing is stated and a dataset has no limit."""
    said, rules = activity["retention"]["stated"], activity["retention"]["rules"]
    if said is None and (activity["retention"]["without"] or not rules):
        return None
    whole: list[Value] = [text("ropa.period_stated", period=period_text(said))] if said else []
    return listed(
        [
            *whole,
            *(
                text(
                    f"ropa.period_{each['kind']}",
                    dataset=Code(each["dataset"]),
                    period=period_text(each["period"]),
                    rule=Code(each["rule"]),
                )
                for each in rules
            ),
        ]
    )


def _source(activity: _Facts, _laws: Sequence[str], _document: _Facts) -> Value:
    known, unknown = activity["sources"]["known"], activity["sources"]["unknown"]
    said: list[Value] = [text("ropa.source_subject") if each == "subject" else each for each in known]
    return listed([*said, text("ropa.source_unknown", count=unknown)] if unknown else said)


def _categories(activity: _Facts, laws: Sequence[str], document: _Facts) -> Value:
    codes = {each: code for law in laws for each, code in document["codes"].get(law, {}).items()}
    return listed(
        text("ropa.coded", code=Code(codes[each]), what=category_name(each)) if each in codes else category_name(each)
        for each in activity["categories"]
    )


def _situations(activity: _Facts, _laws: Sequence[str], document: _Facts) -> Value:
    """Those of PIPL Art. 55 that the registers show."""
    roles = {each["role"] for each in activity["recipients"]}
    home = set(document["transfer_rules"].get("pipl", {}).get("home", ()))
    countries = {each["country"][:2] for each in activity["recipients"]}
    countries |= {one["country"] for each in activity["recipients"] for one in each["transfers"]}
    involved = set(activity["involves"])
    holds = {
        "sensitive": any("pipl" in each["conditions"] for each in activity["special"]),
        "entrusted": "processor" in roles,
        "provided": bool(roles & {"third_party", "joint_controller"}) or "sharing" in involved,
        "published": "publication" in involved,
        "abroad": bool(countries - home) or "cross_border" in involved,
    }
    return listed(text(f"ropa.situation_{name}") for name, true in holds.items() if true)


def _measures(organisation: _Facts, _laws: Sequence[str], _document: _Facts) -> Value:
    return listed(text("ropa.measure", name=each["name"], what=each["text"]) for each in organisation["measures"])


def _codes_of(key: str) -> Callable[[_Facts, Sequence[str], _Facts], Value]:
    return lambda facts, _laws, _document: listed(Code(each) for each in facts[key])


_ITEMS: Mapping[str, Callable[[_Facts, Sequence[str], _Facts], Value]] = {
    "basis": _basis,
    "categories": _categories,
    "client": _plain("party"),
    "client_officer": _plain("officer"),
    "client_purposes": _codes_of("purposes"),
    "client_transfers": _transfers,
    "code": lambda facts, laws, _: listed(Code(facts["codes"][law]) for law in laws if law in facts["codes"]),
    "controller": _plain("controller"),
    "datasets": _codes_of("datasets"),
    "joint_controllers": lambda facts, *_: listed(facts["joint_controllers"]),
    "measures": _measures,
    "officer": _plain("officer"),
    "purposes": _plain("text"),
    "recipients": _recipients,
    "representative": _plain("representative"),
    "retention": _retention,
    "situations": _situations,
    "source": _source,
    "special": _special,
    "storage": lambda facts, *_: listed(facts["storage"]),
    "subjects": lambda facts, *_: listed(Text(f"ropa.subject_{each}", (), each) for each in facts["subjects"]),
    "transfers": _transfers,
}
