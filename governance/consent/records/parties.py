"""The parties of a record: the controller, and who receives data for the purpose."""

from __future__ import annotations

from typing import Any

from governance.consent.records.basis import RecordBasis
from policies.organisation import PartyEntry, RecipientEntry


def recipients_of(purpose: str, basis: RecordBasis) -> tuple[RecipientEntry, ...]:
    """Who receives data for a purpose, sorted by name; empty when organisation.yaml states nobody."""
    return tuple(basis.organisation.recipients_of(basis.purposes.ancestry(purpose)))


def entities_of(purpose: str, basis: RecordBasis) -> list[dict[str, Any]]:
    """The parties with their names, addresses and contacts, the controller first."""
    found = [_party(basis.controller, ["dpv:Organisation", "dpv:DataController"])]
    officer = basis.organisation.officer
    if officer is not None:
        found[0]["dpv:hasRepresentative"] = {
            "@type": "dpv:DataProtectionOfficer",
            "dct:title": officer.title,
            "dpv:hasContact": officer.contact,
        }
    for each in recipients_of(purpose, basis):
        party = _party(each, ["dpv:Organisation", "dpv:Recipient", basis.terms.roles[each.role]])
        found.append(party | ({"gov:contract": each.contract} if each.contract is not None else {}))
    return found


def _party(party: PartyEntry, types: list[str]) -> dict[str, Any]:
    return {
        "@id": party.id,
        "@type": types,
        "dpv:hasIdentifier": party.id,
        "dpv:hasName": party.name,
        "dpv:hasAddress": party.address,
        "dpv:hasLocation": f"loc:{party.country}",
        "dpv:hasContact": party.contact,
    }
