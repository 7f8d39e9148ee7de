"""Who may see what: DESIGN section 6, sentence by sentence."""

from __future__ import annotations

import itertools
import logging

import pytest
import structlog.testing

from policies.errors import AccessRefusedError, CatalogError, PolicyFileError
from policies.nouns import Action, DatasetRef, Principal

CUSTOMERS = DatasetRef("crm", "customers")
ORDERS = DatasetRef("crm", "orders")
PATIENTS = DatasetRef("crm", "patients")
BASE = "p, support, support, read, crm.customers, clear, allow, \ng, alice, support\n"


def permit(policy, user="alice", purpose="support", action=Action.READ, dataset=CUSTOMERS):
    return policy.permit(policy.principal(user), purpose, action, dataset)


def shown(policy, field, **request):
    """What a field's rules give, in order, rows as text."""
    rules = permit(policy, **request).fields[field].rules
    return [(rule.treatment, rule.rows.text if rule.rows else None) for rule in rules]


def refusal(policy, **request):
    with pytest.raises(AccessRefusedError) as caught:
        permit(policy, **request)
    return caught.value


class TestDenyByDefault:
    def test_an_empty_policy_refuses(self, make):
        assert "purpose that no line grants" in refusal(make("")).found

    def test_an_unknown_principal_is_refused(self, make):
        with pytest.raises(AccessRefusedError) as caught:
            make(BASE).principal("mallory")
        assert "mallory" not in str(caught.value)

    def test_a_principal_with_other_roles_is_refused(self, make):
        policy = make(BASE)
        with pytest.raises(AccessRefusedError, match="roles that the policy does not give"):
            policy.permit(Principal("bob", frozenset({"support"})), "support", Action.READ, CUSTOMERS)

    def test_an_unknown_purpose_is_refused(self, make):
        assert "purposes.yaml" in refusal(make(BASE), purpose="fraud").found

    def test_a_purpose_not_granted_is_refused(self, make):
        assert "no line grants" in refusal(make(BASE), purpose="marketing").found

    def test_a_purpose_granted_to_another_user_is_refused(self, make):
        assert "no line grants" in refusal(make(BASE), user="bob").found

    def test_an_unknown_dataset_is_refused(self, make):
        assert "catalog" in refusal(make(BASE), dataset=DatasetRef("crm", "secrets")).found

    def test_another_dataset_is_refused(self, make):
        assert "gives rows" in refusal(make(BASE), dataset=ORDERS).found

    def test_another_action_is_refused(self, make):
        assert "`export`" in refusal(make(BASE), action=Action.EXPORT).found

    def test_a_category_alone_gives_no_rows(self, make):
        policy = make("p, support, support, read, category:user, clear, allow, \ng, alice, support")
        assert "gives rows" in refusal(policy).found

    def test_an_unreviewed_field_stays_hidden_whatever_names_it(self, make):
        policy = make(BASE + "p, support, support, read, crm.customers.draft, clear, allow, ")
        assert permit(policy).hidden["draft"] == "unreviewed"


class TestRows:
    def test_rules_on_dataset_store_and_everything_join_by_or(self, make):
        policy = make(
            "p, support, support, read, crm.customers, clear, allow, region == 'EU'\n"
            "p, support, support, read, crm, mask:redact, allow, tier == 'a'\n"
            "p, support, support, read, *, null, allow, tier == 'b'\n"
            "p, support, support, read, category:none, clear, allow, tier == 'c'\n"
            "g, alice, support"
        )
        assert {rule.rows.text for rule in permit(policy).allow} == {"region == 'EU'", "tier == 'a'", "tier == 'b'"}

    def test_a_rule_for_all_rows_makes_the_others_needless(self, make):
        policy = make(BASE + "p, support, support, read, crm, null, allow, tier == 'a'")
        assert [rule.rows for rule in permit(policy).allow] == [None]

    def test_a_deny_of_rows_leaves_the_others(self, make):
        policy = make(BASE + "p, *, *, *, crm, , deny, tier == 'vip'")
        assert [rule.rows.text for rule in permit(policy).deny] == ["tier == 'vip'"]

    @pytest.mark.parametrize("target", ["crm.customers", "crm", "*"])
    def test_a_deny_without_rows_refuses_the_dataset_and_names_the_rule(self, make, target):
        policy = make(BASE + f"p, *, support, *, {target}, , deny, ")
        deny = next(rule for rule in policy.lines.rules if rule.effect == "deny")
        assert refusal(policy).rule_ids == (deny.rule_id,)

    def test_a_deny_that_a_dataset_cannot_evaluate_takes_all_of_it(self, make):
        policy = make(
            "p, support, support, read, crm, clear, allow, \ng, alice, support\np, *, *, *, crm, , deny, region == 'US'"
        )
        assert permit(policy).deny
        assert refusal(policy, dataset=ORDERS).rule_ids

    def test_an_allow_that_a_dataset_cannot_evaluate_gives_nothing_there(self, make):
        policy = make("p, support, support, read, crm, clear, allow, region == 'US'\ng, alice, support")
        assert permit(policy).allow
        assert "gives rows" in refusal(policy, dataset=ORDERS).found

    def test_attributes_stay_names(self, make):
        policy = make(
            "p, support, support, read, crm.customers, clear, allow, region == principal.region\ng,alice,support"
        )
        assert "EU" not in repr(permit(policy))


class TestTreatment:
    @pytest.mark.parametrize(
        ("weaker", "stronger"),
        [
            ("*", "crm"),
            ("crm", "crm.customers"),
            ("crm.customers", "sensitivity:confidential"),
            ("sensitivity:confidential", "category:user"),
            ("category:user", "category:user.contact"),
            ("category:user.contact", "category:user.contact.email"),
            ("category:user.contact.email", "crm.customers.email"),
        ],
    )
    def test_the_more_specific_object_wins_though_it_protects_less(self, make, weaker, stronger):
        policy = make(
            f"p, support, support, read, {weaker}, null, allow, \n"
            f"p, support, support, read, {stronger}, clear, allow, \n"
            "p, support, support, read, *, null, allow, \ng, alice, support"
        )
        assert shown(policy, "email") == [("clear", None)]

    def test_among_equals_the_most_protective_wins(self, make):
        order = ["null", "mask:redact", "pseudonym", "mask:name", "mask:last4", "mask:phone", "mask:email", "clear"]
        for stronger, weaker in itertools.pairwise(order):
            lines = "".join(
                f"p, support, support, read, crm.customers.email, {each}, allow, \n" for each in (weaker, stronger)
            )
            assert shown(make(BASE + lines), "email") == [(stronger, None)]

    def test_only_rules_true_for_a_row_compete_for_it(self, make):
        policy = make(
            BASE + "p, support, support, read, crm.customers.email, clear, allow, tier == 'a'\n"
            "p, support, support, read, category:user.contact, mask:redact, allow, region == 'EU'"
        )
        assert shown(policy, "email") == [("clear", "tier == 'a'"), ("mask:redact", "region == 'EU'"), ("clear", None)]

    def test_null_stays_visible(self, make):
        policy = make(BASE + "p, support, support, read, crm.customers.email, null, allow, ")
        assert shown(policy, "email") == [("null", None)]

    @pytest.mark.parametrize("target", ["crm.customers.note", "category:user.content", "sensitivity:restricted"])
    def test_a_deny_hides_the_field_for_every_role(self, make, target):
        policy = make(
            BASE + f"p, contractor, *, *, {target}, , deny, \ng, alice, contractor\n"
            "p, alice, support, read, crm.customers.note, clear, allow, "
        )
        assert permit(policy).hidden["note"] == "denied"
        assert "email" in permit(policy).fields

    def test_a_deny_of_a_sensitivity_takes_the_more_sensitive_too(self, make):
        policy = make(BASE + "p, support, *, *, sensitivity:confidential, , deny, ")
        assert set(permit(policy).fields) == {"id", "region", "tier"}

    def test_an_allow_of_a_sensitivity_gives_that_one_only(self, make):
        policy = make(
            "p, support, support, read, crm.customers, null, allow, \ng, alice, support\n"
            "p, support, support, read, sensitivity:confidential, clear, allow, "
        )
        assert shown(policy, "email") == [("clear", None)]
        assert shown(policy, "note") == shown(policy, "region") == [("null", None)]

    def test_a_deny_of_rows_of_a_field_stays_a_row_matter(self, make):
        policy = make(BASE + "p, *, *, read, crm.customers.email, , deny, tier == 'vip'")
        found = permit(policy).fields["email"]
        assert [rule.rows.text for rule in found.denies] == ["tier == 'vip'"]
        assert [rule.treatment for rule in found.rules] == ["clear"]


class TestPurposes:
    def test_a_rule_for_a_parent_covers_its_children(self, make):
        policy = make("p, support, service, read, crm.customers, clear, allow, \ng, alice, support")
        assert permit(policy, purpose="support").allow

    def test_a_rule_for_a_child_does_not_cover_its_parent(self, make):
        assert "no line grants" in refusal(make(BASE), purpose="service").found

    def test_a_deny_for_every_purpose_grants_none(self, make):
        policy = make("p, support, *, read, crm.customers, , deny, \ng, alice, support")
        assert "no line grants" in refusal(policy).found

    def test_a_deny_of_a_parent_purpose_holds_for_its_children(self, make):
        assert refusal(make(BASE + "p, support, service, read, crm.customers, , deny, ")).rule_ids


class TestSpecial:
    CARE = "p, support, care, read, crm, clear, allow, \ng, alice, support\n"

    def test_a_special_field_needs_a_purpose_that_lists_it(self, make):
        policy = make(BASE + "p, alice, support, read, crm.customers.clinic, clear, allow, ")
        assert permit(policy).hidden["clinic"] == "special"
        assert "clinic" in permit(make(self.CARE), purpose="care").fields

    def test_special_rows_are_left_out_unless_listed(self, make):
        assert [rule.rule_id for rule in permit(make(BASE)).special] == ["special:user.health_and_medical"]
        assert permit(make(self.CARE), purpose="care").special == ()

    def test_a_special_dataset_is_refused_unless_listed(self, make):
        policy = make(BASE + self.CARE + "p, support, support, read, crm.patients, clear, allow, ")
        assert refusal(policy, dataset=PATIENTS).rule_ids == ("special:user.health_and_medical",)
        assert permit(policy, purpose="care", dataset=PATIENTS).fields

    @pytest.mark.parametrize("target", ["special", "category:user.health_and_medical", "sensitivity:restricted"])
    def test_a_deny_of_special_data_takes_what_reveals_it(self, make, target):
        policy = make(self.CARE + f"p, support, *, *, {target}, , deny, ")
        found = permit(policy, purpose="care")
        assert found.hidden["clinic"] == "denied"
        assert [rule.rows.text for rule in found.deny] == ["clinic == True"]
        assert refusal(policy, purpose="care", dataset=PATIENTS).rule_ids

    def test_a_deny_of_some_special_rows_takes_those(self, make):
        policy = make(self.CARE + "p, support, *, *, special, , deny, tier == 'vip'")
        found = permit(policy, purpose="care")
        assert [rule.rows.text for rule in found.deny] == ["(clinic == True) and (tier == 'vip')"]
        assert [rule.rows.text for rule in found.fields["clinic"].denies] == ["tier == 'vip'"]


class TestBuild:
    def test_rows_naming_a_field_that_is_not_there_are_refused(self, make):
        with pytest.raises(PolicyFileError, match=r"access\.csv:1, ROWS: found field `regoin`"):
            make("p, support, support, read, crm.customers, clear, allow, regoin == 'EU'")

    def test_rows_on_a_wide_object_that_no_dataset_has_are_refused(self, make):
        with pytest.raises(PolicyFileError, match="ROWS"):
            make("p, *, *, *, crm, , deny, regoin == 'EU'")

    def test_rows_of_another_type_are_refused(self, make):
        with pytest.raises(PolicyFileError, match="compared with a constant of type int"):
            make("p, support, support, read, crm.customers, clear, allow, region == 3")

    def test_rows_may_name_hidden_fields(self, make):
        assert permit(make(BASE + "p, *, *, *, crm.customers, , deny, clinic == True")).deny

    def test_a_category_that_the_taxonomy_lacks_is_refused(self, names):
        from governance.access.facts import dataset_facts
        from policies.catalog import parse_catalog

        text = (
            "stores: {crm: {id: s1, datasets: {a: {id: d1, fields: {x: {id: f1, category: usr, status: rejected}}}}}}"
        )
        with pytest.raises(CatalogError, match=r"crm\.a\.x"):
            dataset_facts(parse_catalog(text), names.taxonomy, ("gdpr",))

    def test_the_digest_follows_every_file(self, make):
        policy = make(BASE)
        assert policy.digest == make(BASE + "# a comment\n").digest
        assert policy.digest != make(BASE + "g, bob, support").digest
        assert permit(policy).digest == policy.digest

    def test_people_with_the_same_matching_subjects_share_one_permit(self, make):
        policy = make(BASE + "g, bob, support")
        assert permit(policy, user="alice") is permit(policy, user="bob")

    def test_the_fields_keep_the_order_of_the_catalog(self, make):
        assert list(permit(make(BASE)).fields) == ["id", "email", "phone", "region", "tier", "born", "note"]


def test_nothing_is_logged_of_who_asked(make, caplog):
    caplog.set_level(logging.DEBUG)
    policy = make(BASE)
    with structlog.testing.capture_logs() as events:
        refusal(policy, user="bob")
        assert not policy.casbin.allows("bob", "support", "read", CUSTOMERS)
        assert policy.casbin.allows("alice", "support", "read", CUSTOMERS)
    assert caplog.text == ""
    assert events == []
