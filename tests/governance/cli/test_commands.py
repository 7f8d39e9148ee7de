"""What each command does to a project, and what it refuses."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest


def _json(run, *arguments: str) -> dict:
    found = run(*arguments)
    assert found.code == 0, found.err
    return json.loads(found.out)


# --- scan and catalog


def test_scan_without_any_configuration(tmp_path: Path, project: Path, run, monkeypatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    document = _json(run, "scan", "--url", f"sqlite:///{project / 'crm.db'}", "--format", "json")
    assert document["schema"] == "governance.scan/1"
    assert [each["store"] for each in document["stores"]] == ["crm"]
    assert list(elsewhere.iterdir()) == []


def test_a_store_that_is_down_exits_two_and_the_rest_is_reported(project: Path, run) -> None:
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("stores:\n", "stores:\n  gone: {url: 'sqlite:///gone.db'}\n"))
    found = run("scan", "--format", "json")
    assert found.code == 2
    document = json.loads(found.out)
    assert [each["place"] for each in document["summary"]["failed_stores"]] == ["gone"]
    assert "crm" in {each["store"] for each in document["stores"] if each["datasets"]}


@pytest.mark.parametrize(("bound", "code"), [("special", 1), ("restricted", 1), ("public", 1)])
def test_fail_on_a_sensitivity_that_is_reached_exits_one(project: Path, run, bound: str, code: int) -> None:
    assert run("scan", "--store", "crm", "--fail-on", bound).code == code


def test_one_hidden_id_is_enough_to_fail_on(tmp_path: Path, run) -> None:
    with sqlite3.connect(tmp_path / "notes.db") as store:
        store.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, remark TEXT)")
        rows = [(n, f"shelf {n} is full, order more boxes") for n in range(600)]
        rows[417] = (417, "证件号 11010519491231002X 已登记")
        store.executemany("INSERT INTO things VALUES (?, ?)", rows)
    store.close()
    url = f"sqlite:///{tmp_path / 'notes.db'}"
    assert run("scan", "--url", url, "--fail-on", "restricted").code == 1


def test_fail_on_a_sensitivity_that_is_not_reached_exits_zero(tmp_path: Path, run) -> None:
    with sqlite3.connect(tmp_path / "things.db") as store:
        store.execute("CREATE TABLE products (id INTEGER PRIMARY KEY, weight_g INTEGER, acid_level REAL)")
        store.executemany("INSERT INTO products VALUES (?, ?, ?)", [(n, n * 10, n / 7) for n in range(50)])
    store.close()
    assert run("scan", "--url", f"sqlite:///{tmp_path / 'things.db'}", "--fail-on", "internal").code == 0


@pytest.mark.parametrize(
    "arguments", [("--url", "sqlite:///crm.db", "--path", "exports"), ("--full", "--sample", "5"), ("--store", "erp")]
)
def test_scan_refuses_contradictions(project: Path, run, arguments: tuple[str, ...]) -> None:
    assert run("scan", *arguments).code == 2


def test_a_review_moves_proposals_over_and_a_rescan_never_overwrites_it(project: Path, run) -> None:
    assert run("scan", "--store", "crm").code == 0
    waiting = {
        row["field"] for row in _json(run, "catalog", "show", "--status", "proposed", "--format", "json")["fields"]
    }
    assert {"crm.customers.card", "crm.customers.iban"} <= waiting
    dry = run("catalog", "review", "--confirm", "crm.customers.card", "--by", "dpo", "--dry-run")
    assert "+" in dry.out
    before = (project / "policies" / "catalog.yaml").read_text()
    done = run("catalog", "review", "--confirm", "crm.customers.card", "--reject", "crm.customers.iban", "--by", "dpo")
    assert done.code == 0
    after = (project / "policies" / "catalog.yaml").read_text()
    assert "card" not in before
    assert "card: {id: f8" in after
    assert "status: rejected" in after
    assert run("scan", "--store", "crm").code == 0
    assert (project / "policies" / "catalog.yaml").read_text() == after
    waiting = {
        row["field"] for row in _json(run, "catalog", "show", "--status", "proposed", "--format", "json")["fields"]
    }
    assert not {"crm.customers.card", "crm.customers.iban"} & waiting
    assert "catalog.decided" in run("ledger", "show").out


def test_a_harmless_field_is_confirmed_as_none(project: Path, run) -> None:
    run("scan", "--store", "crm")
    assert run("catalog", "review", "--harmless", "crm.customers.profile*", "--by", "dpo", "--why", "tried").code == 0
    rows = {row["field"]: row for row in _json(run, "catalog", "export", "--format", "json")["fields"]}
    assert rows["crm.customers.profile"]["category"] == "none"


def test_a_review_in_the_terminal_asks_one_by_one(project: Path, run, monkeypatch) -> None:
    run("scan", "--store", "crm")
    answers = iter(["s", "y", "q"])
    monkeypatch.setattr("click.prompt", lambda *_, **__: next(answers))
    assert run("catalog", "review", "--by", "dpo").code == 0
    assert next(answers, None) is None


@pytest.mark.parametrize(
    "arguments", [("--confirm", "crm.nothing.*"), ("--confirm", "crm.*", "--reject", "crm.customers.card")]
)
def test_a_review_refuses_patterns_that_fit_nothing_or_twice(project: Path, run, arguments: tuple[str, ...]) -> None:
    run("scan", "--store", "crm")
    before = (project / "policies" / "catalog.yaml").read_text()
    assert run("catalog", "review", *arguments).code == 2
    assert (project / "policies" / "catalog.yaml").read_text() == before


def test_drift_names_what_is_new_gone_and_retyped(project: Path, run) -> None:
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("ALTER TABLE customers DROP COLUMN phone")
        store.execute("ALTER TABLE customers ADD COLUMN shoe_size INTEGER")
    store.close()
    catalog = project / "policies" / "catalog.yaml"
    catalog.write_text(
        catalog.read_text().replace(
            "f5, category: none, status: confirmed, type: string",
            "f5, category: none, status: confirmed, type: integer",
        )
    )
    found = {
        (each["kind"], each["place"])
        for each in _json(run, "catalog", "diff", "--store", "crm", "--format", "json")["drift"]
    }
    assert ("gone", "crm.customers.phone") in found
    assert ("new", "crm.customers.shoe_size") in found
    assert ("changed_type", "crm.customers.region") in found


# --- query


def test_query_forms_agree(project: Path, run) -> None:
    words = ("query", "crm", "SELECT id, email FROM customers ORDER BY id", "--as", "alice", "--purpose", "support")
    rows = json.loads(run(*words, "--format", "json").out)
    assert len(rows) == 27
    assert rows[0] == {"id": 1, "email": rows[0]["email"]}
    assert run(*words, "--format", "csv").out.splitlines()[0] == "id,email"
    assert run(*words).out.splitlines()[-1] == "27 rows"


def test_a_star_leaves_out_what_the_policy_hides_and_says_so(project: Path, run) -> None:
    found = run("query", "crm", "SELECT * FROM customers", "--as", "alice", "--purpose", "support")
    assert found.code == 0
    assert "crm.customers.notes" in found.err
    assert "national_id" not in found.out


def test_an_output_file_is_an_export_which_read_does_not_give(project: Path, run) -> None:
    words = ("query", "crm", "SELECT id FROM customers", "--as", "alice", "--purpose", "support")
    assert run(*words, "--output", str(project / "rows.txt")).code == 1
    assert not (project / "rows.txt").exists()


def test_a_formula_is_defused_in_csv(project: Path, run) -> None:
    with sqlite3.connect(project / "crm.db") as store:
        store.execute("UPDATE customers SET region = '=1+1'")
    store.close()
    people = project / "policies" / "principals.yaml"
    people.write_text(people.read_text().replace("{region: EU}", "{region: '=1+1'}"))
    words = ("query", "crm", "SELECT region FROM customers", "--as", "alice", "--purpose", "support", "--format", "csv")
    assert run(*words).out.splitlines()[1] == "'=1+1"


ALICE = ("--as", "alice", "--purpose", "support")


def test_a_query_explains_how_each_field_was_given(project: Path, run) -> None:
    found = run("query", "crm", "SELECT * FROM customers", *ALICE, "--explain")
    assert found.code == 0
    assert "rows" in found.out
    assert "decision" not in found.out
    assert re.search(r"crm\.customers\.email +mask:email", found.err)
    assert "p, support, support, read, crm.customers.email, mask:email, allow," in found.err
    left_out = next(line for line in found.err.splitlines() if "crm.customers.notes" in line)
    assert "user.health_and_medical" in left_out
    shown = run("query", "crm", "SELECT 1 AS one", *ALICE, "--explain")
    assert (shown.code, shown.err) == (0, "")


def test_a_query_comes_from_standard_input(project: Path, run, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"SELECT count(*) AS n FROM customers")))
    assert json.loads(run("query", "crm", "-", *ALICE, "--format", "json").out) == [{"n": 27}]


def test_a_query_of_two_columns_of_one_name_loses_none(project: Path, run) -> None:
    sql = "SELECT id, id + 1 AS id, 7 AS id_2 FROM customers ORDER BY 1 LIMIT 1"
    assert json.loads(run("query", "crm", sql, *ALICE, "--format", "json").out) == [{"id": 1, "id_3": 2, "id_2": 7}]


def test_a_cell_cannot_move_the_cursor_or_forge_a_row(project: Path, run) -> None:
    sql = "SELECT 'a' || char(27) || '[2J' || char(10) || 'b|c' AS x"
    assert "\x1b" not in run("query", "crm", sql, *ALICE).out
    assert run("query", "crm", sql, *ALICE).out.splitlines()[-1] == "1 row"
    marked = run("query", "crm", sql, *ALICE, "--format", "markdown").out
    assert len(marked.splitlines()) == 3
    assert "b\\|c" in marked


def test_an_export_that_is_granted_is_written_and_recorded_as_one(project: Path, run) -> None:
    lines = project / "policies" / "access.csv"
    lines.write_text(lines.read_text() + "p, support, support, export, crm.customers, mask:redact, allow,\n")
    rows = project / "rows.csv"
    found = run("query", "crm", "SELECT name FROM customers", *ALICE, "--output", str(rows), "--format", "csv")
    assert (found.code, found.out) == (0, "")
    assert set(rows.read_text().splitlines()[1:]) == {"***"}
    last = [json.loads(line) for line in run("ledger", "show", "--format", "json").out.splitlines()]
    assert [each["action"] for each in last if each["kind"] == "decision"] == ["export"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nostore", "SELECT 1"), 2, "nostore"), (("crm", "SELEC 1"), 1, "SELECT"),
        (("crm", "DROP TABLE customers"), 1, "SELECT"), (("crm", "SELECT national_id FROM customers"), 1, "customers"),
        (("crm", ""), 1, "statement"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_run_says_why_and_shows_nothing(project: Path, run, words, code, said) -> None:
    found = run("query", *words, *ALICE)
    assert (found.code, found.out) == (code, "")
    assert said in found.err
    assert "Next:" in found.err


# --- consent, ledger, retention


def test_consent_is_recorded_withdrawn_and_shown(run, project: Path) -> None:
    about = ("--subject", "p-7", "--purpose", "marketing.email", "--channel", "email")
    assert run("consent", "record", *about, "--store-key", "crm=7", "--form", "separate").code == 0
    assert _json(run, "consent", "show", *about, "--format", "json")["state"] == "given"
    assert run("consent", "withdraw", *about, "--method", "phone").code == 0
    shown = _json(run, "consent", "show", *about, "--format", "json")
    assert shown["state"] == "withdrawn"
    assert [each["kind"] for each in shown["events"]] == ["given", "withdrawn"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("--purpose", "fraud", "--subject", "p-7"),
        ("--purpose", "marketing.email", "--subject", "p-7", "--store-key", "crm"),
        ("--purpose", "marketing.email", "--subject", "p-7", "--method", "said so on the phone"),
    ],
)
def test_consent_refuses_what_it_does_not_know(run, project: Path, wrong: tuple[str, ...]) -> None:
    assert run("consent", "record", *wrong).code == 2


def test_a_changed_event_fails_the_verification(run, project: Path) -> None:
    run("query", "crm", "SELECT id FROM customers", "--as", "alice", "--purpose", "support")
    note = project / "outside.txt"
    assert run("ledger", "checkpoint", "--output", str(note)).code == 0
    assert run("ledger", "verify", "--checkpoint", str(note)).out.startswith("anchored")
    with sqlite3.connect(project / ".governance" / "gov.db") as records:
        records.execute("UPDATE gov_ledger_event SET leaf = replace(leaf, 'allowed', 'refused')")
    records.close()
    found = run("ledger", "verify", "--checkpoint", str(note))
    assert found.code == 1
    assert found.out.startswith("tampered")


def test_a_plan_is_run_as_it_stands_and_a_changed_one_is_refused(run, project: Path) -> None:
    plan = project / "plan.json"
    words = ("retention", "plan", "customers-ten-years", "--format", "json", "--output", str(plan))
    assert run(*words).code == 0
    assert json.loads(plan.read_text())["facts"]["rules"][0]["by_month"] == {"2011-01": 3}
    changed = project / "changed.json"
    changed.write_text(plan.read_text().replace('"2011-01": 3', '"2011-01": 9'))
    assert run("retention", "run", "--plan", str(changed)).code == 1
    done = _json(run, "retention", "run", "--plan", str(plan), "--format", "json")
    assert (done["deleted"], done["held"]) == (3, 0)
    with sqlite3.connect(project / "crm.db") as store:
        assert store.execute("SELECT count(*) FROM customers").fetchone() == (37,)
    store.close()
    again = _json(run, "retention", "run", "--plan", str(plan), "--format", "json")
    assert again["deleted"] == 3


def test_a_held_record_is_kept_until_it_is_released(run, project: Path) -> None:
    hold = run("retention", "hold", "crm.customers", "--record", "2", "--reason", "case 4711").out.strip()
    assert hold in run("retention", "holds").out
    plan = project / "plan.json"
    words = ("retention", "plan", "customers-ten-years", "--format", "json", "--output", str(plan))
    run(*words)
    assert _json(run, "retention", "run", "--plan", str(plan), "--format", "json")["held"] == 1
    assert run("retention", "release", hold).code == 0
    assert run("retention", "release", hold).code == 2
    run(*words)
    assert _json(run, "retention", "run", "--plan", str(plan), "--format", "json")["deleted"] == 1
    assert "case 4711" not in run("ledger", "show", "--format", "json").out


def test_one_plan_file_holds_one_rule(run, project: Path) -> None:
    assert run("retention", "plan", "--format", "json").code == 2
    assert run("retention", "plan", "no-such-rule").code == 2


# --- audit, check, policy, doctor


def test_the_access_report_finds_every_step_by_its_id(run, project: Path) -> None:
    run("query", "crm", "SELECT email FROM customers", "--as", "alice", "--purpose", "support")
    run("query", "crm", "SELECT email FROM customers", "--as", "mallory", "--purpose", "support")
    report = run("audit", "access", "--format", "json")
    ids = [line.split()[2] for line in run("ledger", "show", "--kind", "decision").out.splitlines()]
    assert len(ids) == 2
    assert all(each in report.out for each in ids)


def test_check_stops_undeclared_fields_and_accepts_them_once_declared(run, project: Path) -> None:
    (project / "migrations" / "1.sql").write_text("ALTER TABLE customers ADD COLUMN ssn TEXT;")
    found = run("check", "--format", "json")
    assert found.code == 1
    (finding,) = json.loads(found.out)["findings"]
    catalog = project / "policies" / "catalog.yaml"
    catalog.write_text(catalog.read_text().rstrip() + "\n" + finding["stanza"])
    left = run("check")
    assert (left.code, "without protection" in left.out) == (1, True)
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text() + "p, support, support, read, crm.customers.ssn, mask:last4, allow,\n")
    assert run("check").code == 0


def test_a_policy_with_a_dead_line_fails_the_lint(run, project: Path) -> None:
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text() + "p, nobody-has-this-role, support, read, crm.customers, clear, allow,\n")
    assert run("policy", "lint").code == 1


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "zh-Hant"])
def test_explain_speaks_three_languages(run, project: Path, lang: str) -> None:
    words = ("policy", "explain", "alice", "read", "crm.customers.email", "--purpose", "support", "--lang", lang)
    found = run(*words)
    assert found.code == 0
    assert "mask:email" in found.out
    assert ("may read" in found.out) == (lang == "en")


def test_doctor_finds_a_remote_store_without_tls(run, project: Path) -> None:
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("stores:\n", "stores:\n  far: {url: 'sqlite:///gone.db'}\n"))
    found = run("doctor")
    assert found.code == 1
    assert "store far" in found.out


# --- a change of policy


def _git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=tests", "-c", "user.email=tests@localhost", "-C", str(folder), *arguments]
    subprocess.run(command, check=True, capture_output=True)


def test_a_change_of_policy_is_told_against_a_folder_and_a_revision(project: Path, run) -> None:
    old = shutil.copytree(project / "policies", project / "before")
    _git(project, "init", "-q")
    _git(project, "add", "policies")
    _git(project, "commit", "-qm", "before")
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text().replace("customers.email, mask:email", "customers.email, clear"))
    for named in (str(old), "HEAD"):
        document = _json(run, "policy", "diff", named, "--format", "json")
        assert [(each["field"], each["before"], each["after"]) for each in document["more"]] == [
            ("crm.customers.email", "mask:email", "clear")
        ]
        assert document["less"] == []
    assert run("policy", "diff", "HEAD", "--fail-on", "confidential").code == 1
    assert run("policy", "diff", "HEAD", "--fail-on", "restricted").code == 0
    assert run("policy", "diff", "HEAD", "HEAD", "--fail-on", "any").code == 0
    reverse = _json(run, "policy", "diff", "policies", "HEAD", "--format", "json")
    assert reverse["more"] == []
    assert [(each["before"], each["after"]) for each in reverse["less"]] == [("clear", "mask:email")]


@pytest.mark.parametrize("named", ["no-such-thing", "--upload-pack=x", "HEAD~99"])
def test_what_is_neither_folder_nor_revision_exits_two(project: Path, run, named: str) -> None:
    found = run("policy", "diff", "--", named)
    assert found.code == 2
    assert "neither a folder nor a revision" in found.err


def test_policy_tests_fail_the_build_when_the_policy_changes(project: Path, run) -> None:
    assert run("policy", "test").code == 0
    assert run("policy", "test", "--min-coverage", "100").code == 1
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text().replace("p, contractor, *, *, crm.customers, , deny,\n", ""))
    found = run("policy", "test", "--format", "json")
    assert (found.code, [each["passed"] for each in json.loads(found.out)["tests"]]) == (0, [True, True])
    access.write_text(access.read_text().replace("customers.email, mask:email", "customers.email, clear"))
    found = run("policy", "test", "--lang", "zh-Hans")
    assert found.code == 1
    assert "mask:email" in found.out
    (project / "policies" / "access_tests.yaml").unlink()
    assert run("policy", "test").code == 2


def test_who_and_what_name_people_and_refuse_what_nobody_knows(project: Path, run) -> None:
    document = _json(run, "policy", "who", "category:user.contact", "--format", "json")
    assert {each["user"] for each in document["grants"]} == {"alice"}
    assert {each["field"] for each in document["grants"]} == {"crm.customers.email", "crm.customers.phone"}
    assert run("policy", "who", "crm.nobody").code == 2
    assert run("policy", "what", "nobody").code == 1
    assert _json(run, "policy", "what", "mallory", "--format", "json")["grants"] == []


# --- jobs


def _planned(project: Path, run) -> Path:
    plan = project / "plan.json"
    assert run("retention", "plan", "customers-ten-years", "--format", "json", "--output", str(plan)).code == 0
    return plan


def test_a_job_from_plan_to_certificate(project: Path, run) -> None:
    plan = _planned(project, run)
    (waiting,) = _json(run, "job", "list", "--format", "json")["jobs"]
    assert (waiting["state"], waiting["kind"], waiting["done"]) == ("planned", "retention", 0)
    assert f"{waiting['id']}  planned" in run("job", "list", "--state", "planned").out
    assert run("job", "certificate", waiting["id"]).code == 2
    done = _json(run, "retention", "run", "--plan", str(plan), "--format", "json")
    shown = _json(run, "job", "show", waiting["id"], "--format", "json")
    assert (shown["state"], shown["certificate"], shown["steps"][0]["done"]) == ("done", done["certificate"], 3)
    assert "3 done" in run("job", "show", waiting["id"]).out
    written = project / "certificate.json"
    assert run("job", "certificate", waiting["id"], "--format", "json", "--output", str(written)).code == 0
    key = json.loads(written.read_text())["signer"]["public_key"]
    assert "signature" in run("job", "certificate", "--verify", str(written)).out
    assert run("--config", "nosuch.yaml", "job", "certificate", "--verify", str(written), "--key", key).code == 0
    written.write_text(written.read_text().replace('"done": 3', '"done": 2'))
    assert run("job", "certificate", "--verify", str(written)).code == 1
    assert run("job", "certificate", "--verify", str(written), "--key", key).code == 1
    assert run("job", "certificate", "--verify", str(written), "--key", "zhang").code == 2


@pytest.mark.parametrize(
    ("lang", "word"), [("en", "kept by a legal hold"), ("zh-Hans", "因法律保全"), ("zh-Hant", "因訴訟保全")]
)
def test_a_certificate_speaks_three_languages(project: Path, run, lang: str, word: str) -> None:
    plan = _planned(project, run)
    run("retention", "run", "--plan", str(plan))
    job = _json(run, "job", "list", "--format", "json")["jobs"][0]["id"]
    assert word in run("job", "certificate", job, "--lang", lang).out


def test_two_persons_must_agree_where_the_project_says_so(project: Path, run, monkeypatch) -> None:
    config = project / "governance.yaml"
    config.write_text(config.read_text() + "\njobs: {approval: two_persons}\n")
    plan = _planned(project, run)
    refused = run("retention", "run", "--plan", str(plan))
    assert (refused.code, "second person" in refused.err) == (1, True)
    assert run("job", "approve", str(plan)).code == 1
    with monkeypatch.context() as other:
        other.setattr("governance.cli.project_option.actor", lambda: "somebody-else")
        assert run("job", "approve", str(plan)).code == 0
        assert run("retention", "run", "--plan", str(plan)).code == 1
    assert _json(run, "retention", "run", "--plan", str(plan), "--format", "json")["deleted"] == 3


def test_wrong_uses_of_job_are_refused(project: Path, run) -> None:
    assert run("job", "certificate").code == 2
    assert run("job", "certificate", "x", "--key", "00").code == 2
    assert run("job", "show", "nosuch").code == 2
    changed = _planned(project, run)
    changed.write_text(changed.read_text() + " ")
    assert run("job", "approve", str(changed)).code == 1


def test_a_setting_of_jobs_that_is_wrong_is_refused_with_its_place(project: Path, run) -> None:
    config = project / "governance.yaml"
    config.write_text(config.read_text() + "\njobs: {window: nights}\n")
    found = run("job", "list")
    assert (found.code, "jobs.window" in found.err) == (2, True)


def test_a_run_outside_its_window_stops_and_says_when_it_goes_on(project: Path, run) -> None:
    hours = [(dt.datetime.now(dt.UTC) + dt.timedelta(hours=ahead)).strftime("%H:%M") for ahead in (2, 3)]
    config = project / "governance.yaml"
    before = config.read_text()
    plan = _planned(project, run)
    config.write_text(f"{before}\njobs: {{window: '{hours[0]}-{hours[1]}'}}\n")
    paused = run("retention", "run", "--plan", str(plan), "--format", "json")
    assert (paused.code, json.loads(paused.out)["state"], json.loads(paused.out)["deleted"]) == (0, "paused", 0)
    assert f"{hours[0]}" in paused.err
    assert "paused" in run("job", "list").out
    config.write_text(before)
    assert _json(run, "retention", "run", "--plan", str(plan), "--format", "json")["deleted"] == 3
