import dataclasses
import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest
import rfc8785
from hypothesis import assume, given
from hypothesis import strategies as st

from governance.ledger.closes import Decided, close_of
from governance.ledger.events import KINDS, RETIRED_KINDS, SCHEMA, Event, EventDraft, EventObject, filled, stamp
from policies.errors import LedgerError, TamperedError

MARKER = "marker.ann@example.org"
NOW = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


def full_draft():
    return EventDraft(
        kind="decision",
        actor="p:a1",
        principal="p:b2",
        purpose="客服.email",
        action="read",
        outcome="allowed",
        objects=(EventObject("crm.客户 资料.email", "mask:email"), EventObject("crm"), EventObject("crm.t.extra:$.a")),
        counts={"fields": 2},
        rules=("access.csv:12", "consent.given"),
        versions={"policy": "abc", "packs": "2026.1+x"},
        refs={"job": "j1"},
        statement="0f" * 32,
        reason="access.no_rule",
        note="n:c3",
    )


@pytest.mark.parametrize("kind", sorted(RETIRED_KINDS))
def test_what_earlier_releases_wrote_is_read_and_never_written_again(kind):
    leaf = Event.of(full_draft(), event_id="e1", time=NOW, period=1, seq=0).leaf()
    old = leaf.replace(b'"kind":"decision"', f'"kind":"{kind}"'.encode())
    assert Event.from_leaf(old).kind == kind
    assert Event.from_leaf(old).leaf() == old
    with pytest.raises(LedgerError):
        EventDraft(kind=kind, actor="system")
    assert kind not in KINDS


def test_an_event_has_a_round_trip_through_its_bytes():
    event = Event.of(full_draft(), event_id="e1", time=NOW, period=1, seq=0)
    assert Event.from_leaf(event.leaf()) == event
    assert event.moment == NOW


def test_the_form_is_the_documented_one():
    leaf = Event.of(EventDraft(kind="scan", actor="system"), event_id="e1", time=NOW, period=1, seq=0).leaf()
    assert leaf == (
        b'{"action":null,"actor":"system","counts":{},"id":"e1","kind":"scan","note":null,"objects":[],"outcome":null,'
        b'"period":1,"principal":null,"purpose":null,"reason":null,"refs":{},"rules":[],"schema":"governance.event/1",'
        b'"seq":0,"statement":null,"time":"2026-11-22T08:00:00.000000Z","versions":{}}'
    )


def test_the_same_event_gives_the_same_bytes_whatever_the_order():
    one = dataclasses.replace(full_draft(), versions={"a": "1", "b": "2"})
    two = dataclasses.replace(full_draft(), versions={"b": "2", "a": "1"})
    leaves = {Event.of(each, event_id="e1", time=NOW, period=1, seq=0).leaf() for each in (one, two)}
    assert len(leaves) == 1


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": "gossip"},
        {"actor": "ann"},
        {"actor": MARKER},
        {"actor": "n:c3"},
        {"principal": MARKER},
        {"principal": "p:"},
        {"purpose": MARKER},
        {"purpose": "to call Ann Lee"},
        {"action": MARKER},
        {"outcome": "Ann was refused"},
        {"objects": (EventObject(MARKER),)},
        {"objects": (EventObject("crm.customers." + MARKER),)},
        {"objects": (EventObject("crm.a\nb"),)},
        {"objects": (EventObject("crm.customers", MARKER),)},
        {"counts": {MARKER: 1}},
        {"counts": {"rows": -1}},
        {"counts": {"rows": True}},
        {"counts": {"rows": 1.5}},
        {"counts": {"rows": 2**53}},
        {"counts": {"rows": MARKER}},
        {"rules": (MARKER,)},
        {"versions": {"policy": MARKER}},
        {"refs": {"decision": MARKER}},
        {"refs": {"decision": ""}},
        {"statement": "SELECT 1"},
        {"reason": MARKER},
        {"note": MARKER},
        {"note": "p:a1"},
    ],
)
def test_what_is_no_id_code_count_or_name_is_refused_and_not_repeated(parts):
    with pytest.raises(LedgerError) as caught:
        EventDraft(**{"kind": "scan", "actor": "p:a1"} | parts)
    assert MARKER not in str(caught.value)
    assert "Ann" not in str(caught.value)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(LedgerError):
        stamp(dt.datetime(2026, 1, 1))  # noqa: DTZ001 the refusal is the test


@pytest.mark.parametrize(
    "leaf", [b"", b"[]", b"{}", b'{"schema":"governance.event/2"}', b"\xff", b'{"schema":"governance.event/1","x":1}']
)
def test_bytes_of_another_form_are_refused(leaf):
    with pytest.raises(TamperedError):
        Event.from_leaf(leaf)


def test_an_event_cannot_be_changed():
    draft = full_draft()
    with pytest.raises(dataclasses.FrozenInstanceError):
        draft.kind = "scan"
    with pytest.raises(TypeError):
        draft.counts["rows"] = 1


def test_kinds_and_schema_are_documented():
    from pathlib import Path

    page = (Path(__file__).parents[3] / "docs" / "ledger.md").read_text(encoding="utf-8")
    assert SCHEMA in page
    assert all(f"`{kind}`" in page for kind in KINDS)
    assert all(f"`{each.name}`" in page for each in dataclasses.fields(Event))


@given(
    st.from_regex(r"[a-z]{1,5}\.[^\x00-\x1f\x7f]{1,20}", fullmatch=True),
    st.dictionaries(st.sampled_from(["rows", "fields", "held"]), st.integers(0, 2**53 - 1)),
)
def test_leaf_bytes_are_those_of_rfc_8785(ref, counts):
    assume(not any("\ud800" <= sign <= "\udfff" for sign in ref) and "@" not in ref)
    draft = EventDraft(kind="scan", actor="p:alice", objects=(EventObject(ref),), counts=counts)
    leaf = Event.of(draft, event_id="e1", time=dt.datetime(2026, 11, 22, tzinfo=dt.UTC), period=1, seq=0).leaf()
    assert leaf == rfc8785.dumps(json.loads(leaf))


_REFS = st.from_regex(r"[a-z]{1,5}\.[^\x00-\x1f\x7f@]{1,20}", fullmatch=True) | st.sampled_from(
    ["s.\\u0000", 's."\\u0000"', 's."refs":{"decision":"any"}', 's.","id":"']
)


@given(_REFS.filter(lambda ref: ref.isprintable()), st.sampled_from(["support", "客服.email", "any"]))
def test_a_filled_in_form_is_the_event_encoded_whole(ref, purpose):
    draft = dataclasses.replace(full_draft(), objects=(EventObject(ref, "clear"),), purpose=purpose)
    for number in range(3):  # the form is made with the first
        event = Event.of(draft, event_id=f"e{number}", time=NOW, period=1, seq=number)
        leaf = event.leaf()
        assert leaf == rfc8785.dumps(json.loads(leaf))
        assert Event.from_leaf(leaf) == event
        assert Event.from_leaf(leaf).leaf() == leaf  # read events are encoded whole


@given(
    st.sampled_from(["p:a1", "system"]),
    st.none() | st.just("客服.email"),
    st.integers(0, 2**53 - 1),
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
)
def test_ends_of_many_uses_are_those_made_one_by_one(actor, purpose, rows, decision_id):
    draft = EventDraft(kind="decision", actor=actor, principal="p:b2", purpose=purpose, action="read")
    made = close_of(Decided(decision_id, draft), "done", {"rows": rows}, "guard.stopped")
    alone = EventDraft(
        kind="close",
        actor=actor,
        principal="p:b2",
        purpose=purpose,
        action="read",
        outcome="done",
        counts={"rows": rows},
        refs={"decision": decision_id},
        reason="guard.stopped",
    )
    assert made.draft() == alone
    assert (made.kind, made.closes, made.principal) == (alone.kind, alone.closes, alone.principal)
    leaf = filled(made.form(), "e9", stamp(NOW), 1, 1)
    assert leaf == Event.of(alone, event_id="e9", time=NOW, period=1, seq=1).leaf() == rfc8785.dumps(json.loads(leaf))


@pytest.mark.parametrize(("outcome", "counts"), [(MARKER, {"rows": 1}), ("done", {MARKER: 1}), ("done", {"rows": -1})])
def test_an_end_that_holds_anything_else_is_refused(outcome, counts):
    with pytest.raises(LedgerError) as caught:
        close_of(Decided("e1", full_draft()), outcome, counts)
    assert MARKER not in str(caught.value)


def test_a_lone_surrogate_is_refused_before_it_is_hashed():
    draft = EventDraft(kind="scan", actor="p:alice", objects=(EventObject("crm.\ud800"),))
    with pytest.raises(LedgerError, match="lone surrogate"):
        Event.of(draft, event_id="e1", time=dt.datetime(2026, 11, 22, tzinfo=dt.UTC), period=1, seq=0).leaf()


ZONES = [dt.UTC, dt.timezone(dt.timedelta(hours=8)), ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")]
TIMES = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1), timezones=st.sampled_from(ZONES))  # noqa: DTZ001 naive ends
STEPS = st.timedeltas(dt.timedelta(seconds=-3), dt.timedelta(seconds=3))


@given(st.lists(TIMES, max_size=5), st.lists(STEPS, max_size=5))
def test_a_stamp_is_the_time_in_utc_whatever_was_written_before(times, steps):
    for each in times:
        for step in (dt.timedelta(0), *steps):
            time = each.astimezone(dt.UTC) + step
            assert stamp(time.astimezone(each.tzinfo)) == time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
