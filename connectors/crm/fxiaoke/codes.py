"""What the vendor's codes mean for a call: HTTP 200 stands above refusals too, and the texts beside a code may change.

The vendor's own table and what its gateway answers differ (10006, 10013, 20017), so that only the codes below are told
apart; every other one is a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.crm.http.calls import CallError, Judged, Verdict, by_status

_VERDICTS: Mapping[int, Verdict] = {
    0: Verdict.FINE,
    20016: Verdict.TOKEN,
    30004: Verdict.BUSY,
    14001: Verdict.BUSY,
    -1: Verdict.AGAIN,
    50009: Verdict.AGAIN,
}
OF_THE_ACCOUNT = frozenset(
    str(code) for code in (-2, -1, 14001, 15003, 20005, 20006, 20012, *range(20014, 20018), *range(20020, 20023), 50009)
) | {"30002", "30003", "30004"}
"""Refusals that say nothing of the record that was asked for: tokens, quotas, rights of the application, faults."""


def judge(status: int, body: Any) -> Judged:
    """Success is `errorCode` 0 and nothing else."""
    if not 200 <= status < 300:
        return by_status(status)
    if not isinstance(body, Mapping):
        return Judged(Verdict.AGAIN)
    code = body.get("errorCode")
    if isinstance(code, bool) or not isinstance(code, int):
        return Judged(Verdict.REFUSED)
    return Judged(_VERDICTS.get(code, Verdict.REFUSED), str(code))


def is_of_the_record(error: CallError) -> bool:
    """Whether the vendor answered, and refused because of the record itself."""
    return error.status == 200 and bool(error.code) and error.code not in OF_THE_ACCOUNT
