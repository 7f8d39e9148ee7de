"""What opens a keyring: passphrase, environment, Vault; files of the first form."""

import base64
import json
import os
import re
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from governance.protect.keyring.environment import EnvironmentProvider
from governance.protect.keyring.file import FileKeyring
from governance.protect.keyring.passphrase import PassphraseProvider
from governance.protect.keyring.vault import VaultProvider
from governance.protect.lengths import joined
from policies.errors import KeyringError

CHEAP = 2**14
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(params=["file", "env", "vault"])
def provider(request, vault):
    return {
        "file": PassphraseProvider(lambda: "correct horse", scrypt_n=CHEAP),
        "env": EnvironmentProvider(lambda: KEY),
        "vault": VaultProvider(vault.address, "governance", lambda: vault.token),
    }[request.param]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keyring.json"


def test_each_provider_opens_what_it_wrapped_and_nothing_of_another_context(provider):
    slot = provider.wrap(b"k" * 32, b"here")
    assert slot["provider"] == provider.name
    assert json.loads(json.dumps(slot)) == slot
    assert provider.unwrap(slot, b"here") == b"k" * 32
    with pytest.raises(KeyringError, match="does not open"):
        provider.unwrap(slot, b"there")
    assert "horse" not in repr(provider)
    assert KEY not in repr(provider)


def test_a_keyring_opens_again_under_each_provider(provider, path):
    made = FileKeyring.create(path, provider).data_key("s1/d1")
    again = FileKeyring.open(path, provider)
    assert again.data_key("s1/d1").info.id == made.info.id
    assert again.kek_providers() == (provider.name,)
    with pytest.raises(KeyringError, match="does not open"):
        FileKeyring.open(path, EnvironmentProvider(lambda: base64.b64encode(b"x" * 32).decode()))


@pytest.mark.parametrize("value", [None, "", "no base64!", KEY[:-4], base64.b64encode(b"x" * 31).decode()])
def test_a_variable_that_holds_no_key_is_refused_without_repeating_it(value):
    with pytest.raises(KeyringError, match="GOVERNANCE_KEK") as caught:
        EnvironmentProvider(lambda: value).wrap(b"k" * 32, b"")
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["http://vault.example", "ftp://127.0.0.1", "vault", "http://127.0.0.1.example", "https://u:p@vault.example", ""],
)
def test_an_address_without_tls_is_refused(address):
    with pytest.raises(KeyringError, match="https"):
        VaultProvider(address, "governance", lambda: "t")


@pytest.mark.parametrize("address", ["https://vault.example:8200", "http://localhost:1", "http://[::1]:8200"])
def test_tls_and_this_machine_are_allowed(address):
    assert VaultProvider(address, "governance", lambda: "t").name == "vault"


def test_vault_that_does_not_serve_is_told_apart_from_a_wrong_key(vault, path):
    ring = VaultProvider(vault.address, "governance", lambda: vault.token)
    FileKeyring.create(path, ring)
    for token, key in (("hvs.other", "governance"), (vault.token, "absent"), (None, "governance")):
        with pytest.raises(KeyringError, match="vault") as caught:
            VaultProvider(vault.address, key, lambda token=token: token).wrap(b"k" * 32, b"")
        assert "hvs." not in str(caught.value)
    vault.sealed = True
    with pytest.raises(KeyringError, match="status 503"):
        FileKeyring.open(path, ring)
    vault.sealed = False
    vault.versions["governance"] = [AESGCM(os.urandom(32))]
    with pytest.raises(KeyringError, match="does not open"):
        FileKeyring.open(path, ring)


def test_a_dead_vault_is_no_answer(vault):
    port = vault.server_port
    vault.server_close()
    with pytest.raises(KeyringError, match="no answer"):
        VaultProvider(f"http://127.0.0.1:{port}", "governance", lambda: "t").wrap(b"k" * 32, b"")


def test_a_new_version_of_vaults_key_takes_over_and_the_old_one_may_then_go(vault, path):
    provider = VaultProvider(vault.address, "governance", lambda: vault.token)
    ring = FileKeyring.create(path, provider)
    key = ring.data_key("s1/d1")
    vault.versions["governance"].append(AESGCM(os.urandom(32)))
    ring.reissue_kek()
    assert ":v2:" in json.loads(path.read_text())["keks"][0]["wrapped"]
    vault.versions["governance"][0] = AESGCM(os.urandom(32))
    assert FileKeyring.open(path, provider).data_key("s1/d1").info.id == key.info.id


def test_vault_is_asked_once_for_any_number_of_keys(vault, path):
    provider = VaultProvider(vault.address, "governance", lambda: vault.token)
    FileKeyring.create(path, provider)
    vault.asked.clear()
    ring = FileKeyring.open(path, provider)
    for number in range(9):
        ring.data_key(f"s1/d{number}")
    assert vault.asked == ["/v1/transit/decrypt/governance"]


def first_form(passphrase, material, state="active"):
    """A file as releases before the second form wrote it."""
    salt, ring = os.urandom(16), "00112233aabbccdd"
    kek = AESGCM(Scrypt(salt=salt, length=32, n=CHEAP, r=8, p=1).derive(passphrase.encode()))

    def wrapped(clear, bound):
        nonce = os.urandom(12)
        return base64.b64encode(nonce + kek.encrypt(nonce, clear, bound)).decode()

    key = {"id": "0102030405060708", "use": "data", "of": "s1/d1", "state": state}
    bound = joined("governance.keyring/1", ring, key["id"], key["use"], key["of"])
    key["wrapped"] = wrapped(material, bound) if material else ""
    document = {
        "format": "governance.keyring/1",
        "id": ring,
        "kdf": {"name": "scrypt", "salt": base64.b64encode(salt).decode(), "n": CHEAP, "r": 8, "p": 1},
        "keys": [key],
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    return json.dumps(document | {"check": wrapped(b"", canonical)})


def test_a_file_of_the_first_form_opens_and_is_replaced_at_the_next_write(path):
    path.write_text(first_form("correct horse", b"m" * 32))
    provider = PassphraseProvider(lambda: "correct horse", scrypt_n=CHEAP)
    ring = FileKeyring.open(path, provider)
    token = ring.key("0102030405060708").cipher.encrypt(b"0" * 12, b"text", None)
    assert AESGCM(b"m" * 32).decrypt(b"0" * 12, token, None) == b"text"
    assert '"governance.keyring/1"' in path.read_text()
    ring.data_key("s1/d2")
    assert '"governance.keyring/2"' in path.read_text()
    again = FileKeyring.open(path, provider)
    assert again.key("0102030405060708").cipher.encrypt(b"0" * 12, b"text", None) == token
    assert again.list()[0].uses > 0


@pytest.mark.parametrize(
    "change", [("active", "retired"), ("s1/d1", "s1/d9"), ('"r": 8', '"r": 1'), ("scrypt", "none")]
)
def test_an_edited_file_of_the_first_form_does_not_open(path, change):
    path.write_text(first_form("correct horse", b"m" * 32).replace(*change))
    with pytest.raises(KeyringError, match="does not open"):
        FileKeyring.open(path, "correct horse")


def test_a_first_form_needs_its_passphrase(path):
    path.write_text(first_form("correct horse", b"m" * 32))
    with pytest.raises(KeyringError, match="does not open"):
        FileKeyring.open(path, "wrong")
    with pytest.raises(KeyringError, match="first form"):
        FileKeyring.open(path, EnvironmentProvider(lambda: KEY))


def test_a_new_keyring_costs_a_quarter_of_a_second_a_try(tmp_path):
    """In a process of its own: the tests' own keyrings are made cheap."""
    make = "import sys; from pathlib import Path; from governance.protect.keyring.file import FileKeyring; "
    make += "FileKeyring.create(Path(sys.argv[1]), 'correct horse')"
    subprocess.run([sys.executable, "-c", make, str(tmp_path / "keyring.json")], check=True)
    assert '"n":131072' in re.sub(r"\s", "", (tmp_path / "keyring.json").read_text())
