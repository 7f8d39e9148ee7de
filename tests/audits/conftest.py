"""Small evidence that every report test shares; the files are in the forms that scans and ledgers write."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audits.evidence import Evidence
from audits.report import Report
from audits.reports.access import access_report
from audits.reports.automated import automated_report
from audits.reports.consent import consent_report
from audits.reports.crm import crm_report
from audits.reports.dpia import dpia_report
from audits.reports.exposure import exposure_report
from audits.reports.fairness import fairness_report
from audits.reports.grants import grants_report
from audits.reports.incident import incident_report
from audits.reports.overview import Audited, overview_report
from audits.reports.protection import protection_report
from audits.reports.quality import quality_report
from audits.reports.requests import requests_report
from audits.reports.retention import retention_report
from audits.reports.review import review_report
from audits.reports.ropa import ropa_report
from audits.reports.scan import scan_report
from audits.reports.training import training_report
from policies.controls import load_controls

EVIDENCE = Path(__file__).parent / "evidence"
AS_OF = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)


def load(name: str) -> Any:
    return json.loads((EVIDENCE / name).read_text(encoding="utf-8"))


@pytest.fixture
def scan() -> dict[str, Any]:
    found: dict[str, Any] = load("scan.json")
    return found


@pytest.fixture
def evidence() -> Evidence:
    ledger = load("ledger.json")
    return Evidence(
        as_of=AS_OF,
        zone="Asia/Taipei",
        events=tuple(ledger["events"]),
        names=ledger["names"],
        plans=tuple(ledger["plans"]),
        datasets_without_rule=("crm.marketing_contacts",),
        fields_without_rule=("crm.tickets.phone",),
        rules_without_dataset=("health-one-year",),
        holds=tuple(ledger["holds"]),
        drills=tuple(ledger["drills"]),
        pack_versions={"gdpr": "2026.1"},
        digests={"catalog": "ab12cd34ef56ab78", "policy": "99aa88bb77cc66dd"},
    )


@pytest.fixture
def reports(scan: dict[str, Any], evidence: Evidence) -> dict[str, Report]:
    fairness = {name: each for name, each in load("fairness.json").items() if name != "measures"}
    drift = [{"place": "crm.patients.nickname", "kind": "new", "detail": ""}]
    made = {
        "scan": scan_report(scan, as_of=AS_OF, zone="Asia/Taipei", drift=drift),
        "access": access_report(evidence),
        "retention": retention_report(evidence),
        "exposure": exposure_report(load("exposure.json"), as_of=AS_OF, zone="Asia/Taipei"),
        "grants": grants_report(load("grants.json"), as_of=AS_OF, zone="Asia/Taipei"),
        "quality": quality_report(load("quality.json"), as_of=AS_OF, zone="Asia/Taipei"),
        "requests": requests_report(load("requests.json"), as_of=AS_OF, zone="Asia/Taipei"),
        "review": review_report(evidence, load("review.json")),
        "automated": automated_report(evidence, load("automated.json")),
        "fairness": fairness_report(replace(evidence, measures=tuple(load("fairness.json")["measures"])), fairness),
        "incident": incident_report(evidence, load("incident.json")),
        "dpia": dpia_report(evidence, load("dpia.json")),
        "ropa": ropa_report(evidence, load("ropa.json")),
        "training": training_report(evidence, load("training.json")),
        "consent": consent_report(load("consent.json"), as_of=AS_OF, zone="Asia/Taipei"),
        "crm": crm_report(load("crm.json"), as_of=AS_OF, zone="Asia/Taipei"),
        "protection": protection_report(load("protection.json"), as_of=AS_OF, zone="Asia/Taipei"),
    }
    audited = Audited(
        reports=tuple((name, made[name]) for name in ("access", "grants", "protection", "retention", "scan")),
        not_made=({"report": "quality", "place": "crm", "found": "no answer"},),
        laws=("gdpr", "pipl"),
        controls=load_controls(AS_OF.date()),
        event="e0000000000000001",
        previous=load("overview.json"),
    )
    return made | {"overview": overview_report(audited, as_of=AS_OF, zone="Asia/Taipei")}
