"""The front door: what is refused, what is recorded, and what changes take effect at the next statement."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from governance import AccessRefusedError, Governance, GovernanceError
from governance.consent.events import Subject
from policies.errors import CatalogError, ConfigError, KeyringError, LedgerError, RecordsError
from policies.nouns import Action


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    region: Mapped[str]


@pytest.fixture
def gov(project: Path):
    with Governance.open(project / "governance.yaml", actor="shop") as opened:
        yield opened


def _emails(gov: Governance, principal: str = "alice", purpose: str = "support") -> list[str]:
    with gov.session("crm", principal=principal, purpose=purpose) as db:
        return list(db.scalars(sa.select(Customer.email)))


def test_a_session_gives_masked_fields_of_permitted_rows(gov: Governance) -> None:
    emails = _emails(gov)
    assert len(emails) == 27
    assert all(each.startswith("p***@") for each in emails)


def test_every_use_is_a_decision_with_a_close(gov: Governance) -> None:
    _emails(gov)
    decision, close = list(gov.ledger.events(("decision", "close")))[-2:]
    assert (decision.kind, decision.outcome, decision.purpose) == ("decision", "allowed", "support")
    assert ("crm.customers.email", "mask:email") in {(each.ref, each.treatment) for each in decision.objects}
    assert (close.closes, close.counts["rows"]) == (decision.id, 27)
    assert gov.ledger.resolve(decision.principal or "") == "alice"
    assert gov.ledger.resolve(decision.actor) == "shop"


@pytest.mark.parametrize(
    ("principal", "purpose", "rule"),
    [
        ("nobody", "support", None),
        ("alice", "fraud", "access.unknown_purpose"),
        ("alice", "marketing", None),
        ("mallory", "support", None),
    ],
)
def test_what_is_refused_is_recorded(gov: Governance, principal: str, purpose: str, rule: str | None) -> None:
    with pytest.raises(AccessRefusedError):
        _emails(gov, principal, purpose)
    last = list(gov.ledger.events("decision"))[-1]
    assert last.outcome == "refused"
    assert rule is None or rule in last.rules


def test_a_revocation_holds_from_the_next_statement_of_an_open_session(gov: Governance, project: Path) -> None:
    with gov.session("crm", principal="alice", purpose="support") as db:
        assert db.scalars(sa.select(Customer.id)).all()
        access = project / "policies" / "access.csv"
        access.write_text(access.read_text() + "p, alice, *, *, crm.customers, , deny,\n")
        with pytest.raises(AccessRefusedError):
            db.scalars(sa.select(Customer.id)).all()


def test_another_region_of_the_principal_closes_an_open_session(gov: Governance, project: Path) -> None:
    with gov.session("crm", principal="alice", purpose="support") as db:
        assert db.scalars(sa.select(Customer.id)).all()
        people = project / "policies" / "principals.yaml"
        people.write_text(people.read_text().replace("alice: {region: EU}", "alice: {region: CN}"))
        with pytest.raises(AccessRefusedError):
            db.scalars(sa.select(Customer.id)).all()
    assert len(_emails(gov)) == 13


def test_a_half_written_policy_gives_nothing(gov: Governance, project: Path) -> None:
    _emails(gov)
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text()[:-20])
    with pytest.raises(GovernanceError):
        _emails(gov)


def test_without_a_ledger_nothing_is_read(gov: Governance, project: Path) -> None:
    _emails(gov)
    engine = sa.create_engine(f"sqlite:///{project / '.governance' / 'gov.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gov_ledger_event RENAME TO ledger_gone"))
    engine.dispose()
    with pytest.raises(LedgerError):
        _emails(gov)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ledger_gone RENAME TO gov_ledger_event"))
    engine.dispose()


def test_two_principals_never_share_an_object(gov: Governance) -> None:
    with (
        gov.session("crm", principal="alice", purpose="support") as one,
        gov.session("crm", principal="alice", purpose="support") as other,
    ):
        assert one.get(Customer, 1) is not other.get(Customer, 1)


def test_a_lost_context_is_refused_in_another_thread(gov: Governance) -> None:
    caught: list[BaseException] = []

    def read() -> None:
        try:
            gov.guard("crm").engine(None)  # type: ignore[arg-type]  # what code does that lost its context
        except AccessRefusedError as refusal:
            caught.append(refusal)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_plain_records_are_treated_like_rows(gov: Governance) -> None:
    records = [
        {"id": 1, "email": "ann@x.example", "region": "EU", "notes": "ill", "extra": 1},
        {"id": 2, "email": "bo@x.example", "region": "CN", "notes": "ill", "extra": 2},
    ]
    kept = gov.filter(records, dataset="crm.customers", principal="alice", purpose="support")
    assert [sorted(each) for each in kept] == [["email", "id", "region"]]
    assert kept[0]["email"].startswith("a***@")
    assert [each.kind for each in gov.ledger.events(("decision", "close"))][-2:] == ["decision", "close"]


def test_a_refused_filter_is_recorded(gov: Governance) -> None:
    with pytest.raises(AccessRefusedError):
        gov.filter([{"id": 1}], dataset="crm.customers", principal="mallory", purpose="support")
    assert list(gov.ledger.events("decision"))[-1].outcome == "refused"


def test_a_purpose_that_needs_consent_sees_those_who_gave_it_and_a_withdrawal_holds_at_once(
    gov: Governance, project: Path
) -> None:
    access = project / "policies" / "access.csv"
    access.write_text(access.read_text() + "p, support, marketing, read, crm.customers, clear, allow,\n")
    assert gov.consent_conditions.create_projection("crm")
    with gov.session("crm", principal="alice", purpose="marketing.email") as db:
        assert db.scalars(sa.select(Customer.id)).all() == []
    gov.consent.given(Subject("p-5", {"crm": 5}), "marketing.email", "email")
    records = [{"id": 5, "email": "e@x.example"}, {"id": 6, "email": "f@x.example"}]
    with gov.session("crm", principal="alice", purpose="marketing.email") as db:
        assert db.scalars(sa.select(Customer.id)).all() == [5]
        kept = gov.filter(records, dataset="crm.customers", principal="alice", purpose="marketing.email")
        assert [each["id"] for each in kept] == [5]
        db.commit()
        gov.consent.withdrawn(Subject("p-5"), "marketing.email", "email")
        assert db.scalars(sa.select(Customer.id)).all() == []
    assert gov.filter(records, dataset="crm.customers", principal="alice", purpose="marketing.email") == []


def test_an_actor_without_the_role_may_not_ask_for_others(gov: Governance) -> None:
    with pytest.raises(AccessRefusedError, match="impersonate"):
        gov.query("crm", "SELECT id FROM customers", principal="alice", purpose="support")
    assert list(gov.ledger.events("decision"))[-1].rules == ("access.impersonate",)


def test_export_is_not_read(gov: Governance) -> None:
    with (
        gov.session("crm", principal="alice", purpose="support", action=Action.EXPORT) as db,
        pytest.raises(AccessRefusedError),
    ):
        db.scalars(sa.select(Customer.id)).all()


def test_a_store_that_nobody_reviewed_cannot_be_guarded(gov: Governance) -> None:
    with pytest.raises(CatalogError, match="nobody has reviewed"):
        gov.session("files", principal="alice", purpose="support")


def test_an_unknown_store_is_refused(gov: Governance) -> None:
    with pytest.raises(ConfigError):
        gov.scan(["erp"])


def test_records_and_keys_are_never_made_in_silence(project: Path) -> None:
    (project / ".governance" / "gov.db").rename(project / "elsewhere.db")
    with Governance.open(project / "governance.yaml") as opened, pytest.raises(RecordsError):
        _ = opened.ledger
    (project / ".governance" / "passphrase").unlink()
    with Governance.open(project / "governance.yaml", env={}) as opened, pytest.raises(KeyringError):
        _ = opened.keyring
    assert not (project / ".governance" / "gov.db").exists()


def test_a_passphrase_that_others_can_read_is_refused(project: Path) -> None:
    (project / ".governance" / "passphrase").chmod(0o644)
    with Governance.open(project / "governance.yaml", env={}) as opened, pytest.raises(KeyringError, match="600"):
        _ = opened.keyring


def test_closing_leaves_a_checkpoint_that_verifies(project: Path) -> None:
    with Governance.open(project / "governance.yaml") as opened:
        _emails(opened)
        note = opened.ledger.checkpoint()
    with Governance.open(project / "governance.yaml") as opened:
        assert opened.ledger.verify(note).status == "anchored"
