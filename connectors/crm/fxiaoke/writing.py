"""Changing and erasing records, without waking approvals and workflows.

    erase    what is listed: invalid -> delete    what is invalid already: delete    what is neither: gone

A call may be cut after the vendor has done it and is then sent again, and a job that was killed starts again. So no
refusal is believed before the record is looked at: an invalid record refuses to become invalid, a deleted one to be
deleted, and both mean that it is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from connectors.crm.base import Receipt, Record
from connectors.crm.fxiaoke.api import Api
from connectors.crm.fxiaoke.cells import derived, written
from connectors.crm.fxiaoke.codes import is_of_the_record
from connectors.crm.fxiaoke.objects import KEY, Object
from connectors.crm.fxiaoke.reading import PAGE, raw_records
from connectors.crm.http.calls import CallError
from policies.errors import StoreError

_STATE = (KEY, "lock_status", "life_status")
_LOCKED = "1"
_INVALID = "invalid"


def update(api: Api, found: Object, changes: Mapping[str, Record]) -> dict[str, Receipt]:
    """Set fields of records, in the order of their ids. Raises StoreError for a field that cannot be set, unchanged."""
    fields = {each.name: each for each in found.dataset.fields}
    asked = {name for change in changes.values() for name in change}
    if wrong := sum(name not in fields or name == KEY or derived(name) for name in asked):
        raise StoreError(
            f"{api.name}.{found.name}",
            found=f"{wrong} fields that are unknown or that the vendor makes itself",
            expected="fields that records hold",
            next_step="leave them out; change the field that they come from",
        )
    receipts: dict[str, Receipt] = {}
    for keys in _chunks(changes):
        listed = _listed(api, found, keys)
        for key in keys:
            values = {name: written(fields[name], value) for name, value in changes[key].items()}
            receipts[key] = _updated(api, found, key, values, listed.get(key))
    return receipts


def _updated(api: Api, found: Object, key: str, values: Mapping[str, Any], state: Mapping[str, Any] | None) -> Receipt:
    if state is None:
        return Receipt.REFUSED if _held(api, found, key) else Receipt.GONE
    if _is_locked(state):
        return Receipt.LOCKED
    data: dict[str, Any] = {"object_data": {**values, KEY: key, "dataObjectApiName": found.name}}
    if found.custom:
        data["skipDataStatusValidate"] = False
    try:
        api.post(
            f"{api.name}.{found.name}",
            found.path("update"),
            data,
            triggerApprovalFlow=False,
            triggerWorkFlow=False,
        )
    except CallError as error:
        if not is_of_the_record(error):
            raise
        return _refused(api, found, key)
    return Receipt.DONE


def _refused(api: Api, found: Object, key: str) -> Receipt:
    """Why the vendor refused, by what the record is now."""
    state = _listed(api, found, [key]).get(key)
    if state is None:
        return Receipt.REFUSED if _held(api, found, key) else Receipt.GONE
    return Receipt.LOCKED if _is_locked(state) else Receipt.REFUSED


def erase(api: Api, found: Object, keys: Collection[str]) -> dict[str, Receipt]:
    """Invalidate and delete records, in the order of their ids."""
    receipts: dict[str, Receipt] = {}
    for some in _chunks(keys):
        listed = _listed(api, found, some)
        receipts |= {key: Receipt.LOCKED for key, state in listed.items() if _is_locked(state)}
        receipts |= {key: Receipt.GONE for key in some if key not in listed and not _held(api, found, key)}
        open_keys = [key for key in some if key in listed and key not in receipts and not _is_invalid(listed[key])]
        receipts |= _invalidate(api, found, open_keys)
        receipts |= _delete(api, found, [key for key in some if key not in receipts])
    return {key: receipts[key] for key in sorted(receipts)}


def _invalidate(api: Api, found: Object, keys: Sequence[str]) -> dict[str, Receipt]:
    """The receipts of those that did not become invalid."""
    if not keys:
        return {}
    if found.custom and _done(api, found, "/cgi/crm/custom/data/invalid", idList=list(keys)):
        return {}
    refused = [key for key in keys if not _done(api, found, found.path("invalid"), object_data_id=key)]
    still = _listed(api, found, refused) if refused else {}
    return {
        key: Receipt.LOCKED if _is_locked(state) else Receipt.REFUSED
        for key, state in still.items()
        if not _is_invalid(state)
    }


def _delete(api: Api, found: Object, keys: Sequence[str]) -> dict[str, Receipt]:
    """The receipts of records that are invalid."""
    path = found.path("delete")
    if not keys or _done(api, found, path, idList=list(keys)):
        return dict.fromkeys(keys, Receipt.DONE)
    return {
        key: Receipt.DONE if _done(api, found, path, idList=[key]) or not _held(api, found, key) else Receipt.REFUSED
        for key in keys
    }


def _done(api: Api, found: Object, path: str, **data: Any) -> bool:
    """Whether the vendor did it; False when it refused because of a record."""
    try:
        api.post(f"{api.name}.{found.name}", path, {**data, "dataObjectApiName": found.name})
    except CallError as error:
        if not is_of_the_record(error):
            raise
        return False
    return True


def gone(api: Api, found: Object, keys: Collection[str]) -> dict[str, bool]:
    """Whether the vendor neither lists a record nor gives it by its id, as it does an invalid one.

    A record of which the vendor does not say that it is not there is not gone.
    """
    verdicts: dict[str, bool] = {}
    for some in _chunks(keys):
        listed = _listed(api, found, some)
        verdicts |= {key: key not in listed and not _held(api, found, key) for key in some}
    return verdicts


def _held(api: Api, found: Object, key: str) -> bool:
    """Whether a record may be there, be it invalid: the vendor gives it by its id, or does not say that it is not.

    No page says how the vendor refuses a record that is not there. So it is asked for an id that nobody has: only the
    same code means that a record is not there; any other one, of a missing right for example, does not.
    """
    given, code = _given(api, found, key)
    if given or code is None:
        return given
    known = found.name, len(key)
    if known not in api.absence:
        _, nothing = _given(api, found, f"{uuid4().hex}{uuid4().hex}"[: len(key)])
        api.absence[known] = nothing or ""
    return code != api.absence[known]


def _given(api: Api, found: Object, key: str) -> tuple[bool, str | None]:
    """Whether a record was given, and the code when it was refused."""
    data = {"dataObjectApiName": found.name, "objectDataId": key}
    try:
        return bool(api.post(f"{api.name}.{found.name}", found.path("get"), data)), None
    except CallError as error:
        if not is_of_the_record(error):
            raise
        return False, error.code


def _listed(api: Api, found: Object, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    return {str(each[KEY]): each for each in raw_records(api, found, keys, _STATE)}


def _is_locked(state: Mapping[str, Any]) -> bool:
    return str(state.get("lock_status", "")) == _LOCKED


def _is_invalid(state: Mapping[str, Any]) -> bool:
    """The vendor's pages do not say whether a query gives invalid records too."""
    return state.get("life_status") == _INVALID


def _chunks(keys: Collection[str]) -> list[list[str]]:
    ordered = sorted(set(keys))
    return [ordered[start : start + PAGE] for start in range(0, len(ordered), PAGE)]
