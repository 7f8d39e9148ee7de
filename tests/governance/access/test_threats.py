"""The known ways in which an access policy fails, one test each; numbers are those of the list of threats.

N26 case and Unicode in names, N27 wildcards that swallow more, N28 Casbin switched off, N29 a matcher that evaluates
text, N30 patterns that a subject controls, N31 cycles and mixed-up domains, N32 a purpose that the caller asserts, N6 a
plan that outlives its policy.
"""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

import pytest

from governance.access.decision import decide
from governance.app import Governance
from policies.errors import AccessRefusedError, PolicyFileError, PredicateError
from policies.nouns import Action, DatasetRef, FieldRef

EMAIL = FieldRef("crm", "customers", "email")
BASE = "p, support, support, read, crm.customers, clear, allow, \ng, alice, support\n"


@pytest.mark.parametrize(
    "line",
    [
        "p, support, *, *, crm.customers.Email, , deny, ",
        "p, support, *, *, crm.Customers.email, , deny, ",
        "p, support, *, *, crm.customers.ｅmail, , deny, ",
        "p, support, *, *, crm.customers.emai\u0301l, , deny, ",
        "p, support, *, *, crm.customers.e\u200bmail, , deny, ",
        "p, Support, *, *, crm.customers.email, , deny, ",
        "p, support, Support, read, crm.customers.email, clear, allow, ",
        "p, support, support, Read, crm.customers.email, clear, allow, ",
        "p, support, support, read, crm.customers.email, clear, Allow, ",
    ],
)
def test_n26_a_name_that_only_looks_like_another_is_an_error_and_no_hole(make, line: str) -> None:
    with pytest.raises(PolicyFileError):
        make(BASE + line)


@pytest.mark.parametrize(
    "target", ["crm.*", "crm.customers.*", "crm.customers.e*", "*.customers", "category:user.*", "**"]
)
def test_n27_a_wildcard_inside_a_name_is_no_pattern(make, target: str) -> None:
    with pytest.raises(PolicyFileError):
        make(BASE + f"p, support, support, read, {target}, clear, allow, ")


def test_n27_a_rule_for_a_field_reaches_no_longer_name(make) -> None:
    policy = make(
        "p, alice, support, read, crm.customers, null, allow, \n"
        "p, alice, support, read, crm.customers.id, clear, allow, "
    )
    assert not policy.allows("alice", "support", Action.READ, FieldRef("crm", "customers", "id.raw"))
    assert not policy.casbin.allows("alice", "support", "read", FieldRef("crm", "customers", "id.raw"))


def test_n28_switching_casbin_off_opens_nothing(make) -> None:
    policy = make(BASE)
    policy.casbin._CasbinModel__enforcer.enable_enforce(False)
    assert not policy.allows("dave", "support", Action.READ, EMAIL)
    with pytest.raises(AccessRefusedError, match="switched off"):
        decide(policy, "alice", "support", Action.READ, EMAIL)


@pytest.mark.parametrize(
    "rows",
    [
        "__import__('os').system('true')", "region.__class__ == 'x'", "eval('1 == 1')", "[x for x in (1,)] == 1",
        "region == region()",
        "(lambda: True)()", "region if True else tier", "f'{region}' == 'EU'", "principal.region.upper == 'EU'",
    ],
)  # fmt: skip
def test_n29_rows_are_read_and_never_run(make, rows: str) -> None:
    with pytest.raises(PredicateError):
        make(f'p, support, support, read, crm.customers, clear, allow, "{rows}"\ng, alice, support')


def test_n29_and_n30_the_model_evaluates_no_text_and_matches_no_pattern() -> None:
    model = resources.files("policies").joinpath("packs", "access_model.conf").read_text(encoding="utf-8").lower()
    for function in ("eval(", "regexmatch", "keymatch", "globmatch", "ipmatch"):
        assert function not in model


@pytest.mark.parametrize("subject", [".*", "(a+)+$", "a|support", "^support$"])
def test_n30_a_subject_that_reads_like_a_pattern_is_a_name(make, subject: str) -> None:
    policy = make(BASE + f"p, {subject}, support, read, crm.orders, clear, allow, ")
    for user in ("alice", "bob"):
        assert not policy.allows(user, "support", Action.READ, FieldRef("crm", "orders", "amount"))
        assert not policy.casbin.allows(user, "support", "read", DatasetRef("crm", "orders"))


@pytest.mark.parametrize("loop", ["g, a, a", "g, a, b\ng, b, a", "g, a, b\ng, b, c\ng, c, a"])
def test_n31_a_cycle_of_roles_is_an_error(make, loop: str) -> None:
    with pytest.raises(PolicyFileError, match="given to itself"):
        make(BASE + loop)


def test_n31_a_role_has_no_domain_to_be_mixed_up(make) -> None:
    with pytest.raises(PolicyFileError, match="exactly 2"):
        make(BASE + "g, bob, support, tenant2")


def test_n32_a_purpose_is_used_by_whom_it_was_given_to_only(make) -> None:
    policy = make(BASE + "p, bob, care, read, crm.customers, clear, allow, ")
    for purpose in ("care", "marketing", "service", "fraud", "*", "", "SUPPORT", "support "):
        assert not policy.allows("alice", purpose, Action.READ, EMAIL)
        assert not decide(policy, "alice", purpose, Action.READ, EMAIL).allowed
        with pytest.raises(AccessRefusedError):
            policy.permit(policy.principal("alice"), purpose, Action.READ, EMAIL.of)


def test_n6_a_revocation_holds_from_the_next_statement_of_an_open_transaction(shared_project: Path) -> None:
    lines = shared_project / "policies" / "access.csv"
    kept = shutil.copy2(lines, shared_project / "access.before")
    asked = "SELECT count(*) FROM customers"
    try:
        with Governance.open(shared_project / "governance.yaml") as gov:
            with gov.engine("crm", principal="alice", purpose="support").connect() as connection:
                assert connection.exec_driver_sql(asked).scalar_one() > 0
                lines.write_text(lines.read_text() + "p, alice, *, *, crm.customers, , deny,\n")
                with pytest.raises(AccessRefusedError):
                    connection.exec_driver_sql(asked)
                lines.write_text("p, half a li")
                with pytest.raises(PolicyFileError):
                    connection.exec_driver_sql(asked)
            refused = [event for event in gov.ledger.events("decision") if event.outcome == "refused"]
            assert refused[-1].rules
    finally:
        shutil.copy2(kept, lines)
