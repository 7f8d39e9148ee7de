"""Consent records of ISO/IEC TS 27560:2023 as JSON-LD, one a line: read back into events.

Our own records carry, under the prefix `gov:`, what the vocabulary has no word for. Records of another system name
their purpose by a term of DPV or by words that the caller explains, and the person by the internal key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from governance.consent.events import Circumstances
from governance.consent.intake.entry import Entry, refuse
from governance.consent.intake.fields import check_person, moment
from governance.consent.intake.names import Names

TYPE = "dpv:ConsentRecord"
"""What a record says of itself."""
_ENDLESS = "dpv:EndlessDuration"


def entries_of_record(record: Mapping[str, Any], names: Names, key_check: str) -> tuple[Entry, ...]:
    """The events of a record, in the order in which it has them. Raises ConfigError."""
    if TYPE not in _types(record):
        refuse("@type", "another type", TYPE)
    subject = _node(record, "dpv:hasDataSubject")
    person, keyed_by = _text(subject, "dct:identifier") or _text(subject, "@id"), _text(subject, "gov:keyedBy")
    ours = bool(keyed_by)
    check_person("" if ours else person, person if ours else "", keyed_by, key_check)
    process = _node(record, "dpv:hasProcess")
    word = _text(process, "gov:purpose") or _purpose_word(process)
    place = Entry(
        key="" if ours else person,
        ref=person if ours else "",
        purpose=names.purpose(word),
        channel=_text(process, "gov:channel") or names.channel(word),
        kind="",
    )
    events = _nodes(record, "dpv:hasConsentStatus")
    if not events:
        refuse("dpv:hasConsentStatus", "nothing", "one event or more")
    return tuple(_entry(each, record, process, place, names) for each in events)


def _entry(
    told: Mapping[str, Any], record: Mapping[str, Any], process: Mapping[str, Any], place: Entry, names: Names
) -> Entry:
    types = _types(told)
    kind = _text(told, "gov:kind") or next((found for each in types if (found := names.terms.kind_of(each))), "")
    form = _text(told, "gov:form") or _form(types)
    notice = _notice(record, _text(told, "gov:notice"))
    ours = bool(_text(told, "gov:kind"))
    method = _text(told, "dpv:hasIndicationMethod")
    version, language = _text(notice, "dct:identifier") or _text(notice, "@id"), _text(notice, "dct:language")
    how = Circumstances(
        jurisdiction=_text(told, "gov:jurisdiction") if ours else names.law(_text(record, "dpv:hasJurisdiction")),
        notice_version=_text(told, "gov:notice") if ours else names.code(version),
        language=_text(told, "dct:language") if ours else names.code(language),
        method=method if ours else names.method(method),
        proof_ref=_text(told, "gov:proof"),
        collected_by=_text(told, "gov:collectedBy") or "system",
        valid_time=moment(_text(told, "dpv:isIndicatedAtTime")),
        categories=tuple(_texts(told, "gov:categories")) if ours else _foreign_categories(process, names),
        duration=_duration(told, names),
        guardian_ref=_text(told, "gov:guardian"),
    )
    return replace(place, kind=kind, form=form, how=how, id=_text(told, "gov:id"), snapshot=_text(told, "gov:snapshot"))


def _purpose_word(process: Mapping[str, Any]) -> str:
    found = process.get("dpv:hasPurpose", "")
    return found if isinstance(found, str) else _text(_one(found, "dpv:hasPurpose"), "@type")


def _form(types: tuple[str, ...]) -> str:
    return "explicit" if "dpv:ExplicitlyExpressedConsent" in types else "given"


def _notice(record: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """The notice of an event: the one of its version, or the only one."""
    found = _nodes(record, "dpv:hasNotice")
    told = [each for each in found if not version or version in (_text(each, "dct:identifier"), _text(each, "@id"))]
    return told[0] if len(told) == 1 else {}


def _foreign_categories(process: Mapping[str, Any], names: Names) -> tuple[str, ...]:
    told = process.get("dpv:hasPersonalData", [])
    words = [word for each in (told if isinstance(told, list) else [told]) for word in _words(each)]
    return tuple(sorted({names.category(each) for each in words}))


def _words(told: Any) -> tuple[str, ...]:
    if isinstance(told, str):
        return (told,)
    found = tuple(each for each in _types(told) if each.startswith("pd:")) if isinstance(told, dict) else ()
    return found or refuse("dpv:hasPersonalData", "data without a term of `pd:`", "a term such as pd:EmailAddress")


def _duration(told: Mapping[str, Any], names: Names) -> str:
    if "dpv:hasDuration" not in told:
        return ""
    found = told["dpv:hasDuration"]
    node = {"rdf:value": found} if isinstance(found, str) else _one(found, "dpv:hasDuration")
    types = _types(node)
    if _ENDLESS in types:
        return ""
    if types and "dpv:TemporalDuration" not in types:
        refuse("dpv:hasDuration", "a duration of another type", "dpv:TemporalDuration or dpv:EndlessDuration")
    return names.duration(_text(node, "rdf:value")) or refuse("dpv:hasDuration", "no period", "a period such as P1Y")


def _types(node: Mapping[str, Any]) -> tuple[str, ...]:
    found = node.get("@type", ())
    return (found,) if isinstance(found, str) else tuple(each for each in found if isinstance(each, str))


def _node(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _one(told.get(name), name)


def _one(found: Any, name: str) -> Mapping[str, Any]:
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        refuse(name, "nothing" if found is None else f"a {type(found).__name__}", "one object")
    return found


def _nodes(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = told.get(name, [])
    nodes = found if isinstance(found, list) else [found]
    if not all(isinstance(each, dict) for each in nodes):
        refuse(name, "a list of other things", "objects")
    return nodes


def _texts(told: Mapping[str, Any], name: str) -> list[str]:
    found = told.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        refuse(name, f"a {type(found).__name__}", "a list of texts")
    return found


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name, "")
    if not isinstance(found, str):
        refuse(name, f"a {type(found).__name__}", "a text")
    return found
