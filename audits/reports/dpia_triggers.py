"""Which triggers of an impact assessment a processing meets, with evidence: by registers, counts, declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

MET, ASK, NOT_MET = "met", "ask", "not_met"
"""How a trigger stands: `ask` where nobody declared it, or what decides it could not be counted."""
NEEDED, PERHAPS, NOT_NEEDED = "needed", "perhaps", "not_needed"
"""Whether an assessment is asked for; `perhaps` where it hangs on what has to be asked."""

_Facts = Mapping[str, Any]
_Found = tuple[str, list[str]]


def triggers_of(activity: _Facts, document: _Facts) -> list[dict[str, Any]]:
    """Every trigger of the groups in force, in the order of the pack, with its `state` and `evidence`."""
    rules = document["rules"]
    found = []
    for name, each in rules["triggers"].items():
        group = rules["groups"].get(each["group"])
        if group is None:
            continue
        test = _SEEN.get(each["test"])
        state, evidence = test(activity, group["laws"], document) if test else _declared(activity, each["test"])
        about = {"trigger": name, "group": each["group"], "article": each["article"], "test": each["test"]}
        found.append(about | {"state": state, "evidence": evidence})
    return found


def need_of(triggers: Sequence[_Facts], rules: _Facts) -> dict[str, str]:
    """Group to whether it asks for an assessment."""
    needs = {}
    for name, group in rules["groups"].items():
        states = [each["state"] for each in triggers if each["group"] == name]
        met, ask = states.count(MET), states.count(ASK)
        if met >= group["at_least"]:
            needs[name] = NEEDED
        else:
            needs[name] = PERHAPS if met + ask >= group["at_least"] else NOT_NEEDED
    return needs


def _declared(activity: _Facts, fact: str) -> _Found:
    said = activity["declares"].get(fact)
    if said is None:
        return ASK, []
    return (MET if said else NOT_MET), [f"organisation.yaml: declares.{fact}"]


def _automated(activity: _Facts, _laws: Sequence[str], document: _Facts) -> _Found:
    """By the register of automated decisions; what is declared counts where no procedure there has such an effect."""
    grave = [each for each in document["automated"] if each["purpose"] == activity["id"] and each["effect"] != "none"]
    if grave:
        return MET, [part for each in grave for part in (f"automated.{each['name']}", each["event"])]
    return _declared(activity, "automated")


def _either(evidence: Sequence[str], otherwise: str = NOT_MET) -> _Found:
    return (MET, list(evidence)) if evidence else (otherwise, [])


def _sensitive(activity: _Facts, laws: Sequence[str], _: _Facts) -> _Found:
    special = [each["category"] for each in activity["special"] if set(each["conditions"]) & set(laws)]
    young = ["child"] if "pipl" in laws and "child" in activity["subjects"] else []  # PIPL 28: anybody under 14
    return _either([*special, *young])


def _special_at_scale(activity: _Facts, laws: Sequence[str], document: _Facts) -> _Found:
    special = [each["category"] for each in activity["special"] if set(each["conditions"]) & set(laws)]
    if not special:
        return NOT_MET, []
    which = {name: "people" if whole == "all" else "special" for name, whole in activity["special_in"].items()}
    state, evidence = _people(which, document)
    return state, [*special, *evidence] if state != NOT_MET else evidence


def _large_scale(activity: _Facts, _laws: Sequence[str], document: _Facts) -> _Found:
    return _people(dict.fromkeys(activity["datasets"], "people"), document)


def _people(which: Mapping[str, str], document: _Facts) -> _Found:
    """Whether a dataset is about so many people; it has to be asked where one could not be counted."""
    counts = {name: document["counts"].get(name) for name in which}
    large = [
        (name, each)
        for name, each in counts.items()
        if each is not None and each[which[name]] >= document["rules"]["large_scale"]["people"]
    ]
    if large:
        return MET, [name for name, _ in large] + list(dict.fromkeys(each["event"] for _, each in large))
    if any(each is None for each in counts.values()):
        return ASK, [name for name, each in counts.items() if each is None]
    return NOT_MET, list(dict.fromkeys(each["event"] for each in counts.values() if each is not None))


def _highly_personal(activity: _Facts, laws: Sequence[str], document: _Facts) -> _Found:
    state, special = _sensitive(activity, laws, document)
    wide = [
        each
        for each in activity["categories"]
        if any(each == one or each.startswith(f"{one}.") for one in document["rules"]["highly_personal"])
    ]
    return (state, special) if state == MET and not wide else _either(list(dict.fromkeys([*special, *wide])))


def _vulnerable(activity: _Facts, _laws: Sequence[str], document: _Facts) -> _Found:
    weak = [each for each in activity["subjects"] if each in document["rules"]["vulnerable"]]
    untold = ASK if activity["datasets"] and not activity["subjects"] else NOT_MET
    return _either(weak, untold)


def _given_away(activity: _Facts, _laws: Sequence[str], _: _Facts) -> _Found:
    acts = [f"purposes.yaml: involves {each}" for each in activity["involves"] if each in ("sharing", "publication")]
    return _either([f"recipients.{each['name']}" for each in activity["recipients"]] + acts)


def _abroad(activity: _Facts, laws: Sequence[str], document: _Facts) -> _Found:
    home = {country for law in laws for country in document["transfer_rules"].get(law, {}).get("home", ())}
    gone = [
        f"recipients.{each['name']}"
        for each in activity["recipients"]
        if {each["country"][:2], *(one["country"] for one in each["transfers"])} - home
    ]
    acts = ["purposes.yaml: involves cross_border"] if "cross_border" in activity["involves"] else []
    return _either([*gone, *acts])


def _sold(activity: _Facts, _laws: Sequence[str], _: _Facts) -> _Found:
    if activity["sold"] is None:
        return ASK, []
    return (MET if activity["sold"] else NOT_MET), ["organisation.yaml: opt_out"]


_SEEN: Mapping[str, Callable[[_Facts, Sequence[str], _Facts], _Found]] = {
    "abroad": _abroad,
    "automated": _automated,
    "given_away": _given_away,
    "large_scale": _large_scale,
    "sensitive": _sensitive,
    "sensitive_or_highly_personal": _highly_personal,
    "sold": _sold,
    "special_at_scale": _special_at_scale,
    "vulnerable": _vulnerable,
}
