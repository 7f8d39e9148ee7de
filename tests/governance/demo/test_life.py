from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.app import Governance
from governance.cli.project_option import actor
from governance.demo.habits import HABITS, TEMPTATIONS
from governance.demo.life import FIRST_DAY, SCAN_FILE, WEEKS
from governance.demo.project import ensure_demo
from governance.ledger.events import Event


@pytest.fixture
def events(gov: Governance) -> list[Event]:
    return list(gov.ledger.events())


def people(gov: Governance, events: list[Event]) -> dict[str | None, str]:
    return dict(gov.ledger.resolve_all({each.principal for each in events if each.principal}))


def test_every_habit_is_allowed_and_every_temptation_refused(gov: Governance, events: list[Event]) -> None:
    names = people(gov, events)
    decisions = [each for each in events if each.kind == "decision" and each.principal]
    allowed = Counter((names[each.principal], each.purpose) for each in decisions if each.outcome == "allowed")
    wanted: Counter[tuple[str, str]] = Counter()
    for habit in HABITS:
        wanted[habit.who, habit.purpose] += habit.times_a_week * WEEKS
    assert allowed == wanted
    refused = Counter((names[each.principal], each.purpose) for each in decisions if each.outcome == "refused")
    assert refused == Counter((each.who, each.purpose) for each in TEMPTATIONS)


def test_every_allowed_use_has_a_close_that_says_done(gov: Governance, events: list[Event]) -> None:
    closed = {each.closes: each.outcome for each in events if each.kind == "close"}
    allowed = {each.id for each in events if each.kind == "decision" and each.outcome == "allowed"}
    assert closed.keys() == allowed
    assert set(closed.values()) == {"done"}
    assert [each for each in gov.ledger.open_decisions() if each.outcome == "allowed"] == []


def test_all_of_it_lies_within_the_weeks_and_in_order(events: list[Event]) -> None:
    times = [each.moment for each in events]
    assert times == sorted(times)
    assert times[0] >= FIRST_DAY
    assert (times[-1] - FIRST_DAY).days < 7 * WEEKS


def test_people_agree_in_both_forms_and_some_withdraw(gov: Governance, events: list[Event]) -> None:
    kinds = Counter(each.kind for each in events)
    assert kinds["consent.given"] > 5 * kinds["consent.withdrawn"] > 0
    engine = sa.create_engine(gov.project.store_target("crm"))
    with engine.connect() as connection:
        states = set(connection.execute(sa.text("SELECT form, state FROM gov_consent")))
    engine.dispose()
    assert {("separate", "given"), ("given", "given")} <= {tuple(each) for each in states}
    assert "withdrawn" in {state for _, state in states}


def test_what_was_due_of_marketing_contacts_is_gone_and_tickets_are_due(gov: Governance, small_demo: Path) -> None:
    done = list(gov.ledger.events("job.done"))
    assert [each.objects[0].ref for each in done] == ["crm.marketing_contacts"]
    assert done[0].counts["rows"] > 0
    engine = sa.create_engine(f"sqlite:///{small_demo / 'shop.db'}")
    with engine.connect() as connection:
        oldest = connection.execute(sa.text("SELECT min(added_at) FROM marketing_contacts")).scalar_one()
        due = connection.execute(sa.text("SELECT count(*) FROM tickets WHERE closed_at < '2023-10-30'")).scalar_one()
    engine.dispose()
    assert oldest > "2024-10-30"
    assert due > 0


def test_the_recorded_scan_is_whole(small_demo: Path) -> None:
    scan = json.loads((small_demo / SCAN_FILE).read_text(encoding="utf-8"))
    assert scan["schema"] == "governance.scan/1"
    assert scan["summary"]["failed_stores"] == []
    assert all(each["rows"] == each["rows_read"] for store in scan["stores"] for each in store["datasets"])


def test_the_ledger_holds_no_value_of_a_person(gov: Governance, small_demo: Path, events: list[Event]) -> None:
    engine = sa.create_engine(f"sqlite:///{small_demo / 'shop.db'}")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT name, email, phone FROM customers")).all()
    engine.dispose()
    values = {str(value) for row in rows for value in row if value and len(str(value)) > 4}
    text = "\n".join(each.leaf().decode() for each in events)
    assert not [value for value in values if value in text]


def test_the_same_seed_gives_the_same_life(small_demo: Path, gov: Governance, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert ensure_demo(other, customers=300, seed=7, owner=actor(), env={}, say=lambda _: None)

    def told(each: Event) -> tuple[object, ...]:
        return each.time, each.id, each.kind, each.purpose, each.outcome, each.objects, dict(each.counts)

    with Governance.open(other / "governance.yaml", env={}) as opened:
        assert [told(each) for each in opened.ledger.events()] == [told(each) for each in gov.ledger.events()]
    for name in ("catalog.yaml", "catalog.proposed.yaml"):
        assert (other / "policies" / name).read_bytes() == (small_demo / "policies" / name).read_bytes()
    assert (other / SCAN_FILE).read_bytes() == (small_demo / SCAN_FILE).read_bytes()
