"""A use of raw stores: recorded before it begins, closed however it ends."""

from __future__ import annotations

import pytest

from governance.app import Governance
from governance.flows.opening.recorded_use import recorded_use
from policies.errors import LedgerError
from policies.nouns import Action

MARKER = "marker-ann@example.org"


@pytest.fixture
def gov(project):
    with Governance.open(project / "governance.yaml") as opened:
        yield opened


def closed(gov, use):
    return next(each for each in gov.ledger.events(("close",)) if each.refs["decision"] == use.decision)


def fail_after_two_rows(gov, uses):
    with recorded_use(gov, "support", ["crm.customers"]) as use:
        uses.append(use)
        use.counts = {"rows": 2}
        raise ValueError(MARKER)


def test_the_decision_is_in_the_ledger_before_the_block_begins(gov):
    with recorded_use(gov, "support", ["crm.customers"], rules=("r",), action=Action.EXPORT, principal="alice") as use:
        decision = next(gov.ledger.events(ids=(use.decision,)))
    assert (decision.kind, decision.purpose, decision.action) == ("decision", "support", "export")
    assert ([each.ref for each in decision.objects], decision.rules) == (["crm.customers"], ("r",))
    assert decision.principal == gov.ledger.refer("principal", "alice") != "alice"


def test_a_use_ends_with_the_counts_that_it_set(gov):
    with recorded_use(gov, "support", ["crm.customers"]) as use:
        use.counts = {"rows": 3}
    assert (closed(gov, use).outcome, closed(gov, use).counts) == ("done", {"rows": 3})


def test_a_use_that_left_something_out_or_raised_is_closed_as_failed(gov):
    with recorded_use(gov, "support", ["crm.customers"]) as partly:
        partly.whole = False
    with pytest.raises(ValueError, match=MARKER):
        fail_after_two_rows(gov, uses := [])
    [broken] = uses
    assert [closed(gov, each).outcome for each in (partly, broken)] == ["failed", "failed"]
    assert closed(gov, broken).counts == {"rows": 2}
    assert MARKER not in str(list(gov.ledger.events()))


def test_nothing_is_read_when_the_ledger_cannot_be_written(gov, monkeypatch):
    def down(_):
        raise LedgerError("ledger", found="no answer", expected="a ledger", next_step="mend it")

    monkeypatch.setattr(gov.ledger, "decide", down)
    begun = []
    with pytest.raises(LedgerError), recorded_use(gov, "support", ["crm.customers"]):
        begun.append(True)
    assert not begun
