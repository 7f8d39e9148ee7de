"""Files of consent become events: each once, wrong lines told without their values, and nothing half done."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from governance.consent import event_log
from governance.consent.events import Subject
from governance.consent.intake.batch import digest_of
from governance.consent.intake.contact_list import ContactList, read_list
from governance.consent.intake.importing import Imported, Importer
from governance.consent.intake.names import Names
from governance.consent.intake.readers import read_file
from policies.consent_map import ConsentMapFile
from policies.dpv import dpv_terms
from policies.organisation import OrganisationFile

TODAY = dt.date(2026, 11, 22)
KILLS = int(os.environ.get("GOVERNANCE_KILLS", "3"))
MARKER = "zebulon.quagmire@zebra-quagga.example"
GIVEN = {"purpose": "marketing.email", "channel": "email", "kind": "given", "time": "2026-01-02T00:00:00Z"}


def importer_of(world) -> Importer:
    book = world.book
    return Importer(
        world.records,
        world.purposes,
        book._links._keyed_hash,
        world.sealer,
        world.ledger,
        "system",
        "run",
        frozenset({"crm"}),
        world.clock(),
    )


@pytest.fixture
def take(world, tmp_path: Path) -> Callable[..., Imported]:
    def run(content: str | bytes, name: str = "file.jsonl", *, form="auto", on_error="skip", **told) -> Imported:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        importer = importer_of(world)
        names = Names(world.purposes, OrganisationFile(), dpv_terms(TODAY), ConsentMapFile.model_validate(told))
        check = importer.drafting.key_check
        return importer.take(
            lambda: read_file(path, form, names, check), on_error=on_error, size_bytes=1, step=lambda *_: None
        )

    return run


def lines(*told: dict) -> str:
    return "".join(json.dumps(each) + "\n" for each in told)


def events_of(world) -> list[tuple]:
    with world.records.connect() as connection:
        query = "SELECT id, subject_ref, purpose, channel, kind, valid_time FROM gov_consent_event ORDER BY epoch"
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_the_same_file_twice_changes_nothing(world, take):
    file = lines(
        {"subject": "a", **GIVEN}, {"subject": "b", **GIVEN, "store_keys": {"crm": 2}}, {"subject": "a", **GIVEN}
    )
    first = take(file)
    before, ledger = events_of(world), world.ledger.kinds()
    again = take(file)
    assert (first.recorded, first.known, first.links) == (2, 1, 1)
    assert (again.recorded, again.known, again.links) == (0, 3, 0)
    assert events_of(world) == before
    assert world.ledger.kinds() == ledger == ["consent.imported"]


def test_a_list_read_in_another_order_and_with_other_spaces_makes_the_same_events(world, take):
    one, two = {"subject": "a", **GIVEN}, {"subject": "b", **GIVEN}
    take(lines(one, two))
    assert take("\n" + json.dumps(two, indent=None, separators=(" , ", " : ")) + "\r\n\n" + lines(one)).recorded == 0


def test_a_store_key_that_is_told_later_is_linked(world, take):
    take(lines({"subject": "a", **GIVEN}))
    found = take(lines({"subject": "a", **GIVEN, "store_keys": {"crm": 3}}))
    assert (found.recorded, found.known, found.links) == (0, 1, 1)
    world.conditions.prepare("crm", "marketing.email")
    assert [row[:3] for row in world.rows()] == [(3, "marketing.email", "email")]


def test_imported_consent_reaches_the_query_of_each_kind_of_store(each_world, tmp_path, make_sql):
    path = tmp_path / "consents.csv"
    path.write_text(
        "subject,store_key.crm,purpose,channel,kind,time\n"
        "a,1,marketing.email,email,given,2026-01-02T00:00:00Z\n"
        "b,2,marketing.email,email,given,2026-01-02T00:00:00Z\n"
        "b,2,marketing.email,email,withdrawn,2026-02-02T00:00:00+08:00\n"
        "c,3,marketing,*,given,2026-01-02T00:00:00Z\n"
    )
    importer = importer_of(each_world)
    names = Names(each_world.purposes, OrganisationFile(), dpv_terms(TODAY), ConsentMapFile())
    check = importer.drafting.key_check
    found = importer.take(
        lambda: read_file(path, "auto", names, check), on_error="refuse", size_bytes=1, step=lambda *_: None
    )
    assert (found.recorded, found.wrong) == (4, 0)
    from policies.nouns import DatasetRef

    dataset = DatasetRef("crm", "customers")
    each_world.conditions.prepare("crm", "marketing.email")
    sql = make_sql(each_world.conditions.conditions(dataset, "marketing.email"))
    with each_world.store.connect() as connection:
        assert [row.id for row in connection.exec_driver_sql(sql)] == [1, 3]


WRONG = [
    ({"subject": "a", **GIVEN, "purpose": MARKER}, "consent purpose"),
    ({"subject": "a", **GIVEN, "channel": MARKER}, "consent channel"),
    ({"subject": "a", **GIVEN, "kind": MARKER}, "consent kind"),
    ({"subject": "a", **GIVEN, "form": MARKER}, "consent form"),
    ({"subject": "a", **GIVEN, "time": MARKER}, "time"),
    ({"subject": "a", **GIVEN, "time": "2026-01-02"}, "time"),
    ({"subject": "a", **GIVEN, "time": "2099-01-02T00:00:00Z"}, "consent valid_time"),
    ({"subject": "a", **GIVEN, "language": MARKER}, "consent language"),
    ({"subject": "a", **GIVEN, "method": 7}, "method"),
    ({"subject": "a", **GIVEN, "id": MARKER}, "consent event_id"),
    ({"subject": "a", **GIVEN, "categories": [MARKER]}, "consent categories"),
    ({"subject": "a", **GIVEN, "duration": MARKER}, "consent duration"),
    ({"subject": "a", **GIVEN, "snapshot": MARKER}, "snapshot"),
    ({"subject": "a", **GIVEN, "form": "guardian"}, "consent guardian_ref"),
    ({"subject": "a", **GIVEN, MARKER: "x"}, "fields"),
    ({"subject": "a", **GIVEN, "store_keys": {"crm": ""}}, "subject key in store crm"),
    ({"subject": "a", **GIVEN, "store_keys": MARKER}, "store_keys"),
    ({"subject": "a", **GIVEN, "store_keys": {MARKER: 1}}, "store_keys"),
    ({"subject": MARKER, "subject_ref": "0" * 64, **GIVEN}, "subject"),
    ({"subject_ref": "0" * 64, "keyed_by": "0" * 16, **GIVEN}, "keyed_by"),
    ({**GIVEN}, "subject"),
    ({"schema": MARKER, "subject": "a", **GIVEN}, "schema"),
    ([MARKER], "line"),
]


@pytest.mark.parametrize(("line", "place"), WRONG)
def test_a_wrong_line_is_told_by_number_and_field_and_the_others_are_taken(world, take, line, place):
    with capture_logs() as logs:
        found = take(lines({"subject": "a", **GIVEN}, line, {"subject": "b", **GIVEN}))
    assert (found.recorded, found.wrong) == (2, 1)
    assert found.faults[0].line == 2
    assert found.faults[0].place.startswith(place)
    assert MARKER not in repr(found) + str(found.faults[0]) + json.dumps(found.to_json()) + str(logs)


@pytest.mark.parametrize(("line", "place"), [WRONG[0], WRONG[4], WRONG[-1]])
def test_with_refuse_one_wrong_line_leaves_nothing_recorded(world, take, line, place):
    found = take(lines({"subject": "a", **GIVEN}, line), on_error="refuse")
    assert (found.recorded, found.wrong, found.faults[0].line) == (0, 1, 2)
    assert events_of(world) == []


def test_lines_that_are_no_text_or_far_too_long_are_told(world, take):
    good = lines({"subject": "a", **GIVEN}).encode()
    found = take(good + b"\xff\xfe\n" + b'{"subject": "' + b"x" * (3 << 20) + b'"}\n' + b'{"a": 1, "a": 1}\n' + good)
    assert (found.lines, found.recorded, found.known) == (5, 1, 1)
    assert [each.line for each in found.faults] == [2, 3, 4]


def test_an_id_that_says_two_things_is_refused_over_the_whole_file(world, take):
    one, two = {"id": "e1", "subject": "a", **GIVEN}, {"id": "e1", "subject": "b", **GIVEN}
    assert [each.line for each in take(lines(one, two), on_error="refuse").faults] == [2]
    assert events_of(world) == []
    assert (take(lines(one, two)).recorded, take(lines(two)).wrong) == (1, 1)


def test_a_key_of_a_store_never_changes_hands(world, take):
    book_subject = Subject("a", {"crm": 1})
    world.book.given(book_subject, "marketing.email", "email")
    found = take(
        lines({"subject": "b", **GIVEN, "store_keys": {"crm": 1}}, {"subject": "a", **GIVEN, "store_keys": {"crm": 2}})
    )
    assert (found.recorded, [each.line for each in found.faults]) == (0, [1, 2])
    twice = lines(
        {"subject": "c", **GIVEN, "store_keys": {"crm": 9}}, {"subject": "d", **GIVEN, "store_keys": {"crm": 9}}
    )
    assert [each.line for each in take(twice, on_error="refuse").faults] == [2]
    assert take(twice).recorded == 1


def test_the_ledger_vouches_for_each_row_of_a_batch(world, take):
    take(lines(*({"subject": f"s{at}", **GIVEN} for at in range(5))))
    with world.records.connect() as connection:
        (told,) = connection.exec_driver_sql("SELECT record FROM test_ledger").scalars()
        refs = connection.exec_driver_sql("SELECT subject_ref FROM gov_consent_event ORDER BY epoch").scalars().all()
        found = event_log.events_of(connection, refs)
    events = [found[ref][0] for ref in refs]
    assert digest_of(events) == told
    assert digest_of([replace(events[0], purpose="marketing"), *events[1:]]) != told


def test_two_imports_of_one_file_at_once_record_each_event_once(postgres_url, build_world, tmp_path):
    world = build_world(postgres_url, f"sqlite:///{tmp_path / 'crm.db'}")
    path = tmp_path / "file.jsonl"
    path.write_text(lines(*({"subject": f"s{at}", **GIVEN, "store_keys": {"crm": at + 1}} for at in range(300))))

    def run() -> Imported:
        importer = importer_of(world)
        names = Names(world.purposes, OrganisationFile(), dpv_terms(TODAY), ConsentMapFile())
        check = importer.drafting.key_check
        return importer.take(
            lambda: read_file(path, "auto", names, check), on_error="skip", size_bytes=1, step=lambda *_: None
        )

    with ThreadPoolExecutor(4) as pool:
        done = [each.result() for each in [pool.submit(run) for _ in range(4)]]
    assert sorted((each.recorded, each.known, each.links, each.wrong) for each in done) == [(0, 300, 0, 0)] * 3 + [
        (300, 0, 300, 0)
    ]
    assert len(events_of(world)) == 300
    world.records.dispose()
    world.store.dispose()


def test_a_ledger_that_fails_leaves_the_batch_out(world, take):
    from policies.errors import LedgerError

    world.ledger.broken = True
    with pytest.raises(LedgerError):
        take(lines({"subject": "a", **GIVEN}))
    assert events_of(world) == []


def test_a_withdrawal_dated_ahead_holds_at_once_and_is_known_again(world, take):
    line = {"subject": "a", **GIVEN, "kind": "withdrawn", "time": "2027-01-01T00:00:00Z"}
    assert take(lines(line)).recorded == 1
    assert world.book.state("a", "marketing.email", "email").state == "withdrawn"
    assert take(lines(line)).recorded == 0
    world.clock.now = dt.datetime(2028, 1, 1, tzinfo=dt.UTC)
    assert take(lines(line)).recorded == 0


# --- other forms

RECEIPT = {
    "version": "KI-CR-v1.1.0",
    "jurisdiction": "DE",
    "consentTimestamp": 1767312000,
    "collectionMethod": "web form",
    "consentReceiptID": "c1befd3e-b7e5-4ea6-8688-e9a565aade21",
    "publicKey": "key",
    "language": "de",
    "piiPrincipalId": "4711",
    "piiControllers": [{"piiController": MARKER, "contact": MARKER, "address": {}, "email": MARKER, "phone": "1"}],
    "policyUrl": "https://shop.example/policy/3",
    "services": [
        {
            "service": "Shop",
            "purposes": [
                {
                    "purpose": "Newsletter",
                    "purposeCategory": ["Marketing"],
                    "consentType": "EXPLICIT",
                    "piiCategory": ["Contact"],
                    "primaryPurpose": True,
                    "termination": "P1Y",
                    "thirdPartyDisclosure": False,
                }
            ],
        }
    ],
    "sensitive": False,
    "spiCat": [],
}
MAP = {"purposes": {"Newsletter": "marketing.email"}, "channels": {"Newsletter": "email"}}


def with_purpose(**change) -> dict:
    service = RECEIPT["services"][0]
    return {**RECEIPT, "services": [{**service, "purposes": [{**service["purposes"][0], **change}]}]}


@pytest.mark.parametrize("indent", [None, 2])
def test_a_kantara_receipt_becomes_the_consent_that_it_shows(world, take, indent):
    assert take(json.dumps(RECEIPT, indent=indent), "receipt.json", **MAP).recorded == 1
    (event,) = world.book.history("4711")
    assert (event.purpose, event.channel, event.kind, event.form) == ("marketing.email", "email", "given", "explicit")
    assert (event.jurisdiction, event.language, event.method) == ("gdpr", "de", "web_form")
    assert (event.categories, event.duration) == (("user.contact",), "P1Y")
    assert event.valid_time == "2026-01-02T00:00:00.000000Z"
    assert MARKER not in repr(event)
    assert take(json.dumps([RECEIPT]), "receipt.json", **MAP).recorded == 0


@pytest.mark.parametrize(
    ("receipt", "place"),
    [
        (with_purpose(consentType="IMPLICIT"), "consentType"),
        (with_purpose(termination=MARKER), "termination"),
        (with_purpose(piiCategory=[MARKER]), "categories"),
        (with_purpose(purpose=MARKER), "purpose"),
        ({**RECEIPT, "consentTimestamp": MARKER}, "consentTimestamp"),
        ({**RECEIPT, "services": []}, "services"),
        ({**RECEIPT, "piiPrincipalId": ""}, "piiPrincipalId"),
    ],
)
def test_a_receipt_that_shows_no_consent_we_can_tell_is_refused(world, take, receipt, place):
    found = take(json.dumps(receipt), "receipt.json", form="auto", **MAP)
    assert (found.recorded, found.faults[0].place) == (0, place)
    assert MARKER not in str(found.faults)


def test_a_record_of_another_system_is_read_by_the_words_of_dpv(world, take):
    record = {
        "@type": "dpv:ConsentRecord",
        "dpv:hasDataSubject": {"@id": "4711"},
        "dpv:hasJurisdiction": "loc:TW",
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "dpv:hasPurpose": "dpv:DirectMarketing",
            "dpv:hasPersonalData": "pd:EmailAddress",
        },
        "dpv:hasNotice": {"@id": "notice-1", "dct:language": "zh-Hant"},
        "dpv:hasConsentStatus": [
            {
                "@type": ["dpv:ConsentGiven", "dpv:ExplicitlyExpressedConsent"],
                "dpv:isIndicatedAtTime": "2026-01-02T00:00:00Z",
                "dpv:hasDuration": {"@type": "dpv:TemporalDuration", "rdf:value": "P6M"},
            },
            {"@type": "dpv:ConsentWithdrawn", "dpv:isIndicatedAtTime": "2026-02-02T00:00:00Z"},
        ],
    }
    told = {"purposes": {"dpv:DirectMarketing": "marketing.email"}}
    assert take(lines(record), **told).recorded == 2
    given, withdrawn = world.book.history("4711")
    assert (given.kind, given.form, given.duration, given.jurisdiction) == ("given", "explicit", "P6M", "tw-pdpa")
    assert (given.categories, given.notice_version, given.language) == (("user.contact.email",), "notice-1", "zh-Hant")
    assert withdrawn.kind == "withdrawn"


def test_a_csv_header_with_a_stranger_is_refused_without_naming_it(world, take):
    from policies.errors import ConfigError

    with pytest.raises(ConfigError) as caught:
        take(f"subject,purpose,kind,time,{MARKER}\n", "file.csv")
    assert MARKER not in str(caught.value)
    assert take('subject,purpose,kind,time\na,marketing,given\n"b\n', "file.csv").wrong == 2


# --- do-not-contact


def objecting(world, path: Path, about: ContactList, on_error: str = "skip") -> Imported:
    return importer_of(world).take(
        lambda: read_list(path, about), on_error=on_error, size_bytes=1, step=lambda *_: None
    )


def test_a_do_not_contact_list_ends_contact_once_and_a_later_yes_stays(world, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("a\n b \n\n")
    world.book.given(Subject("a"), "marketing.email", "email")
    about = ContactList(("marketing.email",), "email")
    assert objecting(world, path, about).recorded == 2
    assert world.book.state("a", "marketing.email", "email").state != "given"
    assert [each.kind for each in world.book.history("b")] == ["objected"]
    world.book.given(Subject("a"), "marketing.email", "email")
    assert (objecting(world, path, about).recorded, objecting(world, path, about).known) == (0, 2)
    assert world.book.state("a", "marketing.email", "email").state == "given"


def test_a_list_of_store_keys_finds_the_people_and_tells_who_is_unknown(world, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(f"key,channel,time\n7,phone,2026-03-01T00:00:00Z\n{MARKER},phone,2026-03-01T00:00:00Z\n")
    world.book.given(Subject("ann", {"crm": 7}), "marketing.calls", "phone")
    found = objecting(world, path, ContactList(("marketing.calls",), store="crm"))
    assert (found.recorded, [each.line for each in found.faults]) == (1, [3])
    assert MARKER not in str(found)
    assert [each.kind for each in world.book.history("ann")] == ["objected", "given"]
    assert objecting(world, path, ContactList(("marketing.calls",), store="crm")).recorded == 0


# --- kills

SCRIPT = """
import importlib.util, sys, datetime as dt
from pathlib import Path
import sqlalchemy as sa
def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    found = importlib.util.module_from_spec(spec); sys.modules[name] = found; spec.loader.exec_module(found)
    return found
parts, tests = load("parts", {conftest!r}), load("tests", {tests!r})
from governance.records.database import open_records
from governance.consent.intake import importing
importing.BATCH_LINES = 50
records = open_records({records!r})
importer = importing.Importer(
    records, parts.purposes_of(parts.PURPOSES), parts.TestHash(), parts.TestSealer(), parts.TestLedger(records),
    "system", "run", frozenset({{"crm"}}), dt.datetime(2026, 11, 22, tzinfo=dt.UTC))
names = tests.Names(importer.purposes, tests.OrganisationFile(), tests.dpv_terms(tests.TODAY), tests.ConsentMapFile())
check = importer.drafting.key_check
print("ready", flush=True)
importer.take(lambda: tests.read_file(Path({file!r}), "auto", names, check), on_error="skip", size_bytes=1,
              step=lambda *_: None)
print("done", flush=True)
"""


def test_an_import_that_is_killed_at_any_instant_finishes_when_it_is_started_again(world, take, tmp_path):
    count = 3000
    content = lines(*({"subject": f"s{at}", **GIVEN, "store_keys": {"crm": at + 1}} for at in range(count)))
    (tmp_path / "big.jsonl").write_text(content)
    script = textwrap.dedent(SCRIPT).format(
        conftest=str(Path(__file__).parent / "conftest.py"),
        tests=__file__,
        records=world.records.url.render_as_string(hide_password=False),
        file=str(tmp_path / "big.jsonl"),
    )
    instants, kills = random.Random(7), 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(instants.uniform(0.0, 0.25))
        process.send_signal(signal.SIGKILL)
        kills += "done" not in process.communicate()[0]
    assert kills
    found = take(content, "big.jsonl")
    assert (found.recorded + found.known, found.wrong) == (count, 0)
    with world.records.connect() as connection:
        ids = sa.text("SELECT COUNT(*), COUNT(DISTINCT id), MAX(epoch) FROM gov_consent_event")
        assert tuple(connection.execute(ids).one()) == (count, count, count)
        assert connection.execute(sa.text("SELECT COUNT(*) FROM gov_consent_subject")).scalar() == count
        assert connection.execute(sa.text("SELECT epoch FROM gov_consent_head")).scalar() == count
