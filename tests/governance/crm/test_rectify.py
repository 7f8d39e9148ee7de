"""A person's fields are corrected in a CRM as far as the policy lets somebody write, as a job with receipts."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from governance.app import Governance
from governance.cli.main import main
from governance.cli.project_option import actor
from governance.flows.retention.keeping import place_hold
from governance.flows.subjects.rectifying import Rectified, rectify
from governance.flows.subjects.tracing_subjects import trace_subject
from policies.errors import AccessRefusedError, BadInputError, ConfigError
from policies.nouns import DatasetRef

from .conftest import ANN
from .memory_crm import MemoryCrm

CONTACTS, DEALS = DatasetRef("sales", "Contacts"), DatasetRef("sales", "Deals")
NEW = "new.marker-zorblatt@example.com"


def corrected(
    gov: Governance, values: Mapping[str, str | None], dataset: DatasetRef = CONTACTS, purpose: str = "rectification"
) -> Rectified:
    return rectify(
        gov, trace_subject(gov, [ANN]), dataset, values, principal=actor(), purpose=purpose, recipients=["mailhouse"]
    )


def test_fields_are_corrected_read_again_and_recorded_by_digests(gov: Governance, crm: MemoryCrm) -> None:
    before = {key: dict(row) for key, row in crm.rows["Contacts"].items()}
    found = corrected(gov, {"Email": NEW, "Phone": None, "Created": "2021-01-02T03:04:05+00:00"})
    ann = crm.rows["Contacts"]["12"]
    assert (ann["Email"], ann["Phone"]) == (NEW, None)
    assert ann["Created"] == dt.datetime(2021, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert {key: row for key, row in crm.rows["Contacts"].items() if row != before[key]}.keys() == {"12"}
    (event,) = gov.ledger.events("subject.rectified")
    assert (event.outcome, event.counts["rows"], event.refs["job"]) == ("done", 1, found.job)
    assert event.refs["before"] != event.refs["after"]
    assert (found.rows, found.left, found.told) == (1, 0, 1)
    for language in ("en", "zh-Hans", "zh-Hant"):
        assert main(["job", "certificate", str(found.job), "--lang", language]) == 0
    kinds = [each.kind for each in gov.ledger.events() if each.refs.get("job") == found.job]
    assert {"decision", "job.batch", "job.done"} <= set(kinds)


def test_it_is_done_again_without_harm(gov: Governance, crm: MemoryCrm) -> None:
    corrected(gov, {"Email": NEW})
    crm.rows["Contacts"]["12"]["Email"] = ANN
    corrected(gov, {"Email": NEW})
    crm.calls.clear()
    crm.rows["Contacts"]["12"]["Email"] = ANN
    assert corrected(gov, {"Email": ANN}).rows == 1
    assert "update" not in crm.calls


@pytest.mark.parametrize(
    ("dataset", "values"),
    [(DEALS, {"Deal_Name": "x"}), (CONTACTS, {"Owner.email": "x@example.com"})],
)
def test_what_the_policy_does_not_give_is_refused_and_recorded(
    gov: Governance, crm: MemoryCrm, dataset: DatasetRef, values: dict[str, str | None]
) -> None:
    with pytest.raises((AccessRefusedError, BadInputError)):
        corrected(gov, values, dataset)
    assert "update" not in crm.calls


@pytest.mark.parametrize("values", [{"Region": "CN"}, {"Email": NEW}])
def test_a_record_stays_within_what_may_be_written(
    gov: Governance, crm: MemoryCrm, values: dict[str, str | None]
) -> None:
    if "Email" in values:
        crm.rows["Contacts"]["12"]["Region"] = "CN"
    with pytest.raises(AccessRefusedError, match="does not let"):
        corrected(gov, values)
    assert "update" not in crm.calls
    refused = [each for each in gov.ledger.events("decision") if each.outcome == "refused"]
    assert [each.action for each in refused] == ["write"]


@pytest.mark.parametrize("values", [{}, {"id": "13"}, {"nothing": "x"}, {"Created": "yesterday"}])
def test_fields_that_are_none_and_values_that_do_not_fit_are_refused(
    gov: Governance, crm: MemoryCrm, values: dict[str, str | None]
) -> None:
    with pytest.raises((BadInputError, AccessRefusedError)):
        corrected(gov, values)
    assert "update" not in crm.calls


def test_locked_and_held_records_are_counted_as_left(
    gov: Governance, crm: MemoryCrm, capsys: pytest.CaptureFixture[str]
) -> None:
    crm.locked = {("Contacts", "12")}
    found = corrected(gov, {"Email": NEW})
    assert (found.rows, found.left, crm.rows["Contacts"]["12"]["Email"]) == (0, 1, ANN)
    command = ["subject", "rectify", ANN, "--in", "sales.Contacts", "--set", f"Email={NEW}"]
    assert main([*command, "--as", actor(), "--purpose", "rectification"]) == 0
    assert "1 records were NOT corrected" in capsys.readouterr().err
    crm.locked = set()
    place_hold(gov, CONTACTS, "record", ["12"], reason="case 9")
    assert corrected(gov, {"Email": NEW}).left == 1
    assert crm.rows["Contacts"]["12"]["Email"] == ANN


def test_a_read_only_crm_is_refused(gov: Governance, firm: Path, crm: MemoryCrm) -> None:
    config = firm / "governance.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace(", write: true", ""), encoding="utf-8")
    with Governance.open(config, actor=actor()) as again, pytest.raises(ConfigError, match="only read"):
        corrected(again, {"Email": NEW})
    assert "update" not in crm.calls


def test_no_value_is_recorded_shown_or_left_in_a_file(gov: Governance, firm: Path) -> None:
    with capture_logs() as logs:
        found = corrected(gov, {"Email": NEW})
    assert "zorblatt" not in repr(found) + str(logs)
    assert not list((firm / ".governance" / "plans").iterdir())
    with sqlite3.connect(firm / ".governance" / "gov.db") as records:
        assert "zorblatt" not in "".join(records.iterdump())
