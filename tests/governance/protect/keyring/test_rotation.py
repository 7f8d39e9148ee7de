"""Use counts, rotation of data keys and of the KEK, with other processes at work."""

import datetime as dt
import json
import multiprocessing
import time

import pytest

from governance.protect.keyring import file, use_counts
from governance.protect.keyring.base import KeyState
from governance.protect.keyring.file import FileKeyring
from governance.protect.keyring.passphrase import PassphraseProvider
from governance.protect.tokens import FieldPlace, decrypt, encrypt
from policies.errors import DecryptionError, KeyringError

CHEAP = 2**14
PLACE = FieldPlace("s1", "d1", "f1")
CLOCK = lambda: dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)  # noqa: E731


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keyring.json"


@pytest.fixture
def ring(path):
    return FileKeyring.create(path, "one", scrypt_n=CHEAP, clock=CLOCK)


def uses(ring):
    return [info.uses for info in ring.list()]


def test_a_key_says_when_it_was_made(ring):
    assert ring.data_key("s1/d1").info.created == "2026-11-22T08:00:00Z"


def test_uses_are_reserved_before_they_are_made_and_in_growing_batches(ring, path):
    key = ring.data_key("s1/d1")
    assert uses(ring) == [0]
    encrypt(key, PLACE, 1, b"x")
    assert uses(FileKeyring.open(path, "one")) == [use_counts.SMALLEST_BATCH]
    key.spend(use_counts.SMALLEST_BATCH - 1)
    assert uses(ring) == [use_counts.SMALLEST_BATCH]
    key.spend(1)
    assert uses(ring) == [3 * use_counts.SMALLEST_BATCH]
    key.spend(10**6)
    assert uses(ring)[0] >= 10**6 + use_counts.SMALLEST_BATCH + 1


def test_a_second_process_counts_its_own_uses(ring, path):
    for each in (ring, FileKeyring.open(path, "one")):
        encrypt(each.data_key("s1/d1"), PLACE, 1, b"x")
    assert uses(ring) == [2 * use_counts.SMALLEST_BATCH]


def test_what_cannot_be_counted_is_not_encrypted(ring, monkeypatch):
    key = ring.data_key("s1/d1")

    def full(*_):
        raise OSError(28, "no space left")

    monkeypatch.setattr("governance.protect.keyring.shared_file.replace_durably", full)
    with pytest.raises(KeyringError):
        encrypt(key, PLACE, 1, b"x")
    monkeypatch.undo()
    assert uses(ring) == [0]
    encrypt(key, PLACE, 1, b"x")


def test_a_child_after_fork_does_not_spend_what_its_parent_reserved(ring):
    key = ring.data_key("s1/d1")
    key.spend(1)
    child = multiprocessing.get_context("fork").Process(target=key.spend, args=(1,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert uses(ring) == [2 * use_counts.SMALLEST_BATCH]


def test_a_worn_key_is_replaced_by_itself_and_still_decrypts(ring, monkeypatch):
    monkeypatch.setattr(file, "ROTATE_AT", use_counts.SMALLEST_BATCH)
    told = []
    ring.on_created(told.append)
    old = ring.data_key("s1/d1")
    token = encrypt(old, PLACE, 1, b"x")
    new = ring.data_key("s1/d1")
    assert new.info.id != old.info.id
    assert [info.state for info in ring.list()] == [KeyState.RETIRED, KeyState.ACTIVE]
    assert decrypt(ring.key, PLACE, 1, token) == b"x"
    assert [each.id for each in told] == [old.info.id, new.info.id]


def test_no_key_goes_beyond_the_limit_of_random_nonces(ring, monkeypatch):
    monkeypatch.setattr(file, "LIMIT", 2 * use_counts.SMALLEST_BATCH)
    key = ring.data_key("s1/d1")
    key.spend(1)
    with pytest.raises(KeyringError, match="used up"):
        key.spend(3 * use_counts.SMALLEST_BATCH)


def test_keys_are_replaced_far_below_the_limit():
    assert use_counts.ROTATE_AT * 16 <= use_counts.LIMIT <= 2**32


def test_a_destroyed_key_reserves_nothing(ring, path):
    key = ring.data_key("s1/d1")
    FileKeyring.open(path, "one").destroy(key.info.id)
    with pytest.raises(KeyringError, match="destroyed"):
        encrypt(key, PLACE, 1, b"x")


def test_rotating_makes_a_new_key_and_keeps_the_old_one_readable(ring):
    token = encrypt(ring.data_key("s1/d1"), PLACE, 1, b"x")
    old, new = ring.rotate("s1/d1")
    assert ring.data_key("s1/d1").info.id == new.id != old.id
    assert decrypt(ring.key, PLACE, 1, token) == b"x"
    assert ring.rotate("s1/d2")[0] is None


def test_a_new_passphrase_takes_over_without_touching_data(ring, path):
    token = encrypt(ring.data_key("s1/d1"), PLACE, 1, b"x")
    before = json.loads(path.read_text())
    ring.reissue_kek(PassphraseProvider(lambda: "two", scrypt_n=CHEAP))
    after = json.loads(path.read_text())
    assert before["keys"][0]["wrapped"] != after["keys"][0]["wrapped"]
    assert decrypt(FileKeyring.open(path, "two").key, PLACE, 1, token) == b"x"
    with pytest.raises(KeyringError, match="does not open"):
        FileKeyring.open(path, "one")


def test_an_old_passphrase_opens_until_it_is_dropped(ring, path):
    ring.reissue_kek(PassphraseProvider(lambda: "two", scrypt_n=CHEAP), keep_old=True)
    assert ring.kek_providers() == ("file", "file")
    for passphrase in ("one", "two"):
        FileKeyring.open(path, passphrase)
    assert ring.drop_old_keks() == 1
    assert ring.drop_old_keks() == 0
    with pytest.raises(KeyringError):
        FileKeyring.open(path, "one")


def test_the_old_wrapping_opens_nothing_of_the_file_after_a_new_kek(ring, path):
    ring.data_key("s1/d1")
    old = json.loads(path.read_text())["keks"]
    ring.reissue_kek()
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"keks": old}))
    with pytest.raises(KeyringError, match="does not open"):
        FileKeyring.open(path, "one")


def _read_on(path, secret, token, started, stop, results):
    """Read and write all the time; the number of rounds, or what went wrong."""
    try:
        ring = FileKeyring.open(path, PassphraseProvider(secret.read_text, scrypt_n=CHEAP))
        rounds = 0
        while not stop.is_set():
            assert decrypt(ring.key, PLACE, 1, token) == b"x"
            assert decrypt(ring.key, PLACE, 2, encrypt(ring.data_key("s1/d1"), PLACE, 2, b"y")) == b"y"
            rounds += 1
            started.set()
        results.put(rounds)
    except Exception as cause:  # noqa: BLE001 the parent tells
        results.put(repr(cause))


def test_readers_in_another_process_see_no_error_while_everything_rotates(ring, path, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("one")
    token = encrypt(ring.data_key("s1/d1"), PLACE, 1, b"x")
    context = multiprocessing.get_context("spawn")
    started, stop, results = context.Event(), context.Event(), context.Queue()
    reader = context.Process(target=_read_on, args=(path, secret, token, started, stop, results))
    reader.start()
    assert started.wait(60)
    for number in range(6):
        ring.rotate("s1/d1")
        ring.reissue_kek(PassphraseProvider(lambda n=number: f"pass {n}", scrypt_n=CHEAP), keep_old=True)
        draft = tmp_path / "draft"
        draft.write_text(f"pass {number}")
        draft.replace(secret)
        ring.drop_old_keks()
        ring.reissue_kek()
        time.sleep(0.02)
    stop.set()
    outcome = results.get(timeout=60)
    reader.join(60)
    assert isinstance(outcome, int), outcome
    assert outcome > 0


def test_a_token_of_a_destroyed_key_does_not_decrypt(ring):
    token = encrypt(ring.data_key("s1/d1"), PLACE, 1, b"x")
    ring.destroy(ring.list()[0].id)
    with pytest.raises(DecryptionError):
        decrypt(ring.key, PLACE, 1, token)


@pytest.mark.parametrize("state", ["retired", "active"])
def test_a_token_whose_header_names_another_key_of_the_dataset_is_refused(ring, state):
    token = encrypt(ring.data_key("s1/d1"), PLACE, 1, b"x")
    _, new = ring.rotate("s1/d1")
    if state == "retired":
        ring.rotate("s1/d1")
    with pytest.raises(DecryptionError):
        decrypt(ring.key, PLACE, 1, token[:2] + bytes.fromhex(new.id) + token[10:])
