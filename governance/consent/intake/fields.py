"""The fields of our own form of an event, as JSON lines and CSV write them: read, and written for an export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from governance.consent.events import EVERY, Circumstances, ConsentEvent
from governance.consent.intake.entry import Entry, refuse
from policies.purposes import FORMS

SCHEMA = "governance.consent-event/1"
"""Name and version of the form."""
FIELDS = (
    "id",
    "subject_ref",
    "keyed_by",
    "purpose",
    "channel",
    "kind",
    "form",
    "time",
    "jurisdiction",
    "notice_version",
    "language",
    "method",
    "proof_ref",
    "collected_by",
    "categories",
    "duration",
    "guardian_ref",
    "snapshot",
)
"""What an export writes of each event, in the order of CSV columns."""
READ_ONLY = ("subject", "schema", "store_keys")
"""What may stand in a file besides: the internal key instead of a reference, and the keys that stores have."""
_KNOWN = frozenset({*FIELDS, *READ_ONLY})
STORE_KEY = "store_key."
"""Beginning of the CSV columns that hold the keys of a store."""
_TEXTS = ("jurisdiction", "notice_version", "language", "method", "proof_ref", "duration", "guardian_ref")


def entry_of(told: Mapping[str, Any], key_check: str) -> Entry:
    """The event in the fields of a line. Raises ConfigError that names the field, never its value."""
    for name, value in told.items():
        if value.__class__ is not str or name not in _KNOWN:
            _check_field(name, value)
    key, ref = told.get("subject", ""), told.get("subject_ref", "")
    check_person(key, ref, told.get("keyed_by", ""), key_check)
    return Entry(
        key=key,
        ref=ref,
        purpose=told.get("purpose", ""),
        channel=told.get("channel", "") or EVERY,
        kind=told.get("kind", ""),
        form=told.get("form", "") or FORMS[0],
        time=moment(told.get("time", "")),
        how=_circumstances(
            tuple([told.get(name, "") for name in _TEXTS]),
            told.get("collected_by", "") or "system",
            _categories(told.get("categories", "")),
        ),
        id=told.get("id", ""),
        snapshot=told.get("snapshot", ""),
        store_keys=_store_keys(told.get("store_keys", {})),
    )


def _check_field(name: str, value: object) -> None:
    if name not in _KNOWN:
        refuse("fields", "a field that an event does not have", "a field that docs/receipts.md lists")
    if not isinstance(value, str) and name not in ("categories", "store_keys"):
        refuse(name, f"a {type(value).__name__}", "a text")


@lru_cache(maxsize=4096)
def _circumstances(texts: tuple[str, ...], collected_by: str, categories: tuple[str, ...]) -> Circumstances:
    """Checked once for all lines that tell the same."""
    told: dict[str, Any] = dict(zip(_TEXTS, texts, strict=True))
    return Circumstances(**told, collected_by=collected_by, categories=categories)


def fields_of(event: ConsentEvent, key_check: str) -> dict[str, str]:
    """The fields of a recorded event, all of them texts. When it was recorded belongs to the records, and stays."""
    told = {name: getattr(event, name) for name in (*_TEXTS, "id", "subject_ref", "purpose", "channel", "kind", "form")}
    told |= {"keyed_by": key_check, "time": event.valid_time, "categories": " ".join(event.categories)}
    told |= {"collected_by": event.collected_by, "snapshot": event.snapshot}
    return {name: told[name] for name in FIELDS}


def check_person(key: str, ref: str, keyed_by: str, key_check: str) -> None:
    """Refuse a line that names no person, or by a reference that was made under another key. Raises ConfigError."""
    if bool(key) == bool(ref):
        refuse("subject", "both or neither of `subject` and `subject_ref`", "one of the two")
    if ref and keyed_by != key_check:
        refuse(
            "keyed_by",
            "a reference made under another key, or one that does not say under which",
            "records of a project with this keyring; from elsewhere, internal keys in `subject`",
        )
    if ref and (len(ref) != 64 or not set(ref) <= set("0123456789abcdef")):
        refuse("subject_ref", "a text of another form", "64 hex digits")


def moment(text: str) -> dt.datetime:
    """The moment in a text. Raises ConfigError when there is none, or it has no zone."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        refuse("time", "no time" if not text else "a text of another form", "a time such as 2026-11-22T08:00:00Z")
    if found.tzinfo is None:
        refuse("time", "a time without a zone", "a time such as 2026-11-22T08:00:00Z")
    try:
        return found.astimezone(dt.UTC)
    except OverflowError:
        refuse("time", "a time beyond the calendar", "a time such as 2026-11-22T08:00:00Z")


def _categories(told: Any) -> tuple[str, ...]:
    if not told and isinstance(told, str):
        return ()
    found = told.split() if isinstance(told, str) else told
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        refuse("categories", f"a {type(told).__name__}", "a list of texts, or one text with spaces between them")
    return tuple(found)


def _store_keys(told: Any) -> dict[str, str | int]:
    if not isinstance(told, dict):
        refuse("store_keys", f"a {type(told).__name__}", "an object of store names and keys")
    return {store: typed_key(key) for store, key in told.items()}


def typed_key(key: Any) -> str | int:
    """A store's key as stores write it: digits are a whole number, as on the command line."""
    if isinstance(key, str) and key.isdecimal() and key.isascii():
        return int(key)
    return key  # type: ignore[no-any-return]  # Subject refuses what is neither text nor number
