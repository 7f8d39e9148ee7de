"""Changing and erasing: receipts, no workflow woken, the recycle bin, locks, safe to repeat, cuts at random places."""

from __future__ import annotations

import datetime as dt
import os
from random import Random

import pytest

from connectors.crm.base import Receipt
from policies.errors import StoreError

from .zoho_account import Account, Asked, Told, error
from .zoho_fake import Fault, id_of, opened, running, seed

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "10"))


def _key(place: int) -> str:
    return id_of(place * 10)


@pytest.mark.parametrize("change", ["update", "erase"])
def test_read_only_store_refuses_before_any_call(change: str) -> None:
    account = seed(3)
    with opened(account) as store, pytest.raises(StoreError, match="only read"):
        getattr(store, change)("Contacts", {_key(0): {"Phone": None}})
    assert account.asked == []
    assert account.given == 0


def test_update_sets_fields_in_batches_and_wakes_no_workflow() -> None:
    account = seed(250)
    changes = {_key(place): {"Phone": None, "Last_Name": "匿名"} for place in range(250)}
    with opened(account, writable=True) as store:
        receipts = store.update("Contacts", changes)
    assert set(receipts.values()) == {Receipt.DONE}
    assert receipts.keys() == changes.keys()
    rows = account.modules["Contacts"].rows
    assert {(row["Phone"], row["Last_Name"]) for row in rows.values()} == {(None, "匿名")}
    assert account.woken == []
    puts = [each.json for each in account.asked if each.method == "PUT"]
    assert [len(each["data"]) for each in puts] == [100, 100, 50]
    assert all(each["trigger"] == [] for each in puts)


def test_update_gives_one_receipt_for_each_record() -> None:
    account = seed(4)
    account.locked.add(_key(1))
    account.forbidden.add(_key(2))
    with opened(account, writable=True) as store:
        receipts = store.update(
            "Contacts", {key: {"Phone": "1"} for key in (_key(0), _key(1), _key(2), id_of(7), "x,y")}
        )
    assert receipts == {
        _key(0): Receipt.DONE,
        _key(1): Receipt.LOCKED,
        _key(2): Receipt.REFUSED,
        id_of(7): Receipt.GONE,
        "x,y": Receipt.GONE,
    }


def test_fault_of_one_field_is_a_refusal_and_not_a_record_that_is_gone() -> None:
    wrong = {"code": "INVALID_DATA", "details": {"api_name": "Phone"}, "message": "13800138000", "status": "error"}
    fault = Fault("tell", told=Told(400, {"data": [wrong]}))
    with opened(seed(1), lambda _n, asked: fault if asked.method == "PUT" else None, writable=True) as store:
        assert store.update("Contacts", {_key(0): {"Phone": "x"}}) == {_key(0): Receipt.REFUSED}


def test_values_are_written_as_the_vendor_takes_them() -> None:
    account = seed(1)
    change = {
        "Date_of_Birth": dt.date(2000, 1, 1),
        "Created_Time": dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC),
        "Tags_Chosen": '["a"]',
        "Account_Name.id": id_of(10_000_000),
        "Data_Processing_Basis_Details.id": None,
    }
    with opened(account, writable=True) as store:
        store.update("Contacts", {_key(0): change})
    row = account.modules["Contacts"].rows[_key(0)]
    assert row["Date_of_Birth"] == "2000-01-01"
    assert row["Created_Time"] == "2026-01-01T08:00:00+00:00"
    assert row["Tags_Chosen"] == ["a"]
    assert row["Account_Name"] == {"id": id_of(10_000_000)}
    assert row["Data_Processing_Basis_Details"] is None


@pytest.mark.parametrize("name", ["Owner.email", "id", "Nothing 13800138000"])
def test_field_that_the_vendor_fills_is_refused_before_any_change(name: str) -> None:
    account = seed(2)
    with opened(account, writable=True) as store, pytest.raises(StoreError, match="fills itself") as caught:
        store.update("Contacts", {_key(0): {"Phone": "1"}, _key(1): {name: "x"}})
    assert "13800138000" not in str(caught.value)
    assert [each for each in account.asked if each.method == "PUT"] == []


def test_erase_goes_to_the_end_with_notes_and_the_bin_and_wakes_no_workflow() -> None:
    account = seed(250)
    account.attachments[_key(0)] = [{"id": "31", "File_Name": "x.pdf"}]
    keys = [_key(place) for place in range(240)]
    with opened(account, writable=True) as store:
        assert set(store.gone("Contacts", keys).values()) == {False}
        receipts = store.erase("Contacts", keys)
        assert set(receipts.values()) == {Receipt.DONE}
        assert set(store.gone("Contacts", keys).values()) == {True}
    assert len(account.modules["Contacts"].rows) == 10
    assert account.bin == {}
    assert account.attachments == {}
    assert len(account.modules["Notes"].rows) == 2
    assert account.woken == []
    deletes = [each for each in account.asked if each.method == "DELETE" and each.path.endswith("Contacts")]
    assert [each.query["wf_trigger"] for each in deletes] == ["false"] * 3


def test_erase_gives_one_receipt_for_each_record_and_may_be_repeated() -> None:
    account = seed(6)
    account.locked.add(_key(1))
    account.forbidden.add(_key(2))
    account.bin[_key(3)] = ("Contacts", account.modules["Contacts"].rows.pop(_key(3)))
    keys = [_key(place) for place in range(4)] + [id_of(7), "x,y"]
    with opened(account, writable=True) as store:
        assert store.erase("Contacts", keys) == {
            _key(0): Receipt.DONE,
            _key(1): Receipt.LOCKED,
            _key(2): Receipt.REFUSED,
            _key(3): Receipt.DONE,
            id_of(7): Receipt.GONE,
            "x,y": Receipt.GONE,
        }
        again = store.erase("Contacts", keys)
        assert again == {**dict.fromkeys(keys, Receipt.GONE), _key(1): Receipt.LOCKED, _key(2): Receipt.REFUSED}
        account.locked.clear()
        assert store.erase("Contacts", [_key(1)]) == {_key(1): Receipt.DONE}
    assert sorted(account.erased) == sorted(set(account.erased))


def test_record_in_the_bin_is_not_gone() -> None:
    account = seed(2)
    account.bin[_key(0)] = ("Contacts", account.modules["Contacts"].rows.pop(_key(0)))
    with opened(account) as store:
        assert store.gone("Contacts", [_key(0), _key(1), id_of(3)]) == {
            _key(0): False,
            _key(1): False,
            id_of(3): True,
        }


def test_bin_that_cannot_be_emptied_is_an_error_and_a_later_run_finishes() -> None:
    account = seed(2)
    account.denied.add("settings/recycle_bin")
    with opened(account, writable=True) as store:
        with pytest.raises(StoreError, match="OAUTH_SCOPE_MISMATCH"):
            store.erase("Contacts", [_key(0)])
        account.denied.clear()
        assert store.erase("Contacts", [_key(0)]) == {_key(0): Receipt.DONE}


def test_purge_that_the_vendor_does_later_is_waited_for() -> None:
    account = seed(2)
    scheduled = {"code": "SCHEDULED", "details": {}, "message": "later", "status": "success"}
    looks = []

    def later(_number: int, asked: Asked) -> Fault | None:
        if asked.path.endswith("recycle_bin"):
            if asked.method == "DELETE":
                return Fault("tell", told=Told(202, {"recycle_bin": [scheduled]}))
            looks.append(1)
            if len(looks) == 3:
                account.bin.clear()
        return None

    with opened(account, later, writable=True) as store:
        assert store.erase("Contacts", [_key(0)]) == {_key(0): Receipt.DONE}
    assert len(looks) >= 3


def test_purge_that_never_comes_is_a_refusal_and_never_called_done() -> None:
    scheduled = {"code": "SCHEDULED", "details": {}, "message": "later", "status": "success"}
    fault = Fault("tell", told=Told(202, {"recycle_bin": [scheduled]}))

    def never(_number: int, asked: Asked) -> Fault | None:
        return fault if asked.path.endswith("recycle_bin") and asked.method == "DELETE" else None

    with opened(seed(2), never, writable=True) as store:
        assert store.erase("Contacts", [_key(0)]) == {_key(0): Receipt.REFUSED}


def test_results_that_do_not_match_the_records_are_refused() -> None:
    one = {"code": "SUCCESS", "details": {"id": id_of(999)}, "status": "success"}
    fault = Fault("tell", told=Told(200, {"data": [one]}))
    with opened(seed(3), lambda _n, asked: fault if asked.method == "DELETE" else None, writable=True) as store:
        for keys in ([_key(0)], [_key(0), _key(1)]):
            with pytest.raises(StoreError, match="do not match"):
                store.erase("Contacts", keys)


def _erase_with_cuts(account: Account, kind: str, cuts: set[int], keys: list[str]) -> int:
    """Erase until it ends without an error; gives the runs that were needed."""
    seen = iter(range(10**6))

    def fault(_number: int, asked: Asked) -> Fault | None:
        return Fault(kind) if next(seen) in cuts else None

    for run in range(1, 50):
        with opened(account, fault, writable=True) as store:
            try:
                receipts = store.erase("Contacts", keys)
            except StoreError:
                continue
        assert set(receipts.values()) <= {Receipt.DONE, Receipt.GONE}
        with opened(account) as store:
            assert set(store.gone("Contacts", keys).values()) == {True}
        return run
    raise AssertionError("never done")


@pytest.mark.parametrize("kind", ["before", "after", "half"])
@pytest.mark.parametrize("tries", ["one cut", "until it fails"])
def test_erase_cut_at_random_places_loses_nothing_and_does_nothing_twice(kind: str, tries: str) -> None:
    chance = Random(f"{kind} {tries}")
    for _ in range(max(1, KILLS // 6)):
        account = seed(130)
        keys = [_key(place) for place in range(120)]
        start = chance.randrange(0, 22)
        cuts = {start} if tries == "one cut" else set(range(start, start + 5))
        _erase_with_cuts(account, kind, cuts, keys)
        assert sorted(account.modules["Contacts"].rows) == sorted(_key(place) for place in range(120, 130))
        assert account.bin == {}
        assert len(account.erased) == len(set(account.erased))
        assert set(keys) <= set(account.erased)
        assert account.woken == []


def test_update_is_repeated_after_a_cut_with_the_effect_of_once() -> None:
    account = seed(3)
    cut = [Fault("after")]

    def fault(_number: int, asked: Asked) -> Fault | None:
        return cut.pop() if asked.method == "PUT" and cut else None

    with opened(account, fault, writable=True) as store:
        assert store.update("Contacts", {_key(0): {"Phone": "1"}}) == {_key(0): Receipt.DONE}
    assert account.modules["Contacts"].rows[_key(0)]["Phone"] == "1"


def test_refusal_of_the_whole_call_is_an_error_without_the_vendors_words() -> None:
    fault = Fault("tell", told=error(403, "NO_PERMISSION", name="13800138000"))
    with opened(seed(1), lambda _n, asked: fault if asked.method == "PUT" else None, writable=True) as store:
        refused = pytest.raises(StoreError, match="NO_PERMISSION")
        with refused as caught:
            store.update("Contacts", {_key(0): {"Phone": "1"}})
        assert "13800138000" not in repr(caught.value) + str(caught.value)


def test_fake_itself_wakes_workflows_when_it_is_not_told_otherwise() -> None:
    import httpx

    account = seed(2)
    with running(account) as address:
        account.tokens.add("t")
        headers = {"Authorization": "Zoho-oauthtoken t"}
        with httpx.Client(base_url=address, headers=headers, trust_env=False) as plain:
            plain.put("/crm/v8/Contacts", json={"data": [{"id": _key(0), "Phone": "2"}]})
            plain.delete("/crm/v8/Contacts", params={"ids": _key(1)})
    assert account.woken == [("update", _key(0)), ("cadence", _key(0)), ("delete", _key(1))]
