"""Plan files: what a job will do, in numbers, sealed so that a changed plan is refused.

    {"schema": "governance.plan/1", "kind": ..., "id": ..., ..., "seal": 64 hex digits}

The seal is a keyed hash of all other members in RFC 8785 form: who has the file and not the key cannot change it. A
plan file has one form, so that every byte counts.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from typing import Any

import rfc8785

from governance.ledger.base import KeyedHash
from policies.errors import TamperedError

SCHEMA = "governance.plan/1"
"""The form of a plan file."""

_DOMAIN = "jobs.plan"


def seal_plan(kind: str, body: Mapping[str, Any], keyed_hash: KeyedHash) -> dict[str, Any]:
    """A plan as the document that stands in its file."""
    document = {"schema": SCHEMA, "kind": kind, **body}
    return {**document, "seal": keyed_hash.digest(_DOMAIN, rfc8785.dumps(document))}


def plan_text(document: Mapping[str, Any]) -> str:
    """The text of a plan file; the same plan gives the same text."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def open_plan(text: str, kind: str | None, keyed_hash: KeyedHash, place: str = "plan") -> dict[str, Any]:
    """The document of a plan file of a kind, or of any, seal included.

    Raises TamperedError when it is not what was sealed.
    """
    try:
        document = json.loads(text)
        said = {name: value for name, value in document.items() if name != "seal"}
        seal = keyed_hash.digest(_DOMAIN, rfc8785.dumps(said))
        genuine = hmac.compare_digest(seal, document["seal"])
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, rfc8785.CanonicalizationError):
        raise _tampered(place, "a text that is no plan") from None
    if not genuine or plan_text(document) != text:
        raise _tampered(place, "a plan that was changed, or sealed with another key")
    if said.get("schema") != SCHEMA or kind not in {None, said.get("kind")}:
        raise _tampered(place, "a plan of another form or kind")
    found: dict[str, Any] = document
    return found


def _tampered(place: str, found: str) -> TamperedError:
    return TamperedError(place, found=found, expected="a plan file as it was written", next_step="make a new plan")
