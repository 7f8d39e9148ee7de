"""Backups of keys: whole or refused, and restored under another passphrase."""

import datetime as dt

import pytest

from governance.protect.keyring.backup import read_backup, restore_backup, write_backup
from governance.protect.keyring.base import KeyState, KeyUse
from governance.protect.keyring.file import FileKeyring
from governance.protect.keyring.passphrase import PassphraseProvider
from policies.errors import KeyringError, TamperedError

CHEAP = 2**14


@pytest.fixture
def ring(tmp_path):
    clock = lambda: dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)  # noqa: E731
    ring = FileKeyring.create(tmp_path / "keyring.json", "one", scrypt_n=CHEAP, clock=clock)
    ring.data_key("s1/d1")
    ring.signer("ledger")
    ring.keyed_hash()
    gone = ring.data_key("s1/d2").info.id
    ring.destroy(gone)
    return ring


def written(ring, passphrase="backup"):
    return list(write_backup(ring, passphrase, "2026-11-22T08:00:00Z", scrypt_n=CHEAP))


def sealed(key):
    return key.cipher.encrypt(b"0" * 12, b"", None)


def test_a_backup_holds_every_key_and_shows_none(ring):
    ring.subjects.of("s1", range(2500))
    lines = written(ring)
    ring_id, keys = read_backup(lines, "backup")
    keys = list(keys)
    assert ring_id == ring.ring_id
    assert sum(key.info.use is KeyUse.SUBJECT for key in keys) == 2500
    assert [key.info for key in keys][:4] == list(ring.list())[:4]
    assert keys[3].material == b""
    assert not any(key.info.use is KeyUse.SUBJECT_KEK for key in keys)
    assert len(lines) == 5
    assert "material" not in repr(keys[0])


@pytest.mark.parametrize("passphrase", ["", "one", "backup "])
def test_another_passphrase_does_not_open_it(ring, passphrase):
    with pytest.raises(TamperedError):
        read_backup(written(ring), passphrase)
    with pytest.raises(KeyringError, match="empty"):
        written(ring, "")


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[:-1],
        lambda lines: lines[:1],
        lambda _: [],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [lines[0].replace("08:00", "09:00"), *lines[1:]],
        lambda lines: [lines[0].replace('"r": 8', '"r": 9'), *lines[1:]],
        lambda lines: [lines[0], "no base64!\n", *lines[2:]],
        lambda lines: ["{}\n", *lines[1:]],
        lambda lines: ["[]\n", *lines[1:]],
        lambda lines: ["no JSON\n", *lines[1:]],
        lambda lines: ["[" * 50_000 + "\n", *lines[1:]],
        lambda lines: [lines[0], lines[1][:40] + ("A" if lines[1][40] != "A" else "B") + lines[1][41:], *lines[2:]],
    ],
)
def test_a_changed_backup_is_refused(ring, change):
    ring.subjects.of("s1", range(1500))
    with pytest.raises(TamperedError):
        list(read_backup(change(written(ring)), "backup")[1])


def test_a_restored_keyring_reads_everything_and_encrypts_under_new_keys(ring, tmp_path):
    persons = ring.subjects.of("s1", range(1500))
    ring.subjects.destroy([ring.subjects.ref("s1", 3)])
    data = ring.data_key("s1/d1")
    ring_id, keys = read_backup(written(ring), "backup")
    path = tmp_path / "elsewhere" / "keyring.json"
    path.parent.mkdir()
    provider = PassphraseProvider(lambda: "two", scrypt_n=CHEAP)
    again = restore_backup(ring_id, keys, path, provider)
    assert sealed(again.key(data.info.id)) == sealed(data)
    assert again.key(data.info.id).info.state is KeyState.RETIRED
    assert again.data_key("s1/d1").info.id != data.info.id
    assert again.signer("ledger").public_key == ring.signer("ledger").public_key
    assert again.keyed_hash().digest("a", b"b") == ring.keyed_hash().digest("a", b"b")
    assert again.subjects.counts() == {"active": 1499, "destroyed": 1}
    assert sealed(again.subjects.of("s1", [7])[0]) == sealed(persons[7])
    for what in (lambda: again.key(persons[3].info.id), lambda: again.subjects.of("s1", [3])):
        with pytest.raises(KeyringError, match="destroyed"):
            what()


def test_a_keyring_without_persons_is_restored_too(ring, tmp_path):
    ring_id, keys = read_backup(written(ring), "backup")
    again = restore_backup(ring_id, keys, tmp_path / "other.json", PassphraseProvider(lambda: "two", scrypt_n=CHEAP))
    assert not again.has_subjects()
    assert len(again.list()) == len(ring.list())


def test_nothing_is_restored_over_keys_that_exist(ring, tmp_path):
    provider = PassphraseProvider(lambda: "two", scrypt_n=CHEAP)
    with pytest.raises(KeyringError, match="found a keyring"):
        restore_backup(*read_backup(written(ring), "backup"), ring.path, provider)
    (tmp_path / "subject-keys.db").write_bytes(b"")
    with pytest.raises(KeyringError, match="move it away"):
        restore_backup(*read_backup(written(ring), "backup"), tmp_path / "other.json", provider)
    assert not (tmp_path / "other.json").exists()
