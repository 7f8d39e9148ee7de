"""One person found over databases and files, through cycles, several identities, formats and scripts."""

from __future__ import annotations

import pytest

from governance.flows.subjects.tracing_subjects import map_subjects, trace_subject
from governance.requests.traced import Ambiguous, Identifier, Reach, Trace
from policies.errors import BadInputError


def own(trace: Trace) -> dict[str, set]:
    found: dict[str, set] = {}
    for each in trace.own():
        found.setdefault(str(each.dataset), set()).add(each.key)
    return found


def mentions(trace: Trace) -> set[tuple[str, tuple]]:
    return {(str(each.dataset), each.key) for each in trace.records if each.reach is Reach.MENTION}


def reasons(trace: Trace) -> set[tuple[str, str]]:
    return {(each.place, each.reason) for each in trace.unreached}


def test_one_email_gives_all_records_and_nobody_elses(gov) -> None:
    trace = trace_subject(gov, ["anna@example.com"])
    assert own(trace) == {
        "crm.customers": {(1,), (4,)},  # a second row has her phone
        "crm.orders": {(100,), (101,)},
        "crm.order_lines": {(100, 1), (100, 2)},
        "crm.line_events": {(1,)},
        "crm.tickets": {(1,), (2,)},
        "crm.contacts": {(1,), (2,)},
        "files.survey.csv": {(1,)},
        "files.points.jsonl": {("1",)},
        "files.calls.parquet": {(1,)},
    }
    assert trace.subject_keys == {"crm": frozenset({(1,), (4,)})}
    assert trace.ambiguous == (Ambiguous("crm.customers", "", "several", 2),)


def test_records_of_others_that_name_the_person_are_mentions(gov) -> None:
    trace = trace_subject(gov, ["anna@example.com"])
    assert mentions(trace) == {
        ("crm.customers", (2,)),  # referred by her
        ("crm.orders", (102,)),  # her phone and e-mail address in another's order
        ("crm.contacts", (3,)),
        ("crm.tickets", (5,)),  # full-width letters in a Chinese sentence
        ("files.survey.csv", (2,)),
    }
    without = trace_subject(gov, ["anna@example.com"], text=False)
    assert ("crm.tickets", (5,)) not in mentions(without)
    assert own(without) == own(trace)


def test_what_cannot_be_reached_is_said(gov) -> None:
    trace = trace_subject(gov, ["anna@example.com"])
    assert ("crm.keyless", "no_key") in reasons(trace)


@pytest.mark.parametrize(
    "number", ["+49 151 27654321", "015127654321", "0049 (0)151-27654321", "＋４９ １５１ ２７６５４３２１"]
)
def test_a_phone_is_found_in_any_format(gov, number: str) -> None:
    trace = trace_subject(gov, [Identifier("phone", number)], stores=["crm"])
    assert own(trace)["crm.customers"] == {(1,), (4,)}


def test_a_chinese_customer_is_found_by_full_width_digits_letters_and_name(gov) -> None:
    for kind, value in (("phone", "0912-345-678"), ("email", "WANG@example.com"), ("name", "王小明"), ("id", "c0003c")):
        found = own(trace_subject(gov, [Identifier(kind, value)], text=False))
        assert found == {"crm.customers": {(3,)}, "crm.orders": {(103,)}}, kind


def test_an_identifier_of_many_is_not_followed(gov) -> None:
    trace = trace_subject(gov, [Identifier("phone", "+49 30 1234567")])
    assert own(trace) == {}
    assert trace.ambiguous == (Ambiguous("crm.customers.phone", "phone", "shared", 5),)
    assert {key for place, key in mentions(trace) if place == "crm.customers"} == {(10 + n,) for n in range(5)}
    more = trace_subject(gov, [Identifier("phone", "+49 30 1234567")], most_persons=5)
    assert len(more.subject_keys["crm"]) == 5


def test_an_internal_key_names_its_dataset_of_persons(gov) -> None:
    assert own(trace_subject(gov, [Identifier("key", "crm.staff:7")], text=False)) == {"crm.staff": {(7,)}}
    agent = trace_subject(gov, [Identifier("key", "crm.staff:7")])
    assert ("crm.tickets", (1,)) in mentions(agent)  # she answered it; it is about a customer
    assert "crm.orders" in own(trace_subject(gov, [Identifier("key", "crm.customers:1")]))
    with pytest.raises(BadInputError, match="several kinds of persons"):
        trace_subject(gov, [Identifier("key", "crm:1")])


def test_a_limit_ends_the_walk_and_is_said(gov) -> None:
    trace = trace_subject(gov, ["anna@example.com"], limit=3)
    assert len(trace.records) == 3
    assert any(reason == "limit" for _, reason in reasons(trace))


def test_nobody_is_nobody(gov) -> None:
    trace = trace_subject(gov, ["nobody@example.com", Identifier("id", "ZZ-99999")])
    assert trace.records == ()
    assert trace.subject_keys == {}


def test_the_map_says_how_each_dataset_is_reached(gov) -> None:
    known = map_subjects(gov)
    reached = {str(ref): ways for ref, ways in known.reached().items()}
    assert reached["crm.customers"][:2] == ["identifier", "subject_key"]
    assert reached["crm.order_lines"] == ["join:crm.orders"]
    assert reached["files.points.jsonl"] == ["join:crm.customers"]
    assert reached["crm.products"] == []
    assert known.datasets[next(ref for ref in known.datasets if ref.dataset == "orders")].identifiers == {
        "ship_phone": "phone"
    }


def test_the_ledger_has_counts_and_no_value(gov) -> None:
    before = len(list(gov.ledger.events()))
    trace_subject(gov, ["anna@example.com"])
    events = list(gov.ledger.events())
    decision = next(each for each in events[before:] if each.purpose == "governance.subject")
    close = next(each for each in events if each.closes == decision.id)
    assert close.counts["records"] == 14
    assert close.counts["persons"] == 2
    assert close.outcome == "done"
    assert not any(b"anna" in each.leaf().lower() for each in events)


def test_cycles_and_self_references_end(gov) -> None:
    trace = trace_subject(gov, ["bernd@example.com"], text=False)  # ticket 4 answers itself
    assert own(trace)["crm.tickets"] == {(3,), (4,)}
    assert {each.steps for each in trace.own() if str(each.dataset) == "crm.customers"} == {0}
    assert {each.steps for each in trace.own() if str(each.dataset) == "crm.line_events"} == {3}
