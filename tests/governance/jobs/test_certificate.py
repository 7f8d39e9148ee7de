"""A certificate says what was done, holds no key, and no byte of it may change."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from governance.jobs.approvals import approve
from governance.jobs.certificate import verify_certificate
from governance.jobs.marks import Marker, proof_of
from governance.jobs.pace import Pace
from governance.jobs.plan import salt_of
from governance.jobs.registry import certificate_text, job_records, job_steps, unlink_due
from governance.jobs.tables import PLANS
from governance.protect.signing import Ed25519Signer, Ed25519Verifier
from policies.errors import BadInputError, StalePlanError, TamperedError


@pytest.fixture
def certified(office, club, store):
    made = club.plan(office, store)
    approve(club.office(actor="p:approver"), made)
    office.holds.place(club.dataset, "record", [5], by="p:dpo")
    found = club.run(office, made, store, pace=Pace(8))
    return made, found, certificate_text(office, made.id)


def test_it_says_what_was_done(certified, office):
    made, found, text = certified
    document = verify_certificate(text, office.signer)
    assert (document["id"], document["job"], document["decision"]) == (found.certificate, made.id, found.decision)
    assert (document["plan"]["seal"], document["plan"]["made_by"]) == (made.seal, "p:planner")
    assert document["approved"]["by"] == "p:approver"
    counts = [(step["planned"], step["done"], step["held"]) for step in document["steps"]]
    assert counts == [(0, 0, 0), (30, 29, 1)]
    assert document["findings"] == {"unmarked": 1}
    (done,) = office.ledger.events("job.done")
    assert done.refs["certificate"] == document["id"]


def test_its_digest_is_in_the_ledger(certified, office):
    import hashlib

    (done,) = office.ledger.events("job.done")
    assert done.versions["certificate"] == hashlib.sha256(certified[2].encode()).hexdigest()


def test_anybody_verifies_it_with_the_public_key_alone(certified, office):
    document = json.loads(certified[2])
    verify_certificate(certified[2], Ed25519Verifier("x", bytes.fromhex(document["signer"]["public_key"])))
    with pytest.raises(TamperedError):
        verify_certificate(certified[2], Ed25519Signer("governance.ledger/other", b"o" * 32))


def test_no_byte_may_change(certified, office):
    text = certified[2]
    for place, letter in enumerate(text):
        for other in {chr(ord(letter) ^ 1), letter.swapcase(), ""} - {letter}:
            with pytest.raises(TamperedError):
                verify_certificate(text[:place] + other + text[place + 1 :], office.signer)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"signature": 3}', '{"signature": "00"}', "[" * 100_000])
def test_a_text_that_is_no_certificate_is_refused(office, text):
    with pytest.raises(TamperedError, match="certificate"):
        verify_certificate(text, office.signer)


def test_who_has_the_rows_and_the_salt_can_show_that_just_these_were_done(certified, office, club):
    made, _, text = certified
    marker = Marker(office.keyed_hash, salt_of(office, made), club.dataset)
    rows = [number for number in range(1, 31) if number != 5]
    batches = [[], *([n for n in rows if low < n <= low + 8] for low in (0, 8, 16, 24))]
    proofs = [proof_of(marker.mark((number,)) for number in batch) for batch in batches]
    assert json.loads(text)["marks"]["sha256"] == proof_of(proofs)


def test_on_the_stated_day_the_salt_is_given_up(certified, office, club, lite):
    made, _, text = certified
    until = dt.date.fromisoformat(json.loads(text)["marks"]["until"])
    assert until == dt.date(2027, 11, 22)

    def on(day):
        return club.office(clock=lambda: dt.datetime.combine(day, dt.time(1), dt.UTC))

    assert unlink_due(on(until)) == 0
    assert unlink_due(on(until + dt.timedelta(days=1))) == 1
    assert unlink_due(on(until + dt.timedelta(days=1))) == 0
    with lite.connect() as connection:
        assert set(connection.execute(sa.select(PLANS.c.salt)).scalars()) == {""}
    assert [event.refs["plan"] for event in office.ledger.events("job.unlinked")] == [made.id]
    with pytest.raises(StalePlanError, match="given up"):
        salt_of(office, made)


def test_a_plan_that_never_ran_expires_with_its_row_list(office, club, store, tmp_path):
    made = club.plan(office, store)
    (tmp_path / f"{made.id}.rows").write_bytes(b"")
    later = club.office(clock=lambda: club.now + dt.timedelta(days=400), folder=tmp_path)
    assert unlink_due(later) == 1
    assert not (tmp_path / f"{made.id}.rows").exists()
    assert [each.state for each in job_records(office)] == ["expired"]
    with pytest.raises(StalePlanError, match="given up"):
        club.run(office, made, store)


def test_the_registry_says_how_each_job_stands(office, club, store):
    made = club.plan(office, store)
    assert [(each.state, each.rows, each.done) for each in job_records(office)] == [("planned", 30, 0)]
    approve(club.office(actor="p:approver"), made)
    assert [(each.state, each.approved_by) for each in job_records(office, made.id)] == [("approved", ("p:approver",))]
    found = club.run(office, made, store)
    (record,) = job_records(office, made.id)
    assert (record.state, record.done, record.certificate) == ("done", 30, found.certificate)
    assert [step["done"] for step in job_steps(office, made.id)] == [0, 30]


def test_an_unknown_id_is_refused(office):
    with pytest.raises(BadInputError, match="job list"):
        job_records(office, "nosuch")
    with pytest.raises(BadInputError, match="certificate"):
        certificate_text(office, "nosuch")
