from __future__ import annotations

import pytest

from governance.protect.keyring.file import FileKeyring
from governance.protect.sealing import KeyringSealer
from policies.errors import DecryptionError


@pytest.fixture
def sealer(keyring: FileKeyring) -> KeyringSealer:
    return KeyringSealer(keyring)


def test_what_was_sealed_opens_under_its_context(sealer: KeyringSealer) -> None:
    assert sealer.open(sealer.seal("客户 7".encode(), b"crm/1"), b"crm/1") == "客户 7".encode()


def test_another_context_does_not_open_it(sealer: KeyringSealer) -> None:
    token = sealer.seal(b"7", b"crm/1")
    with pytest.raises(DecryptionError):
        sealer.open(token, b"crm/2")


def test_a_sealed_value_does_not_show(sealer: KeyringSealer) -> None:
    assert b"marker-4711" not in sealer.seal(b"marker-4711", b"crm/1")


def test_an_altered_token_does_not_open(sealer: KeyringSealer) -> None:
    token = bytearray(sealer.seal(b"7", b"crm/1"))
    token[-1] ^= 1
    with pytest.raises(DecryptionError):
        sealer.open(bytes(token), b"crm/1")
