"""Reading an account of 纷享销客: inventory, pages, passes, tokens, pace."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Iterator

import pytest

from connectors.base import FULL, NotSeen, Sample
from connectors.crm.base import CrmStore, Sought, SoughtKind
from connectors.crm.fxiaoke.opening import open_store
from connectors.crm.fxiaoke.store import FxiaokeStore
from connectors.crm.opening import open_crm
from policies.errors import StoreError

from .fxiaoke_account import Account
from .fxiaoke_fake import CLERK, Fault, id_of, running, seed, settings

QUERY = "/cgi/crm/v2/data/query"


@pytest.fixture(scope="module")
def account() -> Account:
    return seed(250)


@pytest.fixture(scope="module")
def store(account: Account) -> Iterator[FxiaokeStore]:
    with running(account) as address:
        made = open_store("crm", settings(account, address))
        yield made
        made.close()


def _fields(store: FxiaokeStore, dataset: str) -> list[str]:
    return next([field.name for field in each.fields] for each in store.datasets() if each.name == dataset)


def test_store_keeps_the_protocol(store: FxiaokeStore, account: Account) -> None:
    assert isinstance(store, CrmStore)
    with running(account) as address:
        assert isinstance(open_crm("crm", settings(account, address)), FxiaokeStore)


def test_objects_have_fields_labels_keys_and_nested_employees(store: FxiaokeStore) -> None:
    found = {each.name: each for each in store.datasets()}
    assert list(found) == ["AccountObj", "ContactObj", "object_visit__c"]
    people = found["ContactObj"]
    fields = {each.name: each for each in people.fields}
    assert (people.primary_key, people.comment) == (("_id",), "联系人")
    assert [(each.fields, each.dataset, each.referred) for each in people.foreign_keys] == [
        (("account_id",), "AccountObj", ("_id",))
    ]
    assert {name: fields[name].type for name in ("date_of_birth", "create_time", "oddity", "owner", "newsletter")} == {
        "date_of_birth": "date",
        "create_time": "datetime",
        "oddity": "string",
        "owner": "json",
        "newsletter": "boolean",
    }
    assert (fields["mobile1"].comment, fields["mobile1"].native_type) == ("手机", "phone_number")
    assert not fields["name"].nullable
    assert (fields["owner__r.phone"].comment, fields["owner__r.phone"].native_type) == (
        "phone number of the employee",
        "employee",
    )
    assert "source__o" in fields
    assert "lock_status__o" not in fields


def test_full_read_gives_every_record_once_in_order(store: FxiaokeStore) -> None:
    fields = ["_id", "name", "date_of_birth", "owner__r.email", "source__o", "owner", "create_time", "score"]
    with store.read("ContactObj", fields, FULL) as reading:
        rows = [row for batch in reading for row in batch.to_pylist()]
    assert [row["_id"] for row in rows] == [id_of(number) for number in range(250)]
    assert (reading.rows_total, reading.method) == (250, "full")
    assert isinstance(rows[0]["date_of_birth"], dt.date)
    assert rows[0]["create_time"] == dt.datetime.fromtimestamp(1_750_000_000, dt.UTC)
    assert (rows[0]["owner__r.email"], rows[0]["source__o"], rows[0]["owner"], rows[0]["score"]) == (
        CLERK["email"],
        "展会",
        '["1000"]',
        "95.5",
    )


def test_pages_go_on_behind_a_key(store: FxiaokeStore) -> None:
    first = next(store.pages("ContactObj", ["name"]))
    assert (first.rows.num_rows, first.last) == (100, id_of(99))
    rest = list(store.pages("ContactObj", ["_id"], after=first.last))
    assert sum(page.rows.num_rows for page in rest) == 150
    assert rest[0].rows.column("_id")[0].as_py() == id_of(100)


def test_custom_objects_are_read_by_their_own_path(store: FxiaokeStore, account: Account) -> None:
    with store.read("object_visit__c", ["note__c"], FULL) as reading:
        assert sum(batch.num_rows for batch in reading) == 50
    assert "/cgi/crm/custom/v2/data/query" in account.calls


def test_records_of_some_keys_leave_out_those_that_are_gone(store: FxiaokeStore) -> None:
    found = list(store.records("ContactObj", [id_of(7), id_of(99_999), id_of(3)], ["_id", "account_id"]))
    assert found == [
        {"_id": id_of(3), "account_id": id_of(0)},
        {"_id": id_of(7), "account_id": id_of(0)},
    ]


@pytest.mark.parametrize("kind", [SoughtKind.EMAIL, SoughtKind.PHONE, SoughtKind.WORD])
def test_search_finds_a_person_by_indexed_fields(store: FxiaokeStore, account: Account, kind: SoughtKind) -> None:
    row = account.objects["ContactObj"].rows[id_of(42)]
    value = {SoughtKind.EMAIL: row["email"], SoughtKind.PHONE: row["mobile1"], SoughtKind.WORD: row["name"]}[kind]
    found = list(store.search("ContactObj", ["_id"], [Sought(kind, value), Sought(kind, value)]))
    assert {"_id": id_of(42)} in found
    assert len({each["_id"] for each in found}) == len(found)


def test_search_of_a_chinese_number_with_its_country(store: FxiaokeStore, account: Account) -> None:
    account.objects["ContactObj"].rows[id_of(11)]["mobile1"] = "13900001111"
    found = list(store.search("ContactObj", ["_id"], [Sought(SoughtKind.PHONE, "+86 139 0000 1111")]))
    assert found == [{"_id": id_of(11)}]


def test_linked_names_files_of_a_record(store: FxiaokeStore) -> None:
    [file] = store.linked("ContactObj", id_of(7))
    assert (file.kind, file.id, file.name) == ("attachment", "N_7", "合同7.pdf")
    assert list(store.linked("ContactObj", id_of(8))) == []
    assert list(store.linked("AccountObj", id_of(0))) == []


def test_masked_values_are_told(account: Account) -> None:
    made = seed(20)
    made.objects["ContactObj"].masked = {"mobile1"}
    with running(made) as address:
        store = open_store("crm", settings(made, address))
        with store.read("ContactObj", ["mobile1", "name"], FULL) as reading:
            list(reading)
        assert list(reading.not_seen) == [NotSeen("crm.ContactObj.mobile1", "not_seen.masked_by_vendor", "20")]
        store.close()


def test_object_that_cannot_be_described_or_does_not_exist_is_listed() -> None:
    made = seed(5)
    made.hidden_objects = {"AccountObj"}
    with running(made) as address:
        store = open_store("crm", settings(made, address, datasets=("AccountObj", "ContactObj", "NoneObj")))
        assert [each.name for each in store.datasets()] == ["ContactObj"]
        assert store.not_seen() == [
            NotSeen("crm.AccountObj", "not_seen.not_described", "32000"),
            NotSeen("crm", "not_seen.no_such_object", "NoneObj"),
        ]
        store.close()


def test_records_out_of_order_are_an_error_and_no_endless_loop() -> None:
    made = seed(3)
    page = b'{"errorCode": 0, "data": {"dataList": [{"_id": "b"}, {"_id": "a"}]}}'
    with running(made, lambda _number, asked: Fault("tell", body=page) if asked.path == QUERY else None) as address:
        store = open_store("crm", settings(made, address))
        with pytest.raises(StoreError, match="order of their ids"):
            list(store.pages("ContactObj", ["_id"]))
        store.close()


def test_short_page_in_the_middle_loses_nothing() -> None:
    made = seed(250)
    held = made.objects["ContactObj"]
    with running(made) as address:
        store = open_store("crm", settings(made, address))
        pages = store.pages("ContactObj", ["_id"])
        seen = [next(pages).rows.num_rows]
        for number in range(100, 150):
            held.take(id_of(number))
        seen += [page.rows.num_rows for page in pages]
        store.close()
    assert sum(seen) == 200


def test_twenty_thousand_records_in_flat_memory_and_within_the_limits() -> None:
    def peak(count: int) -> int:
        made = seed(count)
        with running(made) as address:
            store = open_store("crm", settings(made, address))
            store.datasets()
            tracemalloc.start()
            seen, last = 0, ""
            for page in store.pages("ContactObj", ["_id", "name", "mobile1"]):
                seen += page.rows.num_rows
                assert last < page.last
                last = page.last
                made.asked.clear()
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            store.close()
        assert seen == count
        assert made.calls.count(QUERY) == count // 100 + 1
        return most

    small, large = peak(2_000), peak(20_000)
    assert large < 1.2 * small + 2_500_000


def test_what_the_vendor_does_not_have_is_said(store: FxiaokeStore) -> None:
    assert store.flags() == {}
    with pytest.raises(StoreError, match="roles"):
        store.grants()
    with pytest.raises(StoreError, match="audit trail"):
        store.trail(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 2, 1, tzinfo=dt.UTC))
    assert {each.grade for each in store.cannot()} <= {"vendor", "package", "guess"}


def test_self_check_only_reads_and_tells_what_differs(store: FxiaokeStore, account: Account) -> None:
    before = len(account.calls)
    lines = {each.code.rpartition(".")[2]: each for each in store.check()}
    assert all(each.fine for each in lines.values())
    assert list(lines) == ["token", "modules", "described", "page", "projection", "limit"]
    assert not {path for path in account.calls[before:] if path.endswith(("update", "invalid", "delete"))}


def test_sample_is_spread(store: FxiaokeStore) -> None:
    with store.read("ContactObj", ["_id"], Sample(50, seed=1)) as reading:
        keys = [row["_id"] for batch in reading for row in batch.to_pylist()]
    assert (len(set(keys)), reading.rows_total, reading.method) == (50, 250, "reservoir")


def test_field_that_only_one_object_has_is_unknown_in_another(store: FxiaokeStore) -> None:
    with pytest.raises(StoreError, match="fields asked for"):
        store.pages("AccountObj", ["mobile1"])
