"""Whole files as streams."""

import csv
import io
import json

import pytest

from governance.flows.scan.redacting import (
    Found,
    jsonl_spans,
    opened,
    redact_csv,
    redact_jsonl,
    redact_text,
    text_spans,
)
from governance.scan.text.analyzer import TextAnalyzer, TextOptions
from governance.scan.text.redactor import Redactor
from policies.errors import BadInputError

REDACTOR = Redactor(TextAnalyzer(TextOptions(models="off")))
MAIL = "planted.marker@zebra-quagga.example"


def text_of(source, work=redact_text):
    return "".join(work(io.StringIO(source, newline=""), REDACTOR, Found()))


def test_text_keeps_everything_but_the_findings_line_ends_included():
    assert text_of(f"one\r\n{MAIL} two\n\n  three") == "one\r\n<EMAIL_ADDRESS> two\n\n  three"


def test_a_finding_on_the_border_of_two_blocks_is_found():
    for before in range(65_536 - 40, 65_536 + 2):
        assert text_of("x " * (before // 2) + " " * (before % 2) + MAIL + " z" * 3000).count("<EMAIL_ADDRESS>") == 1


def test_a_text_without_a_line_end_goes_through_in_bounded_parts():
    found = Found()
    parts = list(redact_text(io.StringIO("word " * 60_000), REDACTOR, found))
    assert max(map(len, parts)) < 140_000
    assert "".join(parts) == "word " * 60_000


def test_offsets_of_a_text_count_through_all_blocks():
    text = "word " * 40_000 + MAIL
    (span,) = text_spans(io.StringIO(text), REDACTOR, Found())
    assert text[span.start : span.end] == MAIL


def csv_of(source, *columns):
    return "".join(redact_csv(io.StringIO(source, newline=""), REDACTOR, columns, Found()))


def test_only_the_named_columns_are_redacted():
    out = csv_of(f'id,note,mail\r\n1,"to {MAIL}, please",{MAIL}\r\n', "note")
    rows = list(csv.reader(io.StringIO(out, newline="")))
    assert rows == [["id", "note", "mail"], ["1", "to <EMAIL_ADDRESS>, please", MAIL]]
    assert out.endswith("\r\n")


def test_all_columns_are_redacted_when_none_is_named():
    assert MAIL not in csv_of(f"a;b\n{MAIL};{MAIL}\n")


def test_an_unknown_column_is_refused_with_the_names_there_are():
    with pytest.raises(BadInputError, match="no column `other`; expected one of id, note"):
        csv_of("id,note\n", "other")


def test_a_row_with_too_many_cells_is_refused_with_its_number():
    with pytest.raises(BadInputError, match="record 2"):
        csv_of("id,note\n1,2\n1,2,3\n")


def test_fields_of_json_lines_are_redacted_and_the_others_stay():
    source = json.dumps({"id": 7, "text": MAIL, "n": {"m": f"x {MAIL}"}}) + "\n\n" + json.dumps(MAIL) + "\n"
    lines = list(
        map(json.loads, "".join(redact_jsonl(io.StringIO(source), REDACTOR, ["text", "n.m"], Found())).split("\n")[:2])
    )
    assert lines == [{"id": 7, "text": "<EMAIL_ADDRESS>", "n": {"m": "x <EMAIL_ADDRESS>"}}, "<EMAIL_ADDRESS>"]


def test_spans_of_json_lines_carry_the_id_or_the_number_of_the_line():
    source = f'{{"id": "a", "text": "none"}}\n{{"text": "to {MAIL}"}}\n'
    first, second = map(json.loads, jsonl_spans(io.StringIO(source), REDACTOR, ["text"], Found()))
    assert first == {"id": "a", "spans": []}
    assert second["id"] == 2
    assert second["spans"] == [{"start": 3, "end": 3 + len(MAIL), "entity": "EMAIL_ADDRESS", "score": 0.95}]


@pytest.mark.parametrize(
    ("line", "found"), [("nope", "no JSON"), ("[1]", "neither"), ('{"other": 1}', "none of the fields")]
)
def test_a_bad_line_is_refused_with_its_number_and_without_its_text(line, found):
    with pytest.raises(BadInputError, match=f"line 2.*{found}") as caught:
        list(redact_jsonl(io.StringIO(f'{{"text": "a"}}\n{line} \n'), REDACTOR, ["text"], Found()))
    assert "nope" not in str(caught.value)


def test_lone_surrogates_come_out_as_json_escapes():
    (line,) = redact_jsonl(io.StringIO('{"text": "\\ud800 x"}\n'), REDACTOR, ["text"], Found())
    assert json.loads(line)["text"] == "\ud800 x"
    line.encode("utf-8")


def test_what_was_found_is_counted():
    found = Found()
    list(redact_text(io.StringIO(f"{MAIL} and {MAIL}"), REDACTOR, found))
    assert found.places == {"EMAIL_ADDRESS": 2}


def test_a_chinese_file_is_read_in_its_own_encoding(tmp_path):
    path = tmp_path / "note.txt"
    path.write_bytes(f"客户的邮箱是{MAIL}，请在下周一之前联系他，谢谢。".encode("gb18030"))
    with opened(path) as source:
        assert (
            "".join(redact_text(source, REDACTOR, Found()))
            == "客户的邮箱是<EMAIL_ADDRESS>，请在下周一之前联系他，谢谢。"
        )


def test_bytes_that_break_the_encoding_are_refused(tmp_path):
    path = tmp_path / "note.txt"
    path.write_bytes(b"abc \xff\xfe\xfd")
    with pytest.raises(BadInputError, match="bytes that are no utf-8"), opened(path, "utf-8") as source:
        source.read()
