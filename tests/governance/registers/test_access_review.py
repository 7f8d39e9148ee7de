"""Access reviews: who may decide, what stays decided, what is stale, overdue or broad, and what the patch changes."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audits.rendering import render
from governance.app import Governance
from governance.ledger.log import Ledger
from governance.registers.reviews import Review, Reviews
from policies.errors import AccessRefusedError, BadInputError, LedgerError, RecordsError

MARKERS = {"name": "Zebulon Quagmire", "phone": "+49 1512 7654321", "email": "planted.marker@zebra-quagga.example"}
REASON = "still needed for refunds"
DUE = dt.date(2026, 12, 15)
MORE = """
p, support, support, export, crm, clear, allow,
p, *, support, read, crm.customers.region, clear, allow,
p, support, support, read, crm.customers.phone, clear, allow,
g, alice, cashier
g, alice, checker
p, cashier, support, write, crm.customers.phone, clear, allow,
"""
SEPARATION = "version: 1\npairs:\n  - {roles: [cashier, checker], why: who pays does not check}\n"


class Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 27, 8, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture(scope="module")
def made(shared_project: Path) -> Path:
    policies = shared_project / "policies"
    (policies / "access.csv").write_text((policies / "access.csv").read_text() + MORE)
    (policies / "principals.yaml").write_text((policies / "principals.yaml").read_text() + "  dora: {}\n  eve: {}\n")
    (policies / "separation.yaml").write_text(SEPARATION)
    return shared_project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "p", dirs_exist_ok=True)
    return tmp_path / "p"


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open(project / "governance.yaml", clock=Clock()) as opened:
        yield opened


def standing(gov: Governance, review: str | None = None) -> dict[str, dict[str, Any]]:
    return {f"{each['line']}": each for each in gov.audit_review(review).data["grants"]}


def one(gov: Governance, **wanted: str) -> dict[str, Any]:
    found = [each for each in standing(gov).values() if all(each[key] == value for key, value in wanted.items())]
    assert len(found) == 1
    return found[0]


def decide(gov: Governance, review: Review, grant: str, verdict: str = "keep", **more: Any) -> Review:
    return gov.decide_grant(review.id, grant, verdict, principal="dora", reason=REASON, **more)


def edit(project: Path, old: str, new: str) -> None:
    file = project / "policies/access.csv"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_report_names_what_is_broad_and_kept_apart(gov: Governance) -> None:
    assert gov.audit_review().verdict.line.key == "review.never"
    assert "wide" in one(gov, action="export")["flags"]
    assert "everybody" in one(gov, subject="*")["flags"]
    assert one(gov, role="impersonate")["flags"] == ["impersonate"]
    assert one(gov, role="checker")["separation"] == [["cashier", "checker"]]
    assert "separation" not in one(gov, subject="alice", role="support")["flags"]
    assert {each["state"] for each in standing(gov).values()} == {"unreviewed"}


def test_last_use_is_what_the_ledger_says(gov: Governance) -> None:
    with gov.session("crm", principal="alice", purpose="support") as db:
        db.execute(sa.text("SELECT email FROM customers WHERE id = 1")).all()
    decision = next(event for event in gov.ledger.events() if event.kind == "decision")
    found = standing(gov)
    used = {each["id"] for each in found.values() if each["evidence"] == [decision.id]}
    roles = {each["id"] for each in found.values() if each["kind"] == "role" and set(each["rules"]) & {*decision.rules}}
    assert used == {rule for rule in decision.rules if rule.startswith("access:")} | roles
    assert roles
    assert one(gov, object="crm.customers.email")["last_used"] == decision.time
    assert "unused" not in one(gov, object="crm.customers.email")["flags"]
    gov.clock.now += dt.timedelta(days=91)
    assert "unused" in one(gov, object="crm.customers.email")["flags"]


def test_review_is_decided_and_closed(gov: Governance, project: Path) -> None:
    review = gov.open_review("dora", DUE)
    with pytest.raises(BadInputError, match="another review"):
        gov.open_review("dora", DUE)
    with pytest.raises(BadInputError, match="undecided"):
        gov.close_review(review.id, principal="dora")
    for grant in review.grants:
        review = decide(gov, review, grant)
    assert gov.close_review(review.id, principal="dora").closed is not None
    report = gov.audit_review()
    assert {each["state"] for each in report.data["grants"]} == {"kept"}
    assert report.verdict.tone == "bad"  # the roles that must be apart were kept together
    with pytest.raises(BadInputError, match="closed"):
        gov.close_review(review.id, principal="dora")
    with pytest.raises(BadInputError, match="closed"):
        decide(gov, review, next(iter(review.grants)))
    kinds = [event.kind for event in gov.ledger.events() if event.kind.startswith("review.")]
    assert kinds == ["review.opened", *["review.decided"] * len(review.grants), "review.closed"]
    edit(project, "g, alice, checker\n", "")
    assert gov.audit_review().verdict.tone == "good"


def test_revoking_writes_a_patch_that_git_takes(gov: Governance, project: Path, tmp_path: Path) -> None:
    edit(project, MORE, MORE + "p, support, support, export, crm, clear, allow, \n")  # a line that says it again
    review = gov.open_review("dora", DUE)
    patch, before = tmp_path / "revoked.patch", (project / "policies/access.csv").read_text()
    wide, checker = one(gov, action="export")["id"], one(gov, role="checker")["id"]
    with pytest.raises(BadInputError, match="patch"):
        decide(gov, review, wide, "revoke")
    decide(gov, review, wide, "revoke", patch=patch)
    decide(gov, review, checker, "revoke", patch=patch)
    assert (project / "policies/access.csv").read_text() == before
    assert one(gov, id=wide)["state"] == "revoked"
    subprocess.run(["git", "apply", str(patch)], cwd=project, check=True)
    gone = set(before.splitlines()) - set((project / "policies/access.csv").read_text().splitlines())
    assert {line.strip() for line in gone} == {"p, support, support, export, crm, clear, allow,", "g, alice, checker"}
    assert wide not in {each["id"] for each in standing(gov).values()}
    assert gov.review_patch(review.id, patch) == 0


def test_what_changed_since_is_stale(gov: Governance, project: Path) -> None:
    review = gov.open_review("dora", DUE)
    email, phone = one(gov, object="crm.customers.email")["id"], one(gov, object="category:user.contact")["id"]
    decide(gov, review, email)
    edit(project, "g, mallory, contractor", "g, mallory, contractor\ng, eve, support")
    assert one(gov, subject="eve")["state"] == "new"
    assert one(gov, id=email)["state"] == "changed"
    assert one(gov, id=phone)["state"] == "changed"
    decide(gov, review, phone)
    assert one(gov, id=phone)["state"] == "kept"
    assert one(gov, role="impersonate")["state"] == "undecided"
    with pytest.raises(BadInputError, match="no grant has"):
        decide(gov, review, one(gov, subject="eve")["id"])


def test_overdue_from_the_day_after_in_the_projects_zone(gov: Governance, project: Path) -> None:
    text = (project / "governance.yaml").read_text()
    (project / "governance.yaml").write_text(text + "time_zone: Asia/Taipei\n")
    with Governance.open(project / "governance.yaml", clock=gov.clock) as here:
        here.open_review("dora", DUE)
        here.clock.now = dt.datetime(2026, 12, 15, 15, 59, tzinfo=dt.UTC)
        assert here.audit_review().verdict.line.key != "review.overdue"
        here.clock.now += dt.timedelta(minutes=1)
        assert here.audit_review().verdict.line.key == "review.overdue"


def test_only_the_reviewer_decides_and_refusals_are_recorded(gov: Governance) -> None:
    review = gov.open_review("dora", DUE)
    grant = next(iter(review.grants))
    for who in ("alice", "nobody"):
        with pytest.raises(AccessRefusedError):
            gov.decide_grant(review.id, grant, "keep", principal=who, reason=REASON)
    with pytest.raises(AccessRefusedError):
        gov.close_review(review.id, principal="alice")
    refused = [event.kind for event in gov.ledger.events() if event.outcome == "refused"]
    assert refused == ["review.decided", "review.closed"]


@pytest.mark.parametrize(
    ("change", "found"),
    [({"verdict": "perhaps"}, "another word"), ({"reason": " short  "}, "5 letters"), ({"grant": "x"}, "no grant has")],
)
def test_bad_decision_changes_nothing(gov: Governance, change: dict[str, str], found: str) -> None:
    review = gov.open_review("dora", DUE)
    asked = {"grant": next(iter(review.grants)), "verdict": "keep", "reason": REASON} | change
    with pytest.raises(BadInputError, match=found):
        gov.decide_grant(review.id, asked["grant"], asked["verdict"], principal="dora", reason=asked["reason"])
    assert not Reviews(gov.records, gov.ledger).all()[0].decisions
    with pytest.raises(BadInputError, match="no review has"):
        gov.audit_review("none")
    with pytest.raises(BadInputError, match="past"):
        gov.open_review("dora", dt.date(2026, 11, 26))
    with pytest.raises(AccessRefusedError):
        gov.open_review("nobody", DUE)


def test_without_event_nothing_is_decided(gov: Governance, monkeypatch: pytest.MonkeyPatch) -> None:
    review = gov.open_review("dora", DUE)

    def fail(*_: object) -> None:
        raise LedgerError("ledger", found="nothing", expected="a ledger", next_step="wait")

    monkeypatch.setattr(Ledger, "append_in", fail)
    with pytest.raises(LedgerError):
        decide(gov, review, next(iter(review.grants)))
    assert not Reviews(gov.records, gov.ledger).all()[0].decisions
    gov.records.dispose()
    with gov.records.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_review RENAME TO elsewhere")
    with pytest.raises(RecordsError, match="cannot be read"):
        gov.audit_review()


RACE = """
import datetime as dt, sys
from governance.app import Governance
from policies.errors import BadInputError
with Governance.open("governance.yaml") as gov:
    gov.ledger
    print("ready", flush=True)
    sys.stdin.readline()
    won = 0
    for grant in sys.argv[2:]:
        try:
            gov.decide_grant(sys.argv[1], grant, "keep", principal="dora", reason="needed for refunds")
            won += 1
        except BadInputError:
            pass
    print(won, flush=True)
"""


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_one_of_two_processes_decides(
    gov: Governance, project: Path, where: str, request: pytest.FixtureRequest
) -> None:
    if where == "postgresql":
        url = request.getfixturevalue("postgres_url").replace("+psycopg", "")
        (project / "governance.yaml").write_text(
            (project / "governance.yaml").read_text() + f'records: {{url: "{url}"}}\n'
        )
        from governance.records.database import create_records

        create_records(url).dispose()
    with Governance.open(project / "governance.yaml", clock=gov.clock) as here:
        review = here.open_review("dora", DUE)
        grants = list(review.grants)[:6]
        command = [sys.executable, "-c", RACE, review.id, *grants]
        both = [
            subprocess.Popen(command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for each in both:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        for each in both:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        won = sum(int(each.communicate()[0]) for each in both)
        assert won == len(grants)
        assert len(Reviews(here.records, here.ledger).all()[0].decisions) == won
        assert sum(event.kind == "review.decided" for event in here.ledger.events()) == won


def test_no_word_of_a_reason_or_row_leaves(gov: Governance, capsys: pytest.CaptureFixture[str]) -> None:
    review = gov.open_review("dora", DUE)
    grant = next(iter(review.grants))
    said = gov.decide_grant(
        review.id, grant, "keep", principal="dora", reason=f"asked by {MARKERS['name']} {MARKERS['phone']}"
    )
    report = gov.audit_review()
    texts = [render(report, form, lang) for form in ("text", "json", "html", "markdown", "csv") for lang in ("en",)]
    texts += [repr(said), repr(list(gov.ledger.events())), repr(report), *capsys.readouterr()]
    assert not [marker for marker in MARKERS.values() for each in texts if marker in each]
    assert "dora" not in repr(said) + repr(list(gov.ledger.events()))


def test_command_opens_decides_shows_and_closes(gov: Governance, project: Path, run: Any, monkeypatch: Any) -> None:
    gov.close()
    monkeypatch.chdir(project)
    opened = run("audit", "review", "open", "--reviewer", "dora", "--due", "2999-12-31")
    review = opened.out.strip()
    assert opened.code == 0
    shown = json.loads(run("audit", "review", "show", "--format", "json").out)
    first, second = (each["id"] for each in shown["grants"][:2])
    asked = ("audit", "review", "decide", review)
    assert run(*asked, first, "--as", "dora", "--keep", "--reason", REASON).code == 0
    patch = ("--patch", "r.patch")
    assert run(*asked, second, "--as", "dora", "--revoke", "--reason", REASON, *patch).code == 0
    assert (project / "r.patch").read_text().startswith("--- a/policies/access.csv\n")
    assert run(*asked, second, "--as", "dora", "--reason", REASON).code == 2
    assert run(*asked, second, "--as", "alice", "--keep", "--reason", REASON).code == 1
    assert run("audit", "review", "close", review, "--as", "dora").code == 2
    assert run("audit", "review", "open", "--reviewer", "dora", "--due", "soon").code == 2
    assert run("audit", "review", "show", "--patch", "x").code == 2
    assert "revoked" in run("audit", "review", "show", review).out
