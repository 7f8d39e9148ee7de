"""Receipts: signed copies of records with the same content in a person's language, each naming its forerunner.

The signature is Ed25519 over the RFC 8785 bytes of the document without its key `gov:signature`:

    {"@type": "dpv:ConsentReceipt", ..., "dct:replaces": id of the forerunner, "dpv:hasRecordOfActivity": [records],
     "gov:text": {"dct:language": tag, "gov:rows": [[label, text], ...]},
     "gov:signature": {"gov:key": name, "gov:publicKey": base64, "gov:value": base64}}
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

from governance.consent.events import ConsentEvent
from governance.consent.records.basis import RecordBasis
from governance.consent.records.record import URN, record_of
from governance.consent.records.wording import Row, Wording
from governance.ledger.base import KeyedHash, Signer, Verifier
from policies.errors import TamperedError
from policies.vocabulary import Words

SIGNATURE = "gov:signature"
"""The key that the signature does not cover."""


@dataclass(frozen=True, slots=True)
class ReceiptHead:
    """What a receipt states besides its records."""

    id: str
    """Given once."""
    supersedes: str
    """The receipt whose place it takes; empty for the first."""
    made: str
    """When it was made, as an event's `valid_time`."""
    lang: str
    """One of `policies.vocabulary.LANGUAGES`."""
    zone: str
    """Time zone of the moments in its text."""


def receipt_of(
    head: ReceiptHead, places: Sequence[Sequence[ConsentEvent]], basis: RecordBasis, keyed_hash: KeyedHash
) -> dict[str, Any]:
    """The receipt of a person's events by purpose and channel, not signed yet. Raises ConfigError as `record_of`."""
    records = [record_of(events, basis, keyed_hash) for events in places]
    context = records[0]["@context"]
    for each in records:
        del each["@context"]
    document = {
        "@context": context,
        "@id": f"{URN}receipt:{head.id}",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": f"{basis.terms.schema_}#receipt",
        "dct:identifier": head.id,
        "dct:created": head.made,
        "dct:publisher": basis.controller.id,
        "schema:recipient": "dpv:DataSubject",
        "dpv:hasRecordOfActivity": records,
        "gov:text": {"dct:language": head.lang, "gov:rows": [list(row) for row in _rows(head, places, basis)]},
    }
    return document | ({"dct:replaces": head.supersedes} if head.supersedes else {})


def signed(document: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """The receipt with its signature."""
    return {
        **document,
        SIGNATURE: {
            "gov:key": signer.name,
            "gov:publicKey": base64.b64encode(signer.public_key).decode(),
            "gov:value": base64.b64encode(signer.sign(rfc8785.dumps(dict(document)))).decode(),
        },
    }


def verify(document: Mapping[str, Any], keys: Sequence[Verifier]) -> str:
    """The id of a receipt that one of the keys signed as it stands. Raises TamperedError.

    The key in the receipt itself proves nothing: `keys` are those that the reader trusts.
    """
    told = document.get(SIGNATURE)
    name, value = (told.get("gov:key"), told.get("gov:value")) if isinstance(told, dict) else (None, None)
    key = next((each for each in keys if each.name == name), None)
    if key is None or not isinstance(value, str):
        raise _not_ours("no signature of a key that is trusted here")
    try:
        content = {name: each for name, each in document.items() if name != SIGNATURE}
        key.verify(rfc8785.dumps(content), base64.b64decode(value, validate=True))
    except (TamperedError, binascii.Error, rfc8785.CanonicalizationError):
        raise _not_ours("a text that is not the one which was signed") from None
    return str(document.get("dct:identifier", ""))


def text_of(document: Mapping[str, Any]) -> str:
    """The content of a receipt for people, a line each."""
    rows: list[Row] = document["gov:text"]["gov:rows"]
    return "\n".join(f"{label}: {said}" if said else f"\n{label}" for label, said in rows)


def _rows(head: ReceiptHead, places: Sequence[Sequence[ConsentEvent]], basis: RecordBasis) -> list[Row]:
    words, wording = Words(head.lang), Wording(basis, head.lang, head.zone)
    rows: list[Row] = [(words.say("receipt.title"), "")]
    rows += [(words.say("receipt.number"), head.id), (words.say("receipt.made"), wording.moment(head.made))]
    if head.supersedes:
        rows.append((words.say("receipt.supersedes"), head.supersedes))
    rows += wording.organisation()
    for events in places:
        rows.append((words.say("consent.title"), ""))
        rows += wording.consent(events)
    return rows


def _not_ours(found: str) -> TamperedError:
    return TamperedError(
        "consent receipt",
        found=found,
        expected="a receipt exactly as it was signed here",
        next_step="ask the person for the file as they got it, or look in the records by its id",
    )
