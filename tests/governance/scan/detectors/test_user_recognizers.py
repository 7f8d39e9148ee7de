# ruff: noqa: E501  each case is one small file
import time

import pyarrow as pa
import pytest

from connectors.base import FULL
from connectors.memory import MemoryStore
from governance.scan.detectors import user_recognizers
from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.registry import default_registry
from governance.scan.detectors.user_recognizers import begin, put_aside, read_recognizers
from governance.scan.engines.local import scan_store
from governance.scan.options import Engine, ScanOptions
from policies.errors import ConfigError

GOOD = """
recognizers:
  - name: member number
    supported_entity: MEMBER_NUMBER
    supported_language: en
    patterns:
      - name: member
        regex: 'M-\\d{6}'
        score: 0.7
    context: [member]
  - name: grades
    supported_entities: [GRADE]
    deny_list: [platinum, 白金]
  - name: EmailRecognizer
    type: predefined
"""


def written(tmp_path, text):
    path = tmp_path / "recognizers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_own_pattern_takes_part_under_its_own_entity(tmp_path):
    path = written(tmp_path, GOOD)
    (member, grades) = read_recognizers(path)
    hits = member.find(pa.array(["见M-123456", "none"]), FieldContext())
    assert (hits.index.tolist(), hits.start.tolist(), hits.score.tolist()) == ([0], [1], [70])
    assert len(grades.find(pa.array(["platinum"]), FieldContext()).index) == 1
    assert "user.member number" in {each.name for each in default_registry(path)}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "recognizers:\n  - name: x\n    supported_entity: X\n    patterns:\n      - {name: a, regex: '(', score: 0.5}\n",
            5,
        ),
        (
            "recognizers:\n  - name: x\n    supported_entity: X\n    patterns:\n      - {name: a, regex: a, score: 7}\n",
            5,
        ),
        ("recognizers:\n  - name: x\n    supported_entity: X\n", 2),
        ("recognizers:\n  - name: x\n    patterns: [{name: a, regex: a, score: 0.1}]\n", 2),
        ("recognizers:\n  - name: x\n    surprise: 1\n", 3),
    ],
)
def test_wrong_file_is_refused_with_its_line(tmp_path, text, line):
    with pytest.raises(ConfigError, match=rf"recognizers\.yaml:{line}\b"):
        read_recognizers(written(tmp_path, text))


def test_two_recognizers_of_one_name_are_refused(tmp_path):
    one = "  - {name: x, supported_entity: X, deny_list: [a]}\n"
    with pytest.raises(ConfigError, match="two recognizers"):
        read_recognizers(written(tmp_path, f"recognizers:\n{one}{one}"))


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no file"):
        read_recognizers(tmp_path / "none.yaml")


def test_disabled_recognizer_takes_no_part(tmp_path):
    text = "recognizers:\n  - {name: x, supported_entity: X, deny_list: [a], enabled: false}\n"
    assert read_recognizers(written(tmp_path, text)) == ()


def recognizer(tmp_path, expression, extra=""):
    head = "recognizers:\n  - name: x\n    supported_entity: X\n    patterns:\n"
    return written(tmp_path, f"{head}      - name: a\n        score: 0.9\n        regex: '{expression}'\n{extra}")


@pytest.mark.parametrize("expression", [r"(a|aa)+b\1", r"\b(a|a)*\d\b", r"(?:(?:a{1,20}){1,20}){1,20}b(?=c)"])
def test_expression_that_runs_for_ever_is_refused_with_its_line(tmp_path, expression):
    with pytest.raises(ConfigError, match=r"recognizers\.yaml:7: .*runs for ever.*RE2"):
        read_recognizers(recognizer(tmp_path, expression))


@pytest.mark.parametrize("expression", [r"(a|aa)+b", r"(a+)+b", r"(.*)*x", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_expression_that_re2_can_run_takes_no_time_whatever_it_repeats(tmp_path, expression):
    (found,) = read_recognizers(recognizer(tmp_path, expression))
    begun = time.process_time()
    found.find(pa.array(["a" * 50_000]), FieldContext())
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "expression",
    [r"\b(?:[A-Z0-9-]+\.)+[A-Z]{2,}\b", r"(?<!\d)\d{6}(?!\d)", r"\b\w+(?:\s+\w+)*\b", r"(?<=id: )([^,]+,)*[^,]+;"],
)
def test_honest_expression_with_look_around_is_accepted(tmp_path, expression):
    assert len(read_recognizers(recognizer(tmp_path, expression))) == 1


SLOW = r"(?=x)(x*)(x*)(x*)(x*)\1y"


def test_slow_values_are_passed_over_and_the_line_is_told_once(tmp_path, monkeypatch):
    monkeypatch.setattr(user_recognizers, "_VALUE_SECONDS", 0.02)
    (found,) = read_recognizers(recognizer(tmp_path, SLOW))
    hits = found.find(pa.array(["y" + "x" * 2000, "xy"]), FieldContext())
    assert hits.index.tolist() == [1]
    assert put_aside([found]) == {"recognizers.yaml:7"}
    assert put_aside([found]) == frozenset()


def test_expression_is_put_aside_after_ten_slow_values_until_the_next_scan(tmp_path, monkeypatch):
    monkeypatch.setattr(user_recognizers, "_VALUE_SECONDS", 0.02)
    (found,) = read_recognizers(recognizer(tmp_path, SLOW))
    found.find(pa.array([f"y{'x' * 2000}{number}" for number in range(50)]), FieldContext())
    assert len(found.find(pa.array(["xy"]), FieldContext()).index) == 0
    assert put_aside([found]) == put_aside([found]) == {"recognizers.yaml:7"}
    begin([found])
    assert len(found.find(pa.array(["xy"]), FieldContext()).index) == 1


def test_words_of_a_deny_list_are_found_beside_chinese_and_not_inside_words(tmp_path):
    text = "recognizers:\n  - {name: x, supported_entity: X, deny_list: [gold, 白金, a.b]}\n"
    (found,) = read_recognizers(written(tmp_path, text))
    values = ["您的白金卡", "是Gold卡", "golden", "marigold", "axb", "a.b", "gold"]
    assert found.find(pa.array(values), FieldContext()).index.tolist() == [0, 1, 5, 6]


def test_context_word_of_the_field_raises_a_weak_score(tmp_path):
    text = "recognizers:\n  - {name: x, supported_entity: X, patterns: [{regex: '\\d{5}', score: 0.2}], context: [Member]}\n"
    (found,) = read_recognizers(written(tmp_path, text))
    values = pa.array(["12345"])
    assert found.find(values, FieldContext()).score.tolist() == [20]
    assert found.find(values, FieldContext(words=frozenset(["member"]))).score.tolist() == [55]


def test_a_users_recognizer_sees_values_that_a_form_explains(tmp_path):
    path = tmp_path / "recognizers.yaml"
    path.write_text(
        "recognizers:\n"
        "  - {name: m, supported_entity: MEMBER, patterns: [{regex: '1381234[0-4]\\d{3}', score: 0.95}]}\n"
        "  - {name: n, supported_entity: STAFF, patterns: [{regex: 'u[0-4]@test[.]com', score: 0.99}]}\n"
    )
    table = pa.table(
        {
            "phone": [f"1381234{number:04d}" for number in range(2_000, 8_000)],
            "mail": [f"u{number % 10}@test.com" for number in range(6_000)],
        }
    )
    options = ScanOptions(FULL, recognizers=path, engine=Engine(models="off"))
    scan = scan_store(MemoryStore("m", {"t": table}), options)
    hits = {(field.field, each.entity): each.hits for field in scan.datasets[0].fields for each in field.findings}
    assert hits["phone", "MEMBER"] == 3_000
    assert hits["mail", "STAFF"] == 3_000
