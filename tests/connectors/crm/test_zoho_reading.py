"""Reading: pages and their tokens, going on, many fields, samples, records by id, search, what hangs on a record."""

from __future__ import annotations

import datetime as dt
import os
import tracemalloc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from connectors.base import FULL, Sample
from connectors.crm.base import Linked, Sought, SoughtKind
from connectors.crm.zoho.cells import cell
from policies.errors import StoreError

from .zoho_account import Account, Asked, Module, Told, made_field
from .zoho_fake import Fault, id_of, opened, seed

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "10"))
FIELDS = ["id", "Email", "Owner.email", "Account_Name.id"]


def _ids(store, dataset: str = "Contacts", after: str | None = None) -> list[str]:
    return [key for page in store.pages(dataset, ["id"], after) for key in page.rows.column(0).to_pylist()]


def _simple(count: int, fields: int = 2) -> Account:
    account = seed(0)
    names = [f"F{number}" for number in range(fields)]
    rows = {id_of(number * 3): dict.fromkeys(names, f"值{number}") for number in range(count)}
    account.modules["Deals"] = Module("Deals", [made_field(name) for name in names], rows)
    return account


def test_cells_have_the_fields_types() -> None:
    with opened(seed(8)) as store:
        [page] = store.pages("Contacts", [each.name for each in store.datasets()[1].fields])
    row = page.rows.to_pylist()[0]
    assert row["id"] == id_of(0)
    assert row["Owner.email"] == "clerk@example.com"
    assert isinstance(row["Date_of_Birth"], dt.date)
    assert row["Created_Time"] == dt.datetime(2026, 3, 1, 1, tzinfo=dt.UTC)
    assert row["Email_Opt_Out"] is True
    assert row["Tags_Chosen"] == '["vip", "新客户"]'
    assert row["Data_Processing_Basis_Details.Data_Processing_Basis"] == "Consent - Obtained"
    assert row["Data_Processing_Basis_Details.Consent_Date"] == dt.date(2026, 1, 5)
    assert row["Account_Name.id"] == id_of(10_000_000)
    assert row["Passport"] is None


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("integer", "12", 12),
        ("integer", "x", None),
        ("integer", 2**70, None),
        ("float", "1.5", 1.5),
        ("float", [], None),
        ("boolean", "true", True),
        ("boolean", "perhaps", None),
        ("date", "2026-02-31", None),
        ("datetime", "2026-01-01T00:00:00", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("datetime", "soon", None),
        ("json", {"a": "名"}, '{"a": "名"}'),
        ("string", 13800138000, "13800138000"),
        ("string", "\ud800", "\ufffd"),
        ("string", "", None),
    ],
)
def test_value_of_another_form_is_null_and_never_an_error(kind: str, value: object, expected: object) -> None:
    from connectors.base import Field

    assert cell({"F": value}, Field("F", kind)) == expected


def test_full_read_of_20000_records_keeps_to_pages_and_limits() -> None:
    account = _simple(20_000)
    with opened(account) as store:
        store.datasets()
        account.asked.clear()
        tracemalloc.start()
        with store.read("Deals", ["id", "F0"], FULL) as reading:
            seen = []
            for batch in reading:
                assert batch.num_rows <= 200
                seen += batch.column(0).to_pylist()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert seen == [id_of(number * 3) for number in range(20_000)]
    assert reading.rows_total == 20_000
    assert len(account.asked) == 100
    assert all(int(each.query["per_page"]) <= 200 for each in account.asked)
    assert sum("page" in each.query for each in account.asked) == 1
    # The fake runs in this process too; the ids that the test keeps are 20,000 texts.
    assert peak < 30_000_000


def test_memory_does_not_grow_with_the_store() -> None:
    peaks = []
    for count in (2_000, 8_000):
        account = _simple(count)
        with opened(account) as store:
            store.datasets()
            tracemalloc.start()
            rows = sum(page.rows.num_rows for page in store.pages("Deals", ["id", "F0"]))
            account.asked.clear()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert rows == count
    assert peaks[1] < peaks[0] * 1.5 + 1_000_000


def test_expired_page_token_is_gone_on_behind_by_a_query() -> None:
    account = _simple(5_000)
    account.page_token_uses = 3
    with opened(account) as store:
        assert _ids(store, "Deals") == [id_of(number * 3) for number in range(5_000)]
    assert any(each.path.endswith("/coql") for each in account.asked)


def test_reading_goes_on_behind_what_page_tokens_reach() -> None:
    account = _simple(3_000)
    account.reach = 1_000
    with opened(account) as store:
        assert _ids(store, "Deals") == [id_of(number * 3) for number in range(3_000)]


def test_every_page_is_a_place_to_go_on() -> None:
    account = _simple(1_000)
    with opened(account) as store:
        pages = list(store.pages("Deals", ["id"]))
        for number, page in enumerate(pages):
            rest = [key for each in pages[number + 1 :] for key in each.rows.column(0).to_pylist()]
            assert _ids(store, "Deals", page.last) == rest


def test_module_that_queries_do_not_cover_is_gone_on_in_by_its_list() -> None:
    account = seed(100)
    account.modules["Notes"].rows = {id_of(number): {"Note_Title": "题"} for number in range(900)}
    with opened(account) as store:
        assert _ids(store, "Notes", id_of(449)) == [id_of(number) for number in range(450, 900)]
        account.page_token_uses = 2
        with pytest.raises(StoreError, match="cannot be queried"):
            _ids(store, "Notes", id_of(449))


def test_unsorted_list_is_an_error_and_not_a_loss() -> None:
    account = _simple(600)
    wrong = Told(200, {"data": [{"id": id_of(2)}, {"id": id_of(1)}], "info": {"more_records": False}})
    fault = Fault("tell", told=wrong)
    unsorted = pytest.raises(StoreError, match="in the order of their id")
    with opened(account, lambda _n, asked: fault if asked.path == "/crm/v8/Deals" else None) as store, unsorted:
        _ids(store, "Deals")


@pytest.mark.parametrize("count", [1, 49, 50, 51, 120])
def test_many_fields_are_asked_for_in_several_calls_and_joined(count: int) -> None:
    account = _simple(250, fields=count)
    for key, row in account.modules["Deals"].rows.items():
        row.update({name: f"{name} of {key}" for name in row})
    names = [f"F{number}" for number in range(count)]
    with opened(account) as store:
        rows = [row for page in store.pages("Deals", [*names, "id"]) for row in page.rows.to_pylist()]
    assert len(rows) == 250
    assert all(row[name] == f"{name} of {row['id']}" for row in rows for name in names)
    assert max(len(each.query.get("fields", "").split(",")) for each in account.asked) <= 50


def test_record_deleted_between_two_calls_is_left_out_whole() -> None:
    account = _simple(3, fields=60)

    def remove(_number: int, asked: Asked) -> None:
        if "ids" in asked.query:
            account.modules["Deals"].rows.pop(id_of(3), None)

    with opened(account, remove) as store:
        [page] = store.pages("Deals", [f"F{number}" for number in range(60)])
    assert page.rows.num_rows == 2
    assert all(None not in row.values() for row in page.rows.to_pylist())


@pytest.mark.parametrize("after", [None, 0, 2_499])
def test_converted_leads_are_read_listed_found_and_sampled_like_others(after: int | None) -> None:
    account = _simple(5_000)
    rows = account.modules.pop("Deals").rows
    leads = Module("Leads", [made_field("F0"), made_field("F1"), made_field("Email", "email")], rows)
    leads.converted = {id_of(number * 3) for number in range(5_000) if number % 3 == 0 or number > 4_500}
    rows[id_of(3 * 3)]["Email"] = "lead@example.com"
    account.modules["Leads"] = leads
    with opened(account) as store:
        first = 0 if after is None else after + 1
        expected = [id_of(number * 3) for number in range(first, 5_000)]
        assert _ids(store, "Leads", None if after is None else id_of(after * 3)) == expected
        sought = [Sought(SoughtKind.EMAIL, "lead@example.com")]
        assert [each["id"] for each in store.search("Leads", ["id"], sought)] == [id_of(9)]
        assert [each["id"] for each in store.records("Leads", [id_of(9)], ["id"])] == [id_of(9)]
        with store.read("Leads", ["id"], Sample(100)) as reading:
            chosen = [int(key) for batch in reading for key in batch.column(0).to_pylist()]
    assert (reading.rows_total, len(set(chosen))) == (5_000, 100)
    assert max(chosen) >= int(id_of(4_900 * 3))


def test_withheld_field_is_said_to_be_not_seen() -> None:
    with opened(seed(5)) as store, store.read("Contacts", ["id", "Passport"], FULL) as reading:
        rows = [row for batch in reading for row in batch.to_pylist()]
    assert [row["Passport"] for row in rows] == [None] * 5
    assert [(each.place, each.reason) for each in reading.not_seen] == [
        ("crm.Contacts.Passport", "not_seen.withheld_by_vendor")
    ]


def test_sample_reads_the_chosen_records_alone() -> None:
    account = _simple(5_000)
    with opened(account) as store:
        with store.read("Deals", ["id"], Sample(300, seed=3)) as reading:
            ids = [key for batch in reading for key in batch.column(0).to_pylist()]
        assert (reading.rows_total, reading.method, len(ids)) == (5_000, "every_nth", 300)
    lists = Counter(each.path.rsplit("/", 1)[1] for each in account.asked)
    assert (lists["coql"], lists["Deals"]) == (3, 3)


def test_uncounted_module_is_sampled_all_the_same() -> None:
    account = _simple(900)
    refuse = Fault("tell", told=Told(400, {"code": "NOT_SUPPORTED", "status": "error"}))
    with opened(account, lambda _n, asked: refuse if "count" in asked.path else None) as store:
        reading = store.read("Deals", ["id"], Sample(50))
        with reading:
            ids = [key for batch in reading for key in batch.column(0).to_pylist()]
    assert (reading.rows_total, reading.method, len(set(ids))) == (900, "reservoir", 50)


def test_records_by_id_leave_out_what_is_gone_and_what_is_no_id() -> None:
    with opened(seed(250)) as store:
        keys = [id_of(place * 10) for place in range(250)] + [id_of(7), "x,y", "../org", ""]
        rows = list(store.records("Contacts", keys, FIELDS))
    assert [row["id"] for row in rows] == [id_of(place * 10) for place in range(250)]


def test_search_finds_by_email_phone_and_word_each_record_once() -> None:
    account = seed(60)
    row = account.modules["Contacts"].rows[id_of(100)]
    row.update(Email="li.na+é&=@example.com", Phone="+86 138 0013 8000", Mailing_Street="天府三街(5号)")
    sought = [
        Sought(SoughtKind.EMAIL, row["Email"]),
        Sought(SoughtKind.PHONE, row["Phone"]),
        Sought(SoughtKind.WORD, "天府三街(5号)"),
    ]
    with opened(account) as store:
        for one in sought:
            assert [each["id"] for each in store.search("Contacts", FIELDS, [one])] == [id_of(100)]
        assert [each["id"] for each in store.search("Contacts", FIELDS, sought)] == [id_of(100)]
        assert list(store.search("Contacts", FIELDS, [Sought(SoughtKind.WORD, " ")])) == []
        assert list(store.search("Contacts", FIELDS, [Sought(SoughtKind.EMAIL, "nobody@example.com")])) == []


def test_search_finds_an_address_that_stands_in_a_text_field() -> None:
    account = seed(30)
    value = "odd(name),\\x@example.com"
    account.modules["Contacts"].rows[id_of(50)]["Mailing_Street"] = value
    account.modules["Contacts"].fields += [made_field(f"Own_{number}") for number in range(25)]
    account.modules["Contacts"].rows[id_of(60)]["Own_24"] = value
    with opened(account) as store:
        found = [each["id"] for each in store.search("Contacts", FIELDS, [Sought(SoughtKind.EMAIL, value)])]
        assert found == [id_of(50), id_of(60)]
    asked = [each.query["criteria"] for each in account.asked if "criteria" in each.query]
    assert max(each.count(":equals:") for each in asked) == 10
    assert not any("Passport" in each for each in asked)


def test_field_that_cannot_be_searched_does_not_hide_what_is_found_elsewhere() -> None:
    account = seed(30)
    email = account.modules["Contacts"].rows[id_of(50)]["Email"]
    refuse = Fault("tell", told=Told(400, {"code": "INVALID_QUERY", "status": "error"}))
    with opened(account, lambda _n, asked: refuse if "criteria" in asked.query else None) as store:
        assert [each["id"] for each in store.search("Contacts", FIELDS, [Sought(SoughtKind.EMAIL, email)])] == [
            id_of(50)
        ]


def test_linked_lists_what_hangs_on_a_record() -> None:
    account = seed(5)
    key = id_of(0)
    account.attachments[key] = [{"id": "31", "File_Name": "合同.pdf", "Created_Time": "2026-01-01T00:00:00+08:00"}]
    account.emails[key] = [{"message_id": "m1", "subject": "hello", "time": "2026-01-02T00:00:00+08:00"}]
    account.timelines[key] = [{"id": "t1", "action": "added", "audited_time": "2026-01-03T00:00:00+08:00"}]
    with opened(account) as store:
        assert list(store.linked("Contacts", key)) == [
            Linked("attachment", "31", "合同.pdf", "2026-01-01T00:00:00+08:00"),
            Linked("email", "m1", "", "2026-01-02T00:00:00+08:00"),
            Linked("timeline", "t1", "", "2026-01-03T00:00:00+08:00"),
            Linked("photo", key),
            Linked("consent", id_of(30_000_000), "", "2026-01-05"),
        ]
        assert list(store.linked("Contacts", id_of(3))) == []
        assert list(store.linked("Contacts", "../org")) == []


def test_token_that_expires_in_the_middle_is_replaced_once() -> None:
    account = _simple(2_000)

    def expire(number: int, _asked: Asked) -> None:
        if number in {6, 9}:
            account.expire_tokens()

    with opened(account, expire) as store:
        assert len(_ids(store, "Deals")) == 2_000
    assert account.given == 3


def test_many_threads_on_one_store_share_tokens_and_lose_nothing() -> None:
    account = _simple(1_000)

    def expire(number: int, _asked: Asked) -> None:
        if number == 20:
            account.expire_tokens()

    with opened(account, expire) as store:
        store.datasets()
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: _ids(store, "Deals"), range(8)))
    assert all(each == found[0] for each in found)
    assert len(found[0]) == 1_000
    assert account.given == 2


def test_busy_vendor_is_waited_for() -> None:
    account = _simple(1_000)
    busy = Fault("tell", told=Told(429, {"code": "TOO_MANY_REQUESTS", "status": "error"}, {"Retry-After": "20"}))
    with opened(account, lambda number, _asked: busy if number in {8, 10} else None) as store:
        assert len(_ids(store, "Deals")) == 1_000


def test_used_up_credits_end_the_read_with_an_error_and_it_goes_on_later() -> None:
    account = _simple(2_000)
    account.credits = 9
    with opened(account) as store:
        pages = []
        with pytest.raises(StoreError, match="3600 seconds of rest"):
            pages.extend(store.pages("Deals", ["id"]))
        account.credits = 10**6
    with opened(account) as store:
        rows = sum(page.rows.num_rows for page in pages)
        assert rows + len(_ids(store, "Deals", pages[-1].last)) == 2_000


def test_own_limit_of_calls_is_kept() -> None:
    from .scripted import Paper

    paper = Paper()
    with opened(_simple(4_000), clock=paper.clock(), calls=5, call_seconds=20) as store:
        assert len(_ids(store, "Deals")) == 4_000
    assert paper.now - 1000 >= 80


@pytest.mark.parametrize("kind", ["before", "after", "half", "page", "500"])
def test_read_survives_faults_at_random_places_without_loss_or_doubling(kind: str) -> None:
    account = _simple(2_000, fields=55)
    page = Told(200, None, {"Content-Type": "text/html"}, b"<html>login</html>")
    tell = {"page": page, "500": Told(500, {"code": "INTERNAL_ERROR", "status": "error"})}
    fault = Fault("tell", told=tell[kind]) if kind in tell else Fault(kind)
    chance = Random(kind)
    for _ in range(max(1, KILLS // 5)):
        cuts = set(chance.sample(range(2, 40), chance.randint(1, 4)))
        with opened(account, lambda number, _asked, cuts=cuts: fault if number in cuts else None) as store:
            rows = [row for each in store.pages("Deals", ["id", "F0", "F54"]) for row in each.rows.to_pylist()]
        assert [row["id"] for row in rows] == [id_of(number * 3) for number in range(2_000)]
        assert all(row["F0"] == row["F54"] for row in rows)


def test_read_that_is_broken_off_goes_on_from_its_last_page() -> None:
    account = _simple(2_000)
    for stop in Random(5).sample(range(1, 10), min(KILLS, 9)):
        with opened(account) as store:
            pages = store.pages("Deals", ["id"])
            first = [next(pages) for _ in range(stop)]
            pages.close()
            keys = [key for each in first for key in each.rows.column(0).to_pylist()]
            assert keys + _ids(store, "Deals", first[-1].last) == [id_of(number * 3) for number in range(2_000)]


def test_slow_answer_is_asked_for_again() -> None:
    account = _simple(600)
    slow = Fault("slow", seconds=0.8)
    with opened(account, lambda number, _asked: slow if number == 7 else None, timeout_seconds=0.3) as store:
        assert len(_ids(store, "Deals")) == 600
