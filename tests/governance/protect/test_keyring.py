import copy
import json
import multiprocessing
import pickle
import re
import stat

import pytest

from governance.ledger.base import KeyedHash, Signer
from governance.protect.keyring.base import Keyring, KeyState, KeyUse
from governance.protect.keyring.file import FileKeyring
from governance.protect.signing import Ed25519Verifier
from policies.errors import KeyringError, TamperedError

CHEAP = 2**14
PASSPHRASE = "correct horse 电池"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "keyring.json"


@pytest.fixture
def ring(path):
    return FileKeyring.create(path, PASSPHRASE, scrypt_n=CHEAP)


def seal(key):
    return key.cipher.encrypt(b"0" * 12, b"same", None)


def test_the_file_keyring_is_a_keyring(ring):
    keyring: Keyring = ring
    signer: Signer = keyring.signer("ledger")
    keyed_hash: KeyedHash = keyring.keyed_hash()
    assert signer.name.startswith("governance.ledger/")
    assert re.fullmatch("[0-9a-f]{64}", keyed_hash.digest("a", b"b"))


def test_keys_are_made_on_first_use_and_stay(ring, path):
    first = ring.data_key("s1/d1")
    again = FileKeyring.open(path, PASSPHRASE)
    assert seal(again.data_key("s1/d1")) == seal(first)
    assert seal(again.key(first.info.id)) == seal(first)
    assert seal(again.data_key("s1/d2")) != seal(first)
    assert again.signer("ledger").public_key == FileKeyring.open(path, PASSPHRASE).signer("ledger").public_key
    assert again.keyed_hash().digest("a", b"b") == ring.keyed_hash().digest("a", b"b")
    assert [(info.use, info.of, info.state) for info in ring.list()] == [
        (KeyUse.DATA, "s1/d1", KeyState.ACTIVE),
        (KeyUse.DATA, "s1/d2", KeyState.ACTIVE),
        (KeyUse.LEDGER_SIGN, "ledger", KeyState.ACTIVE),
        (KeyUse.KEYED_HASH, "project", KeyState.ACTIVE),
    ]


def test_the_file_holds_no_key_and_belongs_to_its_owner_alone(ring, path):
    ring.data_key("s1/d1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = json.loads(path.read_text())
    assert document["keks"][0]["provider"] == "file"
    assert len(document["keys"][0]["wrapped"]) == 80  # 12 + 32 + 16 bytes in base64
    assert {each.name for each in path.parent.iterdir()} == {"keyring.json", "keyring.json.lock"}


@pytest.mark.parametrize("passphrase", ["", "correct horse", PASSPHRASE + " "])
def test_a_wrong_passphrase_is_refused_without_detail(ring, path, passphrase):
    ring.data_key("s1/d1")
    with pytest.raises(KeyringError) as caught:
        FileKeyring.open(path, passphrase)
    assert "does not open" in str(caught.value)
    assert caught.value.__cause__ is None
    assert PASSPHRASE not in str(caught.value)


@pytest.mark.usefixtures("ring")
def test_an_empty_passphrase_and_an_existing_file_are_refused(path):
    with pytest.raises(KeyringError, match="empty passphrase"):
        FileKeyring.create(path.with_name("other.json"), "", scrypt_n=CHEAP)
    with pytest.raises(KeyringError, match="found a keyring"):
        FileKeyring.create(path, PASSPHRASE, scrypt_n=CHEAP)


def test_a_missing_file_names_the_next_step(path):
    with pytest.raises(KeyringError, match="governance init"):
        FileKeyring.open(path, PASSPHRASE)


def edited(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["keys"][0].update(state="active"),
        lambda d: d["keys"][0].update(of="s1/d9"),
        lambda d: d["keys"].pop(),
        lambda d: d["keys"].reverse(),
        lambda d: d["keys"][0].update(uses=0),
        lambda d: d["keks"][0].update(n=2**15),
        lambda d: d["keks"][0].update(n=2**40),
        lambda d: d["keks"][0].update(provider="env"),
        lambda d: d["keks"][0].pop("salt"),
        lambda d: d["keks"].append(d["keks"][0]),
        lambda d: d.update(format="governance.keyring/0"),
        lambda d: d.update(format="governance.keyring/1"),
        lambda d: d.update(check=""),
        lambda d: d.pop("keks"),
    ],
)
def test_an_edited_file_does_not_open(ring, path, change):
    retired = ring.data_key("s1/d1")
    retired.spend(1)
    ring.data_key("s1/d2")
    ring.retire(retired.info.id)
    edited(path, change)
    with pytest.raises(KeyringError):
        FileKeyring.open(path, PASSPHRASE)
    with pytest.raises(KeyringError):
        ring.list()


def test_a_file_of_any_depth_does_not_open(ring, path):
    path.write_bytes(b"[" * 50_000)
    with pytest.raises(KeyringError):
        FileKeyring.open(path, PASSPHRASE)
    with pytest.raises(KeyringError):
        ring.list()


def test_a_link_to_the_keyring_stays_one_and_shares_its_lock(ring, path, tmp_path):
    """A keyring on a mounted place: who opens it by the link and who by its name change the same file."""
    link = tmp_path / "link.json"
    link.symlink_to(path)
    linked = FileKeyring.open(link, PASSPHRASE)
    made = linked.data_key("s1/d7").info.id
    assert link.is_symlink()
    assert ring.data_key("s1/d7").info.id == made
    assert not link.with_name("link.json.lock").exists()


def test_a_retired_key_decrypts_and_another_one_encrypts(ring):
    old = ring.data_key("s1/d1")
    ring.retire(old.info.id)
    new = ring.data_key("s1/d1")
    assert new.info.id != old.info.id
    assert ring.key(old.info.id).info.state is KeyState.RETIRED
    assert seal(ring.key(old.info.id)) == seal(old)


def test_a_key_destroyed_by_another_process_is_gone_from_the_cache_here(ring, path):
    key = ring.data_key("s1/d1")
    other = FileKeyring.open(path, PASSPHRASE)
    other.destroy(key.info.id)
    with pytest.raises(KeyringError, match="destroyed"):
        ring.key(key.info.id)
    assert json.loads(path.read_text())["keys"][0]["wrapped"] == ""
    with pytest.raises(KeyringError):
        ring.destroy(key.info.id)


def test_unknown_keys_and_keys_of_another_use_are_refused(ring):
    ring.keyed_hash()
    for key_id in ("00" * 8, ring.list()[0].id):
        with pytest.raises(KeyringError):
            ring.key(key_id)


def test_a_key_that_could_not_be_written_is_not_used(ring, monkeypatch):
    def full(*_):
        raise OSError(28, "no space left")

    monkeypatch.setattr("governance.protect.keyring.shared_file.replace_durably", full)
    with pytest.raises(KeyringError):
        ring.data_key("s1/d1")
    monkeypatch.undo()
    assert ring.list() == ()


def test_new_keys_are_told_once(ring):
    told = []
    ring.on_created(told.append)
    key = ring.data_key("s1/d1")
    ring.data_key("s1/d1")
    assert told == [key.info]


def _make(path, start, results):
    ring = FileKeyring.open(path, PASSPHRASE)
    start.wait()
    results.put([ring.data_key(f"s1/d{n}").info.id for n in range(8)])


def test_two_processes_that_need_the_same_keys_end_with_one_of_each(ring, path):
    context = multiprocessing.get_context("spawn")
    start, results = context.Event(), context.Queue()
    processes = [context.Process(target=_make, args=(path, start, results)) for _ in range(2)]
    for process in processes:
        process.start()
    start.set()
    first, second = results.get(timeout=60), results.get(timeout=60)
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert first == second
    assert len(ring.list()) == 8


def test_nothing_of_the_keyring_is_copied_pickled_or_shown(ring):
    for secret in (ring, ring.data_key("s1/d1"), ring.signer("ledger"), ring.keyed_hash()):
        for take in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(KeyringError):
                take(secret)
        assert PASSPHRASE not in repr(secret)
        assert "AESGCM" not in repr(secret)
    assert repr(ring) == "FileKeyring(keyring.json, 3 keys)"


def test_signatures_verify_with_the_public_key_alone(ring):
    signer = ring.signer("ledger")
    verifier = Ed25519Verifier(signer.name, signer.public_key)
    signature = signer.sign(b"text")
    verifier.verify(b"text", signature)
    for text, proof in ((b"other", signature), (b"text", b"\x00" * 64), (b"text", b"")):
        with pytest.raises(TamperedError):
            verifier.verify(text, proof)


def test_keyed_hash_separates_domains(ring):
    keyed_hash = ring.keyed_hash()
    assert keyed_hash.digest("ab", b"c") != keyed_hash.digest("a", b"bc")
    assert keyed_hash.digest("a", b"") != keyed_hash.digest("b", b"")
