"""Every label of the demo store is known: precision and recall over all fields are printed and held to 0.98.

The same store is scanned on SQLite, PostgreSQL and MariaDB and must get the same labels from each.
GOVERNANCE_DEMO_CUSTOMERS sets how many customers it has: `make soak` takes the 20,000 of the demo.
"""

import os

import pytest

from connectors.base import FULL, Sample
from connectors.sql.store import SqlStore
from governance.demo.store import build_store
from governance.demo.truth import SPECIAL_DATASETS, TRUTH
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions

CUSTOMERS = int(os.environ.get("GOVERNANCE_DEMO_CUSTOMERS", "5000"))
SMALL = 1_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.sqlite'}"
    return url, build_store(url, customers=CUSTOMERS)


def scan(url, sample=FULL):
    store = SqlStore("demo", url)
    try:
        return scan_store(store, ScanOptions(sample))
    finally:
        store.close()


@pytest.fixture(scope="module")
def full(demo):
    return scan(demo[0])


def fields(result):
    return {(dataset.dataset, each.field): each for dataset in result.datasets for each in dataset.fields}


def right(truth, entity):
    return truth.allows_label(entity) or (entity == "FREE_TEXT" and truth.free_text and bool(truth.hidden))


def measure(result):
    """Precision and recall over all fields, with the fields that are wrong."""
    labels = {place: each.label.entity if each.label else None for place, each in fields(result).items()}
    wrong = sorted(place for place, truth in TRUTH.items() if not right(truth, labels.get(place)))
    given = sum(entity is not None for entity in labels.values())
    false = sum(labels.get(place) is not None for place in wrong)
    missed = sum(TRUTH[place].entity is not None for place in wrong)
    good = given - false
    return good / (good + false), good / (good + missed), wrong


@pytest.mark.parametrize("sample", [FULL, Sample()], ids=["full", "sample"])
def test_labels_reach_precision_and_recall(demo, full, sample, record_property, capsys):
    precision, recall, wrong = measure(full if sample.full else scan(demo[0], sample))
    record_property("precision", precision)
    record_property("recall", recall)
    with capsys.disabled():
        print(f"\ndemo labels: precision {precision:.4f}, recall {recall:.4f}, wrong {wrong}")
    assert precision >= 0.98
    assert recall >= 0.98


def test_every_field_of_the_truth_was_scanned(full):
    assert set(fields(full)) == set(TRUTH)


def test_one_hidden_id_among_the_notes_is_found(demo, full):
    dataset, name, _ = demo[1].needle
    (finding,) = [each for each in fields(full)[dataset, name].findings if each.entity == "CN_RESIDENT_ID"]
    assert finding.hits == 1
    assert finding.rare


def test_hidden_kinds_are_found_inside_their_fields(full):
    found = fields(full)
    missed = [
        (place, entity)
        for place, truth in TRUTH.items()
        if not truth.container
        for entity in truth.hidden - {each.entity for each in found[place].findings}
    ]
    assert missed == []


def test_findings_that_are_none_are_few(full):
    every = [(place, each.entity) for place, scanned in fields(full).items() for each in scanned.findings]
    strange = [(place, entity) for place, entity in every if not TRUTH[place].allows_finding(entity)]
    assert len(strange) <= 0.02 * len(every), strange


def test_clinic_is_special_and_the_shop_is_not(full):
    assert {dataset.dataset for dataset in full.datasets if dataset.special} == SPECIAL_DATASETS
    assert fields(full)["clinic_visits", "diagnosis"].label.special


def labels_of(result):
    return {place: each.label.entity if each.label else None for place, each in fields(result).items()}


@pytest.fixture(scope="module")
def small_labels(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('small') / 'demo.sqlite'}"
    build_store(url, customers=SMALL)
    return labels_of(scan(url))


def test_postgresql_gives_the_labels_of_sqlite(postgres_url, small_labels):
    build_store(postgres_url, customers=SMALL)
    assert labels_of(scan(postgres_url)) == small_labels


def test_mariadb_gives_the_labels_of_sqlite(mysql_url, small_labels):
    build_store(mysql_url, customers=SMALL)
    assert labels_of(scan(mysql_url)) == small_labels
