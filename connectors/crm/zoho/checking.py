"""The self-check of an account, which only reads, and what the vendor cannot do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime

from connectors.crm.base import Check, Limit
from connectors.crm.http.calls import Call, CallError, path_of
from connectors.crm.zoho.api import VERSION, Api
from connectors.crm.zoho.modules import Inventory
from connectors.crm.zoho.reading import Reader

SKEW_SECONDS = 300
ADMINISTRATOR = "Administrator"
"""The profile that sees all modules, fields and records."""
SCOPES: tuple[tuple[str, tuple[str, ...], Mapping[str, str]], ...] = (
    ("ZohoCRM.settings.modules.READ", ("settings", "modules"), {}),
    ("ZohoCRM.org.READ", ("org",), {}),
    ("ZohoCRM.users.READ", ("users",), {"page": "1", "per_page": "1"}),
    ("ZohoCRM.settings.profiles.READ", ("settings", "profiles"), {}),
    ("ZohoCRM.settings.recycle_bin.READ", ("settings", "recycle_bin"), {"page": "1", "per_page": "1"}),
)
"""A scope, and a call that needs it."""

LIMITS = (
    Limit("crm.cannot.requests_are_not_listed", "vendor"),
    Limit("crm.cannot.search_covers_some_fields", "vendor"),
    Limit("crm.cannot.search_is_delayed", "guess"),
    Limit("crm.cannot.withheld_fields_are_not_seen", "vendor"),
    Limit("crm.cannot.what_the_user_may_not_see_is_not_seen", "vendor"),
    Limit("crm.cannot.encryption_key_is_the_vendors", "vendor"),
    Limit("crm.cannot.vendors_copies_are_not_reached", "guess"),
    Limit("crm_zoho.cannot.audit_trail_columns_are_not_known", "package"),
    Limit("crm_zoho.cannot.deleted_ids_stay_listed", "vendor"),
    Limit("crm_zoho.cannot.notes_are_not_searched", "guess"),
    Limit("crm_zoho.cannot.shares_of_single_records_are_not_listed", "vendor"),
)
"""What the vendor cannot do, as far as its documents say."""


def check(api: Api, inventory: Callable[[], Inventory], now: Callable[[], dt.datetime]) -> Iterator[Check]:
    """One line each for token, data centre, clock, scopes, modules, fields, a page and the limit of calls."""
    try:
        api.tokens.current()
    except CallError as error:
        yield Check("crm.check.token", fine=False, expected="an access token", found=_said(error))
        return
    yield Check("crm.check.token", fine=True, expected="an access token", found="an access token")
    if api.domain:
        same = api.domain.rstrip("/") == api.address
        yield Check("crm.check.data_center", same, "the configured address", "the same" if same else "another one")
    yield _clock(api, now)
    for scope, segments, params in SCOPES:
        yield _scope(api, scope, segments, params)
    yield _user(api)
    try:
        found = inventory()
    except CallError as error:
        yield Check("crm.check.modules", fine=False, expected="a list of modules", found=_said(error))
        return
    count = len(found.modules)
    yield Check("crm.check.modules", count > 0, "at least 1", str(count))
    yield Check("crm.check.described", not found.not_seen, "0 left out", f"{len(found.not_seen)} left out")
    withheld = sum(len(each.withheld) for each in found.modules.values())
    yield Check("crm.check.withheld", withheld == 0, "0 fields", f"{withheld} fields")
    strange = found.strange_types()
    named = ", ".join(each for each in strange[:5] if each.isascii() and each.isidentifier())
    yield Check("crm.check.types", not strange, "0 unknown", f"{len(strange)} unknown {named}".strip())
    if found.modules:
        yield _page(api, found)
        yield _query(api, found)
    most = api.quota
    yield Check(
        "crm.check.limit",
        api.pace.spent < most.calls,
        f"at most {most.calls} in {most.seconds:.0f} s",
        f"{api.pace.spent} by this check",
    )


def _said(error: CallError) -> str:
    return " ".join(each for each in (f"HTTP {error.status}" if error.status else "no answer", error.code) if each)


def _clock(api: Api, now: Callable[[], dt.datetime]) -> Check:
    call = Call("GET", path_of("crm", VERSION, "org"), api.place, repeatable=True)
    expected = f"at most {SKEW_SECONDS} s"
    try:
        theirs = parsedate_to_datetime(api.call(call).headers.get("date", ""))
    except CallError as error:
        return Check("crm.check.clock", fine=False, expected=expected, found=_said(error))
    except (TypeError, ValueError):
        return Check("crm.check.clock", fine=False, expected=expected, found="no date in the answer")
    skew = abs((now() - theirs).total_seconds())
    return Check("crm.check.clock", skew <= SKEW_SECONDS, expected, f"{skew:.0f} s")


def _scope(api: Api, scope: str, segments: tuple[str, ...], params: Mapping[str, str]) -> Check:
    try:
        api.get(api.place, *segments, params=params)
    except CallError as error:
        return Check("crm.check.scope", fine=False, expected=scope, found=_said(error))
    return Check("crm.check.scope", fine=True, expected=scope, found=scope)


def _user(api: Api) -> Check:
    """Whether the grant is an administrator's; who it is and how the profile is called are not told."""
    try:
        users = api.listed(api.place, "users", "users", params={"type": "CurrentUser"}).items
    except CallError as error:
        return Check("crm.check.user", fine=False, expected=ADMINISTRATOR, found=_said(error))
    profiles = [each["profile"].get("name") for each in users if isinstance(each.get("profile"), Mapping)]
    fine = profiles == [ADMINISTRATOR]
    return Check("crm.check.user", fine, ADMINISTRATOR, ADMINISTRATOR if fine else "another profile")


def _query(api: Api, found: Inventory) -> Check:
    """The query that reads go on by. It is of the first module that queries may cover."""
    scope = "ZohoCRM.coql.READ"
    name = next(
        (each for each in sorted(found.modules) if each.isascii() and each.isidentifier() and each != "Notes"), ""
    )
    if not name:
        return Check("crm.check.scope", fine=True, expected=scope, found="no module to query")
    try:
        api.query(f"{api.name}.{name}", f"select id from {name} where id > '0' order by id asc limit 1", 1)  # noqa: S608 a word
    except CallError as error:
        return Check("crm.check.scope", fine=False, expected=scope, found=_said(error))
    return Check("crm.check.scope", fine=True, expected=scope, found=scope)


def _page(api: Api, found: Inventory) -> Check:
    """A page of the module with the fewest fields; what it holds is not kept."""
    module = min(found.modules.values(), key=lambda each: (len(each.dataset.fields), each.name))
    try:
        page = next(Reader(api, module, module.dataset.fields).pages(), None)
    except CallError as error:
        return Check("crm.check.page", fine=False, expected="a page of records", found=_said(error))
    return Check("crm.check.page", True, "a page of records", f"{0 if page is None else page.rows.num_rows} records")
