import datetime as dt

import pyarrow as pa
import pytest

from connectors.memory import MemoryStore
from governance.scan.drift import DriftKind, compare
from governance.scan.engines.local import scan_stores
from governance.scan.options import ScanOptions
from governance.scan.proposals import Proposals, propose
from policies.catalog import parse_catalog
from policies.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy(dt.date.max)
SCAN = scan_stores(
    [
        MemoryStore(
            "crm",
            {
                "customers": pa.table(
                    {"email": [f"a{number}@test.com" for number in range(50)], "qty": list(range(50))}
                ),
                "patients": pa.table({"13812345678": [1]}),
            },
        )
    ],
    ScanOptions(),
)


def catalog(
    email="{id: f1, category: user.contact.email, status: confirmed, type: string}",
    rest="qty: {id: f2, category: none, status: confirmed}",
):
    return parse_catalog(
        "version: 1\nstores:\n  crm:\n    id: s1\n    datasets:\n"
        f"      customers:\n        id: d1\n        fields:\n          email: {email}\n          {rest}\n"
        "      patients: {id: d2}\n"
    )


def proposed(given=None):
    return {str(each.ref): each.category for each in propose(SCAN, given).fields}


def test_everything_undecided_is_proposed_harmless_fields_included():
    assert proposed() == {"crm.customers.email": "user.contact.email", "crm.customers.qty": "none"}


def test_special_dataset_is_proposed():
    (dataset,) = propose(SCAN).datasets
    assert (str(dataset.ref), dataset.special) == ("crm.patients", ("user.health_and_medical",))


def test_decided_field_is_not_proposed_again():
    assert proposed(catalog()) == {}


@pytest.mark.parametrize(("category", "again"), [("user.contact.email", False), ("user.name", True)])
def test_rejected_label_comes_back_only_as_another_one(category, again):
    given = catalog(email=f"{{id: f1, category: {category}, status: rejected}}")
    assert ("crm.customers.email" in proposed(given)) is again


def test_field_whose_name_is_a_value_is_never_proposed():
    assert not any("138" in ref or "999" in ref for ref in proposed())


def test_proposals_survive_the_way_through_the_file():
    made = propose(SCAN)
    assert Proposals.from_document(made.to_document()) == made


def kinds(given):
    return {(each.kind, str(each.ref)) for each in compare(given, SCAN, TAXONOMY) if "9999" not in str(each.ref)}


def test_unchanged_store_has_no_drift():
    assert kinds(catalog()) == set()


def test_new_gone_and_retyped_fields_are_drift():
    given = catalog(
        rest="gone: {id: f2, category: none, status: confirmed}",
        email="{id: f1, category: user.contact.email, status: confirmed, type: integer}",
    )
    assert kinds(given) == {
        (DriftKind.NEW, "crm.customers.qty"),
        (DriftKind.GONE, "crm.customers.gone"),
        (DriftKind.RETYPED, "crm.customers.email"),
    }


def test_harmless_decision_that_evidence_contradicts_is_drift():
    assert (DriftKind.CONTRADICTED, "crm.customers.email") in kinds(
        catalog(email="{id: f1, category: none, status: confirmed}")
    )


@pytest.mark.parametrize("category", ["user", "user.contact", "user.contact.email"])
def test_wider_decision_is_no_contradiction(category):
    assert kinds(catalog(email=f"{{id: f1, category: {category}, status: confirmed}}")) == set()


def test_failed_store_is_not_called_gone():
    from governance.scan.result import ScanResult, StoreScan

    failed = ScanResult((StoreScan("crm", "", failed=True),), "x")
    assert compare(catalog(), failed, TAXONOMY) == ()
