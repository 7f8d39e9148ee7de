"""access.csv is checked whole before anything else sees it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.protect.masks import MASKS
from policies.access_lines import MASK_TYPES, TREATMENTS, AccessFile, parse_access, read_access
from policies.access_names import Names
from policies.access_objects import ObjectKind
from policies.catalog import parse_catalog
from policies.errors import GovernanceError, PolicyFileError, PredicateError
from policies.principals import PrincipalsFile
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy

CATALOG = """
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        fields:
          email: {id: f1, category: user.contact.email, status: confirmed}
          客戶.電話: {id: f2, category: user.contact.phone_number, status: confirmed}
      sales.orders:
        id: d2
        fields: {total: {id: f1, category: none, status: confirmed}}
  odd:
    id: s2
    datasets:
      a: {id: d1, fields: {b: {id: f1, category: none, status: confirmed}}}
      a.b: {id: d2}
"""
NAMES = Names(
    PurposesFile.model_validate({"purposes": {"support": {}, "marketing": {}}}),
    PrincipalsFile.model_validate({"principals": {"alice": {}, "bob": {}}}),
    parse_catalog(CATALOG),
    load_taxonomy(dt.date(2026, 11, 22)),
)
COLLIDING = (12663, 74999)
"""Role numbers for which a line's digests begin with the same 8 digits."""
LINE = "p, support, support, read, crm.customers, clear, allow, "


def parse(text: str) -> AccessFile:
    return parse_access(text, "access.csv", NAMES)


def test_a_file_of_all_line_kinds_is_read():
    file = parse(
        "# who may what\n\n"
        "p, support, support, read, crm.customers.email, mask:email, allow, email is not None\r\n"
        "p, contractor, *, *, special, , deny, \n"
        "g, alice, support\n"
    )
    rule, deny = file.rules
    assert (rule.line, rule.object.kind, rule.treatment, rule.rows.text) == (
        3,
        ObjectKind.FIELD,
        "mask:email",
        "email is not None",
    )
    assert (deny.purpose, deny.action, deny.treatment, deny.rows) == ("*", "*", "", None)
    assert [(grant.member, grant.role) for grant in file.grants] == [("alice", "support")]


def test_no_file_grants_nothing(tmp_path):
    file = read_access(tmp_path / "access.csv", NAMES)
    assert file.rules == file.grants == ()


def test_a_byte_order_mark_is_read_over(tmp_path):
    (tmp_path / "access.csv").write_text(LINE, encoding="utf-8-sig")
    assert len(read_access(tmp_path / "access.csv", NAMES).rules) == 1


def test_a_file_of_another_encoding_is_refused(tmp_path):
    (tmp_path / "access.csv").write_bytes("# 客戶".encode("big5"))
    with pytest.raises(PolicyFileError, match="UTF-8"):
        read_access(tmp_path / "access.csv", NAMES)


def test_rows_with_commas_stand_in_csv_quotes():
    quoted = parse(LINE + "\"email in ('a', 'b')\"")
    doubled = parse(LINE + '"email in (""a"", ""b"")"')
    assert quoted.rules[0].rows == doubled.rules[0].rows
    assert quoted.rules[0].rule_id == doubled.rules[0].rule_id


def test_rows_with_quotes_and_no_comma_need_none():
    assert parse(LINE + 'email == "x"').rules[0].rows.text == "email == 'x'"


@pytest.mark.parametrize(
    ("text", "kind", "canonical"),
    [
        ("*", ObjectKind.ALL, "*"),
        ("crm", ObjectKind.STORE, "crm"),
        ("crm.customers", ObjectKind.DATASET, "crm.customers"),
        ("crm.sales.orders", ObjectKind.DATASET, "crm.sales.orders"),
        ("crm.sales.orders.total", ObjectKind.FIELD, "crm.sales.orders.total"),
        ("crm.customers.客戶.電話", ObjectKind.FIELD, "crm.customers.客戶.電話"),
        ("category:user.contact", ObjectKind.CATEGORY, "category:user.contact"),
        ("sensitivity:restricted", ObjectKind.SENSITIVITY, "sensitivity:restricted"),
        ("special", ObjectKind.SENSITIVITY, "special"),
        ("sensitivity:special", ObjectKind.SENSITIVITY, "special"),
    ],
)
def test_every_form_of_object_is_known(text, kind, canonical):
    found = parse(f"p, support, support, read, {text}, clear, allow, ").rules[0].object
    assert (found.kind, found.text) == (kind, canonical)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("p, support, support, read, crm.customers, clear, allow", "6 value"),
        ("p, support, support, read, crm.customers, clear", "5 value"),
        (LINE + "email in ('a', 'b')", "8 values"),
        ("p, , support, read, crm.customers, clear, allow, ", "empty SUBJECT"),
        ("p, support, suport, read, crm.customers, clear, allow, ", "PURPOSE"),
        ("p, support, Support, read, crm.customers, clear, allow, ", "`support` is written otherwise"),
        ("p, support, *, read, crm.customers, clear, allow, ", r"`\*` as PURPOSE"),
        ("p, support, support, *, crm.customers, clear, allow, ", r"`\*` as ACTION"),
        ("p, support, support, READ, crm.customers, clear, allow, ", "ACTION"),
        ("p, support, support, read, crm.custmers, clear, allow, ", "the catalog does not have"),
        ("p, support, support, read, crm.Customers, clear, allow, ", "`crm.customers` differs"),
        ("p, support, support, read, crm.customers.*, clear, allow, ", "the catalog does not have"),
        ("p, support, support, read, crm.cust*, clear, allow, ", "the catalog does not have"),
        ("p, support, support, read, crm.customers.email.raw, clear, allow, ", "the catalog does not have"),
        ("p, support, support, read, , clear, allow, ", "the catalog does not have"),
        ("p, support, support, read, odd.a.b, clear, allow, ", "names a dataset and a field"),
        ("p, support, support, read, category:user.contcat, clear, allow, ", "category"),
        ("p, support, support, read, sensitivity:high, clear, allow, ", "sensitivity"),
        ("p, support, support, read, crm.customers, , allow, ", "no TREATMENT"),
        ("p, support, support, read, crm.customers, mask:emial, allow, ", "TREATMENT that does not exist"),
        ("p, support, support, read, crm.customers, clear, deny, ", "TREATMENT on a deny"),
        ("p, support, support, read, crm.customers, clear, Allow, ", "EFFECT"),
        ("p, support, support, read, crm.customers, clear, , ", "EFFECT"),
        ("p2, support, support, read, crm.customers, clear, allow, ", "neither"),
        ("P, support, support, read, crm.customers, clear, allow, ", "neither"),
        ("g, alice", "1 value"),
        ("g, alice, support, tenant1", "3 value"),
        ("g, alice, *", "role line"),
        ("g, *, support", "role line"),
        ("g, alice, ", "empty name"),
        ("g, bob, alice", "also a user"),
        ("p, supp\u200bort, support, read, crm.customers, clear, allow, ", r"U\+200B in column"),
        ("p, support, support, read, crm.customers, clear, allow, email == 'a\u202eb'", r"U\+202E"),
        ("p, support, support, read, crm.customers, clear,\u00a0allow, ", r"U\+00A0"),
        ("p, cafe\u0301, support, read, crm.customers, clear, allow, ", "separate accents"),
        ("p, contractor, *, *, special, , deny,\u2028p, x, support, read, crm, clear, allow, ", r"U\+2028"),
        (LINE + "\"email == 'x'", "quotation"),
        ('p, support, support, read, crm.customers, clear, allow, "a" == email', "quotation"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place(line, found):
    with pytest.raises(PolicyFileError, match=found) as caught:
        parse(f"# first\n{LINE}\n{line}\n")
    assert caught.value.place.startswith("access.csv:3")
    assert caught.value.expected
    assert caught.value.next_step


@pytest.mark.parametrize("rows", ["__import__('os').system('x')", "email == (1", "email.lower() == 'x'", "lambda: 1"])
def test_rows_outside_the_language_are_refused(rows):
    with pytest.raises(PredicateError, match=r"access\.csv:1"):
        parse(LINE + rows)


@pytest.mark.parametrize(
    "text",
    [
        "g, alice, support\ng, bob, Support",
        "g, Alice, support",
        "p, ＳＵＰＰＯＲＴ, support, read, crm, clear, allow, \ng, alice, support",
    ],
)
def test_names_that_only_look_different_are_refused(text):
    with pytest.raises(PolicyFileError, match="case or Unicode form"):
        parse(text)


def test_principals_that_only_look_different_are_refused():
    twins = PrincipalsFile.model_validate({"principals": {"alice": {}, "ALICE": {}}})
    with pytest.raises(PolicyFileError, match=r"principals\.yaml"):
        parse_access("", "access.csv", dataclasses.replace(NAMES, principals=twins))


@pytest.mark.parametrize("chain", [("a", "a"), ("a", "b", "a"), ("a", "b", "c", "d", "b")])
def test_a_role_cycle_is_refused(chain):
    lines = [f"g, {one}, {other}" for one, other in itertools.pairwise(chain)]
    with pytest.raises(PolicyFileError, match="given to itself"):
        parse("\n".join(lines))


def test_roles_that_meet_again_are_no_cycle():
    assert len(parse("g, alice, a\ng, alice, b\ng, a, c\ng, b, c").grants) == 4


def test_a_refusal_never_repeats_the_name_of_a_person():
    with pytest.raises(PolicyFileError) as caught:
        parse("g, bob, alice")
    assert "alice" not in str(caught.value)
    assert "bob" not in str(caught.value)


def test_repeated_lines_count_once_and_are_reported():
    file = parse(f"{LINE}\n# again\n{LINE.replace(', ', ',')}\ng, alice, support\ng,alice,support")
    assert len(file.rules) == len(file.grants) == 1
    assert file.repeated == ((3, 1), (5, 4))


LINES = (
    LINE,
    LINE + "email is None",
    "p, contractor, *, *, special, , deny, ",
    "p, support, marketing, export, category:user, mask:redact, allow, ",
    "g, alice, support",
    "g, bob, contractor",
)


@given(st.permutations(LINES))
def test_order_changes_neither_ids_nor_digest(lines):
    file, usual = parse("\n".join(lines)), parse("\n".join(LINES))
    assert {rule.rule_id for rule in file.rules} == {rule.rule_id for rule in usual.rules}
    assert file.digest == usual.digest


@pytest.mark.parametrize("left_out", range(len(LINES)))
def test_every_line_counts_in_the_digest(left_out):
    fewer = [line for number, line in enumerate(LINES) if number != left_out]
    assert parse("\n".join(fewer)).digest != parse("\n".join(LINES)).digest


def test_a_rule_id_never_changes_its_meaning():
    assert parse(LINE).rules[0].rule_id == "access:d5dc3846"


@given(st.text())
def test_no_text_escapes_the_error_tree(text):
    try:
        file = parse(text)
    except GovernanceError:
        return
    assert not file.rules or text.lstrip().startswith(("p", "#"))


@given(st.lists(st.sampled_from(["p", "g", "*", "support", "read", "allow", "crm", "clear", '"', "alice"]), max_size=9))
def test_no_line_of_another_length_becomes_a_rule(values):
    try:
        file = parse(",".join(values))
    except GovernanceError:
        return
    assert all(len(rule.values) == 7 and all(isinstance(value, str) for value in rule.values) for rule in file.rules)


def test_lines_that_share_a_short_digest_get_longer_ids():
    def line(number):
        return f"p, role{number}, support, read, crm, clear, allow, "

    one, other = line(COLLIDING[0]), line(COLLIDING[1])
    ids = [rule.rule_id for rule in parse(f"{one}\n{other}").rules]
    assert len(set(ids)) == 2
    assert all(len(each) == len("access:") + 16 for each in ids)
    assert ids[0].startswith(parse(one).rules[0].rule_id)
    assert [rule.rule_id for rule in parse(f"{other}\n{one}").rules] == ids[::-1]


def test_treatments_are_the_masks_that_exist():
    masks = {each.removeprefix("mask:") for each in TREATMENTS if each.startswith("mask:")}
    assert masks == set(MASKS)
    assert {name: mask.input_types for name, mask in MASKS.items() if name != "redact"} == MASK_TYPES
