"""`governance ledger periods`, `close-period`, `drop-period`, `erase`, and what doctor says of checkpoint files."""

import json

import pytest

from governance.cli.main import main


@pytest.fixture
def lived_in(project):
    """A project with a use whose reader has a name, kept checkpoints, and periods that may go at once."""
    config = project / "governance.yaml"
    ours = "records: {checkpoint_file: [kept, gone/kept], ledger_keep_days: 0}\n"
    config.write_text(config.read_text(encoding="utf-8").rstrip("\n") + "\n" + ours, encoding="utf-8")
    assert main(["query", "crm", "SELECT id FROM customers", "--purpose", "support", "--as", "alice"]) == 0
    return project


def test_a_period_is_closed_listed_and_dropped_only_when_told_twice(lived_in, capsys):
    assert main(["ledger", "close-period", "--output", "last"]) == 0
    assert main(["ledger", "drop-period", "1"]) == 0
    assert "nothing was changed" in capsys.readouterr().err
    assert main(["ledger", "drop-period", "1", "--yes"]) == 0
    capsys.readouterr()
    assert main(["ledger", "periods", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["periods"]
    assert [(each["number"], each["dropped"] is None) for each in found] == [(1, False), (2, True)]
    assert main(["ledger", "verify", "--checkpoint", "last", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["status"], said["dropped_periods"]) == ("anchored", [1])
    assert main(["ledger", "drop-period", "2", "--yes"]) == 2


def test_a_name_is_erased_once(lived_in, capsys):
    assert main(["ledger", "erase", "--principal", "alice"]) == 0
    assert capsys.readouterr().err.endswith("erased\n")
    assert main(["ledger", "erase", "--principal", "alice"]) == 0
    assert "nothing was changed" in capsys.readouterr().err
    assert main(["ledger", "verify"]) == 0
    assert main(["ledger", "erase"]) == 2


def test_a_checkpoint_file_that_is_not_written_is_named_by_checkpoint_verify_and_doctor(lived_in, capsys):
    assert main(["ledger", "checkpoint"]) == 2
    assert "gone/kept: missing" in capsys.readouterr().err
    assert main(["ledger", "verify"]) == 0
    assert "gone/kept: missing" in capsys.readouterr().err
    main(["doctor", "--format", "json"])
    checks = {each["what"]: each for each in json.loads(capsys.readouterr().out)["checks"]}
    assert (checks["checkpoint file 1"]["state"], checks["checkpoint file 2"]["state"]) == ("ok", "finding")
    (lived_in / "gone").mkdir()
    assert main(["ledger", "checkpoint"]) == 0


def test_a_refused_use_is_recorded_without_the_guessed_value(lived_in, capsys):
    """N42: who may not ask is in the record, and what they guessed is not."""
    guess = "SELECT id FROM customers WHERE email = 'marker-guess@example.org'"
    assert main(["query", "crm", guess, "--purpose", "support", "--as", "mallory"]) == 1
    capsys.readouterr()
    assert main(["ledger", "show", "--outcome", "refused", "--format", "json"]) == 0
    event = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (event["kind"], event["outcome"]) == ("decision", "refused")
    assert set(event["versions"]) == {"catalog", "policy"}
    assert main(["ledger", "export", "--output", "copy.jsonl"]) == 0
    for path in lived_in.rglob("*"):
        if path.is_file() and path.name != "governance.yaml":
            assert b"marker-guess" not in path.read_bytes()
