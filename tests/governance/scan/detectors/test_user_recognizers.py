# ruff: noqa: E501  each case is one small file
import pyarrow as pa
import pytest

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.registry import default_registry
from governance.scan.detectors.user_recognizers import read_recognizers
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


def test_pattern_that_would_run_for_ever_is_stopped(tmp_path):
    text = "recognizers:\n  - name: x\n    supported_entity: X\n    patterns: [{name: a, regex: '(a|aa)+b\\1', score: 0.9}]\n"
    (slow,) = read_recognizers(written(tmp_path, text))
    assert len(slow.find(pa.array(["a" * 5000]), FieldContext()).index) == 0
