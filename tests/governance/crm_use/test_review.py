"""Grants of a CRM in the access review: added up by profile, decided like others, and no user named."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from audits.rendering import formats_for, render
from connectors.crm.base import VendorGrant
from governance.app import Governance
from governance.registers.review_crm import crm_grants
from policies.errors import BadInputError, StoreError

from ..crm.memory_crm import MemoryCrm  # noqa: TID252 the fake lies beside its protocol
from .conftest import MARKERS, clean, write_catalog

DUE = dt.date(2030, 1, 1)
REASON = "needed by the team every day"
GRANTS = [
    VendorGrant("", "Standard", "", "Contacts", ("read", "write")),
    VendorGrant("u1", "Standard", "Rep", "Contacts", ("read", "write")),
    VendorGrant(MARKERS["user"], "Standard", "Head", "Contacts", ("read", "write"), active=False),
    VendorGrant("u3", "Administrator", "", "Contacts", ("delete", "export", "read", "write")),
    VendorGrant("", "", "North", "Contacts", ("read",)),
]


def digest(said: str) -> str:
    return f"{sum(said.encode()) * 2_654_435_761:064x}"[-64:]


@pytest.fixture
def gov(project: Path, crm: MemoryCrm) -> Iterator[Governance]:
    """The project with a reviewer and a CRM whose records are restricted."""
    crm.granted = list(GRANTS)
    write_catalog(
        project, "          Passport: {id: f9, category: user.government_id, status: confirmed, type: string}"
    )
    policies = project / "policies"
    (policies / "principals.yaml").write_text("version: 1\nprincipals:\n  dora: {}\n", encoding="utf-8")
    (policies / "purposes.yaml").write_text(
        "version: 1\npurposes:\n  support: {basis: {gdpr: contract}}\n", encoding="utf-8"
    )
    (policies / "access.csv").write_text(
        "p, dora, support, read, sales.Contacts, mask:redact, allow,\n", encoding="utf-8"
    )
    with Governance.open(project / "governance.yaml") as opened:
        yield opened


def of_crm(gov: Governance) -> dict[str, dict[str, Any]]:
    return {each["subject"]: each for each in gov.audit_review().data["grants"] if each["kind"] == "crm"}


def test_grants_are_added_up_by_profile_and_what_is_broad_is_told(gov: Governance) -> None:
    found = of_crm(gov)
    assert set(found) == {"Standard", "Administrator", "North"}
    assert {name: (each["action"], each["holders"], each["inactive"]) for name, each in found.items()} == {
        "Standard": ("read write", 2, 1),
        "Administrator": ("delete export read write", 1, 0),
        "North": ("read", 0, 0),
    }
    assert {name: set(each["flags"]) for name, each in found.items()} == {
        "Standard": {"inactive"},
        "Administrator": {"every_action", "grave_out"},
        "North": set(),
    }


def test_a_review_has_them_beside_the_lines_and_closes_when_all_are_decided(gov: Governance) -> None:
    review = gov.open_review("dora", DUE)
    assert len(review.grants) == 4
    line = next(each for each in review.grants if not each.startswith("crm:"))
    gov.decide_grant(review.id, line, "keep", principal="dora", reason=REASON)
    with pytest.raises(BadInputError, match=r"3 grant\(s\) undecided"):
        gov.close_review(review.id, principal="dora")
    for grant in review.grants.keys() - {line}:
        gov.decide_grant(review.id, grant, "keep", principal="dora", reason=REASON)
    assert gov.close_review(review.id, principal="dora").closed


def test_what_is_revoked_stands_until_it_is_gone_in_the_crm(gov: Governance, crm: MemoryCrm) -> None:
    review = gov.open_review("dora", DUE)
    grant = of_crm(gov)["Administrator"]["id"]
    gov.decide_grant(review.id, grant, "revoke", principal="dora", reason=REASON)
    assert of_crm(gov)["Administrator"]["state"] == "revoked"
    assert "in the CRM" in render(gov.audit_review(), "text", "en")
    crm.granted = [each for each in crm.granted if each.profile != "Administrator"]
    assert "Administrator" not in of_crm(gov)


def test_a_patch_is_for_lines_alone(gov: Governance, tmp_path: Path) -> None:
    review = gov.open_review("dora", DUE)
    grant = of_crm(gov)["North"]["id"]
    with pytest.raises(BadInputError, match="taken away in the CRM"):
        gov.decide_grant(review.id, grant, "revoke", principal="dora", reason=REASON, patch=tmp_path / "x.patch")
    gov.decide_grant(review.id, grant, "revoke", principal="dora", reason=REASON)
    assert gov.review_patch(review.id, tmp_path / "x.patch") == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda crm: crm.granted.append(VendorGrant("u9", "Standard", "", "Contacts", ("read", "write"))),
        lambda crm: crm.granted.append(VendorGrant("", "Standard", "", "Contacts", ("export",))),
        lambda crm: crm.granted.__setitem__(1, VendorGrant("u8", "Standard", "", "Contacts", ("read", "write"))),
    ],
)
def test_another_user_or_action_reads_changed_since(
    gov: Governance, crm: MemoryCrm, change: Callable[[MemoryCrm], None]
) -> None:
    review = gov.open_review("dora", DUE)
    gov.decide_grant(review.id, of_crm(gov)["Standard"]["id"], "keep", principal="dora", reason=REASON)
    assert of_crm(gov)["Standard"]["state"] == "kept"
    change(crm)
    assert of_crm(gov)["Standard"]["state"] == "changed"


def test_a_crm_that_gives_no_list_is_named_and_keeps_the_review_open(
    gov: Governance, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = gov.open_review("dora", DUE)
    line = next(each for each in review.grants if not each.startswith("crm:"))
    gov.decide_grant(review.id, line, "keep", principal="dora", reason=REASON)

    def fail() -> Iterator[VendorGrant]:
        raise StoreError("store sales", found="code NO_PERMISSION", expected="a list", next_step="ask for it")

    monkeypatch.setattr(crm, "grants", fail)
    report = gov.audit_review()
    assert report.data["unlisted"] == [{"store": "sales", "found": "code NO_PERMISSION"}]
    assert "NO_PERMISSION" in render(report, "text", "en")
    with pytest.raises(BadInputError, match=r"3 grant\(s\) undecided"):
        gov.close_review(review.id, principal="dora")


def test_a_vendor_without_a_list_of_grants_stops_no_review(
    gov: Governance, crm: MemoryCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Iterator[VendorGrant]:
        raise StoreError("store sales", found="no list of grants", expected="one", next_step="look in the CRM")

    monkeypatch.setattr(crm, "grants", fail)
    review = gov.open_review("dora", DUE)
    (line,) = review.grants
    gov.decide_grant(review.id, line, "keep", principal="dora", reason=REASON)
    assert gov.close_review(review.id, principal="dora").closed


@pytest.mark.parametrize("lang", ["en", "zh-Hans", "zh-Hant"])
def test_no_user_of_the_crm_is_named_anywhere(gov: Governance, crm: MemoryCrm, lang: str) -> None:
    crm.granted.append(VendorGrant("u5", MARKERS["mail"], "", "Contacts", ("read",)))
    gov.open_review("dora", DUE)
    report = gov.audit_review()
    for form in formats_for("review"):
        clean(render(report, form, lang))
    clean("".join(repr(each) for each in gov.ledger.events()) + repr(GRANTS[2]))


def test_adding_up_many_users_is_flat_and_their_order_has_no_effect() -> None:
    def users(count: int) -> Iterator[VendorGrant]:
        return (VendorGrant(f"u{each}", f"P{each % 5}", "", "Contacts", ("read",)) for each in range(count))

    peaks = []
    for count in (1_000, 50_000):
        tracemalloc.start()
        crm_grants("sales", users(count), (), digest)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 2
    assert crm_grants("s", list(users(500)), (), digest) == crm_grants("s", list(users(500))[::-1], (), digest)
