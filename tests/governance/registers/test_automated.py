"""Automated decisions: what is declared is checked and recorded; reviews are due as the laws say and end once."""

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

from audits.rendering import formats_for, render
from governance.app import Governance
from governance.flows.audits.declaring_automated import Declared
from governance.flows.audits.reporting_automated import automated_facts
from policies.automated_laws import automated_laws
from policies.errors import AccessRefusedError, BadInputError, LedgerError, RecordsError
from policies.nouns import DatasetRef

LOGIC = "the limit follows from income and late payments"
MARKER = "Zebulon Quagmire wants it"
NOW = dt.datetime(2026, 11, 27, 8, tzinfo=dt.UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def project(shared_project: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shared_project, tmp_path / "p"))


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open(project / "governance.yaml", clock=Clock()) as opened:
        yield opened


def declared(**change: Any) -> Declared:
    said: dict[str, Any] = {
        "purpose": "support",
        "reads": ["crm.customers.email", "crm.customers.region"],
        "logic": LOGIC,
        "effect": "significant",
        "grounds": {"gdpr": "contract", "pipl": "contract"},
        "reviewer": "support",
        "assessment": "DPIA-2026-4",
    }
    return Declared(**(said | change))


def gaps(gov: Governance) -> set[tuple[str, str]]:
    return {(gap["law"], gap["ask"]) for each in gov.audit_automated().data["procedures"] for gap in each["gaps"]}


def test_what_is_missing_is_a_gap_and_a_later_declaration_closes_it(gov: Governance) -> None:
    gov.declare_automated("credit-limit", declared(grounds={}, reviewer=None, assessment=None))
    every = {"ground", "review", "notice", "assessment"}
    assert gaps(gov) == {(law, ask) for law in ("gdpr", "pipl") for ask in every}
    gov.declare_automated("credit-limit", declared())
    assert gaps(gov) == {("gdpr", "notice"), ("pipl", "notice")}
    gov.declare_automated("credit-limit", declared(effect="none"))
    assert gaps(gov) == {("pipl", "notice")}
    assert len(gov.audit_automated().data["procedures"]) == 1
    gov.end_automated("credit-limit", reason="set by hand again")
    assert gaps(gov) == set()
    with pytest.raises(BadInputError, match="has ended"):
        gov.end_automated("credit-limit", reason="set by hand again")


def test_special_categories_ask_for_a_ground_of_their_own(gov: Governance) -> None:
    gov.declare_automated("triage", declared(reads=["crm.customers"]))
    assert {("gdpr", "special"), ("pipl", "special")} <= gaps(gov)
    grounds = {"gdpr": "explicit_consent", "pipl": "separate_consent"}
    gov.declare_automated("triage", declared(reads=["crm.customers"], grounds=grounds))
    assert not {("gdpr", "special"), ("pipl", "special"), ("gdpr", "ground"), ("pipl", "ground")} & gaps(gov)


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "shopping"},
        {"reads": []},
        {"reads": ["crm.clients"]},
        {"reads": ["crm.customers.shoe"]},
        {"effect": "grave"},
        {"grounds": {"gdpr": "because"}},
        {"grounds": {"ccpa": "contract"}},
        {"reviewer": MARKER},
        {"notice": "2026-99"},
        {"assessment": MARKER},
        {"logic": "short"},
    ],
)
def test_what_the_project_does_not_have_is_refused_and_nothing_is_recorded(
    gov: Governance, change: dict[str, Any]
) -> None:
    with pytest.raises(BadInputError) as refused:
        gov.declare_automated("credit-limit", declared(**change))
    assert MARKER not in str(refused.value)
    assert "Next:" in str(refused.value)
    assert list(gov.ledger.events("automated.declared")) == []


@pytest.mark.parametrize("name", ["Credit", "credit limit", "", "x" * 65, MARKER])
def test_a_name_is_a_code(gov: Governance, name: str) -> None:
    with pytest.raises(BadInputError):
        gov.declare_automated(name, declared())


@pytest.mark.parametrize(
    ("law", "received", "due"),
    [
        ("gdpr", dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC), "2026-02-28"),
        ("pipl", dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC), "2026-03-02"),
        (None, dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC), "2026-02-28"),
        (None, dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), "2026-07-31"),
    ],
)
def test_a_review_is_due_as_its_law_or_the_strictest_says(
    gov: Governance, law: str | None, received: dt.datetime, due: str
) -> None:
    gov.declare_automated("credit-limit", declared())
    found = gov.ask_review("credit-limit", reason="says that the income was wrong", received=received, law=law)
    assert found.due == due


def test_a_review_is_decided_once_by_a_known_person(gov: Governance) -> None:
    gov.declare_automated("credit-limit", declared())
    review = gov.ask_review("credit-limit", reason="says that the income was wrong").id
    with pytest.raises(AccessRefusedError):
        gov.decide_review(review, "changed", principal="nobody", reason="income was entered wrongly")
    with pytest.raises(BadInputError):
        gov.decide_review(review, "perhaps", principal="alice", reason="income was entered wrongly")
    found = gov.decide_review(review, "changed", principal="alice", reason="income was entered wrongly")
    assert (found.outcome, found.procedure) == ("changed", "credit-limit")
    with pytest.raises(BadInputError, match="decided already"):
        gov.decide_review(review, "upheld", principal="alice", reason="income was right after all")
    event = next(gov.ledger.events("automated.review_decided"))
    assert (event.id, event.action, event.refs) == (found.decision_event, "changed", {"review": review})
    assert gov.ledger.resolve(str(event.principal)) == "alice"


@pytest.mark.parametrize(
    "change",
    [
        {"received": NOW + dt.timedelta(minutes=1)},
        {"received": dt.datetime(2026, 11, 1)},  # noqa: DTZ001 a moment without a zone is what is refused
        {"law": "ccpa"},
        {"request": "none"},
        {"reason": "short"},
    ],
)
def test_a_request_for_review_that_cannot_be_is_refused(gov: Governance, change: dict[str, Any]) -> None:
    gov.declare_automated("credit-limit", declared())
    with pytest.raises(BadInputError):
        gov.ask_review("credit-limit", **({"reason": "says that the income was wrong"} | change))
    with pytest.raises(BadInputError):
        gov.ask_review("other", reason="says that the income was wrong")
    assert list(gov.ledger.events("automated.review_asked")) == []


def test_a_review_may_name_a_request_that_is_answered(gov: Governance) -> None:
    gov.declare_automated("credit-limit", declared())
    request = gov.requests.open("objection", law="gdpr", subject="7").id
    gov.requests.verify(request, "reasonable")
    gov.requests.answer(request)
    assert gov.requests.list() == ()
    found = gov.ask_review("credit-limit", reason="says that the income was wrong", request=request)
    assert found.request == request
    assert next(gov.ledger.events("automated.review_asked")).refs["request"] == request


def test_without_a_record_nothing_is_added(gov: Governance, monkeypatch: pytest.MonkeyPatch) -> None:
    gov.declare_automated("credit-limit", declared())
    before = gov.audit_automated().data["procedures"]

    def fail(*_: object) -> None:
        raise LedgerError("ledger", found="a full disk", expected="room", next_step="make room")

    with monkeypatch.context() as patch:
        patch.setattr(type(gov.ledger), "append_in", fail)
        with pytest.raises(LedgerError):
            gov.declare_automated("credit-limit", declared(effect="none"))
        with pytest.raises(LedgerError):
            gov.ask_review("credit-limit", reason="says that the income was wrong")
    data = gov.audit_automated().data
    assert (data["procedures"], data["reviews"]) == (before, [])


def test_texts_stand_nowhere_but_in_the_erasable_table(gov: Governance, capfd: pytest.CaptureFixture[str]) -> None:
    gov.declare_automated("credit-limit", declared(logic=MARKER))
    review = gov.ask_review("credit-limit", reason=MARKER)
    gov.decide_review(review.id, "upheld", principal="alice", reason=MARKER)
    report = gov.audit_automated()
    written = [render(report, form, lang) for form in formats_for("automated") for lang in ("en", "zh-Hans", "zh-Hant")]
    written += [repr(report), repr(declared(logic=MARKER)), *map(str, gov.ledger.events()), *capfd.readouterr()]
    assert all(MARKER not in each for each in written)
    (fact,) = automated_facts(gov, {DatasetRef("crm", "customers")})
    assert (fact.logic, fact.reviewed, fact.opt_out) == (MARKER, True, False)
    gov.ledger.erase(gov.ledger.refer("note", MARKER))
    (erased,) = automated_facts(gov, {DatasetRef("crm", "customers")})
    assert erased.logic == ""
    assert automated_facts(gov, {DatasetRef("crm", "orders")}) == ()


def test_records_without_the_tables_are_said(project: Path) -> None:
    with Governance.open(project / "governance.yaml", clock=Clock()) as gov:
        with gov.records.begin() as connection:
            for name in ("outcome", "review", "end"):
                connection.exec_driver_sql(f"DROP TABLE gov_automated_{name}")
        with pytest.raises(RecordsError, match="automated decisions"):
            gov.audit_automated()


def test_two_processes_cannot_both_decide(project: Path) -> None:
    with Governance.open(project / "governance.yaml") as gov:
        gov.declare_automated("credit-limit", declared())
        review = gov.ask_review("credit-limit", reason="says that the income was wrong").id
    code = (
        "import sys; from governance.app import Governance\n"
        "with Governance.open('governance.yaml') as g:\n"
        f"    g.decide_review({review!r}, 'upheld', principal='alice', reason='it was right after all')\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code], cwd=project, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    errors = [each.communicate(timeout=120)[1] for each in runs]
    assert sorted(each.returncode for each in runs) == [0, 1], errors
    with Governance.open(project / "governance.yaml") as gov:
        assert len(list(gov.ledger.events("automated.review_decided"))) == 1


def test_the_command_goes_the_whole_way(project: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    made = run(
        "audit", "automated", "declare", "credit-limit", "--purpose", "support", "--reads", "crm.customers.email",
        "--effect", "legal", "--logic", LOGIC, "--ground", "gdpr=contract", "--reviewer", "support",
    )  # fmt: skip
    assert made.code == 0, made.err
    asked = run("audit", "automated", "ask", "credit-limit", "--law", "gdpr", "--reason", "contests the limit")
    assert asked.code == 0, asked.err
    assert "due 20" in asked.err
    ended = run(
        "audit", "automated", "decide", asked.out.strip(), "changed", "--as", "alice", "--reason", "entered wrongly"
    )
    assert ended.code == 0, ended.err
    data = json.loads(run("audit", "automated", "show", "--format", "json").out)
    assert [each["state"] for each in data["reviews"]] == ["decided"]
    assert run("audit", "automated", "end", "credit-limit", "--reason", "set by hand again").code == 0
    wrong = run(
        "audit", "automated", "declare", "x", "--purpose", "support", "--reads", "crm.customers", "--effect", "legal",
        "--logic", LOGIC, "--ground", MARKER,
    )  # fmt: skip
    assert wrong.code == 2
    assert MARKER not in wrong.err


def test_the_pack_knows_the_laws_and_no_others() -> None:
    found = automated_laws(dt.date(2026, 11, 27), ["gdpr", "ccpa", "tw-pdpa"])
    assert sorted(found.laws) == ["ccpa", "gdpr"]
    assert found.laws["ccpa"].since == dt.date(2027, 1, 1)
    assert automated_laws(dt.date(2026, 11, 27), []).due(dt.date(2026, 1, 31), None) == dt.date(2026, 2, 28)
