"""The vendor's audit trail: an export that is ordered, waited for and read.

How its columns are called is written nowhere that could be seen; the names taken here are those that a public program
reads from the export of the vendor's sister product. A file without them, or with times outside of the span that was
ordered, is refused rather than read as empty or wrongly. It names people and records: a person's name becomes the id of
the one user of that name, and a record's name is not kept.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.crm.base import TrailEvent
from connectors.crm.http.calls import Call, path_of
from connectors.crm.zoho.answers import results
from connectors.crm.zoho.api import VERSION, Api

LOOKS = 60
"""How often a job that is not done is looked at again."""
WAIT_SECONDS = 5.0
MOST_BYTES = 1 << 30
"""A longer trail, unpacked, is refused."""
_COLUMNS = {
    "time": ("audited time", "time"),
    "actor": ("done by id", "user id"),
    "name": ("done by", "user"),
    "action": ("action",),
    "dataset": ("module",),
    "record": ("record id", "entity id"),
}
"""Ours, and what its column may be called, in small letters."""
_FORMS = ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M")
"""Beside ISO 8601; in the zone of the organisation."""
_SLACK = dt.timedelta(days=1)
"""How far a time may lie outside of the span before the file is not believed; what lies outside is left out."""
_DONE = frozenset({"completed", "finished", "success"})
_FAILED = frozenset({"failed", "failure", "error"})


def trail(api: Api, since: dt.datetime, until: dt.datetime) -> Iterator[TrailEvent]:
    """The events from one moment up to another, in the order of the vendor's file. Raises CallError."""
    links = _finished(api, _ordered(api, since, until))
    ids, zone = _users(api), _zone(api)
    for number, link in enumerate(links):
        for row, line in enumerate(_lines(api, api.file(api.place, link))):
            event = _event(api, line, f"{number}.{row}", ids, zone)
            if not since - _SLACK <= event.time <= until + _SLACK:
                raise api.strange(api.place, "an audit trail with times outside of the span that was ordered")
            if since <= event.time < until:
                yield event


def _users(api: Api) -> Mapping[str, str]:
    """The id of each user by name; two of one name have none."""
    ids: dict[str, str] = {}
    for each in api.every(api.place, "users", "users"):
        name = str(each.get("full_name") or "").strip()
        ids[name] = "" if name in ids else str(each.get("id") or "")
    return ids


def _zone(api: Api) -> dt.tzinfo:
    """The zone of the organisation; UTC when it names none that is known."""
    for each in api.listed(api.place, "org", "org").items:
        try:
            return ZoneInfo(str(each.get("time_zone") or "UTC"))
        except (ZoneInfoNotFoundError, ValueError):
            break
    return dt.UTC


def _ordered(api: Api, since: dt.datetime, until: dt.datetime) -> str:
    """The id of a new export. It is not sent twice: the vendor lets few run at a time."""
    criteria = {
        "field": {"api_name": "audited_time"},
        "comparator": "between",
        "value": [each.astimezone(dt.UTC).isoformat(timespec="seconds") for each in (since, until)],
    }
    call = Call(
        "POST",
        path_of("crm", VERSION, "settings", "audit_log_export"),
        api.place,
        body={"audit_log_export": [{"criteria": criteria}]},
    )
    for code, key, _ in results(api.call(call).body):
        if code in {"SCHEDULED", "SUCCESS"} and key:
            return key
    raise api.strange(api.place, "an export of the audit trail that was not taken on")


def _finished(api: Api, job: str) -> list[str]:
    for _ in range(LOOKS):
        for each in api.listed(api.place, "audit_log_export", "settings", "audit_log_export", job).items:
            status = str(each.get("status") or "").lower()
            if status in _FAILED:
                raise api.strange(api.place, "an export of the audit trail that failed")
            if status in _DONE:
                return [str(link) for link in each.get("download_links") or () if link]
        api.clock.sleep(WAIT_SECONDS)
    raise api.strange(api.place, f"an export of the audit trail that is not done after {LOOKS} looks")


def _lines(api: Api, raw: bytes) -> Iterator[Mapping[str, Any]]:
    if not raw.startswith(b"PK\x03\x04"):
        yield from csv.DictReader(io.StringIO(raw.decode("utf-8-sig", "replace")))
        return
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_BYTES:
                raise api.strange(api.place, f"an audit trail of more than {MOST_BYTES} bytes")
            for each in sorted(packed.namelist()):
                with packed.open(each) as file:
                    yield from csv.DictReader(io.TextIOWrapper(file, "utf-8-sig", "replace"))
    except zipfile.BadZipFile:
        raise api.strange(api.place, "an audit trail in a broken archive") from None


def _event(api: Api, line: Mapping[str, Any], key: str, ids: Mapping[str, str], zone: dt.tzinfo) -> TrailEvent:
    by_name = {str(name or "").strip().lower(): str(value or "").strip() for name, value in line.items()}
    found = {ours: next((by_name[name] for name in names if name in by_name), "") for ours, names in _COLUMNS.items()}
    time = _time(found["time"], zone)
    if time is None or not found["action"]:
        raise api.strange(api.place, "an audit trail with columns or times that are not known")
    actor = found["actor"] or ids.get(found["name"], "")
    return TrailEvent(key, time, actor, found["action"], found["dataset"], found["record"])


def _time(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    for form in ("", *_FORMS):
        try:
            time = dt.datetime.strptime(text, form) if form else dt.datetime.fromisoformat(text)  # noqa: DTZ007 set below
        except ValueError:
            continue
        return time if time.tzinfo else time.replace(tzinfo=zone)
    return None
