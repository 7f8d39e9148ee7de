"""Changing and erasing records: in batches, one receipt a record, no workflow woken, safe to repeat."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.crm.base import Receipt, Record
from connectors.crm.http.calls import Call, path_of
from connectors.crm.zoho.answers import receipt_of, results
from connectors.crm.zoho.api import IDS, VERSION, Api, chunks
from connectors.crm.zoho.cells import written
from connectors.crm.zoho.modules import KEY, Module
from connectors.crm.zoho.reading import Reader, is_id, order
from policies.errors import StoreError

CREDITS_A_BATCH = 10
"""The vendor counts one credit for each ten records that are changed."""
SCHEDULED_LOOKS = 10
"""How often the bin is looked at when the vendor empties it later."""
SCHEDULED_SECONDS = 3.0


def update(api: Api, module: Module, changes: Mapping[str, Record]) -> Mapping[str, Receipt]:
    """Set fields of records. Raises StoreError before any call for a field that cannot be set."""
    made = {key: _body(api, module, record) for key, record in changes.items()}
    receipts = {key: Receipt.GONE for key in made if not is_id(key)}
    bodies = {key: {**body, KEY: key} for key, body in made.items() if key not in receipts}
    for part in chunks(sorted(bodies, key=order), IDS):
        # An empty list of triggers wakes no workflow, approval or blueprint; left out, all of them would run. Cadences
        # have a list of their own.
        call = Call(
            "PUT",
            path_of("crm", VERSION, module.name),
            f"{api.name}.{module.name}",
            body={
                "data": [bodies[key] for key in part],
                "trigger": [],
                "skip_feature_execution": [{"name": "cadences"}],
            },
            repeatable=True,
            cost=CREDITS_A_BATCH,
        )
        answered = list(results(api.call(call).body))
        if len(answered) != len(part):
            raise api.strange(call.place, f"{len(answered)} results for {len(part)} records")
        # Results come in the order of the records; a faulty one may name no id.
        receipts.update((key, receipt_of(code, at)) for key, (code, _, at) in zip(part, answered, strict=True))
    return receipts


def _body(api: Api, module: Module, record: Record) -> dict[str, Any]:
    known = {each.name: each for each in module.dataset.fields}
    body: dict[str, Any] = {}
    for name, value in record.items():
        top, _, part = name.partition(".")
        if name not in known or name == KEY or part not in {"", KEY}:
            raise StoreError(
                f"{api.name}.{module.name}",
                found="a change of a field that the vendor fills itself, or that is not there",
                expected="fields of the module's own, or the id of what they refer to",
                next_step="leave the field out of the change",
            )
        fresh = written(known[name], value)
        body[top] = fresh if not part else None if fresh is None else {KEY: fresh}
    return body


def erase(api: Api, module: Module, keys: Collection[str]) -> Mapping[str, Receipt]:
    """Delete records and empty the recycle bin of them.

    Each step may be repeated: a record that is deleted already is looked for in the bin, one that is in neither is
    gone. What is reported as done was looked for again and is in neither.
    """
    receipts = {key: Receipt.GONE for key in keys if not is_id(key)}
    for part in chunks(sorted(set(keys) - receipts.keys(), key=order), IDS):
        deleted = _deleted(api, module, part)
        receipts.update((key, each) for key, each in deleted.items() if each not in {Receipt.DONE, Receipt.GONE})
        open_keys = [key for key in part if key not in receipts]
        purged = _purged(api, module, open_keys) if module.bin else {}
        left = gone(api, module, open_keys)
        for key in open_keys:
            did = Receipt.DONE in (deleted.get(key), purged.get(key))
            receipts[key] = Receipt.REFUSED if not left[key] else Receipt.DONE if did else Receipt.GONE
    return receipts


def _deleted(api: Api, module: Module, keys: Collection[str]) -> dict[str, Receipt]:
    call = Call(
        "DELETE",
        path_of("crm", VERSION, module.name),
        f"{api.name}.{module.name}",
        params={"ids": ",".join(keys), "wf_trigger": "false"},
        repeatable=True,
        cost=CREDITS_A_BATCH,
    )
    return _by_id(api, call, list(keys))


def _purged(api: Api, module: Module, keys: list[str]) -> dict[str, Receipt]:
    if not keys:
        return {}
    place = f"{api.name}.{module.name}"
    call = Call(
        "DELETE",
        path_of("crm", VERSION, "settings", "recycle_bin"),
        place,
        params={"ids": ",".join(keys)},
        repeatable=True,
        cost=CREDITS_A_BATCH,
    )
    body = api.call(call).body
    if any(code == "SCHEDULED" for code, _, _ in results(body)):
        _await(api, place, keys)
        return dict.fromkeys(keys, Receipt.DONE)
    return _read(api, place, body, keys)


def _await(api: Api, place: str, keys: list[str]) -> None:
    """Wait for a purge that the vendor does later, which it does when much hangs on a record; a bounded time."""
    for _ in range(SCHEDULED_LOOKS):
        if not _in_bin(api, place, keys):
            return
        api.clock.sleep(SCHEDULED_SECONDS)


def _by_id(api: Api, call: Call, keys: list[str]) -> dict[str, Receipt]:
    return _read(api, call.place, api.call(call).body, keys)


def _read(api: Api, place: str, body: Any, keys: list[str]) -> dict[str, Receipt]:
    answered = list(results(body))
    if len(answered) == len(keys):
        # In order; the id of each is compared where the vendor gives it.
        if all(given in {"", key} for key, (_, given, _) in zip(keys, answered, strict=True)):
            return {key: receipt_of(code, at) for key, (code, _, at) in zip(keys, answered, strict=True)}
        if {given for _, given, _ in answered} == set(keys):
            return {given: receipt_of(code, at) for code, given, at in answered}
    raise api.strange(place, f"{len(answered)} results that do not match {len(keys)} records")


def gone(api: Api, module: Module, keys: Collection[str]) -> Mapping[str, bool]:
    """Whether each record is neither in its module nor in the recycle bin."""
    there: set[str] = set()
    place = f"{api.name}.{module.name}"
    for part in chunks(sorted({each for each in keys if is_id(each)}, key=order), IDS):
        there.update(str(record[KEY]) for record in Reader(api, module, [module.dataset.fields[0]]).records(part))
        there.update(_in_bin(api, place, list(part)))
    return {key: key not in there for key in keys}


def _in_bin(api: Api, place: str, keys: list[str]) -> set[str]:
    listed = api.every(place, "recycle_bin", "settings", "recycle_bin", params={"ids": ",".join(keys)})
    return {str(each.get(KEY) or "") for each in listed} & set(keys)
