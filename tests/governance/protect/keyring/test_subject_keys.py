"""Keys of persons: made on first use, destroyed for good, whatever other processes and old copies remember."""

import copy
import datetime as dt
import multiprocessing
import pickle
import shutil
import sqlite3
import stat
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.protect.keyring.base import KeyUse
from governance.protect.keyring.file import SUBJECT_STORE, FileKeyring
from governance.protect.protector import Protector
from policies.catalog import parse_catalog
from policies.errors import DecryptionError, KeyringError
from policies.nouns import FieldRef

CHEAP = 2**14
EMAIL = FieldRef("crm", "customers", "email")
CATALOG = """
version: 1
stores:
  crm:
    id: s1
    datasets:
      customers:
        id: d1
        record_key: id
        fields:
          id: {id: f1, category: none, status: confirmed}
          email: {id: f2, category: user.contact.email, status: confirmed, encrypted: true}
"""


def CLOCK():  # noqa: N802 stands for a constant
    return dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "keyring.json"


@pytest.fixture
def ring(path):
    return FileKeyring.create(path, "one", scrypt_n=CHEAP, clock=CLOCK)


def again(path):
    return FileKeyring.open(path, "one", clock=CLOCK)


def ids(keys):
    return [key.info.id for key in keys]


def subject_keks(ring):
    return [info for info in ring.list() if info.use is KeyUse.SUBJECT_KEK]


def test_one_key_a_person_in_the_order_asked_and_the_same_for_everybody(ring, path):
    keys = ring.subjects.of("s1", [1, 2, 1])
    assert ids(keys) == ids([keys[0], keys[1], keys[0]])
    assert keys[0].info.id != keys[1].info.id
    assert ids(again(path).subjects.of("s1", [2, 1])) == ids([keys[1], keys[0]])
    assert ids(ring.subjects.of("s2", [1])) != ids(keys[:1])
    assert {row.created for row, _ in ring.subjects.rows()} == {"2026-11-22T08:00:00Z"}


def test_a_number_and_its_digits_are_one_person(ring):
    assert ids(ring.subjects.of("s1", [42])) == ids(ring.subjects.of("s1", ["42"]))
    assert ids(ring.subjects.of("s1", [(42, "a")])) != ids(ring.subjects.of("s1", [("4", "2a")]))


def test_keys_are_found_by_id_one_and_many(ring, path):
    keys = ring.subjects.of("s1", range(1200))
    other = again(path)
    assert other.key(keys[7].info.id).info.use is KeyUse.SUBJECT
    found = other.keys([*ids(keys), "00" * 8])
    assert set(found) == set(ids(keys))
    data = ring.data_key("s1/d1")
    assert set(other.keys([data.info.id, keys[0].info.id])) == {data.info.id, keys[0].info.id}
    with pytest.raises(KeyringError):
        other.key("00" * 8)


def test_the_store_holds_no_key_and_no_person(ring, path):
    ring.subjects.of("s1", ["planted.marker@zebra-quagga.example"])
    ring.subjects.close()
    store = path.with_name(SUBJECT_STORE)
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert b"zebra-quagga" not in store.read_bytes()
    assert "zebra" not in repr(ring.subjects)


def test_the_number_of_new_keys_is_told_once(ring):
    told = []
    ring.subjects.on_created(told.append)
    ring.subjects.of("s1", [1, 2, 2])
    ring.subjects.of("s1", [2, 3])
    assert told == [2, 1]


def test_a_destroyed_key_is_gone_here_there_and_everywhere(ring, path):
    other = again(path)
    mine, kept = ring.subjects.of("s1", [1, 2])
    theirs = other.subjects.of("s1", [1])[0]
    assert other.subjects.destroy([other.subjects.ref("s1", 1)]) == [mine.info.id] == [theirs.info.id]
    for each in (ring, other, again(path)):
        with pytest.raises(KeyringError, match="destroyed"):
            each.key(mine.info.id)
        assert each.keys([mine.info.id, kept.info.id]).keys() == {kept.info.id}
        with pytest.raises(KeyringError, match="destroyed"):
            each.subjects.of("s1", [1])
    assert ring.subjects.counts() == {"active": 1, "destroyed": 1}


def test_nothing_of_a_destroyed_key_stays_in_the_file(ring, path):
    key = ring.subjects.of("s1", [1])[0]
    store = path.with_name(SUBJECT_STORE)
    row = sqlite3.connect(store).execute("SELECT ref, wrapped FROM gov_subject_key").fetchone()
    ring.subjects.destroy([ring.subjects.ref("s1", 1)])
    ring.subjects.close()
    content = store.read_bytes()
    assert bytes.fromhex(key.info.id) in content
    assert row[0] not in content
    assert row[1] not in content


def test_destroying_twice_or_nobody_changes_nothing_and_fails_at_nothing(ring):
    ring.subjects.of("s1", [1, 2])
    refs = [ring.subjects.ref("s1", 1)]
    assert len(ring.subjects.destroy([*refs, *refs])) == 1
    assert ring.subjects.destroy(refs) == []
    assert ring.subjects.destroy([b"\x00" * 32]) == []
    assert ring.subjects.counts() == {"active": 1, "destroyed": 1}


def test_destroying_gives_everybody_else_a_new_kek(ring, path):
    kept = ring.subjects.of("s1", range(20))[1]
    before = subject_keks(ring)
    ring.subjects.destroy([ring.subjects.ref("s1", 0)])
    after = subject_keks(ring)
    assert len(before) == len(after) == 1
    assert before[0].id != after[0].id
    assert again(path).key(kept.info.id).cipher.encrypt(b"0" * 12, b"", None) == kept.cipher.encrypt(
        b"0" * 12, b"", None
    )


def test_an_older_copy_of_the_store_alone_opens_nothing(ring, path):
    key = ring.subjects.of("s1", [1])[0]
    ring.subjects.close()
    store = path.with_name(SUBJECT_STORE)
    copy = shutil.copy(store, path.with_name("copy.db"))
    other = again(path)
    other.subjects.destroy([other.subjects.ref("s1", 1)])
    other.subjects.close()
    shutil.copy(copy, store)
    with pytest.raises(KeyringError, match="KEK that is gone"):
        again(path).key(key.info.id)


def test_a_lost_store_is_not_begun_anew_in_silence(ring, path):
    ring.subjects.of("s1", [1])
    ring.subjects.close()
    path.with_name(SUBJECT_STORE).unlink()
    with pytest.raises(KeyringError, match="no file of persons' keys"):
        again(path).subjects.of("s1", [1])


def test_the_store_of_another_keyring_is_refused(ring, path, tmp_path):
    ring.subjects.of("s1", [1])
    other = FileKeyring.create(tmp_path / "other.json", "two", scrypt_n=CHEAP, subjects=path.with_name(SUBJECT_STORE))
    with pytest.raises(KeyringError, match="another keyring"):
        other.subjects.of("s1", [1])


def test_a_wrapped_key_moved_to_another_person_does_not_open(ring, path):
    keys = ring.subjects.of("s1", [1, 2])
    first, second = (bytes.fromhex(key.info.id) for key in keys)
    with sqlite3.connect(path.with_name(SUBJECT_STORE)) as store:
        wrapped = store.execute("SELECT wrapped FROM gov_subject_key WHERE id = ?", (first,)).fetchone()[0]
        store.execute("UPDATE gov_subject_key SET wrapped = ? WHERE id = ?", (wrapped, second))
    with pytest.raises(KeyringError):
        again(path).key(keys[1].info.id)


@pytest.mark.parametrize("moment", ["rewrap", "drop_subject_keks"])
def test_a_destroy_that_was_killed_half_way_loses_nobody_and_is_finished_by_the_next(ring, path, monkeypatch, moment):
    keys = ring.subjects.of("s1", range(30))

    def killed(*_, **__):
        raise KeyboardInterrupt

    target = ring if moment == "drop_subject_keks" else ring.subjects._store
    monkeypatch.setattr(target, moment, killed)
    with pytest.raises(KeyboardInterrupt):
        ring.subjects.destroy([ring.subjects.ref("s1", 0)])
    monkeypatch.undo()
    ring.subjects.close()
    other = again(path)
    with pytest.raises(KeyringError):
        other.key(keys[0].info.id)
    assert set(other.keys(ids(keys))) == set(ids(keys[1:]))
    assert len(subject_keks(other)) == 2
    other.subjects.destroy([other.subjects.ref("s1", 0)])
    assert len(subject_keks(other)) == 1
    assert set(other.keys(ids(keys))) == set(ids(keys[1:]))


def test_rotating_the_kek_rewraps_persons_keys_too(ring):
    key = ring.subjects.of("s1", [1])[0]
    before = subject_keks(ring)[0].id
    ring.reissue_kek()
    assert subject_keks(ring)[0].id != before
    assert ring.key(key.info.id).info == key.info


def _use_on(path, known, started, stop, results):
    try:
        ring = FileKeyring.open(path, "one")
        number = 0
        while not stop.is_set():
            number += 1
            ring.subjects.of("s1", [f"new {number}"])
            ring.subjects._by_id.clear()  # so that each round unwraps
            assert len(ring.keys(known)) == len(known)
            assert FileKeyring.open(path, "one").key(known[0])
            started.set()
        results.put(number)
    except Exception as cause:  # noqa: BLE001 the parent tells
        results.put(repr(cause))


def test_readers_and_makers_in_another_process_see_no_error_while_keys_are_rewrapped(ring, path):
    known = ids(ring.subjects.of("s1", range(50)))
    doomed = [f"doomed {number}" for number in range(12)]
    ring.subjects.of("s1", doomed)
    context = multiprocessing.get_context("spawn")
    started, stop, results = context.Event(), context.Event(), context.Queue()
    reader = context.Process(target=_use_on, args=(path, known, started, stop, results))
    reader.start()
    assert started.wait(60)
    for each in doomed:
        ring.subjects.destroy([ring.subjects.ref("s1", each)])
    stop.set()
    outcome = results.get(timeout=60)
    reader.join(60)
    assert isinstance(outcome, int), outcome
    new = again(path)
    assert len(new.subjects.of("s1", [f"new {number}" for number in range(1, outcome + 1)])) == outcome
    assert new.subjects.counts() == {"active": 50 + outcome, "destroyed": 12}


def _destroy_on(path, people, started):
    ring = FileKeyring.open(path, "one")
    started.set()
    for each in people:
        ring.subjects.destroy([ring.subjects.ref("s1", each)])
        ring.reissue_kek()


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.05, 0.08, 0.13])
def test_a_process_killed_while_it_destroys_and_rotates_takes_nobody_else_along(ring, path, delay):
    kept = ids(ring.subjects.of("s1", range(300)))
    data = ring.data_key("s1/d1").info.id
    doomed = [f"doomed {number}" for number in range(40)]
    ring.subjects.of("s1", doomed)
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    process = context.Process(target=_destroy_on, args=(path, doomed, started))
    process.start()
    assert started.wait(60)
    time.sleep(delay)
    process.kill()
    process.join(60)
    other = again(path)
    assert other.key(data).info.id == data
    assert set(other.keys(kept)) == set(kept)
    other.subjects.destroy([other.subjects.ref("s1", each) for each in doomed])
    assert other.subjects.counts() == {"active": 300, "destroyed": 40}
    assert len(subject_keks(other)) == 1
    assert set(again(path).keys(kept)) == set(kept)


def test_threads_that_need_the_same_new_person_get_one_key(ring):
    found = []
    threads = [threading.Thread(target=lambda: found.extend(ids(ring.subjects.of("s1", [1, 2])))) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 12
    assert len(set(found)) == 2


@pytest.fixture
def protector(ring):
    return Protector(ring, parse_catalog(CATALOG))


def test_tokens_under_persons_keys_open_in_their_cells_until_the_key_is_destroyed(ring, protector):
    records, people = [(1,), (2,), (3,)], [10, 10, 11]
    tokens = protector.encrypt_column_of_subjects(EMAIL, ["a", "b", "c"], records, "string", subjects=people)
    assert tokens[0][2:10] == tokens[1][2:10] != tokens[2][2:10]
    assert protector.decrypt_column(EMAIL, tokens, records) == ["a", "b", "c"]
    with pytest.raises(DecryptionError):
        protector.decrypt_column(EMAIL, [tokens[1], tokens[0]], records[:2])
    ring.subjects.destroy([ring.subjects.ref("s1", 10)])
    assert protector.decrypt_column(EMAIL, tokens[2:], records[2:]) == ["c"]
    with pytest.raises(DecryptionError):
        protector.decrypt_column(EMAIL, tokens[:1], records[:1])
    with pytest.raises(KeyringError):
        protector.encrypt_column_of_subjects(EMAIL, ["d"], [(4,)], "string", subjects=[10])


def test_many_persons_tokens_are_opened_together(ring, protector):
    records = [(number,) for number in range(40)]
    values = [None if number == 5 else f"v{number}" for number in range(40)]
    tokens = protector.encrypt_column_of_subjects(EMAIL, values, records, "string", subjects=range(40))
    assert protector.decrypt_column(EMAIL, tokens, records) == values
    for broken in (
        b"",
        b"\x01\x01short",
        tokens[1][:-1],
        b"\x02" + tokens[1][1:],
        tokens[1][:2] + b"\0" * 8 + tokens[1][10:],
    ):
        with pytest.raises(DecryptionError):
            protector.decrypt_column(EMAIL, [*tokens[:20], broken], records[:21])


@given(st.lists(st.one_of(st.integers(0, 40), st.text(max_size=3)), min_size=1, max_size=12))
def test_any_order_of_asking_gives_each_person_one_key(shared, people):
    keys = ids(shared.subjects.of("s1", people))
    by_person = {}
    for person, key in zip(people, keys, strict=True):
        assert by_person.setdefault(str(person), key) == key
    assert len(set(by_person.values())) == len(by_person)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return FileKeyring.create(tmp_path_factory.mktemp("shared") / "keyring.json", "one", scrypt_n=CHEAP)


def test_every_spoilt_or_moved_cell_of_a_column_of_persons_is_refused(ring):
    protector = Protector(ring, parse_catalog(CATALOG))
    people, records = range(6), [(number,) for number in range(6)]
    tokens = protector.encrypt_column_of_subjects(EMAIL, list("abcdef"), records, "string", subjects=people)
    assert protector.decrypt_column(EMAIL, tokens, records) == list("abcdef")
    for at in range(len(tokens[2])):
        spoilt = tokens[2][:at] + bytes([tokens[2][at] ^ 1]) + tokens[2][at + 1 :]
        with pytest.raises(DecryptionError):
            protector.decrypt_column(EMAIL, [*tokens[:2], spoilt, *tokens[3:]], records)
        with pytest.raises(DecryptionError):
            protector.decrypt_column(EMAIL, [*tokens[:2], tokens[2][:at], *tokens[3:]], records)
    for moved in (tokens[::-1], [tokens[1], tokens[0], *tokens[2:]], [*tokens[:5], tokens[0]]):
        with pytest.raises(DecryptionError):
            protector.decrypt_column(EMAIL, moved, records)
    under_another = tokens[0][:2] + tokens[1][2:10] + tokens[0][10:]
    with pytest.raises(DecryptionError):
        protector.decrypt_column(EMAIL, [under_another, *tokens[1:]], records)


def test_a_column_may_mix_tokens_of_persons_of_the_dataset_and_null(ring):
    protector = Protector(ring, parse_catalog(CATALOG))
    records = [(number,) for number in range(9)]
    persons = protector.encrypt_column_of_subjects(EMAIL, list("abcdef"), records[:6], "string", subjects=range(6))
    others = protector.encrypt_column(EMAIL, ["g", None, "i"], records[6:], "string")
    assert protector.decrypt_column(EMAIL, [*persons, *others], records) == [*"abcdefg", None, "i"]


def test_many_keys_are_found_whether_all_are_read_or_each_is_looked_up(ring, path):
    persons = 4_500
    known = ids(ring.subjects.of("s1", range(persons)))
    for some in (range(persons), range(0, persons, 4), range(0, persons, 40)):
        fresh = again(path)
        assert ids(fresh.subjects.of("s1", some)) == [known[each] for each in some]
        batch = again(path).person_keys([bytes.fromhex(known[each]) for each in some])
        assert len(batch) == len(some)
    ring.subjects.destroy([ring.subjects.ref("s1", 8)])
    for some in (range(persons), range(0, persons, 4)):
        fresh = again(path)
        with pytest.raises(KeyringError):
            fresh.subjects.of("s1", some)
        assert fresh.person_keys([bytes.fromhex(known[each]) for each in some]) is None
        kept = [each for each in some if each != 8]
        assert ids(fresh.subjects.of("s1", kept)) == [known[each] for each in kept]


@pytest.mark.parametrize("spoilt", ["zeroblob(60)", "substr(wrapped, 1, 40)", "wrapped || 'x'", "'text of some sort'"])
@pytest.mark.parametrize("persons", [30, 1_500], ids=["looked up", "all read"])
def test_a_spoilt_key_takes_no_other_along(ring, path, spoilt, persons):
    known = ids(ring.subjects.of("s1", range(persons)))
    with sqlite3.connect(path.with_name(SUBJECT_STORE)) as store:
        store.execute(f"UPDATE gov_subject_key SET wrapped = {spoilt} WHERE id = ?", (bytes.fromhex(known[7]),))
    with pytest.raises(KeyringError):
        again(path).subjects.of("s1", range(persons))
    others = [each for each in range(persons) if each != 7]
    assert ids(again(path).subjects.of("s1", others)) == [known[each] for each in others]
    assert len(again(path).person_keys([bytes.fromhex(known[each]) for each in others])) == persons - 1


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_batch_of_keys_hides_and_refuses_to_be_copied(ring, take):
    batch = ring.subjects.batch("s1", [1, 2])
    with pytest.raises(KeyringError):
        take(batch)
    assert repr(batch) == "PersonKeyBatch(2 keys)"
    assert not hasattr(batch, "__dict__")
