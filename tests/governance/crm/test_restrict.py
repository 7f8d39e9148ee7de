"""A restriction of a person who was found in a CRM holds for records of that CRM from the next use on."""

from __future__ import annotations

from pathlib import Path

from governance.app import Governance
from governance.cli.project_option import actor
from governance.flows.subjects.restricting_traced import lift_traced, restrict_traced
from governance.flows.subjects.tracing_subjects import trace_subject

from .conftest import ANN
from .memory_crm import MemoryCrm


def test_records_of_a_restricted_person_are_hidden_until_it_is_lifted(
    gov: Governance, firm: Path, crm: MemoryCrm
) -> None:
    with (firm / "policies" / "access.csv").open("a", encoding="utf-8") as access:
        access.write("p, desk, answer_requests, read, sales.Contacts, clear, allow,\n")
    rows = [dict(crm.rows["Contacts"][key], Created=None) for key in ("12", "13")]

    def seen() -> list[object]:
        found = gov.filter(rows, dataset="sales.Contacts", principal=actor(), purpose="answer_requests")
        return [each["id"] for each in found]

    assert seen() == ["12", "13"]
    done = restrict_traced(gov, trace_subject(gov, [ANN]), reason="accuracy_contested")
    assert done.stores == ("sales", "shop")
    assert done.apart == ()
    assert seen() == ["13"]
    lift_traced(gov, trace_subject(gov, [ANN]), told=True)
    assert seen() == ["12", "13"]
