"""Consent receipts of the Kantara Initiative, version 1.1.0: one event for each purpose of each service.

They tell of the moment of consent alone: no withdrawal, no history. What is not kept: names and addresses of
controllers, names of third parties, and words for how consent was collected that nobody explained.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from governance.consent.events import Circumstances, ConsentKind
from governance.consent.intake.entry import Entry, refuse
from governance.consent.intake.names import Names

VERSIONS = frozenset({"KI-CR-v1.1.0"})
"""What `version` can be."""
FORM = "explicit"
"""The form that EXPLICIT stands for; a receipt that says IMPLICIT shows no consent."""
_MILLISECONDS = 10**11  # seconds of the year 5138; larger numbers are milliseconds, as some systems write


def entries_of_receipt(receipt: Mapping[str, Any], names: Names) -> tuple[Entry, ...]:
    """The events of a receipt; the person is `piiPrincipalId`, the internal key. Raises ConfigError."""
    if receipt.get("version") not in VERSIONS:
        refuse("version", "another version", " or ".join(sorted(VERSIONS)))
    given = [
        _entry(receipt, purpose, names)
        for service in _list(receipt, "services")
        for purpose in _list(service, "purposes")
    ]
    return tuple(given) or refuse("services", "no purpose", "a service with a purpose")


def _entry(receipt: Mapping[str, Any], told: Mapping[str, Any], names: Names) -> Entry:
    if told.get("consentType") != "EXPLICIT":
        refuse("consentType", "a consent that is not explicit", "EXPLICIT; silence is no consent")
    word = _text(told, "purpose")
    how = Circumstances(
        jurisdiction=names.law(_text(receipt, "jurisdiction")),
        notice_version=names.code(_text(receipt, "policyUrl", needed=False)),
        language=names.code(_text(receipt, "language", needed=False)),
        method=names.method(_text(receipt, "collectionMethod")),
        proof_ref=names.code(_text(receipt, "consentReceiptID")),
        valid_time=_moment(receipt.get("consentTimestamp")),
        categories=tuple(sorted({names.category(each) for each in _texts(told, "piiCategory")})),
        duration=names.duration(_text(told, "termination", needed=False)),
    )
    return Entry(
        key=_text(receipt, "piiPrincipalId"),
        purpose=names.purpose(word),
        channel=names.channel(word),
        kind=ConsentKind.GIVEN,
        form=FORM,
        how=how,
    )


def _moment(told: Any) -> dt.datetime:
    if type(told) is not int or told <= 0:
        refuse("consentTimestamp", f"a {type(told).__name__} that is no moment", "whole seconds since 1970, in UTC")
    try:
        return dt.datetime.fromtimestamp(told / 1000 if told >= _MILLISECONDS else told, dt.UTC)
    except (OverflowError, ValueError, OSError):
        refuse("consentTimestamp", "a moment beyond the calendar", "whole seconds since 1970, in UTC")


def _list(told: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = told.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        refuse(name, f"a {type(found).__name__}", "a list of objects")
    return found


def _texts(told: Mapping[str, Any], name: str) -> list[str]:
    found = told.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        refuse(name, f"a {type(found).__name__}", "a list of texts")
    return found


def _text(told: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    found = told.get(name, "")
    if not isinstance(found, str) or (needed and not found):
        refuse(name, "nothing" if not found else f"a {type(found).__name__}", "a text")
    return found
