"""What an answer of Zoho means: codes at the top, or one code for each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.crm.base import Receipt
from connectors.crm.http.calls import Judged, Verdict, by_status

_EACH = ("data", "recycle_bin", "audit_log_export")
"""Keys under which an answer lists one result for each thing asked."""

_STALE = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE"})
_GRANTS = {
    "invalid_code": "INVALID_REFRESH_TOKEN",
    "invalid_client": "INVALID_CLIENT",
    "invalid_client_secret": "INVALID_CLIENT_SECRET",
    "invalid_grant": "INVALID_GRANT",
    "Access Denied": "ACCESS_DENIED",
}
"""The words of the accounts server, which answers 200 also when it refuses."""

_RECEIPTS = {
    "SUCCESS": Receipt.DONE,
    "RECORD_LOCKED": Receipt.LOCKED,
    "CANNOT_UPDATE_LOCKED_RECORD": Receipt.LOCKED,
    "INVALID_DATA": Receipt.GONE,
    "RECORD_NOT_FOUND": Receipt.GONE,
}
"""What a record's code means; every other one is a refusal."""


def code_of(body: Any) -> str:
    """The code at the top of an answer; empty without one."""
    return str(body["code"]) if isinstance(body, Mapping) and isinstance(body.get("code"), str) else ""


def judge(status: int, body: Any) -> Judged:
    """The verdict on an answer of the interface."""
    code = code_of(body)
    if status == 401:
        # A missing scope is answered 401 too, and another token would not have it either.
        stale = code in _STALE or not code
        return Judged(Verdict.TOKEN if stale else Verdict.REFUSED, code)
    if code == "TOO_MANY_REQUESTS":
        return Judged(Verdict.BUSY, code)
    if 200 <= status < 300 and code and body.get("status") == "error":
        return Judged(Verdict.REFUSED, code)
    if 400 <= status < 500 and not code and any(True for _ in results(body)):
        return Judged(Verdict.FINE)
    return by_status(status, code)


def judge_grant(status: int, body: Any) -> Judged:
    """The verdict on an answer of the accounts server."""
    word = body.get("error") if isinstance(body, Mapping) else None
    if word is None:
        judged = by_status(status)
        return Judged(Verdict.REFUSED) if judged.verdict is Verdict.TOKEN else judged
    return Judged(Verdict.REFUSED, _GRANTS.get(str(word), "REFUSED_GRANT"))


def results(body: Any) -> Iterator[tuple[str, str, str]]:
    """Code, id and the name of the faulty field of each result in an answer; empty texts for what it does not say."""
    if not isinstance(body, Mapping):
        return
    for key in _EACH:
        listed = body.get(key)
        if not isinstance(listed, list):
            continue
        for each in listed:
            if isinstance(each, Mapping) and isinstance(each.get("code"), str):
                found = each.get("details")
                details: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
                yield each["code"], str(details.get("id") or ""), str(details.get("api_name") or "")


def receipt_of(code: str, field: str = "") -> Receipt:
    """What became of a record with that code; `field` is the one that the vendor finds fault with."""
    if code == "INVALID_DATA" and field not in {"", "id"}:
        return Receipt.REFUSED
    return _RECEIPTS.get(code, Receipt.REFUSED)
