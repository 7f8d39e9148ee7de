"""`governance calibrate` and the gate on its baseline: what is asked, kept, tuned and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PLANTED = ("Zebulon", "欧阳测桩", "planted.marker", "7654321", "19491231", "5678 9011", "zorblatt", "0440532013")
EMAIL = "crm.customers.email"


def answers(project: Path, **given: str) -> Path:
    """A file of verdicts: `yes` for every field of the customers but those given."""
    fields = ("id", "name", "email", "phone", "region", "notes", "national_id", "card", "iban", "created_at")
    path = project / "answers.yaml"
    lines = {f"crm.customers.{name}": given.get(name, "yes") for name in fields}
    path.write_text("".join(f"{ref}: {verdict}\n" for ref, verdict in lines.items()), encoding="utf-8")
    return path


def judged(run, project: Path, *arguments: str, **given: str) -> dict:
    path = answers(project, **given)
    found = run("calibrate", "--store", "crm", "--answers", path, "--by", "dpo", "--format", "json", *arguments)
    assert found.code == 0, found.err
    return json.loads(found.out)


def verdicts(project: Path) -> str:
    return (project / "policies" / "calibration.yaml").read_text(encoding="utf-8")


def test_verdicts_give_precision_and_recall_and_are_kept(project: Path, run) -> None:
    document = judged(run, project)
    assert document["schema"] == "governance.calibration/1"
    assert document["judged"] == 10
    assert document["fields"] == len(document["asked"]) >= 11
    precision = document["quality"]["precision"]
    assert precision["low"] <= precision["share"] <= precision["high"]
    assert "verdict: yes, by: dpo, at: " in verdicts(project)
    assert "scan.judged" in run("ledger", "show").out


def test_a_judged_field_is_never_asked_again_nor_its_verdict_overwritten(project: Path, run) -> None:
    judged(run, project, email="no")
    before = verdicts(project)
    judged(run, project, email="user.name", iban="no")
    assert before.count(f"{EMAIL}:") == verdicts(project).count(f"{EMAIL}:") == 1
    assert [line for line in before.splitlines() if "verdict" in line] == [
        line for line in verdicts(project).splitlines() if "verdict" in line
    ]


def test_the_terminal_asks_one_by_one_and_goes_on_where_it_stopped(project: Path, run, monkeypatch) -> None:
    said = iter(["y", "nonsense", "s", "q"])
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(said))
    first = run("calibrate", "--store", "crm", "--by", "dpo")
    assert (first.code, next(said, None)) == (0, None)
    assert "not understood" in first.err
    assert "[1/" in first.err
    total = int(first.err.partition("[1/")[2].partition("]")[0])
    said = iter(["q"])
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(said))
    assert f"[1/{total - 1}]" in run("calibrate", "--store", "crm").err


def test_interrupted_judging_keeps_what_was_said(project: Path, run, monkeypatch) -> None:
    said = iter(["y", "y"])

    def prompt(*_: object, **__: object) -> str:
        word = next(said, None)
        if word is None:
            raise KeyboardInterrupt
        return word

    monkeypatch.setattr("click.prompt", prompt)
    assert run("calibrate", "--store", "crm").code == 130
    assert verdicts(project).count("verdict") == 2


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "zh-Hant"])
def test_what_is_shown_holds_no_value(project: Path, run, monkeypatch, lang: str) -> None:
    monkeypatch.setattr("click.prompt", lambda *_, **__: "s")
    found = run("calibrate", "--lang", lang)
    assert found.code == 0
    assert "crm.customers.national_id" in found.err
    assert not any(each in found.out + found.err for each in PLANTED)


@pytest.mark.parametrize(
    "text", ["crm.customers.card: perhaps\n", "- crm.customers.card\n", "crm.customers.card: [yes]\n", "a: b: c\n"]
)
def test_wrong_answers_are_refused(project: Path, run, text: str) -> None:
    path = project / "answers.yaml"
    path.write_text(text, encoding="utf-8")
    assert run("calibrate", "--store", "crm", "--answers", path).code == 2
    assert not (project / "policies" / "scan_baseline.json").exists()


@pytest.mark.parametrize("arguments", [("--target-precision", "1"), ("--limit", "0"), ("--store", "erp")])
def test_wrong_options_are_refused(project: Path, run, arguments: tuple[str, ...]) -> None:
    assert run("calibrate", *arguments).code == 2


def test_a_store_that_is_down_exits_two_and_the_rest_is_judged(project: Path, run) -> None:
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("stores:\n", "stores:\n  gone: {url: 'sqlite:///gone.db'}\n"))
    found = run("calibrate", "--answers", answers(project), "--format", "json")
    assert found.code == 2
    assert json.loads(found.out)["judged"] > 0


def test_thresholds_of_the_file_hold_for_later_scans(project: Path, run) -> None:
    def labels() -> set[str]:
        document = json.loads(run("scan", "--store", "crm", "--no-propose", "--format", "json").out)
        fields = document["stores"][0]["datasets"][0]["fields"]
        return {each["field"] for each in fields if each["label"]}

    before = labels()
    assert "email" in before
    (project / "policies" / "calibration.yaml").write_text(
        "version: 1\nthresholds: {user.contact.email: 1.0}\n", encoding="utf-8"
    )
    assert before - labels() == {"email", "profile:$.*"}, "the path holds e-mail addresses too"


def test_a_target_without_enough_labels_tunes_nothing(project: Path, run) -> None:
    document = judged(run, project, "--target-precision", "0.95")
    assert document["tuned"] is False
    assert document["thresholds"] == {}
    assert "target_precision: 0.95" in verdicts(project)


# --- baseline


def test_an_unchanged_store_does_not_drift(project: Path, run) -> None:
    assert run("scan", "--store", "crm", "--save-baseline").code == 0
    baseline = project / "policies" / "scan_baseline.json"
    first = baseline.read_bytes()
    assert run("scan", "--store", "crm", "--fail-on-drift").code == 0
    assert run("scan", "--store", "crm", "--save-baseline").code == 0
    assert baseline.read_bytes() == first


def test_labels_that_came_went_or_changed_fail_the_gate_and_are_named(project: Path, run) -> None:
    judged(run, project)
    path = project / "policies" / "scan_baseline.json"
    text = path.read_text(encoding="utf-8")
    standing = json.loads(text)
    fields = standing["stores"]["crm"]["customers"]
    fields["email"]["category"] = "user.name"
    fields["passport"] = {"category": "user.government_id.passport_number", "confidence": 0.9}
    del fields["phone"]
    path.write_text(json.dumps(standing), encoding="utf-8")
    found = run("scan", "--store", "crm", "--fail-on-drift", "--format", "json")
    assert found.code == 1
    kinds = {line.split(": ")[2]: line.split(": ")[3].split()[0] for line in found.err.splitlines() if "drift:" in line}
    assert kinds == {
        "crm.customers.email": "relabelled",
        "crm.customers.passport": "gone",
        "crm.customers.phone": "new",
    }
    shown = run("scan", "--store", "crm", "--fail-on-drift").out
    assert "Changed since the baseline" in shown


def test_a_precision_below_the_baseline_fails_the_gate(project: Path, run) -> None:
    judged(run, project)
    path = project / "policies" / "scan_baseline.json"
    standing = json.loads(path.read_text(encoding="utf-8"))
    standing["quality"]["precision"].update(share=1.0, low=1.0)
    path.write_text(json.dumps(standing), encoding="utf-8")
    calibration = project / "policies" / "calibration.yaml"
    calibration.write_text(verdicts(project).replace("verdict: yes", "verdict: no"), encoding="utf-8")
    found = run("scan", "--store", "crm", "--fail-on-drift")
    assert found.code == 1
    assert "precision 1.00 -> " in found.err


def test_without_a_baseline_it_cannot_be_told(project: Path, run) -> None:
    found = run("scan", "--store", "crm", "--fail-on-drift")
    assert found.code == 2
    assert "--save-baseline" in found.err


@pytest.mark.parametrize("option", ["--save-baseline", "--fail-on-drift"])
def test_a_baseline_belongs_to_a_project(project: Path, run, option: str) -> None:
    assert run("scan", "--url", f"sqlite:///{project / 'crm.db'}", option).code == 2
