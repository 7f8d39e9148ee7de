"""The CRM in memory that the tests of this folder stand on keeps the protocol."""

from __future__ import annotations

from connectors.base import Dataset, DatasetKind, Field
from connectors.crm.base import CrmStore, Receipt, Sought, SoughtKind

from .memory_crm import MemoryCrm


def crm() -> MemoryCrm:
    fields = (Field("id", "string"), Field("Email", "string"), Field("Opt_Out", "boolean"))
    rows = {str(each): {"id": str(each), "Email": f"p{each}@example.com", "Opt_Out": False} for each in range(250)}
    return MemoryCrm("crm", {"Contacts": Dataset("Contacts", DatasetKind.MODULE, fields, ("id",))}, {"Contacts": rows})


def test_it_keeps_the_protocol() -> None:
    assert isinstance(crm(), CrmStore)


def test_pages_go_on_behind_a_key_and_miss_nothing() -> None:
    store = crm()
    first = next(store.pages("Contacts", ["id", "Email"]))
    rest = [key for page in store.pages("Contacts", ["id"], first.last) for key in page.rows["id"].to_pylist()]
    assert sorted(first.rows["id"].to_pylist() + rest) == sorted(store.rows["Contacts"])


def test_what_is_erased_is_gone_and_what_is_locked_stays() -> None:
    store = crm()
    store.locked = {("Contacts", "8")}
    assert store.erase("Contacts", ["7", "8", "x"]) == {"7": Receipt.DONE, "8": Receipt.LOCKED, "x": Receipt.GONE}
    assert store.gone("Contacts", ["7", "8"]) == {"7": True, "8": False}
    sought = [Sought(SoughtKind.EMAIL, "p7@example.com"), Sought(SoughtKind.EMAIL, "p8@example.com")]
    assert [each["id"] for each in store.search("Contacts", ["id"], sought)] == ["8"]
