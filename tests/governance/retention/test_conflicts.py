"""Two hundred customers on whom rules disagree: what becomes of each is known by plain arithmetic, not by our code."""

from __future__ import annotations

import datetime as dt
import random

import pytest
import sqlalchemy as sa

from governance.retention.figures import count_verdicts
from governance.retention.plan import plan_together
from governance.retention.run import run_together
from governance.retention.targets import Ruled, find_target
from policies.retention_rules import read_retention
from policies.verdicts import Standing, decide, standing

TODAY = dt.date(2026, 11, 22)
RULES = """
stages:
  crm.clients:
    prospect: {where: first_order is None}
    lost: {since: last_order, after: P5Y}
    lapsed: {since: last_order, after: P2Y}
    customer: {}
rules:
  clients-three:
    dataset: crm.clients
    start: last_seen
    period: P3Y
    exceptions: [{where: vip == True, reason: advisory board}]
    keep_while: {contract: {dataset: crm.contracts, by: {client: id}, where: ends is None}}
    basis: no longer than needed
  clients-masked:
    dataset: crm.clients
    start: last_seen
    period: P1Y
    stage: [lapsed, lost]
    action: anonymise
    masks: {email: email, note: "null"}
    basis: contact data of lapsed people
  invoices:
    dataset: crm.clients
    kind: duty
    start: invoiced
    period: P8Y
    where: invoices > 0
    basis: tax
  guarantees:
    dataset: crm.clients
    kind: duty
    start: {last: [invoiced, {dataset: crm.repairs, field: at, by: {client: id}}]}
    period: P2Y
    where: guaranteed == True
    basis: guarantee
"""


def years_before(years):
    return TODAY.replace(year=TODAY.year - years)


def people(seed=7, count=200):
    """Clients whose days lie on both sides of every period, and on its edge."""
    draw = random.Random(seed)

    def day(most):
        edge = draw.choice(
            [years_before(number) + dt.timedelta(days=draw.choice([-1, 0, 1])) for number in (1, 2, 3, 8)]
        )
        return draw.choice([None, edge, TODAY - dt.timedelta(days=draw.randrange(1, most * 365))])

    return [
        {
            "id": number,
            "email": draw.choice(["mia@example.org", "***@example.org", None]),
            "note": draw.choice(["called", None]),
            "last_seen": day(6),
            "first_order": None if number % 5 == 0 else TODAY - dt.timedelta(days=3000),
            "last_order": None if number % 5 == 0 else day(7) or TODAY,
            "invoiced": day(10),
            "invoices": draw.choice([0, 0, 1, None]),
            "guaranteed": draw.choice([True, False, None]),
            "vip": draw.choice([True, False, False, None]),
            "contract": draw.choice([None, None, "ended", "running"]),
            "repair": draw.choice([None, None, years_before(2), TODAY - dt.timedelta(days=40)]),
        }
        for number in range(count)
    ]


def expected(one):
    """The verdict by hand: periods end on the same day of a later year, and the day after is the first due one."""
    seen, ordered = one["last_seen"], one["last_order"]
    lapsed = one["first_order"] is not None and ordered is not None and ordered < years_before(2)
    delete = seen is not None and seen < years_before(3) and one["vip"] is not True
    has_mail, has_note = one["email"] == "mia@example.org", one["note"] is not None
    mask = seen is not None and seen < years_before(1) and lapsed and (has_mail or has_note)
    tax = (one["invoices"] or 0) > 0 and (one["invoiced"] is None or one["invoiced"] >= years_before(8))
    days = [each for each in (one["invoiced"], one["repair"]) if each is not None]
    guarantee = one["guaranteed"] is True and (not days or max(days) >= years_before(2))
    contract = one["contract"] == "running"
    if (delete or mask) and (tax or guarantee):
        return "kept", "tax" if tax else "guarantee"
    if delete and not contract:
        return "due", "clients-three"
    if mask:
        return "due", "clients-masked"
    return ("kept", "contract") if delete else ("not_due", "")


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def engine(request, tmp_path_factory):
    names = {"postgresql": "postgres_module_url", "mariadb": "mysql_module_url"}
    name = names.get(request.param)
    folder = tmp_path_factory.mktemp("store")
    made = sa.create_engine(request.getfixturevalue(name) if name else f"sqlite:///{folder / 'store.db'}")
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def clients(engine):
    """Filled once; the last test of the file changes it."""
    metadata = sa.MetaData()
    table = sa.Table(
        "clients",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("email", sa.String(80)),
        sa.Column("note", sa.String(80)),
        *(sa.Column(name, sa.Date) for name in ("last_seen", "first_order", "last_order", "invoiced")),
        sa.Column("invoices", sa.Integer),
        sa.Column("guaranteed", sa.Boolean),
        sa.Column("vip", sa.Boolean),
    )
    contracts, repairs = (
        sa.Table(
            name, metadata, sa.Column("number", sa.Integer, primary_key=True), sa.Column("client", sa.Integer), day
        )
        for name, day in (("contracts", sa.Column("ends", sa.Date)), ("repairs", sa.Column("at", sa.DateTime)))
    )
    metadata.create_all(engine)
    rows = people()
    noon = dt.time(12)
    with engine.begin() as connection:
        connection.execute(sa.insert(table), [{k: v for k, v in one.items() if k in table.c} for one in rows])
        connection.execute(
            sa.insert(contracts),
            [
                {"client": one["id"], "ends": None if one["contract"] == "running" else years_before(1)}
                for one in rows
                if one["contract"]
            ],
        )
        connection.execute(
            sa.insert(repairs),
            [{"client": one["id"], "at": dt.datetime.combine(one["repair"], noon)} for one in rows if one["repair"]],
        )
    return rows


@pytest.fixture
def ruled(tmp_path):
    path = tmp_path / "retention.yaml"
    path.write_text(RULES, encoding="utf-8")
    rules = read_retention(path)
    return [
        Ruled(rule, ("id",), tuple(each for each in rules.values() if each.id != rule.id))
        for rule in rules.values()
        if rule.kind == "limit"
    ]


def test_two_hundred_verdicts_are_those_known_by_hand(engine, clients, ruled):
    names = {"retention:invoices": "tax", "retention:guarantees": "guarantee"}
    by_hand = {one["id"]: expected(one) for one in clients}
    found = dict.fromkeys(by_hand)
    with engine.connect() as connection:
        for each in ruled:
            target = find_target(connection, each, today=TODAY, zone="UTC")
            for (number,) in connection.execute(sa.select(target.table.c.id).where(target.expired)):
                assert found[number] is None, "a row is taken by one rule only"
                found[number] = ("due", each.rule.id)
        standings = [each.standing.label(f"s{number}") for number, each in enumerate(target.claims)]
        for number, *stands in connection.execute(sa.select(target.table.c.id, *standings)):
            verdict = decide([one.claim(Standing(each)) for one, each in zip(target.claims, stands, strict=True)])
            taken = ("due", verdict.won[0].removeprefix("retention:")) if verdict.outcome == "due" else None
            assert found[number] == taken, "rows that are taken are those whose verdict says so"
            if verdict.outcome == "kept":
                found[number] = ("kept", names[verdict.won[0]] if verdict.won else verdict.why)
            elif verdict.outcome == "not_due":
                found[number] = ("not_due", "")
    assert found == by_hand
    assert len({*by_hand.values()}) == 6, "every way to end is among them"


def test_standings_in_the_store_are_those_of_the_pure_function(engine, clients, ruled):
    with engine.connect() as connection:
        target = find_target(connection, ruled[0], today=TODAY, zone="UTC")
        standings = dict(map(tuple, connection.execute(sa.select(target.table.c.id, target.mine.standing))))
    for one in clients:
        waits = ["contract"] if one["contract"] == "running" else []
        cutoff, speaks = target.mine.cutoff, one["vip"] is not True
        assert standings[one["id"]] == standing(one["last_seen"], cutoff, waits=waits, speaks=speaks)


def test_the_counts_of_all_standings_are_all_rows(engine, clients, ruled):
    with engine.connect() as connection:
        target = find_target(connection, ruled[0], today=TODAY, zone="UTC")
        assert sum(count_verdicts(connection, target).values()) == len(clients)


def test_a_plan_names_who_won_and_a_run_does_just_that(engine, clients, ruled, office):
    made = plan_together(office, ruled, engine)
    due = {
        rule: {one["id"] for one in clients if expected(one) == ("due", rule)}
        for rule in ("clients-three", "clients-masked")
    }
    assert {each.rule.removeprefix("retention:"): each.due for each in made} == {k: len(v) for k, v in due.items()}
    kept = sum(expected(one)[0] == "kept" and expected(one)[1] != "contract" for one in clients)
    by_duty = {
        (tuple(c["won"]), tuple(c["lost"])): c["rows"] for each in made for c in each.conflicts if c["why"] == "duty"
    }
    assert sum(by_duty.values()) == kept
    assert all(won and lost for won, lost in by_duty)
    found = run_together(office, ruled, made[0].plan, engine)
    assert found.of.total("done") == sum(map(len, due.values()))
    with engine.connect() as connection:
        rows = {row.id: row for row in connection.execute(sa.text("SELECT id, email, note FROM clients"))}
    assert rows.keys() == {one["id"] for one in clients} - due["clients-three"]
    for number in due["clients-masked"]:
        assert rows[number].email in {None, "m***@example.org", "***@example.org"}
        assert rows[number].note is None
    untouched = [one for one in clients if expected(one)[0] != "due"]
    assert all(rows[one["id"]].email == one["email"] and rows[one["id"]].note == one["note"] for one in untouched)
