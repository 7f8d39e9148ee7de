"""Every number of the report on access, counted again from the raw events by other means."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audits.evidence import Evidence
from audits.rendering import render
from audits.report import Report
from audits.reports import access_gathering, access_leaves
from audits.reports.access import access_report
from audits.reports.access_gathering import NEWEST, TROUBLES, Gathering
from audits.reports.access_tally import NAMED
from governance.ledger.waiting import WaitingFile

AS_OF = dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)
ZONE = "Asia/Kolkata"
MARKER = "MARKER-Wang-Xiaoming"
EVENTS = 3000
PEOPLE = [f"p:{name}" for name in ("a", "b", "c", "d")]
EMERGENCY = ("p:a", "emergency")


def event(number: int, time: dt.datetime, kind: str, **parts: Any) -> dict[str, Any]:
    """One event in the form of the ledger."""
    empty = dict.fromkeys(("principal", "purpose", "action", "outcome", "statement", "reason", "note"))
    made: dict[str, Any] = {
        "id": f"e{number:05d}",
        "time": time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "kind": kind,
        "actor": "p:web",
    }
    made |= {"period": 1 + number // 2000, "seq": number % 2000, "schema": "governance.event/1"}
    nothing: dict[str, Any] = {"objects": [], "counts": {}, "rules": [], "versions": {"policy": "ab"}, "refs": {}}
    return empty | nothing | made | parts


def drawn(seed: int) -> list[dict[str, Any]]:
    """Half a year of uses, refusals, ends late or missing, openings and other acts; ends overtake each other."""
    draw, found, waiting = random.Random(seed), list[dict[str, Any]](), list[str]()
    start = AS_OF - dt.timedelta(days=170)
    for number in range(EVENTS):
        time = start + dt.timedelta(days=170) / EVENTS * number
        choice = draw.random()
        if waiting and choice < 0.45:
            found.append(_end(draw, number, time, waiting.pop(draw.randrange(len(waiting)))))
        elif choice < 0.5:
            found.append(_other(draw, number, time))
        else:
            found.append(_decision(draw, number, time))
            if found[-1]["outcome"] == "allowed" and draw.random() < 0.9:
                waiting.append(found[-1]["id"])
    return found


def _end(draw: random.Random, number: int, time: dt.datetime, decision: str) -> dict[str, Any]:
    counts = {"rows": draw.choice([0, 1, 7, 900])} | ({"conflicts": 2} if draw.random() < 0.1 else {})
    outcome = "failed" if draw.random() < 0.1 else "done"
    return event(number, time, "close", outcome=outcome, counts=counts, refs={"decision": decision})


def _other(draw: random.Random, number: int, time: dt.datetime) -> dict[str, Any]:
    kind = draw.choice(["scan", "report", "break_glass.opened"])
    if kind != "break_glass.opened":
        return event(number, time, kind)
    refs, outcome = {"opening": f"o{number}"}, draw.choice(["done", "refused"])
    person, purpose = EMERGENCY
    return event(number, time, kind, principal=person, purpose=purpose, outcome=outcome, refs=refs)


def _decision(draw: random.Random, number: int, time: dt.datetime) -> dict[str, Any]:
    if draw.random() < 0.15:
        reason = draw.choice([None, "not_granted"])
        return event(
            number,
            time,
            "decision",
            principal="p:d",
            purpose="support",
            action="read",
            outcome="refused",
            reason=reason,
        )
    refs = draw.sample([f"crm.customers.f{each}" for each in range(6 if number < 2500 else 7)], 2)
    objects = [{"ref": ref, "treatment": draw.choice(["clear", "mask:email", None])} for ref in (*refs, refs[0])]
    person = draw.choice(PEOPLE)
    purposes = ["support", "analytics", *(["emergency"] if person == EMERGENCY[0] else [])]
    return event(
        number,
        time,
        "decision",
        principal=person,
        purpose=draw.choice(purposes),
        action=draw.choice(["read", "write"]),
        outcome="allowed",
        objects=objects,
        rules=[f"access.csv:{draw.randrange(3)}"],
    )


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return drawn(7)


def leaves(events: list[dict[str, Any]]) -> list[bytes]:
    """As the ledger stores them."""
    return [json.dumps(each, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() for each in events]


def report_of(raw: list[bytes], *, zone: str = ZONE, batch: int = 1000, spill: WaitingFile | None = None) -> Report:
    found = Gathering(AS_OF, zone, spill=spill)
    for first in range(0, len(raw), batch):
        found.take(raw[first : first + batch])
    return access_report(Evidence(as_of=AS_OF, zone=zone, events_read=len(raw)), found.found())


@pytest.fixture(scope="module")
def data(events: list[dict[str, Any]]) -> dict[str, Any]:
    return dict(report_of(leaves(events)).data)


class Raw:
    """The events, sorted out in the plainest way."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.ends = {each["refs"]["decision"]: each for each in events if each["kind"] == "close"}
        decisions = [each for each in events if each["kind"] == "decision"]
        self.granted = [each for each in decisions if each["outcome"] == "allowed"]
        self.refused = [each for each in decisions if each["outcome"] != "allowed"]
        self.open = [each for each in self.granted if each["id"] not in self.ends]
        self.closed = [(each, self.ends[each["id"]]) for each in self.granted if each["id"] in self.ends]


def named(value: int, ids: list[str]) -> dict[str, Any]:
    """A number as the form writes it: all ids while they are few, else the first, the last and how many more."""
    ids = sorted(ids)
    if len(ids) <= NAMED:
        return {"value": value, "evidence": ids, "more": 0}
    return {"value": value, "evidence": [ids[0], ids[-1]], "more": len(ids) - 2}


def counted(found: list[dict[str, Any]]) -> dict[str, Any]:
    return named(len(found), [each["id"] for each in found])


def numbers(raw: Raw, uses: list[dict[str, Any]]) -> dict[str, Any]:
    ends = [raw.ends[each["id"]] for each in uses if each["id"] in raw.ends]
    rows = named(sum(each["counts"]["rows"] for each in ends), [each["id"] for each in ends])
    return {"uses": counted(uses), "rows": rows}


def local(each: dict[str, Any], zone: str = ZONE) -> dt.datetime:
    return dt.datetime.fromisoformat(each["time"]).astimezone(ZoneInfo(zone))


def test_totals(events: list[dict[str, Any]], data: dict[str, Any]) -> None:
    raw, totals = Raw(events), data["totals"]
    assert {key: totals[key] for key in ("uses", "rows")} == numbers(raw, raw.granted)
    assert totals["refused"] == counted(raw.refused)
    assert totals["unknown"] == counted(raw.open)
    assert totals["failed"] == counted([use for use, end in raw.closed if end["outcome"] == "failed"])
    written = [end for use, end in raw.closed if use["action"] == "write"]
    assert totals["rows_changed"] == named(sum(each["counts"]["rows"] for each in written), [e["id"] for e in written])
    refused = [end for _, end in raw.closed if "conflicts" in end["counts"]]
    assert totals["conflicts"] == named(2 * len(refused), [each["id"] for each in refused])
    assert min(totals[key]["value"] for key in ("uses", "refused", "unknown", "failed", "conflicts")) > NAMED


def test_every_event_is_accounted_for(events: list[dict[str, Any]], data: dict[str, Any]) -> None:
    totals = data["totals"]
    told = sum(totals[key]["value"] for key in ("uses", "refused", "stray")) + len(Raw(events).closed)
    assert data["events"] == len(events) == told + sum(each["value"] for each in data["others"].values())
    kinds = Counter(each["kind"] for each in events)
    assert {kind: each["value"] for kind, each in data["others"].items()} == {
        kind: times for kind, times in kinds.items() if kind not in {"decision", "close"}
    }


def test_per_person_purpose_and_action(events: list[dict[str, Any]], data: dict[str, Any]) -> None:
    raw, groups = Raw(events), defaultdict(list)
    for each in raw.granted:
        groups[each["principal"], each["purpose"], each["action"]].append(each)
    keys = ("principal", "purpose", "action")
    assert data["by_person"] == [
        dict(zip(keys, key, strict=True)) | numbers(raw, found) for key, found in sorted(groups.items())
    ]


def test_per_field_and_treatment(events: list[dict[str, Any]], data: dict[str, Any]) -> None:
    raw, groups = Raw(events), defaultdict(list)
    for each in raw.granted:
        for pair in {(part["ref"], part["treatment"]) for part in each["objects"] if part["treatment"]}:
            groups[pair].append(each)
    assert data["by_field"] == [
        {"field": key[0], "treatment": key[1]} | numbers(raw, found) for key, found in sorted(groups.items())
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"])
def test_per_day_of_the_zone(events: list[dict[str, Any]], zone: str) -> None:
    raw, groups = Raw(events), defaultdict(list)
    for each in raw.granted:
        groups[local(each, zone).date().isoformat()].append(each)
    assert report_of(leaves(events), zone=zone).data["by_day"] == [
        {"day": day} | numbers(raw, found) for day, found in sorted(groups.items())
    ]


@pytest.mark.parametrize(
    ("zone", "time", "day"),
    [
        ("UTC", "2026-02-28T23:59:59.999999Z", "2026-02-28"),
        ("Asia/Taipei", "2026-01-31T16:00:00.000000Z", "2026-02-01"),
        ("Asia/Taipei", "2026-01-31T15:59:59.999999Z", "2026-01-31"),
        ("Asia/Kolkata", "2025-12-31T18:29:59.999999Z", "2025-12-31"),
        ("Asia/Kolkata", "2025-12-31T18:30:00.000000Z", "2026-01-01"),
        ("America/New_York", "2026-03-01T04:59:59.999999Z", "2026-02-28"),
        ("America/New_York", "2025-11-02T06:30:00.000000Z", "2025-11-02"),  # the hour that comes twice
    ],
)
def test_last_moment_of_a_month_stays_in_it(zone: str, time: str, day: str) -> None:
    use = event(1, AS_OF, "decision", principal="p:a", purpose="support", action="read", outcome="allowed")
    (found,) = report_of(leaves([use | {"time": time}]), zone=zone).data["by_day"]
    assert found["day"] == day


def test_refusals(events: list[dict[str, Any]], data: dict[str, Any]) -> None:
    groups = defaultdict(list)
    for each in Raw(events).refused:
        groups[each["principal"], each["purpose"], each["action"], each["reason"]].append(each)
    keys = ("principal", "purpose", "action", "reason")
    assert data["denials"] == [
        dict(zip(keys, key, strict=True)) | {"attempts": counted(groups[key])}
        for key in sorted(groups, key=lambda key: (*key[:3], key[3] or ""))
    ]


def test_openings_count_the_uses_up_to_the_next(events: list[dict[str, Any]], data: dict[str, Any]) -> None:
    raw, under, active = Raw(events), defaultdict(list), None
    for each in events:
        if each["kind"] == "break_glass.opened" and each["outcome"] == "done":
            active = each["refs"]["opening"]
        elif each in raw.granted and (each["principal"], each["purpose"]) == EMERGENCY and active:
            under[active].append(each)
    assert sum(map(len, under.values())) > NAMED
    for each in data["break_glass"]:
        assert {key: each[key] for key in ("uses", "rows")} == numbers(raw, under[each["opening"]])
    refused = [each for each in data["break_glass"] if each["outcome"] == "refused"]
    assert refused
    assert all(each["uses"]["value"] == 0 for each in refused)


def test_listed_are_the_newest_and_the_rest_is_counted(events: list[dict[str, Any]], data: dict[str, Any]) -> None:
    raw = Raw(events)
    decisions = [each["id"] for each in events if each["kind"] == "decision"]
    wanted = {*decisions[-NEWEST:], *(each["id"] for each in (*raw.refused[-TROUBLES:], *raw.open[-TROUBLES:]))}
    assert [each["id"] for each in data["uses"]] == sorted(wanted)
    assert data["not_listed"]["uses"] == len(decisions) - len(wanted) > 0
    for each in data["uses"]:
        end = raw.ends.get(each["id"])
        assert each["rows"] == (end["counts"]["rows"] if end else None)
        assert each["evidence"] == [each["id"], *([end["id"]] if end else [])]


def unusual(events: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """The four rules, from the raw events."""
    raw, today = Raw(events), AS_OF.astimezone(ZoneInfo(ZONE)).date()
    window = today - dt.timedelta(days=29)
    start = window - dt.timedelta(days=90)
    rows, refused, hours, uses = (defaultdict[str, Counter[Any]](Counter) for _ in range(4))
    fields: dict[tuple[str, str], dt.date] = {}
    for each in raw.granted:
        day, person = local(each).date(), each["principal"]
        for part in each["objects"]:
            if part["treatment"]:
                fields.setdefault((person, part["ref"]), day)
        if day >= start:
            end = raw.ends.get(each["id"])
            rows[person][day] += end["counts"]["rows"] if end else 0
            uses[person][day] += 1
            hours[person][day >= window, local(each).hour] += 1
    for each in raw.refused:
        if local(each).date() >= start:
            refused[each["principal"]][local(each).date()] += 1
    based = {person for person in uses if sum(day < window for day in uses[person]) >= 5}
    for counts, kind, least, people in ((refused, "denials", 5, set(refused)), (rows, "volume", 100, based)):
        for person in people:
            before = max((each for day, each in counts[person].items() if day < window), default=0)
            for day, found in counts[person].items():
                if day >= window and found >= least and found > 3 * before:
                    yield kind, person, day.isoformat(), found, before
    for person in based:
        for (looked_at, hour), found in hours[person].items():
            if looked_at and not hours[person][False, hour]:
                yield "hour", person, f"{hour:02d}:00", found, 0
    for (person, ref), day in fields.items():
        if person in based and day >= window:
            yield "field", person, ref, 1, 0


def test_unusual_use(events: list[dict[str, Any]]) -> None:
    more = [*events]
    for person, hour in (("p:new", 5), ("p:a", 5)):
        for _ in range(6):
            number = len(more)
            time = AS_OF.replace(hour=0) - dt.timedelta(hours=hour, minutes=number % 7)
            parts = {"principal": person, "purpose": "support", "action": "read"}
            more.append(event(number, time, "decision", outcome="refused", **parts))
            more.append(event(number + 1, time, "decision", outcome="allowed", **parts))
            more.append(
                event(number + 2, time, "close", counts={"rows": 9000}, refs={"decision": f"e{number + 1:05d}"})
            )
    found = report_of(leaves(more)).data["unusual"]
    told = [(each["kind"], each["principal"], each["what"], each["found"]["value"], each["before"]) for each in found]
    assert sorted(told) == sorted(unusual(more))
    assert {each[0] for each in told} >= {"denials", "volume", "field"}
    assert ("denials", "p:new") in {each[:2] for each in told}
    assert ("volume", "p:new") not in {each[:2] for each in told}  # no baseline, which the page says
    assert "Not judged for want of a baseline: one person." in render(report_of(leaves(more)), "text")


def test_hour_never_used_before_is_unusual() -> None:
    day = dt.timedelta(days=1)
    parts = {"principal": "p:a", "purpose": "support", "action": "read", "outcome": "allowed"}
    at_nine = [event(each, AS_OF.replace(hour=9) - (60 - each) * day, "decision", **parts) for each in range(50)]
    at_three = event(50, AS_OF.replace(hour=3) - day, "decision", **parts)
    (found,) = report_of(leaves([*at_nine, at_three]), zone="UTC").data["unusual"]
    assert (found["kind"], found["what"], found["found"]) == ("hour", "03:00", named(1, ["e00050"]))
    assert report_of(leaves(at_nine), zone="UTC").data["unusual"] == []
    assert report_of(leaves([*at_nine[-14:], at_three]), zone="UTC").data["unusual"] == []  # four days are no baseline


@pytest.mark.parametrize("batch", [1, 17, EVENTS])
def test_how_events_are_read_changes_no_byte(
    events: list[dict[str, Any]], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = report_of(leaves(events))
    monkeypatch.setattr(access_gathering, "OPEN", 8)
    monkeypatch.setattr(access_gathering, "FOLD", 3)
    monkeypatch.setattr(access_leaves, "SHAPES", 5)
    spill = WaitingFile()
    again = report_of(leaves(events), batch=batch, spill=spill)
    assert any(spill.rest())
    spill.close()
    for form in ("json", "html", "csv"):
        assert render(again, form) == render(whole, form)


def test_other_spelling_of_an_event_is_read_too(events: list[dict[str, Any]]) -> None:
    spaced = [json.dumps(each).encode() for each in events]
    assert render(report_of(spaced), "json") == render(report_of(leaves(events)), "json")


def test_text_that_looks_like_keys_moves_nothing() -> None:
    odd = 'crm.a","id":"x","refs":{},"rules":[],"seq":1,"time":"'
    parts = {"principal": "p:a", "purpose": "support", "action": "read", "outcome": "allowed"}
    use = [event(each, AS_OF, "decision", objects=[{"ref": odd, "treatment": "clear"}], **parts) for each in range(3)]
    (found,) = report_of(leaves(use)).data["by_field"]
    assert found["field"] == odd
    assert found["uses"] == named(3, ["e00000", "e00001", "e00002"])


def test_end_without_its_use_and_second_end_are_told() -> None:
    parts = {"principal": "p:a", "purpose": "support", "action": "read", "outcome": "allowed"}
    use = event(1, AS_OF, "decision", **parts)
    ends = [event(2 + each, AS_OF, "close", counts={"rows": 4}, refs={"decision": "e00001"}) for each in range(2)]
    lost = event(9, AS_OF, "close", counts={"rows": 5}, refs={"decision": "e00000"})
    totals = report_of(leaves([use, *ends, lost])).data["totals"]
    assert totals["stray"] == named(2, ["e00003", "e00009"])
    assert totals["rows"] == named(4, ["e00002"])


def test_page_stays_small_and_says_what_it_leaves_out(events: list[dict[str, Any]]) -> None:
    page, twice = (len(render(report_of(leaves(found)), "html")) for found in (events, [*events, *later(events)]))
    assert twice < page * 1.1
    assert "The list is cut:" in render(report_of(leaves(events)), "text")


def later(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same again under other ids."""
    for each in events:
        refs = {key: f"z{value}" for key, value in each["refs"].items()}
        yield each | {"id": f"z{each['id']}", "seq": each["seq"] + 5000, "refs": refs}
