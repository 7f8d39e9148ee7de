"""`governance consent import|export|receipt|do-not-contact`, and the opt-out that a browser sends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from governance.app import Governance
from governance.consent.events import Subject
from policies.errors import ConfigError, TamperedError

MARKER = "zebulon.quagmire@zebra-quagga.example"
PURPOSES = """
version: 1
purposes:
  support: {basis: {gdpr: contract}}
  marketing: {basis: {gdpr: consent}, text: News and offers, categories: [user.contact.email]}
  marketing.email: {parent: marketing, channels: [email]}
  sale: {basis: {ccpa: consent}, text: Sale to partners, categories: [user.contact.email]}
"""
ORGANISATION = """
version: 1
controller:
  {id: "https://shop.example/", name: Example Shop, address: 1 Street, country: DE, contact: privacy@shop.example}
withdrawal: https://shop.example/consent
storage: [DE]
processing: {marketing: {retention: P3Y}, sale: {retention: P1Y}}
opt_out: {sale: [sale], sharing: []}
"""
LINE = {"purpose": "marketing.email", "channel": "email", "kind": "given", "time": "2026-01-02T00:00:00Z"}
FULL = {**LINE, "jurisdiction": "gdpr", "notice_version": "3", "language": "en"}


@pytest.fixture
def shop(project: Path) -> Path:
    (project / "policies" / "purposes.yaml").write_text(PURPOSES)
    (project / "policies" / "organisation.yaml").write_text(ORGANISATION)
    return project


def write(path: Path, *told: dict) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in told))
    return path


def kinds(prefix: str = "consent.") -> list[str]:
    with Governance.open() as gov:
        return [each.kind for each in gov.ledger.events() if each.kind.startswith(prefix)]


def test_a_file_is_imported_exported_and_imported_again(run, shop: Path) -> None:
    file = write(shop / "in.jsonl", {"subject": "4711", **FULL}, {"subject": "12", **FULL, "store_keys": {"crm": 12}})
    assert run("consent", "import", file).code == 0
    shown = run("consent", "show", "--subject", "4711", "--purpose", "marketing.email", "--channel", "email").out
    assert shown.startswith("marketing.email email: given")
    for form, name in (("27560", "out.jsonld"), ("csv", "out.csv"), ("jsonl", "out.jsonl")):
        assert run("consent", "export", "--format", form, "--output", shop / name).code == 0
        again = json.loads(run("consent", "import", shop / name, "--format", "json").out)
        assert (again["recorded"], again["known"], again["wrong"]) == (0, 2, 0)
        assert "4711" not in (shop / name).read_text()
    assert run("consent", "export", "--subject", "12", "--output", shop / "one.jsonld").code == 0
    assert len((shop / "one.jsonld").read_text().splitlines()) == 1
    assert kinds().count("consent.exported") == 8  # before and after each of four
    assert kinds().count("consent.imported") == 1


def test_an_export_that_lacks_an_item_names_it_and_writes_nothing(run, shop: Path) -> None:
    write(shop / "in.jsonl", {"subject": "4711", **LINE})
    assert run("consent", "import", shop / "in.jsonl").code == 0
    done = run("consent", "export", "--output", shop / "out.jsonld")
    assert done.code == 2
    assert "jurisdiction" in done.err
    assert not list(shop.glob("*out.jsonld*"))


def test_wrong_lines_are_left_out_or_refuse_the_file_and_never_repeated(run, shop: Path) -> None:
    file = write(shop / "in.jsonl", {"subject": "4711", **FULL}, {"subject": MARKER, **FULL, "method": f"{MARKER} x"})
    refused = run("consent", "import", file, "--on-error", "refuse")
    assert (refused.code, kinds()) == (2, [])
    skipped = run("consent", "import", file)
    assert skipped.code == 0
    assert "line 2, consent method" in skipped.out
    assert MARKER not in f"{refused.out}{refused.err}{skipped.out}{skipped.err}"
    with Governance.open() as gov:
        assert MARKER not in "".join(map(repr, gov.ledger.events()))


def test_a_receipt_is_signed_supersedes_the_one_before_and_is_verified(run, shop: Path) -> None:
    assert run("consent", "import", write(shop / "in.jsonl", {"subject": "4711", **FULL})).code == 0
    first, second = shop / "r1.json", shop / "r2.json"
    assert run("consent", "receipt", "--subject", "4711", "--output", first).code == 0
    assert run("consent", "receipt", "--subject", "4711", "--lang", "zh-Hant", "--output", second).code == 0
    one, two = json.loads(first.read_text()), json.loads(second.read_text())
    assert "dct:replaces" not in one
    assert two["dct:replaces"] == one["dct:identifier"]
    assert f"{two['dct:identifier']} took its place" in run("consent", "receipt", "--verify", first).out
    assert "it is the latest" in run("consent", "receipt", "--verify", second).out
    second.write_text(second.read_text().replace("P3Y", "P9Y"))
    assert run("consent", "receipt", "--verify", second).code == 1
    assert kinds("consent.receipt") == ["consent.receipt"] * 2


def test_a_receipt_in_words_is_for_reading(run, shop: Path) -> None:
    assert run("consent", "import", write(shop / "in.jsonl", {"subject": "4711", **FULL})).code == 0
    path = shop / "r.txt"
    assert (
        run("consent", "receipt", "--subject", "4711", "--lang", "zh-Hans", "--format", "text", "--output", path).code
        == 0
    )
    assert "撤回同意的方式: https://shop.example/consent" in path.read_text(encoding="utf-8")


def test_a_receipt_for_somebody_who_said_nothing_is_refused(run, shop: Path) -> None:
    done = run("consent", "receipt", "--subject", MARKER, "--output", shop / "r.json")
    assert done.code == 2
    assert MARKER not in done.out + done.err
    assert not (shop / "r.json").exists()
    assert run("consent", "receipt").code == 2
    (shop / "r.json").write_text("[]")
    assert run("consent", "receipt", "--verify", shop / "r.json").code == 2


def test_a_receipt_of_another_project_is_not_ours(run, shop: Path, tmp_path_factory) -> None:
    assert run("consent", "import", write(shop / "in.jsonl", {"subject": "4711", **FULL})).code == 0
    assert run("consent", "receipt", "--subject", "4711", "--output", shop / "r.json").code == 0
    document = json.loads((shop / "r.json").read_text())
    document["gov:signature"]["gov:key"] = "governance.receipts/other"
    from governance.flows.consent.exchanging_consent import verify_receipt

    with Governance.open() as gov, pytest.raises(TamperedError):
        verify_receipt(gov, document)


def test_a_do_not_contact_list_is_taken(run, shop: Path) -> None:
    (shop / "list.txt").write_text("4711\n12\n")
    arguments = ("consent", "do-not-contact", shop / "list.txt", "--purpose", "marketing.email", "--channel", "email")
    assert "2 events recorded, 0 known" in run(*arguments).out
    assert "0 events recorded, 2 known" in run(*arguments).out
    with Governance.open() as gov:
        assert [each.kind for each in gov.consent.history("12")] == ["objected"]


# --- Global Privacy Control


def test_a_signal_ends_sale_once_and_again_after_a_later_yes(shop: Path) -> None:
    with Governance.open() as gov:
        gov.consent.given(Subject("4711"), "sale")
        assert [each.kind for each in gov.opt_out(Subject("4711"), {"sec-gpc": "1"})] == ["objected"]
        assert gov.opt_out(Subject("4711"), {"Sec-GPC": "1"}) == ()
        assert gov.consent.state("4711", "sale").state != "given"
        gov.consent.given(Subject("4711"), "sale")
        assert len(gov.opt_out(Subject("4711"), {"Sec-GPC": "1"})) == 1
        assert gov.consent.state("4711", "sale").state != "given"


@pytest.mark.parametrize("headers", [{}, {"Sec-GPC": "0"}, {"Sec-GPC": ""}, {"X-Sec-GPC": "1"}])
def test_no_signal_records_nothing(shop: Path, headers: dict[str, str]) -> None:
    with Governance.open() as gov:
        assert gov.opt_out(Subject("4711"), headers) == ()
        assert gov.consent.history("4711") == ()


def test_a_project_that_does_not_say_what_is_sale_cannot_drop_a_signal(shop: Path) -> None:
    path = shop / "policies" / "organisation.yaml"
    path.write_text(ORGANISATION.replace("opt_out: {sale: [sale], sharing: []}", ""))
    with Governance.open() as gov, pytest.raises(ConfigError, match="opt_out"):
        gov.opt_out(Subject("4711"), {"Sec-GPC": "1"})
