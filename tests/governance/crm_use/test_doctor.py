"""`governance doctor` on a CRM: each line of the vendor's self-check, and what the vendor cannot do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from connectors.crm.base import Check
from policies.errors import StoreError

from ..crm.memory_crm import MemoryCrm  # noqa: TID252 the fake lies beside its protocol
from .conftest import Run


def lines(run: Run) -> dict[str, tuple[str, str]]:
    found = json.loads(run("doctor", "--format", "json").out)["checks"]
    return {each["what"]: (each["state"], each["found"]) for each in found if each["what"].startswith("store sales")}


def test_each_check_and_each_limit_is_a_line(run: Run, crm: MemoryCrm) -> None:
    found = lines(run)
    assert found["store sales"] == ("ok", "zoho, 1 datasets")
    assert found["store sales token"][0] == "ok"
    assert found["store sales cannot"][0] == "limit"
    assert "known from: vendor" in found["store sales cannot"][1]
    assert set(crm.calls) <= {"read", "pages"}
    assert "limit" in run("doctor").out


def test_what_differs_is_a_finding_and_ends_with_1(run: Run, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> Iterator[Check]:
        yield Check("crm.check.clock", fine=False, expected="under 60 s", found="4000 s")
        raise StoreError("store sales", found="code OAUTH_SCOPE_MISMATCH", expected="users.READ", next_step="add it")

    monkeypatch.setattr(crm, "check", check)
    found = lines(run)
    assert found["store sales clock"][0] == "finding"
    assert "found 4000 s, expected under 60 s" in found["store sales clock"][1]
    assert found["store sales check"] == ("finding", "code OAUTH_SCOPE_MISMATCH")
    assert "store sales cannot" in found
    assert run("doctor").code == 1


def test_a_crm_that_does_not_answer_is_a_finding(run: Run, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreError("store sales", found="no answer", expected="one", next_step="check the network")

    monkeypatch.setattr(crm, "datasets", fail)
    assert lines(run)["store sales"] == ("finding", "no answer")


def test_a_secret_that_is_not_set_is_a_finding(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRM_SECRET")
    assert lines(run) == {"store sales": ("finding", "variable CRM_SECRET, which is not set")}
