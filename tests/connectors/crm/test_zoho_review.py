"""Rights, audit trail, what the vendor cannot do, the self-check; and that nothing secret is shown anywhere."""

from __future__ import annotations

import datetime as dt
import io
import logging
import traceback
import zipfile

import pytest

from connectors.base import FULL, Sample
from connectors.crm.base import Sought, SoughtKind, TrailEvent, VendorGrant
from connectors.crm.zoho.opening import open_store
from policies.errors import StoreError
from policies.vocabulary import LANGUAGES, Words

from .scripted import Paper
from .zoho_account import CLIENT, Asked, Told, error, made_field
from .zoho_fake import Fault, id_of, opened, running, seed, settings

SINCE, UNTIL = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
MARKER = "玛克尔marker13900139000"
ALL = ("delete", "export", "read", "write")


def test_grants_are_those_of_profiles_users_and_rules() -> None:
    with opened(seed(2)) as store:
        found = list(store.grants())
    assert found == sorted(found, key=lambda each: (each.user, each.profile, each.role, each.dataset))
    assert VendorGrant("", "Administrator", "", "Accounts", ALL) in found
    assert VendorGrant("9001", "Administrator", "CEO", "Contacts", ALL) in found
    assert VendorGrant("9002", "Standard", "Sales", "Contacts", ("read", "write")) in found
    assert VendorGrant("9003", "Standard", "Sales", "Contacts", ("read", "write"), active=False) in found
    assert VendorGrant("", "", "Support", "Contacts", ("read",)) in found
    assert len(found) == 8


def test_many_users_are_paged() -> None:
    account = seed(2)
    account.users = [{**account.users[1], "id": str(number)} for number in range(450)]
    with opened(account) as store:
        assert len({each.user for each in store.grants()} - {""}) == 450


def test_grants_without_the_scope_are_an_error_and_never_an_empty_list() -> None:
    account = seed(2)
    account.denied.add("settings/profiles")
    with opened(account) as store, pytest.raises(StoreError, match="OAUTH_SCOPE_MISMATCH"):
        list(store.grants())


def _line(time: str, who: str = "Invented 1") -> dict[str, str]:
    return {"Done By": who, "Action": "Updated", "Module": "Contacts", "Record Name": MARKER, "Audited Time": time}


def test_trail_is_ordered_waited_for_and_read_without_names() -> None:
    account = seed(2)
    account.users.append({**account.users[0], "id": "9009", "full_name": "Invented 0"})
    account.trail = [
        _line("01/05/2026 10:00 AM"),
        _line("2026-02-01T00:00:00+00:00"),
        _line("01/06/2026 1:30 PM", "Invented 0"),
        _line("2026-01-07T10:00:00Z", MARKER),
    ]
    with opened(account) as store:
        found = list(store.trail(SINCE, UNTIL))
    assert found[0] == TrailEvent("0.0", dt.datetime(2026, 1, 5, 2, tzinfo=dt.UTC), "9002", "Updated", "Contacts")
    assert [each.time.astimezone(dt.UTC).hour for each in found] == [2, 5, 10]
    assert [each.actor for each in found] == ["9002", "", ""]
    assert not [each for each in found if MARKER in str((each.actor, each.record, each.id))]
    [asked] = [each.json for each in account.asked if each.method == "POST"]
    criteria = asked["audit_log_export"][0]["criteria"]
    assert criteria["value"] == ["2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"]


def test_trail_whose_days_are_written_in_another_order_is_refused() -> None:
    account = seed(2)
    account.trail = [_line("05/01/2026 10:00 AM")]
    with opened(account) as store, pytest.raises(StoreError, match="outside of the span"):
        list(store.trail(SINCE, UNTIL))


def _file(raw: bytes):
    told = Told(200, None, {"Content-Type": "application/octet-stream"}, raw)
    return lambda _number, asked: Fault("tell", told=told) if asked.path.startswith("/v2/crm") else None


def test_packed_trail_is_read_from_all_its_files() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in (1, 2):
            archive.writestr(f"AuditLog{number}.csv", f"Audited Time,Action\n2026-01-0{number}T00:00:00Z,Deleted\n")
    with opened(seed(1), _file(packed.getvalue())) as store:
        assert [each.action for each in store.trail(SINCE, UNTIL)] == ["Deleted", "Deleted"]


@pytest.mark.parametrize(
    "raw", [b"When,What\n2026-01-01,Deleted\n", b"PK\x03\x04broken", b"Audited Time,Action\nsoon,x\n"]
)
def test_trail_of_another_form_is_refused_and_never_read_as_empty(raw: bytes) -> None:
    with opened(seed(1), _file(raw)) as store, pytest.raises(StoreError, match=r"audit trail"):
        list(store.trail(SINCE, UNTIL))


def test_trail_at_another_host_is_not_fetched() -> None:
    job = {"id": "1", "status": "Completed", "download_links": ["https://h.example/v2/crm/1/auditlog/1/AuditLog.csv"]}
    fault = Fault("tell", told=Told(200, {"audit_log_export": [job]}))

    def elsewhere(_number: int, asked: Asked) -> Fault | None:
        return fault if "audit_log_export/" in asked.path else None

    with opened(seed(1), elsewhere) as store, pytest.raises(StoreError, match="another host"):
        list(store.trail(SINCE, UNTIL))


def test_every_limit_and_line_has_words_in_all_languages() -> None:
    with opened(seed(2)) as store:
        codes = {each.code for each in (*store.cannot(), *store.check())}
        assert {each.grade for each in store.cannot()} <= {"vendor", "package", "guess"}
    assert len(codes) > 15
    assert all(Words(lang).say(code) for lang in LANGUAGES for code in codes)


def test_check_is_fine_where_all_is_as_expected_but_withheld_fields() -> None:
    account = seed(300)
    with opened(account) as store:
        found = list(store.check())
    assert {each.code for each in found if not each.fine} == {"crm.check.withheld"}
    assert [each.found for each in found if each.code == "crm.check.page"] == ["0 records"]
    assert {(each.method, each.path) for each in account.asked if each.method != "GET"} == {("POST", "/crm/v8/coql")}
    assert len(account.asked) < 20


def test_check_finds_a_type_that_no_document_lists_and_a_user_who_does_not_see_all() -> None:
    account = seed(2)
    account.modules["Deals"].fields.append(made_field("New", "quantum_state"))
    account.users[0]["profile"] = {"id": "72", "name": "Wang Xiaoming's own"}
    account.denied.add("coql")
    with opened(account) as store:
        found = {each.code: each.found for each in store.check() if not each.fine}
    assert found["crm.check.types"] == "1 unknown quantum_state"
    assert found["crm.check.user"] == "another profile"
    assert found["crm.check.scope"] == "HTTP 401 OAUTH_SCOPE_MISMATCH"


def test_check_says_what_differs() -> None:
    account = seed(3)
    account.denied = {"org", "settings/profiles"}
    with running(account, date_shift_seconds=3600) as address:
        store = open_store("crm", settings(address), Paper().clock())
        account.address = "https://www.zohoapis.eu"
        found = {(each.code, each.expected): each for each in store.check() if not each.fine}
        store.close()
    assert {code for code, _ in found} == {
        "crm.check.clock",
        "crm.check.data_center",
        "crm.check.scope",
        "crm.check.withheld",
    }
    assert found["crm.check.scope", "ZohoCRM.org.READ"].found == "HTTP 401 OAUTH_SCOPE_MISMATCH"


def test_check_measures_the_clock() -> None:
    with running(seed(1), date_shift_seconds=-7200) as address:
        store = open_store("crm", settings(address), Paper().clock())
        [clock] = [each for each in store.check() if each.code == "crm.check.clock"]
        store.close()
    assert not clock.fine
    assert clock.found.removesuffix(" s").isdigit()
    assert abs(int(clock.found.removesuffix(" s")) - 7200) < 60


def test_check_of_a_refused_grant_ends_with_it() -> None:
    with opened(seed(1), credentials={**CLIENT, "token": "gone-for-good"}) as store:
        [only] = store.check()
    assert (only.code, only.fine, only.found) == ("crm.check.token", False, "HTTP 200 INVALID_REFRESH_TOKEN")


@pytest.mark.parametrize("kind", ["before", "500", "400", "page", "echo"])
def test_markers_and_secrets_appear_in_no_error_log_or_repr(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = seed(3)
    row = account.modules["Contacts"].rows[id_of(0)]
    row.update(dict.fromkeys(("Last_Name", "Email", "Phone", "Mailing_Street"), MARKER))
    words = {"code": MARKER, "message": MARKER, "details": {"api_name": MARKER, "id": MARKER}, "status": "error"}
    told = {
        "500": Told(500, words),
        "400": error(400, "INVALID_DATA", value=MARKER),
        "page": Told(200, None, {"Content-Type": "text/html"}, MARKER.encode()),
        "echo": Told(400, {"data": [words]}),
    }
    shown: list[str] = []

    def fault(_number: int, asked: Asked) -> Fault | None:
        if asked.path.startswith(("/oauth", "/crm/v8/settings/modules", "/crm/v8/settings/fields")):
            return None
        return Fault(kind) if kind == "before" else Fault("tell", told=told[kind])

    tried = 0
    with opened(account, fault, writable=True) as store:
        for act in (
            lambda: list(store.pages("Contacts", ["id", "Email"])),
            lambda: list(store.read("Contacts", ["id"], Sample(1)).__enter__()),
            lambda: list(store.read("Contacts", ["id"], FULL).__enter__()),
            lambda: list(store.search("Contacts", ["id"], [Sought(SoughtKind.EMAIL, MARKER)])),
            lambda: list(store.records("Contacts", [id_of(0)], ["Email"])),
            lambda: store.linked("Contacts", id_of(0)),
            lambda: store.update("Contacts", {id_of(0): {"Phone": MARKER}}),
            lambda: store.erase("Contacts", [id_of(0)]),
            lambda: list(store.grants()),
            lambda: list(store.trail(SINCE, UNTIL)),
        ):
            try:
                act()
            except StoreError as caught:
                tried += 1
                shown += ["".join(traceback.format_exception(caught)), repr(caught), repr(caught.args)]
        shown += [repr(each) for each in store.check()]
        shown += [repr(store), repr(vars(store)), repr(vars(store._api)), repr(store._api.tokens.current())]
    assert tried >= 7
    text = "".join(shown) + caplog.text
    for secret in (*CLIENT.values(), MARKER, "13900139000", "access-made-up"):
        assert secret not in text


def test_what_is_read_shows_no_value_in_its_repr() -> None:
    account = seed(3)
    account.modules["Contacts"].rows[id_of(0)]["Email"] = MARKER
    account.attachments[id_of(0)] = [{"id": "1", "File_Name": MARKER}]
    with opened(account) as store:
        [page] = store.pages("Contacts", ["id", "Email"])
        held = [
            page,
            *store.linked("Contacts", id_of(0)),
            Sought(SoughtKind.WORD, MARKER),
            store.read("Contacts", ["id"], FULL),
        ]
        assert MARKER not in repr(held)
        assert id_of(20) not in repr(held)
