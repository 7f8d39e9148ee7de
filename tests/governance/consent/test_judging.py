"""Whether a use may be under a law: a table of cases with the article beside each, and properties."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from governance.consent.asking_again import judge_asking
from governance.consent.drafting import snapshot_of
from governance.consent.events import ConsentEvent
from governance.consent.judgement import Question
from governance.consent.judging import Judge, strictest
from governance.ledger.events import stamp
from policies.consent_laws import load_consent_laws
from policies.errors import ConfigError, PackError
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy

TODAY = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TABLE = YAML(typ="safe").load(Path(__file__).with_name("judging_cases.yaml"))
PURPOSES = PurposesFile.model_validate({"purposes": TABLE["purposes"]})
RULES = load_consent_laws(TODAY.date())
JUDGE = Judge(RULES, PURPOSES, load_taxonomy(TODAY.date()))


def told(line: str, number: int) -> ConsentEvent:
    day, kind, place, *rest = line.split()
    purpose, _, channel = place.partition(":")
    extra = dict(each.split("=") for each in rest if "=" in each)
    moment = stamp(TODAY - dt.timedelta(days=int(day)))
    return ConsentEvent(
        epoch=number,
        id=f"e{number}",
        subject_ref="0" * 64,
        purpose=purpose,
        channel=channel or "*",
        kind=kind,
        form=extra.get("form", "given"),
        jurisdiction="",
        notice_version="",
        language="",
        method="",
        proof_ref="",
        collected_by="system",
        valid_time=moment,
        recorded_time=moment,
        categories=tuple(extra["cat"].split(",")) if "cat" in extra else (),
        duration=extra.get("for", ""),
        guardian_ref="g:1" if "guardian" in rest else "",
        snapshot="f" * 64 if "old" in rest else snapshot_of(PURPOSES, purpose),
    )


def asked(case) -> Question:
    purpose, _, channel = case["use"].partition(":")
    return Question(
        purpose=purpose,
        channel=channel or "*",
        law=case["law"],
        at=stamp(TODAY),
        categories=tuple(case.get("categories", ())),
        age=case.get("age"),
        country=case.get("country", ""),
    )


def events_of(case):
    return [told(line, number) for number, line in enumerate(case["events"], 1)]


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: f"{case['law']} {case['use']} {case['answer']}")
def test_case(case):
    answer = JUDGE.judge(asked(case), events_of(case))
    sign, state, rule = case["answer"].split()
    assert (answer.allowed, answer.state) == (sign == "+", state)
    law = case["law"] if case["law"] in RULES.laws else "unknown"
    assert (answer.reasons[0].rule, answer.reasons[0].article) == (f"consent:{law}:{rule}", case["article"])
    assert answer.reasons[0].pack == "consent@2026.11"
    assert bool(answer.until) == case.get("until", False)


def test_the_table_has_every_rule_but_two_that_no_use_meets():
    named = {(case["law"], case["answer"].split()[2]) for case in TABLE["cases"]}
    stated = {(name, rule) for name, law in RULES.laws.items() for rule in law.rules}
    elsewhere = {"ask_again", "first_contact"}
    unreached = {("ccpa", "expiry"), ("ccpa", "marketing_objection")}  # an opt-out law stops at the opt-out itself
    assert {each for each in stated - named if each[1] not in elsewhere} <= unreached


def test_a_refusal_names_every_rule_and_event_that_decides():
    case = {"law": "pipl", "use": "partners", "events": ["9 given partners", "5 requested partners"]}
    answer = JUDGE.judge(asked(case), events_of(case))
    assert [(each.rule, each.event_ids) for each in answer.reasons] == [("consent:pipl:sharing", ("e1",))]


def test_an_unknown_age_is_said_and_a_known_one_is_not():
    case = {"law": "gdpr", "use": "marketing", "events": ["9 given marketing"]}
    assert JUDGE.judge(asked(case), events_of(case)).not_checked == ("consent:gdpr:children",)
    assert JUDGE.judge(asked({**case, "age": 40}), events_of(case)).not_checked == ()


@pytest.mark.parametrize(("law", "article"), [("tw-pdpa", "20(3)"), ("gdpr", "21(4)")])
def test_allowed_marketing_comes_with_the_duty_of_the_first_contact(law, article):
    case = {"law": law, "use": "marketing", "events": ["9 given marketing"]}
    assert [each.article for each in JUDGE.judge(asked(case), events_of(case)).duties] == [article]
    assert JUDGE.judge(asked(case), []).duties == ()
    assert JUDGE.judge(asked({**case, "use": "service"}), []).duties == ()


def test_a_purpose_that_is_not_in_the_file_is_refused():
    with pytest.raises(ConfigError, match="purpose"):
        JUDGE.judge(asked({"law": "gdpr", "use": "gone"}), [])


def test_an_event_of_the_first_release_does_not_die_of_a_change_that_nobody_can_see():
    case = {"law": "pipl", "use": "marketing", "events": ["9 given marketing"]}
    (event,) = events_of(case)
    assert JUDGE.judge(asked(case), [replace(event, snapshot="")]).allowed
    assert not JUDGE.judge(asked(case), [replace(event, snapshot="f" * 64)]).allowed


def test_a_category_that_nobody_knows_is_refused_and_not_repeated():
    with pytest.raises(ConfigError, match="categories of purpose `service`") as caught:
        JUDGE.judge(asked({"law": "gdpr", "use": "service", "categories": ["user.marker"]}), [])
    assert "marker" not in str(caught.value)


def test_a_person_of_unknown_law_needs_the_leave_of_each():
    question = asked({"law": "", "use": "partners"})
    weak, strong = (events_of({"events": [f"9 given partners form={form}"]}) for form in ("given", "separate"))
    assert not strictest(JUDGE, question, weak, ("gdpr", "pipl")).allowed
    assert strictest(JUDGE, question, weak, ("gdpr",)).allowed
    assert strictest(JUDGE, question, strong, ("gdpr", "pipl")).allowed
    assert not strictest(JUDGE, question, strong, ()).allowed


ASKING = [
    ("ccpa", ["100 withdrawn marketing"], False, True),
    ("ccpa", ["364 withdrawn marketing"], False, True),
    ("ccpa", ["365 withdrawn marketing"], True, False),
    ("ccpa", ["500 withdrawn marketing", "100 refused marketing"], False, True),
    ("ccpa", ["100 withdrawn marketing", "50 given marketing"], True, False),
    ("ccpa", [], True, False),
    ("pipl", ["900 refused marketing"], False, False),
    ("gdpr", ["9 refused marketing"], True, False),
    ("lgpd", [], False, False),
]


@pytest.mark.parametrize(("law", "events", "may", "ends"), ASKING)
def test_asking_again_waits_as_long_as_the_law_says(law, events, may, ends):
    answer = judge_asking(RULES, PURPOSES, asked({"law": law, "use": "marketing"}), events_of({"events": events}))
    assert (answer.allowed, bool(answer.until)) == (may, ends)
    assert may == (not answer.reasons)


def test_no_day_before_the_pack_has_rules():
    with pytest.raises(PackError, match="none in force"):
        load_consent_laws(dt.date(2010, 1, 1))


KINDS = ("given", "renewed", "withdrawn", "refused", "objected", "requested", "expired", "invalidated", "unheard")
PLACES = ("marketing", "marketing.mail", "marketing.mail:email", "marketing:email")
LINES = st.lists(
    st.builds(
        lambda day, kind, place, more: f"{day} {kind} {place} {more}",
        st.integers(1, 90),
        st.sampled_from(KINDS),
        st.sampled_from(PLACES),
        st.sampled_from(("", "for=P1M", "old", "guardian", "form=written", "cat=user.contact", "cat=user.name")),
    ),
    max_size=7,
)
ANY_LAW = st.sampled_from(sorted(RULES.laws))


@given(LINES, ANY_LAW, st.integers())
@settings(max_examples=60)
def test_the_order_of_events_has_no_effect(lines, law, seed):
    events = events_of({"events": lines})
    question = asked({"law": law, "use": "marketing.mail:email"})
    assert JUDGE.judge(question, events) == JUDGE.judge(question, random.Random(seed).sample(events, len(events)))


@given(LINES, ANY_LAW, st.sampled_from(("withdrawn", "refused", "objected", "unheard")), st.sampled_from(PLACES))
@settings(max_examples=100)
def test_after_a_last_no_nothing_is_allowed(lines, law, kind, place):
    events = events_of({"events": [*lines, f"0 {kind} {place}"]})
    for use in ("marketing.mail:email",):
        assert not JUDGE.judge(asked({"law": law, "use": use}), events).allowed


@given(LINES, st.sampled_from(("gdpr", "pipl", "tw-pdpa")))
@settings(max_examples=100)
def test_without_a_consent_nothing_that_rests_on_one_is_allowed(lines, law):
    events = [each for each in events_of({"events": lines}) if each.kind != "given"]
    assert not JUDGE.judge(asked({"law": law, "use": "marketing.mail:email"}), events).allowed


@given(LINES, ANY_LAW)
@settings(max_examples=60)
def test_every_answer_names_a_rule(lines, law):
    answer = JUDGE.judge(asked({"law": law, "use": "marketing.mail:email"}), events_of({"events": lines}))
    assert answer.reasons
    assert all(each.article for each in answer.reasons)
