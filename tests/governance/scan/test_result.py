import pyarrow as pa

from connectors.memory import MemoryStore
from governance.scan.engines.local import scan_stores
from governance.scan.options import ScanOptions
from policies.nouns import Sensitivity

RESULT = scan_stores(
    [MemoryStore("m", {"customers": pa.table({"email": ["a@test.com", "b@test.com"], "qty": [1, 2]})})], ScanOptions()
)
DOCUMENT = RESULT.to_json()


def test_form_is_the_documented_one():
    assert list(DOCUMENT) == ["schema", "stores", "summary"]
    assert DOCUMENT["schema"] == "governance.scan/1"
    (store,) = DOCUMENT["stores"]
    assert list(store) == ["store", "kind", "datasets"]
    (dataset,) = store["datasets"]
    assert list(dataset) == ["dataset", "rows", "rows_read", "fields", "not_seen", "quasi"]
    email, quantity = dataset["fields"]
    assert list(email) == ["field", "type", "rows_read", "null_share", "distinct", "label", "findings"]
    assert list(email["label"]) == ["entity", "category", "sensitivity", "special", "confidence", "status"]
    (finding,) = email["findings"]
    assert list(finding) == [
        "entity",
        "category",
        "confidence",
        "prevalence",
        "prevalence_low",
        "prevalence_high",
        "signals",
        "examples",
    ]
    assert list(finding["signals"][0]) == ["signal", "for", "weight", "reason"]
    assert (quantity["label"], quantity["findings"]) == (None, [])


def test_label_says_category_and_sensitivity():
    label = DOCUMENT["stores"][0]["datasets"][0]["fields"][0]["label"]
    assert (label["category"], label["sensitivity"], label["special"], label["status"]) == (
        "user.contact.email", "confidential", False, "proposed",
    )  # fmt: skip


def test_summary_counts_what_was_found():
    summary = DOCUMENT["summary"]
    assert (summary["stores"], summary["datasets"], summary["fields"], summary["labelled"]) == (1, 1, 2, 1)
    assert summary["by_entity"] == {"EMAIL_ADDRESS": 1}
    assert RESULT.highest is Sensitivity.CONFIDENTIAL


def test_law_in_force_makes_a_category_special():
    table = pa.table({"card_number": ["4111111111111111", "5500000000000004"]})
    gdpr, pipl = (
        scan_stores([MemoryStore("m", {"t": table})], ScanOptions(laws=(law,))).labels[0][3].special
        for law in ("gdpr", "pipl")
    )
    assert (gdpr, pipl) == (False, True)
