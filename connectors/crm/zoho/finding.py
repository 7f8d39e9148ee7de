"""The vendor's search, and what hangs on a record without being a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.base import Field
from connectors.crm.base import Linked, Record, Sought, SoughtKind
from connectors.crm.http.calls import CallError
from connectors.crm.zoho.api import Api, chunks
from connectors.crm.zoho.modules import KEY, Module
from connectors.crm.zoho.reading import Reader, is_id

SEARCH_PAGES = 10
"""The vendor's search gives 2,000 records at most."""
SHORTEST_WORD = 2
CONSENT = "Data_Processing_Basis_Details"
PHOTO = "Record_Image"
CRITERIA = 10
"""Most conditions of a search."""
_NOT_SEARCHED = frozenset({"INVALID_QUERY", "INVALID_DATA", "NOT_SUPPORTED"})
"""Codes of a field that cannot be searched after all."""
_NOT_THERE = frozenset({"INVALID_MODULE", "INVALID_DATA", "NOT_SUPPORTED", "RECORD_NOT_FOUND", "INVALID_URL_PATTERN"})
"""Codes of a record that is gone, or of a module without such a list."""
_LISTS: tuple[tuple[str, str, str, str, str, Mapping[str, str]], ...] = (
    ("attachment", "data", "Attachments", "File_Name", "Created_Time", {"fields": "id,File_Name,Created_Time"}),
    ("email", "Emails", "Emails", "", "time", {}),
    ("timeline", "__timeline", "__timeline", "", "audited_time", {}),
)
"""Kind, key of the answer, last part of the path, the name's and the time's key, what is asked."""


def search(api: Api, module: Module, fields: Sequence[Field], sought: Sequence[Sought]) -> Iterator[Record]:
    """Records that the vendor finds, each once, in the order of their id for each identifier.

    The vendor looks for an e-mail address and a phone in fields of these types alone, so short texts are asked besides.
    """
    if not module.searched:
        return
    seen: set[str] = set()
    reader = Reader(api, module, fields)
    for one in sought:
        if len(one.value.strip()) < SHORTEST_WORD:
            continue
        found = [key for key in _found(api, module, one) if key not in seen]
        seen.update(found)
        yield from reader.records(found)


def _found(api: Api, module: Module, one: Sought) -> Iterator[str]:
    value = one.value.strip()
    yield from _keys(api, module, {one.kind.value: value})
    if one.kind is SoughtKind.WORD:
        return
    texts = [
        each.name
        for each in module.dataset.fields
        if each.native_type.startswith("text(") and each.name not in module.withheld
    ]
    for names in chunks(texts, CRITERIA):
        try:
            yield from _keys(api, module, {"criteria": _criteria(names, value)})
        except CallError as error:
            if error.code not in _NOT_SEARCHED:
                raise


def _criteria(names: Sequence[str], value: str) -> str:
    """One condition for each field, joined by `or`; what has a meaning in conditions is escaped in the value."""
    escaped = re.sub(r"([\\(),])", r"\\\1", value)
    each = [f"({name}:equals:{escaped})" for name in names]
    return each[0] if len(each) == 1 else f"({'or'.join(each)})"


def _keys(api: Api, module: Module, sought: Mapping[str, str]) -> Iterator[str]:
    place, params = f"{api.name}.{module.name}", {**sought, "fields": KEY, **module.all_of_it}
    for each in api.every(place, "data", module.name, "search", params=params, most=SEARCH_PAGES + 1):
        yield str(each.get(KEY) or "")


def linked(api: Api, module: Module, key: str) -> Sequence[Linked]:
    """Attachments, mails, timeline, photo and consent of a record; nothing of one that is gone."""
    if not is_id(key):
        return []
    place = f"{api.name}.{module.name}"
    found = [
        Linked(kind, _identity(each), str(each.get(name) or "") if name else "", str(each.get(time) or ""))
        for kind, list_key, segment, name, time, asked in _LISTS
        for each in _items(api, place, list_key, (module.name, key, segment), asked)
    ]
    found.extend(_inside(api, module, key))
    return found


def _identity(each: Mapping[str, Any]) -> str:
    return str(each.get(KEY) or each.get("message_id") or "")


def _items(
    api: Api, place: str, key: str, segments: Sequence[str], asked: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:
    try:
        yield from api.every(place, key, *segments, params=asked)
    except CallError as error:
        if error.code not in _NOT_THERE:
            raise


def _inside(api: Api, module: Module, key: str) -> Iterator[Linked]:
    known = {each.name: each for each in module.dataset.fields}
    parts = [known[name] for name in (PHOTO, f"{CONSENT}.{KEY}", f"{CONSENT}.Consent_Date") if name in known]
    if not parts:
        return
    for record in Reader(api, module, parts).records([key]):
        if record.get(PHOTO):
            yield Linked("photo", key)
        if record.get(f"{CONSENT}.{KEY}"):
            day = record.get(f"{CONSENT}.Consent_Date")
            yield Linked("consent", str(record[f"{CONSENT}.{KEY}"]), time=day.isoformat() if day else "")
