"""Records and receipts: every item of ISO/IEC TS 27560, nothing invented, and read back as the same events."""

from __future__ import annotations

import copy
import datetime as dt
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.consent.events import Circumstances, ConsentKind, Subject
from governance.consent.exporting import Exported, export_lines, histories
from governance.consent.intake.importing import Importer
from governance.consent.intake.names import Names
from governance.consent.intake.readers import read_file
from governance.consent.records.basis import RecordBasis
from governance.consent.records.receipt import ReceiptHead, receipt_of, signed, text_of, verify
from governance.consent.records.record import record_of
from governance.protect.signing import Ed25519Signer
from policies.consent_map import ConsentMapFile
from policies.dpv import dpv_terms
from policies.errors import ConfigError, TamperedError
from policies.organisation import OrganisationFile
from policies.purposes import PurposesFile
from policies.taxonomy import load_taxonomy

TODAY = dt.date(2026, 11, 22)
PURPOSES = {
    "marketing": {"basis": {"gdpr": "consent"}, "text": "News and offers", "categories": ("user.contact.email",)},
    "marketing.email": {"parent": "marketing", "channels": ("email",)},
    "clinic": {"basis": {"pipl": "consent"}, "text": "Care", "categories": ("user.health_and_medical", "user.name")},
}
ORGANISATION = {
    "controller": {"id": "https://shop.example/", "name": "Example Shop", "address": "1 Street", "country": "DE",
                   "contact": "privacy@shop.example"},
    "officer": {"title": "Officer", "contact": "dpo@shop.example"},
    "withdrawal": "https://shop.example/consent",
    "storage": ["DE"],
    "recipients": {
        "mailer": {"id": "https://mail.example/", "name": "Example Mail", "address": "2 Road", "country": "IE",
                   "contact": "privacy@mail.example", "role": "processor", "contract": "DPA-3",
                   "purposes": ["marketing"]}
    },
    "processing": {"marketing": {"retention": "P3Y"}, "clinic": {"retention": "P10Y6M", "storage": ["CN"]}},
}  # fmt: skip
TOLD = {"jurisdiction": "gdpr", "notice_version": "2026-01", "language": "en"}


def without(path: str) -> dict:
    left = copy.deepcopy(ORGANISATION)
    *steps, last = path.split(".")
    place = left
    for step in steps:
        place = place[step]
    del place[last]
    return left


def basis_of(organisation=ORGANISATION, purposes=PURPOSES) -> RecordBasis:
    return RecordBasis(
        OrganisationFile.model_validate(organisation),
        PurposesFile.model_validate({"purposes": purposes}),
        dpv_terms(TODAY),
        load_taxonomy(TODAY),
        "c" * 16,
    )


@pytest.fixture
def asked(world, make_purposes):
    """A book under the purposes of this file, with one consent given and taken back."""
    book = world.open_book(make_purposes(PURPOSES))
    how = Circumstances(**TOLD, method="web_form", duration="P1Y", valid_time=dt.datetime(2026, 1, 2, tzinfo=dt.UTC))
    book.given(Subject("ann"), "marketing.email", "email", form="separate", how=how)
    book.withdrawn(Subject("ann"), "marketing.email", "email", how=Circumstances(method="phone"))
    return book


MANDATORY = (
    "dct:conformsTo", "dct:identifier", "dpv:hasDataSubject", "dpv:hasNotice", "dpv:hasProcess",
    "dpv:hasDataController", "dpv:hasJurisdiction", "dpv:hasConsentControl", "dpv:hasEntity", "dpv:hasConsentStatus",
)  # fmt: skip
IN_PROCESS = ("dpv:hasPurpose", "dpv:hasPersonalData", "dpv:hasRecipient", "dpv:hasStorageCondition")
OF_PARTY = ("@id", "@type", "dpv:hasIdentifier", "dpv:hasName", "dpv:hasAddress", "dpv:hasContact")
OF_EVENT = ("@type", "dpv:isIndicatedAtTime", "dpv:hasDuration", "dpv:isIndicatedBy")


def test_a_record_states_every_item_and_carries_its_context(world, asked):
    record = record_of(asked.history("ann"), basis_of(), asked._links._keyed_hash)
    assert not [each for each in MANDATORY if not record[each]]
    assert not [each for each in IN_PROCESS if not record["dpv:hasProcess"][each]]
    assert not [each for party in record["dpv:hasEntity"] for each in OF_PARTY if not party[each]]
    assert not [each for event in record["dpv:hasConsentStatus"] for each in OF_EVENT if not event[each]]
    assert record["dpv:hasNotice"][0]["dct:language"] == "en"
    assert [each["@type"][0] for each in record["dpv:hasConsentStatus"]] == ["dpv:ConsentGiven", "dpv:ConsentWithdrawn"]
    assert record["dpv:hasProcess"]["dpv:hasPurpose"] == "dpv:DirectMarketing"
    assert record["dpv:hasProcess"]["dpv:hasPersonalData"] == [
        {"@type": "pd:EmailAddress", "gov:category": "user.contact.email"}
    ]
    prefixes = {word.split(":")[0] for word in json.dumps(record).replace('"', " ").split() if ":" in word[1:-1]}
    used = {each for each in prefixes if each in record["@context"]}
    assert {"dpv", "pd", "dct", "gov", "loc", "eu-gdpr"} <= used
    assert all(value.startswith(("http", "urn:")) for value in record["@context"].values())


def test_special_data_is_marked(world, make_purposes):
    book = world.open_book(make_purposes(PURPOSES))
    book.given(Subject("ann"), "clinic", how=Circumstances(**TOLD))
    health, name = record_of(book.history("ann"), basis_of(), book._links._keyed_hash)["dpv:hasProcess"][
        "dpv:hasPersonalData"
    ]
    assert "dpv:SpecialCategoryPersonalData" in health["@type"]
    assert name["@type"] == "pd:Name"


@pytest.mark.parametrize(
    ("gone", "item"),
    [
        ("controller", "PII controllers"),
        ("withdrawal", "withdrawal method"),
        ("storage", "storage locations"),
        ("processing.marketing", "retention period"),
    ],
)
def test_an_item_that_organisation_yaml_lacks_is_named_and_not_invented(world, asked, gone, item):
    with pytest.raises(ConfigError, match=item):
        record_of(asked.history("ann"), basis_of(without(gone)), asked._links._keyed_hash)


@pytest.mark.parametrize(
    ("told", "item"),
    [
        ({**TOLD, "jurisdiction": ""}, "jurisdiction"),
        ({**TOLD, "notice_version": ""}, "privacy notice"),
        ({**TOLD, "language": ""}, "language"),
    ],
)
def test_an_item_that_the_events_lack_is_named(world, make_purposes, told, item):
    book = world.open_book(make_purposes(PURPOSES))
    book.given(Subject("ann"), "marketing.email", "email", how=Circumstances(**told))
    with pytest.raises(ConfigError, match=item):
        record_of(book.history("ann"), basis_of(), book._links._keyed_hash)


@pytest.mark.parametrize(("key", "item"), [("text", "purpose"), ("categories", "PII information")])
def test_an_item_that_purposes_yaml_lacks_is_named(world, asked, key, item):
    purposes = {**PURPOSES, "marketing": {name: each for name, each in PURPOSES["marketing"].items() if name != key}}
    with pytest.raises(ConfigError, match=item):
        record_of(asked.history("ann"), basis_of(purposes=purposes), asked._links._keyed_hash)


# --- receipts

HEAD = ReceiptHead("r2", "r1", "2026-11-22T08:00:00.000000Z", "en", "Europe/Berlin")
SIGNER = Ed25519Signer("governance.receipts/k1", b"s" * 32)


def receipt(asked, lang="en"):
    head = ReceiptHead(HEAD.id, HEAD.supersedes, HEAD.made, lang, HEAD.zone)
    return signed(receipt_of(head, [asked.history("ann")], basis_of(), asked._links._keyed_hash), SIGNER)


def test_a_receipt_names_its_forerunner_and_verifies(world, asked):
    made = json.loads(json.dumps(receipt(asked)))
    assert made["dct:replaces"] == "r1"
    assert verify(made, [SIGNER]) == "r2"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("Receipt of your consent", "How to withdraw", "2026-01-02 01:00 Europe/Berlin", "3 year(s)", "E-mail")),
        ("zh-Hans", ("同意回执", "撤回同意的方式", "3年", "单独同意")),
        ("zh-Hant", ("同意收據", "撤回同意的方式", "3年", "單獨所為之意思表示")),
    ],
)
def test_a_receipt_speaks_the_language_of_the_person(world, asked, lang, words):
    text = text_of(receipt(asked, lang))
    assert not [each for each in words if each.lower() not in text.lower()]
    assert "Example Shop" in text
    assert "Example Mail (IE)" in text


def leaves(node, path=()):
    if isinstance(node, dict | list):
        for key, each in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(each, (*path, key))
    else:
        yield path


def test_a_receipt_of_which_any_part_was_changed_is_refused(world, asked):
    made = receipt(asked)
    checked = 0
    for path in leaves(made):
        if path[:2] == ("gov:signature", "gov:publicKey"):
            continue  # proves nothing and is not asked
        changed = copy.deepcopy(made)
        place = changed
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = f"{place[path[-1]]}x"
        with pytest.raises(TamperedError):
            verify(changed, [SIGNER])
        checked += 1
    assert checked > 50


def test_a_receipt_of_another_key_is_refused_although_it_carries_that_key(world, asked):
    forged = signed(
        {name: each for name, each in receipt(asked).items() if name != "gov:signature"},
        Ed25519Signer(SIGNER.name, b"f" * 32),
    )
    with pytest.raises(TamperedError):
        verify(forged, [SIGNER])
    with pytest.raises(TamperedError):
        verify({"dct:identifier": "r2"}, [SIGNER])


# --- round trip

PLACES = (("marketing.email", "email"), ("marketing.email", "*"), ("marketing", "*"), ("clinic", "*"))
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
MOMENTS = st.timedeltas(dt.timedelta(0), dt.timedelta(days=2400)).map(lambda each: START + each)
CODES = st.text("abcXYZ019._:/+-", max_size=12)
EVENTS = st.fixed_dictionaries(
    {
        "who": st.sampled_from(["ann", "bob", "测"]),
        "place": st.sampled_from(PLACES),
        "kind": st.sampled_from(list(ConsentKind)),
        "form": st.sampled_from(["given", "explicit", "separate", "written", "guardian"]),
        "time": MOMENTS,
        "law": st.sampled_from(["gdpr", "pipl", "tw-pdpa", "ccpa"]),
        "notice": st.text("abc019.-", min_size=1, max_size=12),
        "language": st.sampled_from(["en", "zh-Hans", "zh-Hant"]),
        "method": CODES,
        "proof": CODES,
        "collected": st.sampled_from(["system", "p:abc"]),
        "categories": st.lists(st.sampled_from(["user.contact.email", "user.name", "user.biometric"]), unique=True),
        "duration": st.sampled_from(["", "P1Y", "P12M", "P2W", "P30D"]),
    }
)  # fmt: skip


def how_of(told) -> Circumstances:
    return Circumstances(
        jurisdiction=told["law"],
        notice_version=told["notice"],
        language=told["language"],
        method=told["method"],
        proof_ref=told["proof"],
        collected_by=told["collected"],
        valid_time=told["time"],
        categories=tuple(told["categories"]),
        duration=told["duration"],
        guardian_ref="g1" if told["form"] == "guardian" else "",
    )


def exported(world, form: str, keyed_hash) -> list[str]:
    basis = basis_of()
    basis = RecordBasis(
        basis.organisation,
        basis.purposes,
        basis.terms,
        basis.taxonomy,
        importer_of(world, keyed_hash).drafting.key_check,
    )
    with world.records.connect() as connection:
        return list(export_lines(histories(connection), form, basis, keyed_hash, Exported()))


def importer_of(world, keyed_hash) -> Importer:
    purposes = PurposesFile.model_validate({"purposes": PURPOSES})
    return Importer(
        world.records,
        purposes,
        keyed_hash,
        world.sealer,
        world.ledger,
        "system",
        "run",
        frozenset({"crm"}),
        world.clock(),
    )


@pytest.fixture
def two_worlds(build_world, tmp_path):
    made = [
        build_world(f"sqlite:///{tmp_path / f'gov{at}.db'}", f"sqlite:///{tmp_path / f'crm{at}.db'}") for at in (1, 2)
    ]
    yield made
    for each in made:
        each.records.dispose()
        each.store.dispose()


def emptied(world):
    with world.records.begin() as connection:
        for table in ("gov_consent_event", "gov_consent_end", "gov_consent_subject"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("UPDATE gov_consent_head SET epoch = 0, origin = '', swept = ''")
    return world


@pytest.mark.parametrize("form", ["27560", "jsonl", "csv"])
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(told=st.lists(EVENTS, min_size=1, max_size=8))
def test_what_is_exported_and_read_into_an_empty_project_is_exported_the_same(
    form, told, two_worlds, make_purposes, tmp_path
):
    old, new = map(emptied, two_worlds)
    book = old.open_book(make_purposes(PURPOSES))
    for each in told:
        book.record(each["kind"], Subject(each["who"]), *each["place"], form=each["form"], how=how_of(each))
    before = exported(old, form, book._links._keyed_hash)
    path = tmp_path / ("f.csv" if form == "csv" else "f.jsonl")
    path.write_text("".join(before), encoding="utf-8")
    importer = importer_of(new, book._links._keyed_hash)
    names = Names(importer.purposes, OrganisationFile(), dpv_terms(TODAY), ConsentMapFile())
    check = importer.drafting.key_check
    found = importer.take(
        lambda: read_file(path, "auto", names, check), on_error="refuse", size_bytes=1, step=lambda *_: None
    )
    assert (found.faults, found.recorded) == ([], len(told))
    assert exported(new, form, book._links._keyed_hash) == before
    again = new.open_book(make_purposes(PURPOSES))
    for who in {each["who"] for each in told}:
        for purpose, channel in PLACES:
            assert again.state(who, purpose, channel).state == book.state(who, purpose, channel).state


def test_a_reference_made_under_another_key_is_refused(world, asked, tmp_path):
    lines = exported(world, "jsonl", asked._links._keyed_hash)
    path = tmp_path / "f.jsonl"
    path.write_text("".join(lines).replace('"keyed_by":"', '"keyed_by":"0'))
    importer = importer_of(world, asked._links._keyed_hash)
    names = Names(importer.purposes, OrganisationFile(), dpv_terms(TODAY), ConsentMapFile())
    check = importer.drafting.key_check
    found = importer.take(
        lambda: read_file(path, "auto", names, check), on_error="skip", size_bytes=1, step=lambda *_: None
    )
    assert (found.recorded, found.known, {each.place for each in found.faults}) == (0, 0, {"keyed_by"})
