"""Where a database is needed, a CRM is refused by name of its kind; where records are enough, it is decided on."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from governance.app import Governance
from governance.cli.project_option import actor
from governance.consent.events import Subject
from governance.flows.opening.offices import store_snapshot, writable_store
from governance.flows.opening.principals_table import principals_of_table
from governance.flows.protect.copying import first_rules, plan_safe_copy
from policies.config import PrincipalsConfig, read_config
from policies.errors import AccessRefusedError, ConfigError, StoreError

from ..crm.memory_crm import MemoryCrm  # noqa: TID252 the fake lies beside its protocol
from .conftest import CONFIG, MARKERS, Run, clean, write_catalog

ACCESS = """
p, support, support, read, sales.Contacts, clear, allow, Country == "DE"
p, support, support, read, sales.Contacts.Email, mask:email, allow,
p, support, support, read, sales.Contacts.Owner.email, null, allow,
p, support, marketing, read, sales.Contacts, clear, allow,
g, alice, support
g, {actor}, impersonate
"""
PURPOSES = """
version: 1
purposes:
  support: {basis: {gdpr: contract}}
  marketing: {basis: {gdpr: consent}}
"""


@pytest.fixture
def reviewed(project: Path) -> Path:
    """The project with a reviewed CRM and rules."""
    write_catalog(project)
    policies = project / "policies"
    (policies / "access.csv").write_text(ACCESS.format(actor=actor()), encoding="utf-8")
    (policies / "purposes.yaml").write_text(PURPOSES, encoding="utf-8")
    (policies / "access_tests.yaml").write_text("version: 1\ntests: {}\n", encoding="utf-8")
    (policies / "retention.yaml").write_text("version: 1\nrules: {}\n", encoding="utf-8")
    (policies / "principals.yaml").write_text(
        f"version: 1\nprincipals:\n  alice: {{}}\n  {actor()}: {{}}\n", encoding="utf-8"
    )
    return project


RECORDS = [
    {"id": MARKERS["id"], "Email": MARKERS["mail"], "Country": "DE", "Owner.email": MARKERS["owner_mail"]},
    {"id": "2", "Email": "other@mail.example", "Country": "FR", "Owner.email": MARKERS["owner_mail"]},
]
NEEDS_SQL: dict[str, Callable[[Governance], object]] = {
    "session": lambda gov: gov.session("sales", principal="alice", purpose="support"),
    "engine": lambda gov: gov.engine("sales", principal="alice", purpose="support"),
    "query": lambda gov: gov.query("sales", "SELECT 1", principal="alice", purpose="support"),
    "connect": lambda gov: gov.connect("sales", principal="alice", purpose="support"),
    "write": lambda gov: writable_store(gov, "sales").__enter__(),
    "count": lambda gov: store_snapshot(gov, "sales").__enter__(),
    "principals": lambda gov: principals_of_table(gov.project, PrincipalsConfig(store="sales", table="x", name="y")),
    "masks": lambda gov: first_rules(gov, "sales"),
    "copy": lambda gov: plan_safe_copy(gov, "sales", "books", Path("masks.yaml")),
    "copy into": lambda gov: plan_safe_copy(gov, "books", "sales", Path("masks.yaml")),
}


@pytest.mark.parametrize("name", NEEDS_SQL)
def test_what_needs_sql_refuses_a_crm_and_names_the_way(reviewed: Path, name: str) -> None:
    (reviewed / "books.db").touch()
    with Governance.open(reviewed / "governance.yaml", actor=actor()) as gov, pytest.raises(ConfigError) as caught:
        NEEDS_SQL[name](gov)
    assert caught.value.found == "a CRM, which takes no SQL"
    assert "gov.filter" in caught.value.next_step
    clean(str(caught.value))


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "sales", "SELECT 1", "--as", "alice", "--purpose", "support"),
        ("protect", "encrypt", "sales", "Contacts", "Email"),
        ("mask", "sales", "books", "--init"),
        ("init", "--consent-in", "sales"),
        ("policy", "compile", "sales", "--target", "postgres"),
    ],
)
def test_commands_that_need_sql_end_with_2(reviewed: Path, run: Run, arguments: tuple[str, ...]) -> None:
    found = run(*arguments)
    assert found.code == 2
    assert "Usage" not in found.err, found.err
    assert "a CRM, which takes no SQL" in found.err


def test_files_are_refused_as_before(project: Path) -> None:
    (project / "governance.yaml").write_text(CONFIG.replace('books: {url: "sqlite:///books.db"}', "books: {path: x}"))
    with Governance.open(project / "governance.yaml") as gov, pytest.raises(ConfigError, match="a store of files"):
        writable_store(gov, "books").__enter__()


def test_protection_and_incidents_say_that_a_crm_was_not_counted(reviewed: Path, run: Run) -> None:
    found = run("protect", "status", "--format", "json")
    assert found.code == 0
    document = json.loads(found.out)
    assert document["not_seen"] == [{"place": "sales", "found": None}]
    assert {each["state"] for each in document["fields"]} == {"unread"}
    assert "CRMs are not encrypted" in run("protect", "status").out


def test_records_of_a_crm_are_filtered_by_the_policy(reviewed: Path) -> None:
    with Governance.open(reviewed / "governance.yaml", actor=actor()) as gov:
        shown = gov.filter(RECORDS, dataset="sales.Contacts", principal="alice", purpose="support")
        assert [sorted(each) for each in shown] == [["Country", "Email", "Owner.email", "id"]]
        assert shown[0]["Email"] != MARKERS["mail"]
        assert shown[0]["Owner.email"] is None
        decided = [each for each in gov.ledger.events() if each.kind == "decision"]
        assert [each.outcome for each in decided] == ["allowed"]
        clean("".join(repr(each) for each in gov.ledger.events()))
        with pytest.raises(AccessRefusedError):
            gov.filter(RECORDS, dataset="sales.Contacts", principal="alice", purpose="nothing")


def test_consent_restriction_and_objection_hold_on_records_of_a_crm(reviewed: Path) -> None:
    def shown(purpose: str) -> list[str]:
        return [
            each["id"] for each in gov.filter(RECORDS, dataset="sales.Contacts", principal="alice", purpose=purpose)
        ]

    with Governance.open(reviewed / "governance.yaml", actor=actor()) as gov:
        one = Subject("p1", store_keys={"sales": MARKERS["id"]})
        assert shown("marketing") == []
        gov.consent.given(one, "marketing")
        assert shown("marketing") == [MARKERS["id"]]
        gov.consent.withdrawn(one, "marketing")
        assert shown("marketing") == []
        assert shown("support") == [MARKERS["id"]]
        gov.restrict(one, reason="accuracy_contested")
        assert shown("support") == []
        gov.lift_restriction(one, told=True)
        assert shown("support") == [MARKERS["id"]]


def test_a_crm_with_users_beside_contacts_says_of_whom_consent_is(reviewed: Path, crm: MemoryCrm) -> None:
    crm.calls.clear()
    path, access = reviewed / "policies" / "catalog.yaml", reviewed / "policies" / "access.csv"
    lines = [f"p, support, {purpose}, read, sales, clear, allow," for purpose in ("support", "marketing")]
    access.write_text("\n".join([*lines, "g, alice, support", ""]), encoding="utf-8")
    users = """
      Users:
        id: d2
        subject_key: id
        fields: {id: {id: f1, category: user.unique_id, status: confirmed, type: string}}
      Deals:
        id: d3
        subject_key: Contact
        joins: [{fields: Contact, to: sales.Contacts, referred: id}]
        fields: {Contact: {id: f1, category: none, status: confirmed, type: string}}
"""
    path.write_text(path.read_text(encoding="utf-8") + users, encoding="utf-8")

    def shown(dataset: str, purpose: str, field: str = "id") -> int:
        rows = [{field: MARKERS["id"]}]
        return len(gov.filter(rows, dataset=f"sales.{dataset}", principal="alice", purpose=purpose))

    with Governance.open(reviewed / "governance.yaml", actor=actor()) as gov:
        one = Subject("p1", store_keys={"sales": MARKERS["id"]})
        gov.consent.given(one, "marketing")
        with pytest.raises(AccessRefusedError, match="keys of several kinds of persons"):
            shown("Contacts", "marketing")
        declared = path.read_text(encoding="utf-8").replace("id: s1", "id: s1\n    persons: Contacts")
        path.write_text(declared, encoding="utf-8")
        assert (shown("Contacts", "marketing"), shown("Deals", "marketing", "Contact")) == (1, 1)
        with pytest.raises(AccessRefusedError, match="another kind of persons"):
            shown("Users", "marketing")
        gov.restrict(one, reason="accuracy_contested")
        assert (shown("Contacts", "support"), shown("Deals", "support", "Contact"), shown("Users", "support")) == (
            0,
            0,
            1,
        )
    assert crm.calls == []  # what the catalog says is enough


def test_a_field_that_was_reviewed_later_counts_from_then_on(reviewed: Path) -> None:
    with Governance.open(reviewed / "governance.yaml", actor=actor()) as gov:
        record = RECORDS[0] | {"Email_Opt_Out": True, "New": 1}
        (shown,) = gov.filter([record], dataset="sales.Contacts", principal="alice", purpose="support")
        assert "Email_Opt_Out" in shown
        assert "New" not in shown
        gov.consent.given(Subject("p1", store_keys={"sales": MARKERS["id"]}), "marketing")
        write_catalog(reviewed, "          New: {id: f10, category: none, status: confirmed, type: integer}")
        (shown,) = gov.filter([record], dataset="sales.Contacts", principal="alice", purpose="marketing")
        assert "New" in shown
        assert "Email_Opt_Out" not in shown


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", "a"),
        ("integer", 1),
        ("decimal", Decimal("1.5")),
        ("float", 1.5),
        ("boolean", True),
        ("date", dt.date(2026, 1, 2)),
        ("datetime", dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)),
        ("time", dt.time(3, 4)),
        ("json", {"a": 1}),
        ("other", "x"),
    ],
)
def test_a_field_of_each_type_is_shown_as_it_came(reviewed: Path, kind: str, value: object) -> None:
    write_catalog(reviewed, f"          Some: {{id: f10, category: none, status: confirmed, type: {kind}}}")
    with Governance.open(reviewed / "governance.yaml", actor=actor()) as gov:
        record = {"id": "1", "Country": "DE", "Some": value}
        assert gov.filter([record], dataset="sales.Contacts", principal="alice", purpose="support") == [record]


def test_fields_that_differ_in_capitals_alone_are_refused_in_words(reviewed: Path) -> None:
    write_catalog(reviewed, "          EMAIL: {id: f10, category: user.contact.email, status: confirmed, type: string}")
    with Governance.open(reviewed / "governance.yaml", actor=actor()) as gov, pytest.raises(StoreError) as caught:
        gov.filter(RECORDS, dataset="sales.Contacts", principal="alice", purpose="support")
    clean(str(caught.value))


def test_what_stands_in_for_a_crm_goes_with_the_project(reviewed: Path) -> None:
    with Governance.open(reviewed / "governance.yaml", actor=actor()) as gov:
        gov.filter(RECORDS, dataset="sales.Contacts", principal="alice", purpose="support")
        place = Path(gov.stand_ins.url("sales").removeprefix("sqlite:///"))
        assert place.exists()
        assert place.parent.stat().st_mode & 0o077 == 0
    assert not place.parent.exists()


def test_consent_of_a_crm_has_no_tables_in_it(tmp_path: Path) -> None:
    path = tmp_path / "governance.yaml"
    path.write_text(CONFIG.replace("kind: zoho,", "kind: zoho, consent: temporary,"), encoding="utf-8")
    with pytest.raises(ConfigError, match="`consent` is of a database"):
        read_config(path)
