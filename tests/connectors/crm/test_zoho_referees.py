"""Whether fake and connector are wishful: the vendor's description judges requests, the vendor's SDK uses the fake."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from connectors.base import FULL, Sample
from connectors.crm.base import Receipt, Sought, SoughtKind

from . import referee
from .zoho_account import CLIENT, Account, Asked
from .zoho_fake import id_of, opened, running, seed

described = pytest.mark.skipif(not referee.DESCRIPTION.is_dir(), reason=referee.ABSENT)


def _use_everything(account: Account) -> None:
    with opened(account, writable=True) as store:
        for each in store.datasets():
            with store.read(each.name, [field.name for field in each.fields], FULL) as reading:
                list(reading)
        with store.read("Contacts", ["id"], Sample(3)) as reading:
            list(reading)
        list(store.pages("Notes", ["id"], id_of(5)))
        list(store.search("Contacts", ["id", "Email"], [Sought(kind, "someone") for kind in SoughtKind]))
        store.linked("Contacts", id_of(0))
        store.update("Contacts", {id_of(0): {"Phone": None, "Account_Name.id": id_of(10_000_000)}})
        store.update("Notes", {id_of(20_000_000): {"Note_Content": "空"}})
        store.erase("Contacts", [id_of(0), id_of(10)])
        store.erase("Notes", [id_of(20_000_005)])
        list(store.grants())
        list(store.trail(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 2, 1, tzinfo=dt.UTC)))
        list(store.check())


@described
def test_every_kind_of_request_is_judged_by_the_vendors_description(refereed: list[Asked]) -> None:
    _use_everything(seed(210))
    judged = {referee.operation(asked) for asked in refereed}
    assert judged == {
        ("get", "modules"),
        ("get", "fields"),
        ("get", "record"),
        ("put", "record"),
        ("delete", "record"),
        ("post", "coql"),
        ("get", "record_count"),
        ("get", "attachments"),
        ("get", "related_records"),
        ("get", "timelines"),
        ("get", "recycle_bin"),
        ("delete", "recycle_bin"),
        ("get", "users"),
        ("get", "profiles"),
        ("get", "sharing_rules"),
        ("get", "org"),
        ("post", "audit_log_export"),
        ("get", "audit_log_export"),
    }
    assert [fault for fault in map(referee.fault_of, refereed) if fault] == []
    assert [asked.url for asked in refereed if referee.strangers(asked)] == []


def _asked(method: str, url: str, body: bytes = b"") -> Asked:
    return Asked(method, f"/crm/v8/{url}", {"content-type": "application/json"} if body else {}, body)


@described
@pytest.mark.parametrize(
    "wrong",
    [
        _asked("GET", "settings/fields"),
        _asked("GET", "Contacts?page=one"),
        _asked("PUT", "Contacts", b'{"data": [], "trigger": "none"}'),
        _asked("POST", "coql", b"{}"),
        _asked("DELETE", "coql"),
        _asked("GET", "settings/nothing"),
        _asked("GET", "settings/recycle_bin?page=one"),
    ],
    ids=lambda each: f"{each.method} {each.url}",
)
def test_referee_finds_a_wrong_request(wrong: Asked) -> None:
    assert referee.fault_of(wrong) != ""


@described
def test_referee_finds_a_name_that_the_operation_does_not_have() -> None:
    assert referee.strangers(_asked("DELETE", "Contacts?ids=1&workflow=false")) == {"workflow"}
    assert referee.strangers(_asked("DELETE", "Contacts?ids=1&wf_trigger=false")) == set()


@described
def test_every_known_difference_is_still_one(refereed: list[Asked], monkeypatch: pytest.MonkeyPatch) -> None:
    _use_everything(seed(210))
    with monkeypatch.context() as patch:
        patch.setattr(referee, "DIFFERENCES", ())
        strict = [asked for asked in refereed if referee.fault_of(asked)]
    for each in referee.DIFFERENCES:
        assert any(asked.method.lower() == each.method and asked.path.endswith(each.path) for asked in strict), each


@pytest.mark.filterwarnings("ignore")
def test_vendors_sdk_and_the_connector_get_the_same_from_the_fake(tmp_path: Path) -> None:
    from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
    from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
    from zohocrmsdk.src.com.zoho.api.logger import Logger
    from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
    from zohocrmsdk.src.com.zoho.crm.api.fields import FieldsOperations, GetFieldsParam
    from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
    from zohocrmsdk.src.com.zoho.crm.api.parameter_map import ParameterMap
    from zohocrmsdk.src.com.zoho.crm.api.record import DeleteRecordsParam, GetRecordsParam, RecordOperations
    from zohocrmsdk.src.com.zoho.crm.api.recycle_bin import DeleteRecycleBinRecordsParam, RecycleBinOperations
    from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig
    from zohocrmsdk.src.com.zoho.crm.api.users import UsersOperations

    def params(**given: object) -> ParameterMap:
        owners = {
            "module": GetFieldsParam.module,
            "fields": GetRecordsParam.fields,
            "ids": DeleteRecordsParam.ids,
            "wf_trigger": DeleteRecordsParam.wf_trigger,
            "bin": DeleteRecycleBinRecordsParam.ids,
        }
        made = ParameterMap()
        for name, value in given.items():
            made.add(owners[name], value)
        return made

    account = seed(12)
    account.locked.add(id_of(30))
    with running(account) as address:
        Initializer.initialize(
            DataCenter.Environment(address, f"{address}/oauth/v2/token", address),
            OAuthToken(
                client_id=CLIENT["client"],
                client_secret=CLIENT["secret"],
                refresh_token=CLIENT["token"],
                find_user=False,
            ),
            store=FileStore(str(tmp_path / "tokens.csv")),
            sdk_config=SDKConfig(read_timeout=20, connect_timeout=5, update_api_domain=False),
            resource_path=str(tmp_path),
            logger=Logger.get_instance(Logger.Levels.ERROR, str(tmp_path / "sdk.log")),
        )
        users = UsersOperations().get_users().get_object().get_users()
        fields = FieldsOperations().get_fields(params(module="Contacts")).get_object().get_fields()
        records = RecordOperations("Contacts")
        read = records.get_records(params(fields="Last_Name,Email,Owner,Account_Name")).get_object().get_data()
        theirs = {
            str(each.get_id()): (each.get_key_value("Email"), each.get_key_value("Owner").get_email()) for each in read
        }
        keys = [id_of(0), id_of(30), id_of(7)]
        gone = records.delete_records(params(ids=",".join(keys), wf_trigger=False))
        codes = [each.get_code().get_value() for each in gone.get_object().get_data()]
        emptied = RecycleBinOperations().delete_recyclebin_records(params(bin=f"{id_of(0)},{id_of(7)}"))
        purged = [each.get_code().get_value() for each in emptied.get_object().get_recycle_bin()]

    assert [str(each.get_id()) for each in users] == [each["id"] for each in account.users]
    assert (gone.get_status_code(), codes) == (207, ["SUCCESS", "RECORD_LOCKED", "INVALID_DATA"])
    assert (emptied.get_status_code(), purged) == (207, ["SUCCESS", "INVALID_DATA"])
    assert account.woken == []

    again = seed(12)
    again.locked.add(id_of(30))
    with opened(again, writable=True) as store:
        described_fields = {each.name.split(".")[0] for each in store.datasets()[1].fields} - {"id"}
        rows = [
            row for page in store.pages("Contacts", ["id", "Email", "Owner.email"]) for row in page.rows.to_pylist()
        ]
        ours = {row["id"]: (row["Email"], row["Owner.email"]) for row in rows}
        flags = {name: flag.sensitivity for (dataset, name), flag in store.flags().items() if dataset == "Contacts"}
        receipts = store.erase("Contacts", keys)
    assert described_fields == {each.get_api_name() for each in fields}
    assert ours == theirs
    private = {each.get_api_name(): each.get_private().get_type().lower() for each in fields if each.get_private()}
    assert private == {name: word for name, word in flags.items() if word}
    assert receipts == {id_of(0): Receipt.DONE, id_of(30): Receipt.LOCKED, id_of(7): Receipt.GONE}
    assert sorted(again.modules["Contacts"].rows) == sorted(account.modules["Contacts"].rows)
