"""Users and attributes from a table or from the application: checked, read again in time, and nobody when they fail."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import structlog.testing

from governance.app import Governance
from policies.errors import AccessRefusedError, ConfigError, GovernanceError, StoreError

MARKER = "zebra-quagga"
TABLE = """
principals:
  {{store: crm, table: staff, name: login, attributes: {{region: area, since: hired, level: grade}},
   refresh_seconds: {seconds}}}
"""


class Clock:
    def __init__(self) -> None:
        self.at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def project(shared_project: Path) -> Path:
    """One project for all tests here, with everything that they change put back."""
    before = shared_project / "before"
    policies = shared_project / "policies"
    if not before.exists():
        shutil.copytree(policies, before)
    for each in before.iterdir():
        shutil.copy2(each, policies / each.name)
    return shared_project


@pytest.fixture
def staff(project: Path) -> Callable[[str], None]:
    """A table of staff in the store, and a way to change it."""
    engine = sa.create_engine(f"sqlite:///{project / 'crm.db'}")

    def run(statement: str) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    run("DROP TABLE IF EXISTS people")
    run("DROP TABLE IF EXISTS staff")
    run("CREATE TABLE staff (login TEXT, area TEXT, hired DATE, grade NUMERIC)")
    run("INSERT INTO staff VALUES ('alice', 'EU', '2020-01-01', 3), ('zoe', 'CN', NULL, 2.5)")
    policies = project / "policies"
    path = policies / "principals.yaml"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "alice" not in line))
    lines = policies / "access.csv"
    lines.write_text(lines.read_text() + "g, zoe, support\n")
    return run


def opened(project: Path, clock: Clock, *, seconds: int | None = 30, source: Any = None) -> Governance:
    config = project / "governance.yaml"
    text = config.read_text().split("\nprincipals:")[0]
    config.write_text(text + (TABLE.format(seconds=seconds) if seconds is not None else ""))
    return Governance.open(config, clock=clock, principals=source)


def regions(gov: Governance, user: str) -> list[str]:
    engine = gov.engine("crm", principal=user, purpose="support")
    with engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT DISTINCT region FROM customers").scalars())


def region(gov: Governance, user: str) -> object:
    """What the policy knows of a user now; nothing else of the project is opened."""
    return gov.policy_files.policy.principal(user).attributes["region"]


def test_users_and_attributes_come_from_a_table(project: Path, staff, clock: Clock) -> None:
    with opened(project, clock) as gov:
        assert regions(gov, "alice") == ["EU"]
        assert regions(gov, "zoe") == ["CN"]
        principal = gov.policy_files.policy.principal("alice")
        assert dict(principal.attributes) == {"region": "EU", "since": "2020-01-01", "level": 3}


def test_a_change_of_the_table_holds_when_the_time_is_over_and_not_before(project: Path, staff, clock: Clock) -> None:
    with opened(project, clock) as gov:
        before = gov.policy_files.policy
        staff("UPDATE staff SET area = 'CN' WHERE login = 'alice'")
        clock.at += dt.timedelta(seconds=29)
        assert gov.policy_files.policy is before
        clock.at += dt.timedelta(seconds=1)
        assert region(gov, "alice") == "CN"
        assert gov.policy_files.policy.digest != before.digest


def test_who_leaves_the_table_is_refused_in_the_session_that_was_open(project: Path, staff, clock: Clock) -> None:
    with opened(project, clock, seconds=0) as gov:
        with gov.engine("crm", principal="alice", purpose="support").connect() as connection:
            assert connection.exec_driver_sql("SELECT 1 FROM customers LIMIT 1").all()
            staff("DELETE FROM staff WHERE login = 'alice'")
            with pytest.raises(AccessRefusedError):
                connection.exec_driver_sql("SELECT 1 FROM customers LIMIT 1")
        with pytest.raises(AccessRefusedError):
            regions(gov, "alice")


def test_an_unchanged_table_keeps_the_policy_and_its_plans(project: Path, staff, clock: Clock) -> None:
    with opened(project, clock) as gov:
        before = gov.policy_files.policy
        clock.at += dt.timedelta(minutes=5)
        assert gov.policy_files.policy is before
        clock.at -= dt.timedelta(hours=1)  # a clock that was set back makes nothing last longer
        staff("UPDATE staff SET area = 'US'")
        assert gov.policy_files.policy is not before


@pytest.mark.parametrize(
    "change",
    ["DROP TABLE staff", "ALTER TABLE staff RENAME COLUMN area TO region", "ALTER TABLE staff RENAME TO people"],
)
def test_a_table_that_cannot_be_read_refuses_everybody(project: Path, staff, clock: Clock, change: str) -> None:
    with opened(project, clock) as gov:
        assert region(gov, "alice") == "EU"
        staff(change)
        assert region(gov, "alice") == "EU"
        clock.at += dt.timedelta(minutes=1)
        for _ in range(2):  # an older state is not used the second time either
            with pytest.raises(StoreError, match="everybody is refused"):
                region(gov, "alice")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"('alice', '{MARKER}', NULL, NULL)", "more than once"),
        (f"(NULL, '{MARKER}', NULL, NULL)", "a name that is a NoneType"),
        (f"('  ', '{MARKER}', NULL, NULL)", "blank"),
        (f"('{MARKER}\u200b', 'EU', NULL, NULL)", "invisible character"),
        (f"(' {MARKER}', 'EU', NULL, NULL)", "a blank at an end"),
        ("('*', 'EU', NULL, NULL)", "`*`"),
        (f"('{MARKER}', x'0102', NULL, NULL)", "attribute `region`: found a value of type bytes"),
        (f"('{MARKER}', 'EU', NULL, 9e999)", "attribute `level`: found a value of type float"),
        (f"('{'x' * 201}', '{MARKER}', NULL, NULL)", "or long"),
        (f"('mallory', '{MARKER}', NULL, NULL)", "1 name\\(s\\) that principals.yaml has too"),
        (f"('Alice', '{MARKER}', NULL, NULL)", "differ only in case"),
        (f"('support', '{MARKER}', NULL, NULL)", "also a user's name"),
    ],
)
def test_a_row_that_no_policy_can_hold_refuses_everybody_and_is_not_repeated(
    project: Path, staff, clock: Clock, caplog, row: str, expected: str
) -> None:
    caplog.set_level(logging.DEBUG)
    staff(f"INSERT INTO staff VALUES {row}")
    with (
        opened(project, clock) as gov,
        structlog.testing.capture_logs() as events,
        pytest.raises(GovernanceError, match=expected) as caught,
    ):
        region(gov, "alice")
    said = f"{caught.value!r} {caught.value} {caplog.text} {events}"
    assert MARKER not in said
    assert "zoe" not in said


def test_the_application_gives_users_and_is_asked_again_in_time(project: Path, staff, clock: Clock) -> None:
    people: dict[str, dict[str, Any]] = {"zoe": {"region": "EU"}}
    asked = []

    def source() -> Mapping[str, Mapping[str, Any]]:
        asked.append(clock.at)
        return people

    with opened(project, clock, seconds=None, source=source) as gov:
        assert region(gov, "zoe") == "EU"
        people["zoe"]["region"] = "CN"  # what was given is copied: no change reaches the policy by the back door
        assert region(gov, "zoe") == "EU"
        assert len(asked) == 1
        clock.at += dt.timedelta(seconds=30)
        assert region(gov, "zoe") == "CN"
        assert len(asked) == 2


@pytest.mark.parametrize(
    "given", [None, ["alice"], {"alice": None}, {"alice": {"a b": 1}}, {3: {}}, {"alice": {"region": [MARKER]}}]
)
def test_what_an_application_gives_is_checked(project: Path, staff, clock: Clock, given: Any) -> None:
    with opened(project, clock, seconds=None, source=lambda: given) as gov, pytest.raises(ConfigError) as caught:
        region(gov, "alice")
    assert MARKER not in f"{caught.value!r}"


def test_an_application_whose_source_fails_is_given_nothing(project: Path, staff, clock: Clock) -> None:
    state: dict[str, Any] = {"up": True}

    def source() -> Mapping[str, Mapping[str, Any]]:
        if not state["up"]:
            raise ConnectionError("directory down")
        return {"zoe": {"region": "EU"}}

    with opened(project, clock, seconds=None, source=source) as gov:
        assert region(gov, "zoe") == "EU"
        state["up"] = False
        clock.at += dt.timedelta(minutes=1)
        for _ in range(2):
            with pytest.raises(ConnectionError):
                region(gov, "zoe")
        state["up"] = True
        assert region(gov, "zoe") == "EU"


def test_a_table_and_a_source_at_once_are_refused(project: Path, clock: Clock) -> None:
    with pytest.raises(ConfigError, match="one of the two"):
        opened(project, clock, source=dict)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [("store: nosuch", "not configured"), ("store: files", "a store of files")],
)
def test_a_store_that_holds_no_table_is_refused(project: Path, clock: Clock, wrong: str, expected: str) -> None:
    gov = opened(project, clock)
    config = project / "governance.yaml"
    config.write_text(config.read_text().replace("{store: crm, table", "{" + wrong + ", table"))
    gov.close()
    with Governance.open(config, clock=clock) as again, pytest.raises(ConfigError, match=expected):
        region(again, "alice")


def test_reports_on_the_policy_see_users_of_a_table(project: Path, staff, clock: Clock) -> None:
    with opened(project, clock) as gov:
        assert {each["user"] for each in gov.policy_who("crm.customers.email").data["grants"]} >= {"alice", "zoe"}
        assert gov.policy_diff("policies").data["more"] == []
