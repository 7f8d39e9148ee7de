"""Modules and fields as datasets: types, labels, lookups, what is nested, the vendor's flags, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import DatasetKind, ForeignKey
from connectors.crm.base import CrmStore, VendorFlags
from connectors.crm.opening import open_crm
from connectors.crm.settings import CrmSettings
from connectors.crm.zoho.centers import CENTERS
from connectors.crm.zoho.modules import KEY
from policies.errors import ConfigError, StoreError

from .zoho_account import CLIENT, Module, made_field
from .zoho_fake import opened, running, seed, settings


def test_modules_with_records_are_datasets_and_others_are_not() -> None:
    with opened(seed(5)) as store:
        assert isinstance(store, CrmStore)
        assert [each.name for each in store.datasets()] == ["Accounts", "Contacts", "Deals", "Notes"]
        assert {each.kind for each in store.datasets()} == {DatasetKind.MODULE}
        assert store.not_seen() == []


def test_fields_have_types_labels_and_the_vendors_word() -> None:
    with opened(seed(5)) as store:
        contacts = next(each for each in store.datasets() if each.name == "Contacts")
    fields = {each.name: each for each in contacts.fields}
    assert contacts.primary_key == ("id",)
    assert contacts.comment == "Contacts 联系人"
    assert (fields["Last_Name"].comment, fields["Last_Name"].native_type) == ("Last Name 姓", "text(120)")
    assert not fields["Last_Name"].nullable
    assert {name: fields[name].type for name in ("Date_of_Birth", "Created_Time", "Email_Opt_Out", "Tags_Chosen")} == {
        "Date_of_Birth": "date",
        "Created_Time": "datetime",
        "Email_Opt_Out": "boolean",
        "Tags_Chosen": "json",
    }


def test_nested_owner_is_fields_of_an_employee_and_a_lookup_a_foreign_key() -> None:
    with opened(seed(5)) as store:
        found = {each.name: each for each in store.datasets()}
    names = [each.name for each in found["Contacts"].fields]
    assert {"Owner.id", "Owner.name", "Owner.email", "Modified_By.email"} <= set(names)
    assert "Owner" not in names
    assert found["Contacts"].foreign_keys == (ForeignKey(("Account_Name.id",), "Accounts", ("id",)),)
    assert found["Notes"].foreign_keys == (
        ForeignKey(("Parent_Id.id",), "Contacts", ("id",)),
        ForeignKey(("Parent_Id.id",), "Accounts", ("id",)),
    )
    assert "Data_Processing_Basis_Details.Data_Processing_Basis" in names


def test_unknown_type_is_read_as_text() -> None:
    account = seed(0)
    account.modules["Deals"].fields.append(made_field("New", "quantum_state"))
    with opened(account) as store:
        deals = next(each for each in store.datasets() if each.name == "Deals")
    assert next(each for each in deals.fields if each.name == "New").type == "string"


def test_flags_are_the_vendors_own() -> None:
    with opened(seed(5)) as store:
        flags = store.flags()
    assert flags == {
        ("Contacts", "Email"): VendorFlags(True, "low"),
        ("Contacts", "Date_of_Birth"): VendorFlags(True, "high"),
        ("Contacts", "Passport"): VendorFlags(True, "high", left_out=True),
        ("Contacts", "Card"): VendorFlags(encrypted=True),
    }


def test_only_configured_modules_are_seen() -> None:
    with opened(seed(5), datasets=("Notes",)) as store:
        assert [each.name for each in store.datasets()] == ["Notes"]
        assert next(iter(store.datasets())).foreign_keys == ()
    with opened(seed(5), datasets=("Notes", "Nothing")) as store, pytest.raises(StoreError, match="1 of 2 modules"):
        store.datasets()


def test_module_without_the_right_to_it_is_not_seen_and_the_others_are() -> None:
    account = seed(5)
    account.modules["Secret"] = Module("Secret", [])
    account.denied.add("settings/fields?")
    with opened(account) as store:
        assert {(each.place, each.reason) for each in store.not_seen()} == {("crm.Secret", "not_seen.not_described")}
    with opened(account, lambda _n, asked: _deny(asked.url)) as store:
        assert [(each.place, each.reason, each.detail) for each in store.not_seen()] == [
            ("crm.Contacts", "not_seen.denied", "NO_PERMISSION"),
            ("crm.Secret", "not_seen.not_described", ""),
        ]
        assert [each.name for each in store.datasets()] == ["Accounts", "Deals", "Notes"]


def _deny(url: str):
    from .zoho_account import error
    from .zoho_fake import Fault

    return Fault("tell", told=error(403, "NO_PERMISSION")) if url.endswith("fields?module=Contacts") else None


def test_missing_scope_is_an_error_and_no_new_token_is_asked_for() -> None:
    account = seed(5)
    account.denied.add("settings/modules")
    with opened(account) as store, pytest.raises(StoreError, match="OAUTH_SCOPE_MISMATCH"):
        store.datasets()
    assert account.given == 1


@pytest.mark.parametrize(("word", "code"), [("secret", "INVALID_CLIENT"), ("token", "INVALID_REFRESH_TOKEN")])
def test_refused_grant_has_its_code_and_shows_no_secret(word: str, code: str) -> None:
    with opened(seed(5), credentials={**CLIENT, word: "wrong-secret-value"}) as store:
        with pytest.raises(StoreError, match=code) as caught:
            store.datasets()
        assert "wrong-secret-value" not in str(caught.value) + repr(caught.value) + repr(store)


def test_vendor_that_gives_no_more_tokens_is_told_apart_from_a_wrong_secret() -> None:
    account = seed(1)
    account.grants = 0
    with opened(account) as store, pytest.raises(StoreError, match=r"10 in 10 minutes .*ACCESS_DENIED") as caught:
        store.datasets()
    assert "wait ten minutes" in caught.value.next_step
    assert caught.value.__context__ is None


def test_inventory_is_held_for_a_while() -> None:
    account = seed(5)
    with opened(account) as store:
        store.datasets()
        calls = len(account.asked)
        store.flags()
        store.datasets()
    assert len(account.asked) == calls == 5


def test_every_data_center_has_addresses_of_its_own() -> None:
    addresses = [each for center in CENTERS.values() for each in (center.api, center.accounts, center.files)]
    assert len(set(addresses)) == len(addresses)
    assert all(each.startswith("https://") for each in addresses)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"data_center": "mars"}, "data_center"),
        ({"credentials": {**CLIENT, "secret": ""}}, "secret"),
        ({"address": "http://h.example"}, "address"),
        ({"proxy": "nonsense"}, "proxy"),
    ],
)
def test_wrong_settings_are_refused_before_any_call(changed: dict[str, object], place: str) -> None:
    given = replace(settings(""), **changed)
    with pytest.raises(ConfigError, match=place):
        open_crm("crm", given)


def test_opening_calls_nobody_and_shows_nothing_secret() -> None:
    account = seed(0)
    with running(account) as address:
        given = settings(address)
        store = open_crm("crm", given)
        store.close()
        store.close()
    assert account.asked == []
    assert account.given == 0
    for secret in CLIENT.values():
        assert secret not in repr(store) + repr(given) + repr(vars(store))


def test_default_data_center_is_the_first() -> None:
    store = open_crm("crm", CrmSettings("zoho", CLIENT))
    assert store.kind == "zoho"
    assert store._api.address == "https://www.zohoapis.com"
    store.close()
    assert KEY == "id"
