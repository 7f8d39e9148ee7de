"""One consent record: a person, a purpose and a channel, with every event in order.

Items that ISO/IEC TS 27560:2023 asks for, and where each stands (DPV's guide to it):

    schema version      dct:conformsTo             storage locations    dpv:hasStorageCondition, StorageLocation
    record id           dct:identifier             retention period     dpv:hasStorageCondition, StorageDuration
    PII principal id    dpv:hasDataSubject         jurisdiction         dpv:hasJurisdiction
    privacy notice      dpv:hasNotice              recipients           dpv:hasRecipient, dpv:hasEntity
    language            dct:language of the notice withdrawal method    dpv:hasConsentControl
    purpose             dpv:hasProcess             party id, name, address, contact, type       dpv:hasEntity
    PII information     dpv:hasPersonalData        event time, duration, entity, type, state    dpv:hasConsentStatus
    PII controllers     dpv:hasDataController

An item that neither the events nor the project's files state is an error that names it. What the vocabulary has no word
for stands under `gov:`, so that a record can be read back into the very same events.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.consent.events import ConsentEvent, ConsentKind
from governance.consent.records.basis import RecordBasis, lacking
from governance.consent.records.parties import entities_of, recipients_of
from governance.ledger.base import KeyedHash

RECORD_DOMAIN = "consent-record"
"""Domain of the keyed hash that gives a record its id: the same person, purpose and channel give the same id."""
URN = "urn:customer-data-governance:"
"""Beginning of the names of records, receipts and people."""
_BY_CONTROLLER = frozenset({ConsentKind.REQUESTED, ConsentKind.EXPIRED, ConsentKind.INVALIDATED})
_GIVING = frozenset({ConsentKind.GIVEN, ConsentKind.RENEWED})
_EXTRAS = {
    "gov:id": "id",
    "gov:kind": "kind",
    "gov:form": "form",
    "gov:jurisdiction": "jurisdiction",
    "gov:notice": "notice_version",
    "dct:language": "language",
    "dpv:hasIndicationMethod": "method",
    "gov:proof": "proof_ref",
    "gov:collectedBy": "collected_by",
    "gov:guardian": "guardian_ref",
    "gov:snapshot": "snapshot",
}
"""Key in an event of a record to field of ours, left out where it is empty."""


def record_of(events: Sequence[ConsentEvent], basis: RecordBasis, keyed_hash: KeyedHash) -> dict[str, Any]:
    """The record of all events of one person, purpose and channel, in order of time.

    Raises ConfigError that names an item which the events or the project's files do not state.
    """
    first = events[0]
    place = f"{first.subject_ref}\0{first.purpose}\0{first.channel}"
    record_id = keyed_hash.digest(RECORD_DOMAIN, place.encode())[:32]
    return {
        "@context": dict(basis.terms.context),
        "@id": f"{URN}record:{record_id}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": f"{basis.terms.schema_}#record",
        "dct:identifier": record_id,
        "dpv:hasDataSubject": {
            "@id": f"{URN}person:{first.subject_ref}",
            "@type": "dpv:DataSubject",
            "dct:identifier": first.subject_ref,
            "gov:keyedBy": basis.key_check,
        },
        "dpv:hasDataController": basis.controller.id,
        **_law(events, basis),
        "dpv:hasProcess": _process(_agreed(events), basis),
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": basis.withdrawal},
        "dpv:hasNotice": _notices(events),
        "dpv:hasEntity": entities_of(first.purpose, basis),
        "dpv:hasConsentStatus": [_status(each, basis) for each in events],
    }


def _agreed(events: Sequence[ConsentEvent]) -> ConsentEvent:
    """The event that says what was agreed to: the latest that gives or renews, else the latest."""
    return next((each for each in reversed(events) if each.kind in _GIVING), events[-1])


def _law(events: Sequence[ConsentEvent], basis: RecordBasis) -> dict[str, str]:
    told = next((each.jurisdiction for each in reversed(events) if each.jurisdiction), "")
    terms = basis.terms.laws.get(told)
    if terms is None:
        lacking("jurisdiction", "jurisdiction that is known", "the event, as `jurisdiction`, such as gdpr")
    return {"dpv:hasJurisdiction": terms.jurisdiction} | ({"dpv:hasApplicableLaw": terms.law} if terms.law else {})


def _process(event: ConsentEvent, basis: RecordBasis) -> dict[str, Any]:
    purpose = event.purpose
    processing = basis.processing(purpose)
    return {
        "@type": "dpv:Process",
        "dct:title": basis.text(purpose),
        "gov:purpose": purpose,
        "gov:channel": event.channel,
        "dpv:hasPurpose": processing.dpv or basis.terms.purpose(basis.purposes.ancestry(purpose)),
        "dpv:hasLegalBasis": basis.terms.forms[event.form],
        "dpv:hasPersonalData": [_data(each, basis) for each in basis.categories(purpose, event.categories)],
        "dpv:hasRecipient": [each.id for each in recipients_of(purpose, basis)],
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": [f"loc:{each}" for each in basis.storage(purpose)]},
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": processing.retention},
        ],
    }


def _data(category: str, basis: RecordBasis) -> dict[str, Any]:
    term = basis.terms.category(category)
    known = basis.taxonomy.categories.get(category)
    special = known is not None and known.is_special(known.special)
    types = [term, "dpv:SpecialCategoryPersonalData"] if special else term
    return {"@type": types, "gov:category": category}


def _notices(events: Sequence[ConsentEvent]) -> list[dict[str, str]]:
    """The notices that were shown, once each; one event at least must tell of one, with its language."""
    found = dict.fromkeys((each.notice_version, each.language) for each in events if each.notice_version)
    if not found:
        lacking("privacy notice", "notice_version", "one of the events of each consent")
    if any(not language for _, language in found):
        lacking("language", "language of the notice", "each event that names a notice")
    return [
        {"@type": "dpv:ConsentNotice", "dct:identifier": version, "dct:language": language}
        for version, language in found
    ]


def _status(event: ConsentEvent, basis: RecordBasis) -> dict[str, Any]:
    told: dict[str, Any] = {
        "@type": [basis.terms.kinds[event.kind], basis.terms.forms[event.form]],
        "dpv:isIndicatedAtTime": event.valid_time,
        "dpv:hasDuration": _duration(event),
        "dpv:isIndicatedBy": _who(event, basis),
    }
    told |= {key: value for key, name in _EXTRAS.items() if (value := getattr(event, name))}
    return told | ({"gov:categories": list(event.categories)} if event.categories else {})


def _duration(event: ConsentEvent) -> dict[str, str]:
    if not event.duration:
        return {"@type": "dpv:EndlessDuration"}
    return {"@type": "dpv:TemporalDuration", "rdf:value": event.duration}


def _who(event: ConsentEvent, basis: RecordBasis) -> str:
    if event.kind in _BY_CONTROLLER:
        return basis.controller.id
    return "dpv:GuardianOfDataSubject" if event.guardian_ref else "dpv:DataSubject"
