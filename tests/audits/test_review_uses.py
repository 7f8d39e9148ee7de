"""Uses under grants, gathered in one reading: the numbers that looking at every event anew gives, in bounded memory."""

from __future__ import annotations

import json
import random
from typing import Any

import rfc8785

from audits.reports.review_uses import RuleUses

RULES = ("access:1", "access:2", "access:3")
PEOPLE = ("p:1", "p:2", None)
GRANTS: list[dict[str, Any]] = [
    {"kind": "line", "rules": ["access:1"], "principals": []},
    {"kind": "line", "rules": ["access:1", "access:2"], "principals": ["p:1"]},
    {"kind": "role", "rules": ["access:2", "access:3"], "principals": ["p:1"]},
    {"kind": "role", "rules": [], "principals": ["p:2"]},
]


def events(count: int) -> list[dict[str, Any]]:
    rng = random.Random("review uses")
    return [
        {
            "id": f"e{number:06d}",
            "kind": rng.choice(["decision", "decision", "close", "report"]),
            "time": f"2026-11-{number * 28 // count + 1:02d}T08:00:00.{number:06d}Z",
            "actor": "p:9", "principal": rng.choice(PEOPLE), "purpose": "support", "action": "read",
            "outcome": rng.choice(["allowed", "allowed", "refused"]), "reason": None,
            "rules": rng.sample(RULES, rng.randrange(3)), "objects": [], "counts": {}, "refs": {}, "versions": {},
            "seq": number, "schema": "governance.event/1", "note": None, "period": 1, "statement": None,
        }
        for number in range(count)
    ]  # fmt: skip


def expected(some: list[dict[str, Any]], grant: dict[str, Any]) -> list[str]:
    return [
        each["id"]
        for each in some
        if (each["kind"], each["outcome"]) == ("decision", "allowed") and set(each["rules"]) & set(grant["rules"])
        if grant["kind"] == "line" or each["principal"] in grant["principals"]
    ]


def test_each_use_counts_once_under_each_grant_from_leaves_and_from_events() -> None:
    some = events(2_000)
    from_leaves, from_events = RuleUses(), RuleUses()
    for at in range(0, len(some), 300):
        from_leaves.take(rfc8785.dumps(each) for each in some[at : at + 300])
        from_events.take_events(some[at : at + 300])
    for gathered in (from_leaves, from_events):
        assert (gathered.events, gathered.first) == (len(some), some[0]["time"])
        for grant in GRANTS:
            ids, tally = expected(some, grant), gathered.under(grant)
            assert tally.value == len(ids)
            if ids:
                assert tally.last is not None
                assert (tally.last[1], tally.evidence) == (ids[-1], (ids[0], ids[-1]))
                assert tally.count.more == len(ids) - 2
            else:
                assert (tally.last, tally.evidence) == (None, ())


def test_few_uses_are_all_named() -> None:
    some = events(20)
    gathered = RuleUses()
    gathered.take_events(some)
    ids = expected(some, GRANTS[0])
    assert 0 < len(ids) <= 8
    assert gathered.under(GRANTS[0]).evidence == tuple(ids)


def test_what_is_kept_does_not_grow_with_the_ledger() -> None:
    small, large = RuleUses(), RuleUses()
    small.take_events(events(1_000))
    large.take_events(events(10_000))
    assert len(large._cells) == len(small._cells)
    assert json.dumps(sorted(map(str, large._cells))) == json.dumps(sorted(map(str, small._cells)))
