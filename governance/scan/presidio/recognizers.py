"""Which of Presidio's recognizers are used as they are, and which gave way to ours. Presidio loads on first use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from governance.scan.detectors.identifiers.replaces import REPLACES

REPLACED: Mapping[str, str] = {
    **REPLACES,
    "CREDIT_CARD": "card.py also finds cards beside Chinese text and tells issuers apart",
    "DATE_TIME": "a date is personal only as a date of birth: birth_date.py",
    "EMAIL_ADDRESS": "email.py works beside Chinese text and asks no public suffix list",
    "IBAN_CODE": "iban.py checks the length of each country",
    "IP_ADDRESS": "ip.py refuses version numbers",
    "MAC_ADDRESS": "mac.py works beside Chinese text",
    "URL": "url.py finds only addresses with a personal part",
    "US_SSN": "national_ids.py works beside Chinese text and refuses advertised numbers",
    "UUID": "a random identifier says nothing of a person by itself",
}
"""Entities of Presidio whose detector is ours, and why."""


def pattern_recognizers(left_out: Mapping[str, str] = REPLACED) -> list[Any]:
    """Every pattern recognizer of the installed Presidio whose entity is not left out, by the name of its class."""
    from presidio_analyzer import PatternRecognizer, predefined_recognizers

    made = []
    for name in sorted(dir(predefined_recognizers)):
        kind = getattr(predefined_recognizers, name)
        if not (isinstance(kind, type) and issubclass(kind, PatternRecognizer)) or kind is PatternRecognizer:
            continue
        recognizer = cast("Any", kind)()  # each of the predefined ones has defaults for all arguments
        if recognizer.supported_entities[0] not in left_out:
            made.append(recognizer)
    return made


UNLIKE: Mapping[str, str] = {
    "EMAIL_ADDRESS": "its check may ask the network for the public suffix list",
    "IBAN_CODE": "it looks at texts in its own way",
}
"""Entities of recognizers that do more than run patterns and checks; all others can be run by `PatternEngine`."""
