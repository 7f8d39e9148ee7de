"""`governance ledger export`, `prove`, `verify` and the filters of `show`."""

import json

import pytest

from governance.cli.main import main


@pytest.fixture
def lived_in(project):
    """A project with a use, a refusal, and a checkpoint kept elsewhere."""
    query = ["query", "crm", "SELECT id FROM customers", "--purpose", "support", "--as"]
    assert main([*query, "alice"]) == 0
    assert main([*query, "mallory"]) == 1
    assert main(["ledger", "checkpoint", "--output", "kept"]) == 0
    return project


def test_a_copy_verifies_without_the_project(lived_in, capsys, monkeypatch, tmp_path_factory):
    assert main(["ledger", "export", "--output", "copy.jsonl"]) == 0
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    copy = (lived_in / "copy.jsonl").rename(elsewhere / "copy.jsonl")
    kept = (lived_in / "kept").rename(elsewhere / "kept")
    monkeypatch.chdir(elsewhere)
    capsys.readouterr()
    assert main(["ledger", "verify", "--export", str(copy), "--checkpoint", str(kept)]) == 0
    assert capsys.readouterr().out.startswith("anchored: ")
    copy.write_bytes(copy.read_bytes().replace(b'"outcome":"refused"', b'"outcome":"allowed"'))
    assert main(["ledger", "verify", "--export", str(copy), "--checkpoint", str(kept), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["kind"] == "changed"


def test_a_proof_of_an_event_verifies_and_a_changed_one_does_not(lived_in, capsys):
    main(["ledger", "show", "--outcome", "refused", "--last", "1", "--format", "json"])
    event = json.loads(capsys.readouterr().out)["id"]
    assert main(["ledger", "prove", "--id", event, "--output", "proof.json"]) == 0
    assert main(["ledger", "verify", "--proof", "proof.json"]) == 0
    proof = lived_in / "proof.json"
    proof.write_text(proof.read_text().replace("refused", "allowed"))
    assert main(["ledger", "verify", "--proof", "proof.json"]) == 1


def test_a_log_proves_that_it_continues_an_older_checkpoint(lived_in):
    assert main(["ledger", "prove", "--since-checkpoint", "kept", "--output", "proof.json"]) == 0
    assert main(["ledger", "verify", "--proof", "proof.json"]) == 0


@pytest.mark.parametrize("arguments", [["prove"], ["prove", "--id", "nobody"], ["verify", "--export", "kept"]])
def test_what_cannot_be_told_exits_2(lived_in, arguments):
    assert main(["ledger", *arguments]) == 2


def test_filters_of_show_keep_what_they_name(lived_in, capsys):
    capsys.readouterr()

    def kinds(*arguments):
        assert main(["ledger", "show", "--format", "json", *arguments]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert {each["outcome"] for each in kinds("--outcome", "refused")} == {"refused"}
    assert {each["purpose"] for each in kinds("--purpose", "support")} == {"support"}
    assert all(
        any(o["ref"].startswith("crm.customers") for o in e["objects"]) for e in kinds("--object", "crm.customers")
    )
    assert kinds("--until", "2001-01-01") == []
    assert len(kinds("--last", "2")) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "--kind", "caf\udce9"],
        ["show", "--id", "caf\udce9"],
        ["show", "--principal", "caf\udce9"],
        ["show", "--last", "9" * 30],
        ["verify", "--proof", "odd.bin"],
        ["verify", "--checkpoint", "odd.bin"],
        ["verify", "--export", "odd.bin"],
        ["verify", "--proof", "deep.json"],
        ["verify", "--export", "deep.json"],
    ],
)
def test_what_is_no_text_or_of_any_depth_is_told_without_an_internal_error(project, capsys, arguments):
    (project / "odd.bin").write_bytes(bytes(range(256)))
    (project / "deep.json").write_text("[" * 50_000)
    assert main(["ledger", *arguments]) == (0 if {"--principal", "--last"} & set(arguments) else 2)
    assert "internal error" not in capsys.readouterr().err
