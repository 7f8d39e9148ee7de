"""The engine end to end on stores in memory: what is reported, what is not, and what a fault does."""

import json
import random
from contextlib import contextmanager

import pyarrow as pa
import pytest
from structlog.testing import capture_logs

from connectors.base import FULL, Sample
from connectors.memory import MemoryStore
from governance.scan.engines.local import failed_store, result_of, scan_store, scan_stores
from governance.scan.options import ScanOptions
from policies.errors import StoreError

MARKER = "zq7marker"


def scan(tables, *, sample=FULL):
    return scan_store(
        MemoryStore("m", {name: pa.table(columns) for name, columns in tables.items()}), ScanOptions(sample)
    )


def field(result, name, dataset="t"):
    (found,) = [
        each for data in result.datasets if data.dataset == dataset for each in data.fields if each.field == name
    ]
    return found


def label(result, name, dataset="t"):
    found = field(result, name, dataset).label
    return found.entity if found else None


def test_one_id_among_many_notes_is_a_rare_finding_and_no_average():
    notes = [f"Box {number} arrived dented, the content is fine. Refund later." for number in range(20_000)]
    notes[7_777] += " 身份证11010519491231002X"
    found = field(scan({"t": {"remark": notes}}), "remark")
    (finding,) = [each for each in found.findings if each.entity == "CN_RESIDENT_ID"]
    assert finding.rare
    assert (finding.hits, finding.prevalence) == (1, 5e-05)
    assert finding.confidence >= 0.9
    assert any("rare" in signal.reason for signal in finding.signals)


def test_random_numbers_that_pass_luhn_by_chance_are_no_cards():
    rng = random.Random(1)
    columns = {"c1": [rng.randrange(10**15, 10**16) for _ in range(5000)]}
    columns["c2"] = [str(each) for each in columns["c1"]]
    result = scan({"t": columns})
    assert [each.label for each in result.datasets[0].fields] == [None, None]
    assert [each.findings for each in result.datasets[0].fields] == [(), ()]


def test_cards_without_a_telling_name_are_found_by_their_check_digit():
    def card(number):
        body = f"4{number:014d}"
        total = sum(int(d) * (2 - place % 2) - 9 * (int(d) * (2 - place % 2) > 9) for place, d in enumerate(body))
        return body + str(-total % 10)

    rng = random.Random(2)
    assert label(scan({"t": {"c1": [card(rng.randrange(10**14)) for _ in range(300)]}}), "c1") == "CREDIT_CARD"


def test_empty_column_is_labelled_by_its_name_alone():
    found = field(scan({"t": {"email": pa.array([None, None], pa.string())}}), "email")
    assert found.label is not None
    assert found.label.entity == "EMAIL_ADDRESS"
    assert found.findings[0].prevalence == 0


def test_name_that_the_values_contradict_gives_no_label():
    assert label(scan({"t": {"email": [f"batch {number}" for number in range(100)]}}), "email") is None


def test_boolean_called_email_is_no_address():
    assert label(scan({"t": {"email": [True, False] * 20}}), "email") is None


def test_nothing_found_in_a_sample_leaves_the_bound_of_the_rule_of_three():
    values = {"t": {"c": [f"item {number}" for number in range(3000)]}}
    assert field(scan(values, sample=Sample(rows=1000)), "c").unseen_bound == pytest.approx(3 / 1000)
    assert field(scan(values), "c").unseen_bound == 0


def test_prevalence_has_an_interval_in_a_sample_and_none_after_a_full_pass():
    values = {
        "t": {"remark": ["please write to ann@test.com soon.", *["nothing here at all, thanks again."] * 9] * 300}
    }
    (sampled,) = field(scan(values, sample=Sample(rows=500)), "remark").findings
    assert sampled.prevalence_low < sampled.prevalence < sampled.prevalence_high
    (full,) = field(scan(values), "remark").findings
    assert full.prevalence_low == full.prevalence == full.prevalence_high == pytest.approx(0.1)


def test_special_and_categorical_findings_have_no_examples():
    result = scan(
        {"t": {"diagnosis": ["diabetes", "asthma"] * 50, "email": [f"a{number}@test.com" for number in range(100)]}}
    )
    assert all(each.examples == () for each in field(result, "diagnosis").findings)
    assert field(result, "diagnosis").label.special
    assert field(result, "email").findings[0].examples


def test_patients_dataset_is_special_as_a_whole():
    result = scan({"patients": {"id": [1, 2]}, "parts": {"id": [1]}})
    assert {each.dataset: each.special for each in result.datasets} == {
        "parts": (),
        "patients": ("user.health_and_medical",),
    }


def test_dataset_named_like_a_person_is_shown_as_a_shape():
    (dataset,) = scan({"Anna Miller": {"id": [1]}}).datasets
    assert (dataset.dataset, dataset.name_shaped) == ("Aaaa Aaaaaa", True)


@pytest.mark.parametrize(
    "values",
    [
        ["\x00", "a\x00b", "\x00" * 1000],
        ["\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace")],
        ["x" * 1_000_000],
        ["9" * 100_000],
        ["@" * 50_000, "a@" * 20_000],
        ["[" * 10_000],
        ["王" * 50_000],
    ],
)
def test_odd_cells_do_not_stop_the_scan(values):
    assert len(scan({"t": {"c": values, "d": values}}).datasets[0].fields) == 2


def test_broken_utf8_in_a_column_lists_the_field_and_goes_on():
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\3\0\0\0"), pa.py_buffer(b"\xed\xa0\x80")]
    )
    result = scan({"t": {"bad": broken, "email": ["a@test.com"]}})
    assert label(result, "email") == "EMAIL_ADDRESS"


def test_two_thousand_columns_are_scanned():
    result = scan({"t": {f"c{number}": [number, number + 1] for number in range(2000)}})
    assert len(result.datasets[0].fields) == 2000


def test_json_path_beyond_any_depth_does_not_stop_the_scan():
    table = pa.table({"j": ['{"a":' * 5000 + "1" + "}" * 5000, "{", '{"email": "a@test.com"}']})
    assert len(scan_store(MemoryStore("m", {"t": table}), ScanOptions(FULL)).datasets) == 1


class _Failing(MemoryStore):
    def __init__(self, *args, fails):
        super().__init__(*args)
        self._fails = fails

    def datasets(self):
        if self._fails == "store":
            raise StoreError("m", found="nothing that answers", expected="a server", next_step="start it")
        return super().datasets()

    def read(self, dataset, fields, sample):
        if dataset == self._fails:
            raise StoreError("m.bad", found="a lock", expected="a table", next_step="retry")
        return super().read(dataset, fields, sample)


TABLES = {"bad": pa.table({"x": [1]}), "good": pa.table({"email": ["a@test.com"]})}


def test_failing_dataset_is_listed_and_the_rest_goes_on():
    result = scan_store(_Failing("m", TABLES, fails="bad"), ScanOptions())
    assert [each.dataset for each in result.datasets] == ["good"]
    assert [(each.place, each.reason) for each in result.not_seen] == [("m.bad", "not_seen.failed")]


def test_failing_store_is_marked_and_the_others_are_scanned():
    stores = [_Failing("a", TABLES, fails="store"), MemoryStore("b", TABLES)]
    result = scan_stores(stores, ScanOptions())
    assert result.failed
    assert [(each.store, each.failed, len(each.datasets)) for each in result.stores] == [
        ("a", True, 0),
        ("b", False, 2),
    ]
    assert result.summary["failed_stores"][0]["place"] == "a"


def test_store_that_could_not_be_opened_is_reported():
    error = StoreError("crm", found="no file", expected="a file", next_step="look")
    assert result_of([failed_store("crm", error)], ScanOptions()).failed


def test_progress_counts_rows_and_datasets():
    seen = []
    scan_store(MemoryStore("m", TABLES), ScanOptions(), on_progress=seen.append)
    assert [(each.dataset, each.datasets_done, each.datasets_total, each.rows_read) for each in seen] == [
        ("bad", 0, 2, 1),
        ("good", 1, 2, 1),
    ]


def planted():
    name, mail = f"Anna {MARKER}", f"{MARKER}@test.com"
    return {
        "t": {
            "email": [mail, f"x{mail}"] * 5,
            "name": [name] * 10,
            "remark": [f"{MARKER}: please call {name} at {mail}, thanks a lot."] * 10,
            "doc": [json.dumps({mail: {"tel": MARKER}, MARKER: MARKER})] * 10,
        }
    }


@contextmanager
def nothing_said():
    with capture_logs() as logs:
        yield
    assert MARKER not in repr(logs)


def test_planted_value_is_in_no_result_repr_or_log():
    with nothing_said():
        result = scan(planted())
    assert MARKER not in json.dumps(result_of([result], ScanOptions()).to_json()).lower()
    assert MARKER not in repr(result).lower()


def test_profiles_and_hits_hide_their_values():
    from governance.scan.detectors.base import FieldContext
    from governance.scan.detectors.email import EMAIL
    from governance.scan.detectors.registry import default_registry
    from governance.scan.profiling import ColumnPlan, profile_column

    values = pa.array([f"{MARKER}@test.com"])
    made = profile_column(values, ColumnPlan(tuple(default_registry()), FieldContext()))
    assert repr(EMAIL.find(values, FieldContext())) == "Hits(EMAIL_ADDRESS, 1 places)"
    assert MARKER not in json.dumps(made.to_json())
    assert repr(made) == "ColumnProfile(1 rows, 0 nulls, 1 entities)"


def test_same_rows_give_the_same_bytes():
    one, two = (json.dumps(result_of([scan(planted())], ScanOptions()).to_json()) for _ in range(2))
    assert one == two
