"""Changing and erasing in 纷享销客: to the vendor's end, again after any cut, and nothing twice."""

from __future__ import annotations

import datetime as dt
import logging
import os
from contextlib import suppress
from random import Random

import pytest
import structlog

from connectors.crm.base import Receipt
from connectors.crm.fxiaoke.opening import open_store
from connectors.crm.fxiaoke.store import FxiaokeStore
from policies.errors import StoreError

from .fxiaoke_account import Account, Asked
from .fxiaoke_fake import Fault, Faults, id_of, millis, running, seed, settings
from .scripted import Paper

KILLS = int(os.environ.get("GOVERNANCE_KILLS", "4"))
CUTS = ("before", "after", "half")
PEOPLE = "ContactObj"
VISITS = "object_visit__c"
MARKERS = ("欧阳测桩", "13800138000", "planted.marker@zebra-quagga.example")


def _store(made: Account, address: str, paper: Paper | None = None) -> FxiaokeStore:
    return open_store("crm", settings(made, address, writable=True), (paper or Paper()).clock())


def test_store_is_only_read_unless_the_settings_say_otherwise() -> None:
    made = seed(5)
    with running(made) as address:
        store = open_store("crm", settings(made, address))
        for act in (lambda: store.erase(PEOPLE, [id_of(1)]), lambda: store.update(PEOPLE, {id_of(1): {"name": "x"}})):
            with pytest.raises(StoreError, match="only read"):
                act()
        store.close()
    assert made.calls == []


def test_update_sets_fields_in_the_vendors_forms_and_wakes_nothing() -> None:
    made = seed(5)
    row = made.objects[PEOPLE].rows[id_of(1)]
    change = {
        "name": "新名",
        "date_of_birth": dt.date(1985, 3, 2),
        "newsletter": False,
        "remark": None,
        "score": "12.5",
        "create_time": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    }
    with running(made) as address:
        store = _store(made, address)
        assert store.update(PEOPLE, {id_of(1): change, id_of(77): {"name": "x"}}) == {
            id_of(1): Receipt.DONE,
            id_of(77): Receipt.GONE,
        }
        [read] = store.records(PEOPLE, [id_of(1)], ["name", "date_of_birth", "remark", "newsletter"])
        store.close()
    assert (row["name"], row["date_of_birth"], row["remark"], row["score"]) == (
        "新名",
        millis(dt.date(1985, 3, 2)),
        None,
        "12.5",
    )
    assert row["create_time"] == 1_767_225_600_000
    assert read == {"name": "新名", "date_of_birth": dt.date(1985, 3, 2), "remark": None, "newsletter": False}
    assert made.workflows == made.approvals == []


def test_update_takes_cells_as_a_batch_of_the_store_holds_them() -> None:
    made = seed(5)
    before = dict(made.objects[PEOPLE].rows[id_of(1)])
    fields = ["name", "date_of_birth", "score", "newsletter", "files", "create_time", "mobile1"]
    with running(made) as address:
        store = _store(made, address)
        rows = {id_of(0): next(iter(store.records(PEOPLE, [id_of(0)], fields)))}
        rows[id_of(1)] = next(iter(store.records(PEOPLE, [id_of(1)], fields)))
        assert set(store.update(PEOPLE, rows).values()) == {Receipt.DONE}
        store.close()
    assert made.objects[PEOPLE].rows[id_of(1)] == before


@pytest.mark.parametrize("field", ["owner__r.phone", "source__o", "_id", "no_such"])
def test_field_that_cannot_be_set_is_refused_before_any_change(field: str) -> None:
    made = seed(5)
    with running(made) as address:
        store = _store(made, address)
        with pytest.raises(StoreError, match="1 fields"):
            store.update(PEOPLE, {id_of(1): {field: "x", "name": "y"}})
        store.close()
    assert not made.done


def test_locked_and_refused_records_have_their_receipts() -> None:
    made = seed(6)
    made.objects[PEOPLE].rows[id_of(2)]["lock_status"] = "1"
    with running(made) as address:
        store = _store(made, address)
        keys = [id_of(number) for number in (1, 2, 99)]
        assert store.update(PEOPLE, {keys[0]: {"owner": '["1001"]'}, keys[1]: {"name": "x"}}) == {
            keys[0]: Receipt.REFUSED,
            keys[1]: Receipt.LOCKED,
        }
        assert store.erase(PEOPLE, keys) == dict(zip(keys, (Receipt.DONE, Receipt.LOCKED, Receipt.GONE), strict=True))
        assert store.gone(PEOPLE, keys) == dict(zip(keys, (True, False, True), strict=True))
        store.close()
    assert id_of(2) in made.objects[PEOPLE].rows


def test_erasing_again_and_what_was_invalid_already_is_fine() -> None:
    made = seed(6)
    held = made.objects[PEOPLE]
    held.bin[id_of(3)] = {**held.take(id_of(3)), "life_status": "invalid"}
    with running(made) as address:
        store = _store(made, address)
        assert store.gone(PEOPLE, [id_of(3)]) == {id_of(3): False}
        assert store.update(PEOPLE, {id_of(3): {"name": "x"}}) == {id_of(3): Receipt.REFUSED}
        assert store.erase(PEOPLE, [id_of(3), id_of(4)]) == dict.fromkeys([id_of(3), id_of(4)], Receipt.DONE)
        assert store.erase(PEOPLE, [id_of(3), id_of(4)]) == dict.fromkeys([id_of(3), id_of(4)], Receipt.GONE)
        store.close()
    assert held.bin == {}


def test_custom_objects_become_invalid_in_one_call_unless_one_is_refused() -> None:
    made = seed(60)
    keys = [id_of(number) for number in range(0, 60, 5)]
    made.objects[VISITS].rows[keys[-1]]["lock_status"] = "1"
    with running(made) as address:
        store = _store(made, address)
        receipts = store.erase(VISITS, keys)
        store.close()
    assert receipts == {**dict.fromkeys(keys[:-1], Receipt.DONE), keys[-1]: Receipt.LOCKED}
    assert made.calls.count("/cgi/crm/custom/data/invalid") == 1
    assert made.calls.count("/cgi/crm/custom/v2/data/delete") == 1


def test_record_that_the_employee_may_not_see_is_never_called_gone() -> None:
    made = seed(6)
    made.objects[PEOPLE].hidden = {id_of(2)}
    with running(made) as address:
        store = _store(made, address)
        receipts = {id_of(2): Receipt.REFUSED, id_of(3): Receipt.DONE, id_of(99): Receipt.GONE}
        assert store.erase(PEOPLE, receipts) == receipts
        assert store.gone(PEOPLE, receipts) == {id_of(2): False, id_of(3): True, id_of(99): True}
        assert store.update(PEOPLE, {id_of(2): {"name": "x"}}) == {id_of(2): Receipt.REFUSED}
        store.close()
    assert {key for _, key in made.done} == {id_of(3)}


def test_lock_that_comes_between_look_and_call_is_told() -> None:
    made = seed(6)

    def lock(_number: int, asked: Asked) -> Fault | None:
        if asked.path.endswith("/invalid"):
            made.objects[PEOPLE].rows[asked.body["data"]["object_data_id"]]["lock_status"] = "1"
        return None

    with running(made, lock) as address:
        store = _store(made, address)
        assert store.erase(PEOPLE, [id_of(1)]) == {id_of(1): Receipt.LOCKED}
        store.close()
    assert not made.done


def _cut_at(place: int, kind: str) -> Faults:
    return lambda number, _asked: Fault(kind) if number == place else None


def test_erase_with_one_connection_cut_ends_as_without() -> None:
    chance = Random(11)
    for _ in range(KILLS):
        made = seed(30)
        keys = sorted(made.objects[PEOPLE].rows)
        with running(made, _cut_at(chance.randrange(40), chance.choice(CUTS))) as address:
            store = _store(made, address)
            assert set(store.erase(PEOPLE, keys).values()) == {Receipt.DONE}
            store.close()
        assert made.objects[PEOPLE].rows == made.objects[PEOPLE].bin == {}
        assert set(made.done.values()) == {1}


def test_erase_that_died_at_any_call_is_ended_by_another() -> None:
    chance = Random(12)
    for _ in range(KILLS):
        made = seed(30)
        keys = sorted(made.objects[PEOPLE].rows)[:20]
        dead = chance.randrange(30)
        kind = chance.choice(CUTS)
        with running(made, lambda number, _asked: Fault(kind) if number >= dead else None) as address:  # noqa: B023 used inside the loop
            store = _store(made, address)
            with suppress(StoreError):
                store.erase(PEOPLE, keys)
            store.close()
        with running(made) as address:
            store = _store(made, address)
            assert set(store.erase(PEOPLE, keys).values()) <= {Receipt.DONE, Receipt.GONE}
            assert all(store.gone(PEOPLE, keys).values())
            store.close()
        assert len(made.objects[PEOPLE].rows) == 10
        assert made.objects[PEOPLE].bin == {}
        assert set(made.done.values()) == {1}


def test_full_read_that_died_goes_on_behind_its_last_page() -> None:
    chance = Random(13)
    made = seed(1_000)
    for _ in range(KILLS):
        dead = chance.randrange(2, 16)
        kind = chance.choice(CUTS)
        seen: list[str] = []
        last = None
        with running(made, lambda number, _asked: Fault(kind) if number >= dead else None) as address:  # noqa: B023 used inside the loop
            store = _store(made, address)
            with suppress(StoreError):
                for page in store.pages(PEOPLE, ["_id"]):
                    seen += page.rows.column("_id").to_pylist()
                    last = page.last
            store.close()
        with running(made, _cut_at(chance.randrange(12), chance.choice(CUTS))) as address:
            store = _store(made, address)
            for page in store.pages(PEOPLE, ["_id"], after=last):
                seen += page.rows.column("_id").to_pylist()
            store.close()
        assert seen == [id_of(number) for number in range(1_000)]


def test_planted_values_and_secrets_are_in_no_log_error_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    made = seed(30)
    name, phone, email = MARKERS
    for row in made.objects[PEOPLE].rows.values():
        row |= {"name": name, "mobile1": phone, "email": email, "remark": f"{name} {phone}"}
    said: list[str] = []
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logs:
        for dead in range(0, 12, 2):
            with running(made, lambda number, _asked: Fault("half") if number >= dead else None) as address:  # noqa: B023 used inside the loop
                store = _store(made, address)
                for act in (
                    lambda: list(store.pages(PEOPLE, ["name", "mobile1", "remark"])),  # noqa: B023 as above
                    lambda: store.update(PEOPLE, {id_of(1): {"owner": '["1"]', "name": name}}),  # noqa: B023 as above
                    lambda: store.erase(PEOPLE, [id_of(dead)]),  # noqa: B023 as above
                ):
                    try:
                        said.append(repr(act()))
                    except StoreError as error:
                        said += [str(error), repr(error), repr(error.__cause__), repr(error.__context__)]
                said += [repr(store), repr(store._api), repr(settings(made, address))]
                store.close()
    shown = " ".join([*said, *map(str, logs), caplog.text])
    planted = (*MARKERS, made.app, made.secret, made.code, made.user, *(value for value, _ in made.tokens))
    assert made.tokens
    assert not [each for each in planted if each in shown]
