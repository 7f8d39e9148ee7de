"""`governance redact`, as a shell runs it."""

import json
import subprocess
import sys

import pytest

from governance.cli.main import main

MAIL = "planted.marker@zebra-quagga.example"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments, source=""):
    done = subprocess.run(
        [sys.executable, "-m", "governance", "redact", *arguments],
        input=source.encode(),
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_standard_input_is_redacted_to_standard_output(folder):
    code, out, err = run("--models", "off", source=f"to {MAIL}\n")
    assert (code, out) == (0, "to <EMAIL_ADDRESS>\n")
    assert err == "found 1 EMAIL_ADDRESS\n"


def test_a_gate_exits_with_1_when_something_was_found(folder):
    (folder / "a.txt").write_text(f"to {MAIL}\n")
    (folder / "b.txt").write_text("nothing\n")
    assert main(["redact", "a.txt", "--fail-on-found", "--models", "off"]) == 1
    assert main(["redact", "b.txt", "--fail-on-found", "--models", "off"]) == 0


def test_a_file_is_written_as_a_whole_or_not_at_all(folder, capsys):
    (folder / "a.jsonl").write_text(json.dumps({"text": MAIL}) + "\nbroken " + MAIL + "\n")
    assert main(["redact", "a.jsonl", "--output", "out.jsonl", "--models", "off"]) == 2
    assert [each.name for each in folder.iterdir()] == ["a.jsonl"]
    assert MAIL not in "".join(capsys.readouterr())


def test_spans_are_one_json_line_a_record(folder, capsysbinary):
    (folder / "a.jsonl").write_text(json.dumps({"text": f"to {MAIL}", "id": "x"}) + "\n")
    assert main(["redact", "a.jsonl", "--spans", "--models", "off"]) == 0
    out = json.loads(capsysbinary.readouterr().out)
    assert out == {"id": "x", "spans": [{"start": 3, "end": 38, "entity": "EMAIL_ADDRESS", "score": 0.95}]}


def test_spans_show_no_text_in_any_form(folder, capsysbinary):
    (folder / "a.txt").write_text(f"to {MAIL}\n")
    main(["redact", "a.txt", "--spans", "--models", "off"])
    assert b"planted" not in b"".join(capsysbinary.readouterr())


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.txt", "--column", "x"],
        ["a.txt", "--field", "x"],
        ["a.csv", "--spans"],
        ["none.txt"],
        ["a.txt", "--operator", "encrypt"],
    ],
)
def test_options_that_contradict_each_other_are_refused(folder, arguments):
    (folder / "a.txt").write_text("x")
    (folder / "a.csv").write_text("x\n1\n")
    assert main(["redact", *arguments]) == 2


def test_pseudonyms_hold_from_run_to_run_inside_a_project(project, capsysbinary):
    (project / "a.txt").write_text(f"to {MAIL}\n")
    outs = []
    for _ in range(2):
        assert main(["redact", "a.txt", "--operator", "pseudonym", "--models", "off"]) == 0
        outs.append(capsysbinary.readouterr().out)
    assert outs[0] == outs[1]
    assert b"planted" not in outs[0]


def test_pseudonyms_outside_a_project_hold_for_one_run_and_say_so(folder):
    (folder / "a.txt").write_text(f"{MAIL} {MAIL}\n")
    code, out, err = run("a.txt", "--operator", "pseudonym", "--models", "off")
    one, two = out.split()
    assert (code, one) == (0, two)
    assert "within this run only" in err
