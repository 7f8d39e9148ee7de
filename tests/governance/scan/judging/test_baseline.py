"""The baseline: equal scans give equal bytes, and only labels that came, went or changed are called drift."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.scan.drift import DriftKind
from governance.scan.judging.baseline import Baseline, compare_labels, make_baseline, with_other_stores
from governance.scan.judging.estimates import Estimate, Quality
from governance.scan.result import Unseen
from policies.errors import ConfigError

NAME, EMAIL = "user.name", "user.contact.email"
STANDING = {"a": (NAME, 0.913), "b": (EMAIL, 0.7), "c": None}


def baseline(result, quality=None):
    return make_baseline(result, {"taxonomy": "2026.11"}, quality)


def drift(made, now, before=STANDING):
    changes = compare_labels(baseline(made(before)), made(now))
    return {(each.kind, each.ref.field, each.decided, each.found) for each in changes}


def test_a_baseline_survives_the_way_through_its_file(made):
    quality = Quality(Estimate(0.9, 0.8, 0.95, 30), None, 0)
    standing = baseline(made(STANDING), quality)
    text = standing.to_text()
    assert Baseline.from_text(text, "x") == standing
    assert standing.precision_low == 0.8
    assert text == baseline(made(dict(reversed(STANDING.items()))), quality).to_text()
    assert '"confidence": 0.9\n' in text, "confidences are rounded, so that small changes make no diff"


def test_an_unchanged_scan_has_no_drift(made):
    assert drift(made, STANDING) == set()


def test_a_changed_confidence_or_order_is_no_drift(made):
    assert drift(made, {"c": None, "b": (EMAIL, 0.99), "a": (NAME, 0.55)}) == set()


@pytest.mark.parametrize(
    ("now", "change"),
    [
        ({**STANDING, "a": None}, (DriftKind.UNLABELLED, "a", NAME, "none")),
        ({**STANDING, "a": (EMAIL, 0.9)}, (DriftKind.RELABELLED, "a", NAME, EMAIL)),
        ({**STANDING, "c": (EMAIL, 0.9)}, (DriftKind.LABELLED, "c", "none", EMAIL)),
        ({**STANDING, "d": (EMAIL, 0.9)}, (DriftKind.NEW, "d", "", EMAIL)),
        ({"b": (EMAIL, 0.7), "c": None}, (DriftKind.GONE, "a", NAME, "")),
    ],
)
def test_each_change_of_a_label_is_drift_of_its_kind(made, now, change):
    assert drift(made, now) == {change}


def test_harmless_fields_may_come_and_go(made):
    assert drift(made, {"a": (NAME, 0.9), "b": (EMAIL, 0.7), "d": None}) == set()


def test_what_could_not_be_read_is_not_called_gone(made):
    standing = baseline(made(STANDING))
    (store,) = made({}).stores
    unseen = replace(store, datasets=(), not_seen=(Unseen("crm.things", "not_seen.failed"),))
    failed = replace(store, datasets=(), failed=True)
    for each in (unseen, failed):
        assert list(compare_labels(standing, replace(made({}), stores=(each,)))) == []
    (dataset,) = made({"b": (EMAIL, 0.7), "c": None}).stores[0].datasets
    unreadable = replace(dataset, not_seen=(Unseen("crm.things.a", "not_seen.unreadable_field"),))
    assert list(compare_labels(standing, replace(made({}), stores=(replace(store, datasets=(unreadable,)),)))) == []


def test_a_dataset_that_is_gone_is_drift_for_each_label_it_had(made):
    changes = compare_labels(baseline(made(STANDING)), made({}, dataset="other"))
    assert [(each.kind, each.ref.field) for each in changes] == [(DriftKind.GONE, "a"), (DriftKind.GONE, "b")]


def test_a_store_that_was_not_scanned_keeps_what_stood_and_is_not_compared(made):
    crm, shop = baseline(made(STANDING)), baseline(made({"x": (NAME, 0.9)}, store="shop"))
    both = with_other_stores(shop, crm)
    assert set(both.fields) == {"crm", "shop"}
    assert list(compare_labels(both, made(STANDING))) == []
    assert [each.kind for each in compare_labels(crm, made({"x": (NAME, 0.9)}, store="shop"))] == [DriftKind.NEW]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "governance.baseline/9"}', "not json"])
def test_a_file_that_no_scan_wrote_is_refused(text):
    with pytest.raises(ConfigError, match="no scan wrote"):
        Baseline.from_text(text, "policies/scan_baseline.json")
