"""Outcomes by group: three kinds of store give the numbers that plain Python gives, and small groups stay hidden."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from audits.rendering import formats_for, render
from governance.app import Governance
from governance.flows.audits.measuring_fairness import hidden_groups
from policies.errors import ConfigError, LedgerError, PredicateError

TODAY = dt.date(2028, 2, 29)
MARKER = "Zebulon Quagmire"
CATALOG = """
      cases:
        id: d9
        subject_key: id
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          tier: {id: f2, category: none, status: confirmed}
          gender: {id: f3, category: user.demographic.gender, status: confirmed}
          region: {id: f4, category: none, status: confirmed}
          born: {id: f5, category: user.demographic.date_of_birth, status: confirmed}
          age: {id: f6, category: user.demographic.age_range, status: confirmed}
          vip: {id: f7, category: none, status: confirmed}
          profile: {id: f8, category: user.demographic.profile, status: confirmed}
"""
FAIRNESS = """
version: 1
smallest_group: 20
outcomes:
  upper:
    dataset: crm.cases
    outcome: tier in ("gold", "platinum")
    rows: region != "XX"
    owner: sales
    by:
      gender: {field: gender, groups: {women: [F, 女], men: [M, 男]}}
      region: {field: region, groups: [EU, CN, TW]}
      age: {field: born, bands: [18, 30, 60]}
      language: {field: "profile:$.lang", groups: {Chinese: [zh-CN, zh-TW], English: [en]}}
  vip:
    dataset: crm.cases
    outcome: vip
    by:
      years: {field: age, bands: [40]}
      tier: {field: tier, groups: [basic, gold], explained: that is what the tier is}
"""
BANDS = (18, 30, 60)


def rows() -> list[dict[str, Any]]:
    """Six hundred cases, with values that differ by case or a blank alone, and births around a leap day."""
    rng = random.Random("fairness")
    edges = [dt.date(2010, 2, 28), dt.date(2010, 3, 1), dt.date(1998, 2, 28), dt.date(1998, 3, 1), dt.date(1968, 2, 29)]
    found = []
    for number in range(1, 601):
        gender = rng.choice(
            ["F", "女", "M", "男", "f", "F ", None, MARKER] if number % 9 == 0 else ["F", "女", "M", "男"]
        )
        better = 0.55 if gender in ("M", "男") else 0.25
        tier = None if number % 31 == 0 else "gold" if rng.random() < better else rng.choice(["basic", "Gold"])
        born = rng.choice([*edges, dt.date(1950, 5, 5) + dt.timedelta(days=rng.randrange(24000)), None])
        profile = rng.choice([{"lang": "zh-CN"}, {"lang": "zh-TW"}, {"lang": "en"}, {"lang": None}, {}, None])
        found.append(
            {
                "id": number,
                "tier": tier,
                "gender": gender,
                "region": rng.choice(["EU", "EU", "CN", "TW", "eu", "XX", None] if number % 4 else ["EU", "CN"]),
                "born": born,
                "age": rng.choice([20, 39, 40, 41, None]),
                "vip": rng.choice([True, False, None]),
                "profile": profile,
            }
        )
    return found


ROWS = rows()


def fill(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS cases"))
        table = sa.Table(
            "cases",
            sa.MetaData(),
            sa.Column("id", sa.Integer, primary_key=True),
            *(sa.Column(name, sa.String(40)) for name in ("tier", "gender", "region")),
            sa.Column("born", sa.Date),
            sa.Column("age", sa.Integer),
            sa.Column("vip", sa.Boolean),
            sa.Column("profile", sa.JSON(none_as_null=True)),
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_general_ci",
        )
        table.create(connection)
        connection.execute(table.insert(), ROWS)
    engine.dispose()


@pytest.fixture(scope="module")
def made(shared_project: Path) -> Path:
    catalog = shared_project / "policies/catalog.yaml"
    catalog.write_text(catalog.read_text() + CATALOG.removeprefix("\n"), encoding="utf-8")
    (shared_project / "policies/fairness.yaml").write_text(FAIRNESS, encoding="utf-8")
    fill(f"sqlite:///{shared_project / 'crm.db'}")
    return shared_project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "p"))


def clock() -> dt.datetime:
    return dt.datetime.combine(TODAY, dt.time(12), dt.UTC)


@pytest.fixture
def gov(project: Path) -> Iterator[Governance]:
    with Governance.open(project / "governance.yaml", clock=clock) as opened:
        yield opened


def age_of(born: dt.date) -> int:
    return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))


def band(row: dict[str, Any]) -> str:
    if row["born"] is None:
        return "(not known)"
    age = age_of(row["born"])
    return "<18" if age < 18 else "18-29" if age < 30 else "30-59" if age < 60 else "60+"


def among(value: Any, groups: dict[str, tuple[Any, ...]]) -> str:
    if value is None:
        return "(not known)"
    return next((name for name, values in groups.items() if value in values), "(others)")


def upper(row: dict[str, Any]) -> bool | None:
    return None if row["tier"] is None else row["tier"] in ("gold", "platinum")


WAYS = {
    ("upper", "gender"): lambda row: among(row["gender"], {"women": ("F", "女"), "men": ("M", "男")}),
    ("upper", "region"): lambda row: among(row["region"], {"EU": ("EU",), "CN": ("CN",), "TW": ("TW",)}),
    ("upper", "age"): band,
    ("upper", "language"): lambda row: among(
        (row["profile"] or {}).get("lang"), {"Chinese": ("zh-CN", "zh-TW"), "English": ("en",)}
    ),
    ("vip", "years"): lambda row: "(not known)" if row["age"] is None else "40+" if row["age"] >= 40 else "<40",
    ("vip", "tier"): lambda row: among(row["tier"], {"basic": ("basic",), "gold": ("gold",)}),
}


def expected() -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """Cases, better and undecided of every group, counted row by row."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for (outcome, dimension), group in WAYS.items():
        for row in ROWS:
            if outcome == "upper" and row["region"] in ("XX", None):
                continue
            value = upper(row) if outcome == "upper" else row["vip"]
            counter = found.setdefault((outcome, dimension, group(row)), Counter())
            counter["undecided" if value is None else "cases"] += 1
            counter["better"] += value is True
    return {key: (each["cases"], each["better"], each["undecided"]) for key, each in found.items()}


@pytest.mark.parametrize("where", ["sqlite_url", "postgres_url", "mysql_url"])
def test_every_store_gives_the_numbers_that_python_gives(
    project: Path, where: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(where)
    fill(url)
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("sqlite:///crm.db", url))
    with Governance.open(config, clock=clock) as gov:
        data = gov.audit_fairness().data
    assert data["not_seen"] == []
    wanted = expected()
    sizes = {key: cases + undecided for key, (cases, _, undecided) in wanted.items()}
    seen = {(each["outcome"], each["dimension"], each["group"]): each for each in data["groups"]}
    assert wanted.keys() <= seen.keys()
    hidden = 0
    for key, each in seen.items():
        own = {name: size for (*at, name), size in sizes.items() if tuple(at) == key[:2]}
        if key[2] in hidden_groups(own, 20):
            hidden += 1
            assert (each["cases"], each["better"], each["undecided"], each["share"]) == (None, None, None, None)
        else:
            assert (each["cases"], each["better"], each["undecided"]) == wanted.get(key, (0, 0, 0)), key
    assert hidden >= 2
    verdicts = {key: each["verdict"] for key, each in seen.items()}
    assert verdicts["upper", "gender", "men"] == "best"
    assert verdicts["upper", "gender", "women"] == "differs"
    assert verdicts["vip", "years", "<40"] in ("best", "same")


def test_the_read_is_recorded_before_and_closed_after(gov: Governance) -> None:
    data = gov.audit_fairness().data
    decision, close = (next(gov.ledger.events(kind)) for kind in ("decision", "close"))
    assert (decision.purpose, decision.outcome, decision.id) == ("governance.fairness", "allowed", data["decision"])
    assert "crm.cases.profile:$.lang" in {each.ref for each in decision.objects}
    counted = sum(row["region"] not in ("XX", None) for row in ROWS) + len(ROWS)
    assert (close.refs["decision"], close.outcome, close.counts) == (decision.id, "done", {"rows": counted})


def test_no_record_no_count(gov: Governance, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise LedgerError("ledger", found="a full disk", expected="room", next_step="make room")

    monkeypatch.setattr(type(gov.ledger), "decide", fail)
    monkeypatch.setattr("governance.flows.audits.measuring_fairness.store_snapshot", pytest.fail)
    with pytest.raises(LedgerError):
        gov.audit_fairness()


def test_no_value_of_the_store_leaves(gov: Governance, capfd: pytest.CaptureFixture[str]) -> None:
    report = gov.audit_fairness()
    written = [render(report, form, lang) for form in formats_for("fairness") for lang in ("en", "zh-Hans", "zh-Hant")]
    written += [str(each) for each in gov.ledger.events()]
    written += [repr(report), *capfd.readouterr()]
    assert all(MARKER not in each and MARKER.partition(" ")[0] not in each for each in written)


def test_a_store_that_is_down_is_said_and_the_use_is_closed_as_failed(project: Path) -> None:
    (project / "crm.db").unlink()
    with Governance.open(project / "governance.yaml", clock=clock) as gov:
        report = gov.audit_fairness()
        close = next(gov.ledger.events("close"))
    assert [each["place"] for each in report.data["not_seen"]] == ["crm.cases", "crm.cases"]
    assert (close.outcome, report.verdict.line.key) == ("failed", "fairness.line_unread")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("groups: [EU, CN, TW]", "groups: [1, 2]", PredicateError),
        ("field: born", "field: gender", ConfigError),
        ("outcome: vip", "outcome: tier", PredicateError),
        ('rows: region != "XX"', "rows: age != 'x'", PredicateError),
    ],
)
def test_what_does_not_fit_the_type_of_a_field_is_refused(
    project: Path, old: str, new: str, error: type[Exception]
) -> None:
    path = project / "policies/fairness.yaml"
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with Governance.open(project / "governance.yaml", clock=clock) as gov:
        with pytest.raises(error) as refused:
            gov.audit_fairness()
        assert next(gov.ledger.events("close")).outcome == "failed"
    assert "Next:" in str(refused.value)
    assert "XX" not in str(refused.value)


def test_nothing_declared_and_declared_as_nothing_are_told_apart(project: Path) -> None:
    path = project / "policies/fairness.yaml"
    path.unlink()
    with Governance.open(project / "governance.yaml", clock=clock) as gov:
        assert gov.audit_fairness().verdict.line.key == "fairness.undeclared"
        path.write_text("version: 1\noutcomes: {}\n")
        assert gov.audit_fairness().verdict.line.key == "fairness.none"
        assert list(gov.ledger.events("decision")) == []


def test_the_command_reports(project: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    told = run("audit", "fairness", "--format", "json")
    assert told.code == 0
    assert json.loads(told.out)["schema"] == "governance.fairness/1"


@pytest.mark.parametrize(
    ("rows", "hidden"),
    [
        ({"a": 100, "b": 50, "c": 0}, set()),
        ({"a": 100, "b": 50, "c": 3}, {"b", "c"}),
        ({"a": 100, "b": 5, "c": 3}, {"a", "b", "c"}),
        ({"a": 100, "b": 11, "c": 12}, {"b", "c"}),
        ({"a": 100, "b": 20, "c": 3, "d": 30}, {"b", "c"}),
        ({"a": 3}, {"a"}),
    ],
)
def test_what_is_hidden_cannot_be_told_from_the_rest(rows: dict[str, int], hidden: set[str]) -> None:
    assert hidden_groups(rows, 20) == hidden
