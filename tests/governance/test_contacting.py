"""Who may be contacted, and asked again: with rules and events, for one and for many, and in the ledger."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
import sqlalchemy as sa

from governance.app import Governance
from governance.consent.events import Circumstances, Subject
from governance.flows.consent.contacting import Facts
from policies.errors import BadInputError, ConfigError, LedgerError, RecordsError

MARKER = "marker-ann@example.org"
MAIL = ("marketing.email", "email")
NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def gov(project):
    moment = [NOW]

    def clock() -> dt.datetime:
        moment[0] += dt.timedelta(milliseconds=1)
        return moment[0]

    with Governance.open(project / "governance.yaml", clock=clock) as opened:
        opened.moment = moment
        yield opened


def judged(gov):
    return [event for event in gov.ledger.events() if event.kind == "consent.judged"]


def test_the_answer_names_rule_article_event_and_end(gov):
    event = gov.consent.given(Subject("a"), *MAIL, how=Circumstances(duration="P1Y"))
    answer = gov.may_contact("a", *MAIL, Facts(law="gdpr"))
    assert (answer.allowed, answer.state) == (True, "given")
    assert [(each.rule, each.article, each.event_ids) for each in answer.reasons] == [
        ("consent:gdpr:consent", "6(1)(a), 7(1)", (event.id,))
    ]
    assert answer.until == dt.datetime.fromisoformat(event.ends)
    assert answer.not_checked == ("consent:gdpr:children",)


def test_a_withdrawal_and_an_end_hold_at_once(gov):
    gov.consent.given(Subject("a"), *MAIL, how=Circumstances(duration="P1M"))
    gov.moment[0] += dt.timedelta(days=32)
    assert gov.may_contact("a", *MAIL).state == "expired"
    gov.consent.given(Subject("a"), *MAIL)
    assert gov.may_contact("a", *MAIL).allowed
    gov.consent.withdrawn(Subject("a"), "marketing")
    assert not gov.may_contact("a", *MAIL).allowed


def test_a_person_of_unknown_law_needs_the_leave_of_each_law_in_force(gov):
    gov.consent.given(Subject("a"), *MAIL)
    known = Facts(age=13, country="BE")
    assert gov.may_contact("a", *MAIL, Facts(law="gdpr", age=13, country="BE")).allowed
    answer = gov.may_contact("a", *MAIL, known)
    assert [each.rule for each in answer.reasons if not answer.allowed] == ["consent:pipl:children"]


def test_each_answer_is_in_the_ledger_by_reference(gov):
    answer = gov.may_contact(MARKER, *MAIL)
    (event,) = judged(gov)
    assert (event.id, event.outcome, event.purpose) == (answer.decision, "refused", "marketing.email")
    assert event.rules == tuple(each.rule for each in answer.reasons)
    assert event.refs["subject"] == gov.consent.subject_ref(MARKER)
    assert event.versions["consent"] == "consent:2026.11"


def test_no_key_or_law_that_somebody_types_is_repeated(gov, capfd):
    answer = gov.may_contact(MARKER, *MAIL, Facts(law=MARKER, country=MARKER))
    table = gov.may_contact_many(pa.table({"subject": [MARKER], "law": [MARKER]}), *MAIL)
    asked = gov.may_ask(MARKER, *MAIL, Facts(law=MARKER))
    assert not answer.allowed
    assert not asked.allowed
    text = repr(answer) + repr(table.to_pylist()) + repr(asked) + repr(list(gov.ledger.events()))
    assert MARKER not in text + "".join(capfd.readouterr())


@pytest.mark.parametrize("ask", ["may_contact", "may_ask"])
def test_an_unknown_purpose_or_channel_is_refused(gov, ask):
    for place in (("gone", "*"), ("marketing.email", "pigeon")):
        with pytest.raises(ConfigError):
            getattr(gov, ask)("a", *place)
    assert judged(gov) == []


def test_without_a_ledger_or_records_there_is_no_answer(gov):
    with gov.records.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gov_ledger_event RENAME TO away")
    with pytest.raises(LedgerError):
        gov.may_contact("a", *MAIL)
    with gov.records.begin() as connection:
        connection.exec_driver_sql("DROP TABLE gov_consent_event")
    with pytest.raises(RecordsError):
        gov.may_contact_many(["a"], *MAIL)
    with gov.records.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO gov_ledger_event")


def test_many_get_the_answers_that_each_alone_gets_in_their_order(gov):
    for number in range(0, 40, 2):
        kind = "withdrawn" if number % 3 == 0 else "given"
        gov.consent.record(kind, Subject(f"s{number}"), *MAIL, how=Circumstances(duration="P1Y"))
    keys = [f"s{number}" for number in (*range(39, -1, -1), 4, 4)]
    laws = [("gdpr", "pipl", "ccpa", None)[at % 4] for at in range(len(keys))]
    ages = [None if at % 5 else 12 for at in range(len(keys))]
    many = gov.may_contact_many(pa.table({"subject": keys, "law": laws, "age": ages}), *MAIL).to_pylist()
    for key, law, age, answer in zip(keys, laws, ages, many, strict=True):
        alone = gov.may_contact(key, *MAIL, Facts(law=law or "", age=age))
        assert (answer["allowed"], answer["state"]) == (alone.allowed, alone.state)
        assert (answer["rule"], answer["until"]) == (alone.reasons[0].rule, alone.until)
    assert {each["allowed"] for each in many} == {True, False}


def test_many_are_one_event_with_counts(gov):
    gov.consent.given(Subject("a"), *MAIL)
    assert gov.may_contact_many(["b", "a", "c"], *MAIL)["allowed"].to_pylist() == [False, True, False]
    (event,) = judged(gov)
    assert dict(event.counts) == {"asked": 3, "allowed": 1}
    assert "subject" not in event.refs


def test_nobody_is_an_answer_too(gov):
    assert gov.may_contact_many([], *MAIL).num_rows == 0


@pytest.mark.parametrize(
    "table",
    [
        {"name": ["a"]},
        {"subject": [1]},
        {"subject": ["a"], "age": ["old"]},
        {"subject": ["a"], MARKER: ["x"]},
        {"subject": ["a", None]},
    ],
)
def test_a_table_of_another_form_is_refused(gov, table):
    with pytest.raises(BadInputError, match="subjects") as caught:
        gov.may_contact_many(pa.table(table), *MAIL)
    assert MARKER not in str(caught.value)


def test_nobody_is_asked_again_before_the_law_allows_it(gov):
    gov.consent.withdrawn(Subject("a"), "marketing")
    ccpa = Facts(law="ccpa")
    assert not gov.may_ask("a", *MAIL, ccpa).allowed
    assert gov.may_ask("b", *MAIL, ccpa).allowed
    gov.moment[0] += dt.timedelta(days=366)
    assert gov.may_ask("a", *MAIL, ccpa).allowed
    forever = gov.may_ask("a", *MAIL)
    assert (forever.allowed, forever.until) == (False, "")
    assert [each.rule for each in forever.reasons] == ["consent:pipl:ask_again"]
    assert [event.action for event in judged(gov)] == ["ask"] * 4


# --- the guard knows the same


@pytest.fixture
def reached(gov, project):
    """Gives the ids of customers whom a guarded statement for marketing by e-mail returns."""
    assert gov.consent_conditions.create_projection("crm")
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text() + "p, support, marketing.email, read, crm.customers, clear, allow,\n")

    def read() -> list[int]:
        with gov.session("crm", principal="alice", purpose="marketing.email") as db:
            return list(db.scalars(sa.text("SELECT id FROM customers ORDER BY id")))

    return read


def test_consent_that_ends_or_meets_an_objection_is_gone_from_the_next_guarded_statement(gov, reached):
    for number, lasts in ((5, "P1M"), (6, ""), (7, "")):
        how = Circumstances(duration=lasts)
        gov.consent.given(Subject(f"p-{number}", {"crm": number}), *MAIL, how=how)
    assert reached() == [5, 6, 7]
    gov.consent.record("objected", Subject("p-6"), "marketing")
    assert reached() == [5, 7]
    gov.moment[0] += dt.timedelta(days=32)
    assert reached() == [7]
    assert [gov.may_contact(f"p-{number}", *MAIL).allowed for number in (5, 6, 7)] == [False, False, True]
    gov.consent.record("renewed", Subject("p-5"), *MAIL)
    assert reached() == [5, 7]


def test_a_changed_purpose_ends_consent_in_a_process_that_runs_on(gov, project, reached):
    """PIPL Art. 14; the project has PIPL in force, and one event names another law."""
    gov.consent.given(Subject("p-5", {"crm": 5}), *MAIL)
    gov.consent.given(Subject("p-6", {"crm": 6}), *MAIL, how=Circumstances(jurisdiction="gdpr"))
    assert reached() == [5, 6]
    purposes = project / "policies" / "purposes.yaml"
    purposes.write_text(purposes.read_text().replace("channels: [email]", "channels: [email], text: Sell the list"))
    assert reached() == [6]
    assert gov.consent.state("p-5", *MAIL).state == "invalidated"
    assert [each.rule for each in gov.may_contact("p-5", *MAIL).reasons] == ["consent:pipl:change"]
    gov.consent.given(Subject("p-5"), *MAIL)
    assert reached() == [5, 6]
