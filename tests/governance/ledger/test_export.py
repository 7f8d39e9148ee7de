"""A copy verifies offline, and every kind of tampering with it is named with its place."""

import datetime as dt
import itertools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.ledger.events import EventDraft
from governance.ledger.export import verify_export
from governance.ledger.log import Ledger
from governance.ledger.proving import read_proof, verify_proof
from governance.protect.keyed_hash import HmacKeyedHash
from governance.protect.signing import Ed25519Signer, Ed25519Verifier
from governance.records.database import create_records
from policies.errors import BadInputError, TamperedError

KEY = Ed25519Signer("governance.ledger/test", b"s" * 32)


@pytest.fixture
def copy(ledger, draft):
    """The lines of a log of 2,301 events with checkpoints on the way, and a checkpoint that was kept outside."""
    ledger.append_many([draft()] * 1500)
    outside = ledger.checkpoint()
    ledger.append_many([draft()] * 800)
    return list(ledger.export()), outside


def check(lines, outside=None):
    return verify_export(iter(lines), Ed25519Verifier, outside=outside)


def line(document):
    """One line of a copy."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def kinds(found):
    return [(each.kind, each.first, each.last) for each in found.problems]


def test_an_untouched_copy_is_self_consistent_and_anchored_by_a_checkpoint_from_outside(copy, ledger):
    lines, outside = copy
    assert (check(lines).status, check(lines, outside).status) == ("self_consistent", "anchored")
    assert check(lines).root == ledger.verify().root
    assert check(lines).size == 2301


def test_a_changed_event_is_placed_between_the_checkpoints_around_it(copy):
    lines, outside = copy
    lines[2 + 1200] = lines[2 + 1200].replace(b'"action":null', b'"action":"read"')
    assert kinds(check(lines)) == [("changed", 1001, 1500)]
    assert kinds(check(lines, outside)) == [("changed", 1001, 1500)]


def test_removed_inserted_and_moved_events_are_named(copy):
    lines, outside = copy
    assert kinds(check([*lines[:702], *lines[703:]], outside)) == [("removed", 700, 700)]
    assert kinds(check([*lines[:702], lines[702], *lines[702:]], outside)) == [("inserted", 701, 701)]
    swapped = [*lines[:702], lines[703], lines[702], *lines[704:]]
    assert kinds(check(swapped, outside)) == [("reordered", 700, 701)]


def without_marks(lines, size):
    """A copy whose head was edited to hide what is missing."""
    head = json.loads(lines[1])
    head |= {"checkpoints": [], "size": size}
    return [lines[0], json.dumps(head, sort_keys=True, separators=(",", ":")).encode() + b"\n", *lines[2:]]


def test_a_cut_end_is_named_even_when_the_head_hides_it_from_whoever_has_a_checkpoint(copy):
    lines, outside = copy
    assert kinds(check(lines[:-300])) == [("truncated", 2001, 2300)]
    hidden = without_marks(lines[: 2 + 1000], 1000)
    assert check(hidden).status == "self_consistent"
    assert kinds(check(hidden, outside)) == [("truncated", 1000, 1500)]


def test_a_change_behind_stripped_checkpoints_is_shown_by_the_one_from_outside(copy):
    lines, outside = copy
    lines[2 + 1200] = lines[2 + 1200].replace(b'"action":null', b'"action":"read"')
    hidden = without_marks(lines, 2301)
    assert check(hidden).status == "self_consistent"
    assert kinds(check(hidden, outside)) == [("changed", 0, 1500)]


def test_another_telling_signed_by_the_same_key_is_a_fork(copy, other, draft):
    _, outside = copy
    other.append_many([draft(action="export")] * 2300)
    lines = list(other.export())
    found = check(lines, outside)
    assert [each.kind for each in found.problems] == ["forked"]


def test_a_forged_checkpoint_in_the_copy_is_named(copy):
    lines, _ = copy
    head = json.loads(lines[1])
    head["checkpoints"][0] = head["checkpoints"][0].replace("1001", "1000")
    lines[1] = line(head)
    assert [each.kind for each in check(lines).problems] == ["checkpoint_changed"]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A copy of two periods, the first of them closed, and the newest checkpoint, kept outside."""
    engine = create_records(f"sqlite:///{tmp_path_factory.mktemp('small') / 'gov.db'}")
    ids = itertools.count()
    ledger = Ledger(
        engine,
        signer=KEY,
        keyed_hash=HmacKeyedHash(b"k" * 32),
        clock=lambda: dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC),
        new_id=lambda: f"e{next(ids)}",
    )
    scan = EventDraft(kind="scan", actor="p:alice", counts={"rows": 7}, rules=("r1",), versions={"policy": "ab12"})
    ledger.append_many([scan] * 6)
    ledger.close_period()
    ledger.append_many([scan] * 9)
    outside = ledger.checkpoint()
    yield b"".join(ledger.export()), outside
    engine.dispose()


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_no_single_byte_of_a_copy_changes_unnoticed(small, data):
    """N41: behind the key line, which the checkpoint from outside stands for, no byte may be another one."""
    whole, outside = small
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    spoiled = whole[:place] + bytes([byte]) + whole[place + 1 :]
    try:
        found = check(lines_of(spoiled), outside)
    except (BadInputError, TamperedError):
        return
    assert found.status == "tampered" or same_meaning(spoiled, whole, place)
    assert all(each.period >= 1 and 0 <= each.first <= each.last for each in found.problems)


def test_no_byte_beside_a_place_changes_unnoticed(small):
    """What stands behind the number of an event or period is what its place is told by."""
    whole, outside = small
    for found in re.finditer(rb'"(?:seq|period)":\d+(?=,)', whole):
        for place in (found.start(), found.start() + 1, found.end() - 1, found.end(), found.end() + 1):
            for byte in b"\0 !z}":
                spoiled = whole[:place] + bytes([byte]) + whole[place + 1 :]
                try:
                    told = check(lines_of(spoiled), outside).status
                except (BadInputError, TamperedError):
                    continue
                assert told == "tampered" or same_meaning(spoiled, whole, place), (place, byte)


def test_a_key_in_another_spelling_is_refused(small):
    whole, outside = small
    place = whole.index(b'="')  # the last two bits of the letter before say nothing
    for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/":
        if letter != whole[place - 1]:
            with pytest.raises((BadInputError, TamperedError)):
                check(lines_of(whole[: place - 1] + bytes([letter]) + whole[place:]), outside)


def lines_of(text):
    return [line + b"\n" for line in text.split(b"\n") if line]


def same_meaning(spoiled, whole, place):
    """Whether the byte stands in a head, outside the hashed events, and the head still says the same."""
    number = whole[:place].count(b"\n")
    one, other = (text.split(b"\n")[number] for text in (spoiled, whole))
    return b'"seq"' not in other and json.loads(one) == json.loads(other)


def test_a_checkpoint_of_another_key_is_refused(copy):
    lines, outside = copy
    with pytest.raises(TamperedError):
        check(lines, outside.replace("governance.ledger/test", "governance.ledger/other"))


@pytest.mark.parametrize("lines", [[], [b"{}\n"], [b"nope\n"], [b'{"schema":"governance.ledger-export/2","key":{}}\n']])
def test_another_file_is_no_copy(lines):
    with pytest.raises(BadInputError, match="form"):
        check(lines)


def test_events_before_a_head_are_no_copy(copy):
    lines, _ = copy
    with pytest.raises(BadInputError, match="before the head"):
        check([lines[0], *lines[2:]])


def test_a_proof_of_an_event_holds_and_of_no_other_event(ledger, draft):
    ids = [event.id for event in ledger.append_many([draft()] * 70)]
    outside = ledger.checkpoint()
    proof = ledger.prove(ids[41])
    assert verify_proof(read_proof(json.dumps(proof)), KEY, outside=outside).size == 71
    changed = proof | {"leaf": proof["leaf"].replace('"action":null', '"action":"read"')}
    for wrong in (changed, proof | {"index": 7}, proof | {"path": proof["path"][1:]}):
        with pytest.raises(TamperedError):
            verify_proof(wrong, KEY)


def test_a_log_proves_that_it_continues_an_older_checkpoint_and_a_fork_cannot(ledger, other, draft):
    ledger.append_many([draft()] * 70)
    older = ledger.checkpoint()
    ledger.append_many([draft()] * 55)
    proof = ledger.prove_start(older)
    assert verify_proof(proof, KEY).size == 126
    with pytest.raises(TamperedError):
        verify_proof(proof | {"path": proof["path"][1:]}, KEY)
    other.append_many([draft(action="export")] * 200)
    with pytest.raises((TamperedError, BadInputError)):
        other.prove_start(older)


def test_an_unknown_event_has_no_proof(ledger, draft):
    ledger.append(draft())
    with pytest.raises(BadInputError, match="no event"):
        ledger.prove("nobody")


def test_data_of_another_form_is_no_proof():
    for text in ("[]", "nope", "{}"):
        with pytest.raises(BadInputError):
            verify_proof(read_proof(text), KEY)


@pytest.mark.parametrize(
    ("at", "old", "new"),
    [
        (1, b'"period":1', b'"period":1e400'),
        (1, b'"period":1', b'"period":1,"period":1'),
        (1, b'"size":', b'"size": '),
        (1, b"governance.ledger/", b"\\ud800/"),
        (1, b'{"checkpoints":[', b'{"checkpoints":' + b"[" * 50_000),
        (0, b'"name":"', b'"name":"\\ud800'),
        (0, b'{"key":', b"\xef\xbb\xbf" + b'{"key":'),
        (0, b'{"key":', b"[" * 50_000),
    ],
)
def test_a_head_in_a_form_that_no_export_writes_is_refused(small, at, old, new):
    lines = small[0].splitlines(keepends=True)
    lines[at] = lines[at].replace(old, new, 1)
    with pytest.raises(BadInputError, match="form"):
        check(lines)


@pytest.mark.parametrize("place", [b"9" * 5000, b"9" * 17])
def test_a_claim_of_a_place_far_out_is_named_at_once(small, place):
    lines = small[0].splitlines(keepends=True)
    last = re.sub(rb'"seq":[0-9]+', b'"seq":' + place, lines[-1])
    found = check([*lines[:-1], last])
    assert found.status == "tampered"
    assert any(each.kind in ("changed", "removed", "truncated") for each in found.problems)


def test_half_a_surrogate_pair_is_no_checkpoint(small):
    for outside in (small[1].replace("governance", "\ud800", 1), small[1] + "\udc80"):
        with pytest.raises(TamperedError, match="no checkpoint"):
            check(small[0].splitlines(keepends=True), outside)
