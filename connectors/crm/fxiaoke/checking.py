"""The self-check of an account, which only reads, and what the vendor cannot do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.crm.base import Check, Limit
from connectors.crm.fxiaoke.api import Api
from connectors.crm.fxiaoke.objects import Inventory, Object
from connectors.crm.fxiaoke.reading import PAGE, every
from connectors.crm.http.calls import CallError

LIMITS = (
    Limit("crm.cannot.requests_are_not_listed", "vendor"),
    Limit("crm.cannot.search_covers_some_fields", "vendor"),
    Limit("crm.cannot.withheld_fields_are_not_seen", "guess"),
    Limit("crm.cannot.vendors_copies_are_not_reached", "guess"),
    Limit("crm_fxiaoke.cannot.no_privacy_flags", "vendor"),
    Limit("crm_fxiaoke.cannot.no_consent", "vendor"),
    Limit("crm_fxiaoke.cannot.no_rights_of_roles", "vendor"),
    Limit("crm_fxiaoke.cannot.no_audit_trail", "vendor"),
    Limit("crm_fxiaoke.cannot.bin_is_not_listed", "vendor"),
    Limit("crm_fxiaoke.cannot.hidden_records_are_not_seen", "vendor"),
    Limit("crm_fxiaoke.cannot.activities_by_record", "package"),
    Limit("crm_fxiaoke.cannot.workflows_of_custom_objects", "vendor"),
    Limit("crm_fxiaoke.cannot.files_may_stay", "guess"),
)
"""What the vendor cannot do, as far as its pages say."""


def check(api: Api, inventory: Callable[[], Inventory]) -> Iterator[Check]:
    """One line each for token, objects, descriptions, a page, its order, unknown types and the limit of calls."""
    try:
        api.tokens.current()
    except CallError as error:
        yield Check("crm.check.token", fine=False, expected="an access token", found=_said(error))
        return
    yield Check("crm.check.token", fine=True, expected="an access token", found="an access token")
    try:
        found = inventory()
    except CallError as error:
        yield Check("crm.check.modules", fine=False, expected="a list of objects", found=_said(error))
        return
    count = len(found.objects)
    yield Check("crm.check.modules", count > 0, "at least 1", str(count))
    yield Check("crm.check.described", not found.not_seen, "0 left out", f"{len(found.not_seen)} left out")
    if found.objects:
        yield from _page(api, min(found.objects.values(), key=lambda each: (len(each.dataset.fields), each.name)))
    most = api.quota
    yield Check(
        "crm.check.limit",
        api.pace.spent < most.calls,
        f"at most {most.calls} in {most.seconds:.0f} s",
        f"{api.pace.spent} by this check",
    )


def _page(api: Api, found: Object) -> Iterator[Check]:
    """A page by its ids alone; what it holds is not kept. An order that is not kept is an error of `every`."""
    try:
        records = next(every(api, found, ["_id"]), [])
    except CallError as error:
        yield Check("crm.check.page", fine=False, expected="records in the order of ids", found=_said(error))
        return
    narrow = all(set(each) <= {"_id"} for each in records)
    count = len(records)
    yield Check("crm.check.page", count <= PAGE, f"at most {PAGE} records in order", f"{count} records")
    yield Check("crm_fxiaoke.check.projection", narrow, "only the field asked for", "that" if narrow else "more")


def _said(error: CallError) -> str:
    return " ".join(each for each in (f"HTTP {error.status}" if error.status else "no answer", error.code) if each)
