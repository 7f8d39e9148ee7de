"""Encryption: a column of 32-byte fields beside a plain AESGCM loop and sqlalchemy-utils; blind indexes; search.

Run by hand: `python tests/benchmarks/encryption.py [CELLS]`. Prints one JSON line for each figure: cells per CPU second
of both sides and their ratio, best of several, after checking that what was encrypted comes back. Both sides draw a
nonce and build associated data for each cell; the plain loop has one cipher object. Persons' keys are cold: each one is
read, unwrapped and made a cipher of within the time.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from sqlalchemy import String
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy_utils import StringEncryptedType
from sqlalchemy_utils.types.encrypted.encrypted_type import AesEngine, AesGcmEngine, FernetEngine

from governance.protect.deterministic import open_cells, seal_cells
from governance.protect.format_preserving import FormatPreserving
from governance.protect.keyring.base import KeyUse
from governance.protect.keyring.file import FileKeyring
from governance.protect.protector import Protector
from policies.catalog import parse_catalog
from policies.nouns import FieldRef

ROUNDS = 5
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
          email: {id: f2, category: user.contact.email, status: confirmed, encrypted: true,
                  blind_index: {field: email_bidx, normalise: exact}}
          email_bidx: {id: f3, category: user.contact.email, status: confirmed}
"""


def best(work, prepare=lambda: None):
    """The least CPU time of several rounds, and the last answer."""
    spent = []
    for _ in range(ROUNDS):
        prepare()
        start = time.process_time()
        answer = work()
        spent.append(time.process_time() - start)
    return min(spent), answer


def figure(name, cells, ours, other, bar=None):
    line = {
        "figure": name, "cells_per_second": round(cells / ours), "other": round(cells / other),
        "ratio": round(other / ours, 3), "cpu_seconds": [round(ours, 3), round(other, 3)],
    }  # fmt: skip
    print(json.dumps(line if bar is None else line | {"bar": bar}), flush=True)


class Plain:
    """What somebody writes who has one key: a loop over the cells."""

    def __init__(self, texts):
        self.cipher = AESGCM(os.urandom(32))
        self.raw = [each.encode() for each in texts]

    def encrypt(self):
        encrypt, found = self.cipher.encrypt, []
        for number, raw in enumerate(self.raw):
            nonce = os.urandom(12)
            found.append(nonce + encrypt(nonce, raw, b"s1/d1/f2/%d" % number))
        return found

    def decrypt(self, tokens):
        decrypt = self.cipher.decrypt
        return [decrypt(each[:12], each[12:], b"s1/d1/f2/%d" % number).decode() for number, each in enumerate(tokens)]


def utils(texts, engine):
    """The encrypted type of sqlalchemy-utils with one of its engines, as the ORM calls it for each cell."""
    kind = StringEncryptedType(String, "a key", engine)
    bind, result, made = kind.process_bind_param, kind.process_result_value, dialect()
    spent, cells = best(lambda: [bind(each, made) for each in texts])
    back, values = best(lambda: [result(each, made) for each in cells])
    assert values == texts
    return spent, back


def by_dataset_key(protector, texts, keys, plain, few):
    mine = len(texts)
    other, sealed = best(plain.encrypt)
    other_back, values = best(lambda: plain.decrypt(sealed))
    assert values == texts
    ours, tokens = best(lambda: protector.encrypt_column(EMAIL, texts, keys, "string"))
    back, values = best(lambda: protector.decrypt_column(EMAIL, tokens, keys, "string"))
    assert values == texts
    figure("encrypt, dataset key / plain AESGCM loop", mine, ours, other, 0.7)
    figure("decrypt, dataset key / plain AESGCM loop", mine, back, other_back)
    column, numbers = pa.array(texts), pa.array(range(mine))
    arrow, made = best(lambda: protector.encrypt_array(EMAIL, column, numbers, "string"))
    arrow_back, read = best(lambda: protector.decrypt_array(EMAIL, made, numbers, "string"))
    assert read.equals(column)
    figure("encrypt, dataset key, Arrow to Arrow / plain AESGCM loop", mine, arrow, other, 0.7)
    figure("decrypt, dataset key, Arrow to Arrow / plain AESGCM loop", mine, arrow_back, other_back)
    engines = {"as it comes (CBC)": AesEngine, "AesGcmEngine": AesGcmEngine, "FernetEngine": FernetEngine}
    for name, engine in engines.items():
        theirs, theirs_back = utils(texts[:few], engine)
        figure(f"encrypt, dataset key / sqlalchemy-utils, {name}", mine, ours, theirs * mine / few, 15)
        figure(f"decrypt, dataset key / sqlalchemy-utils, {name}", mine, back, theirs_back * mine / few, 15)
    return other, other_back


def by_person(ring, protector, texts, keys, others):
    mine, people = len(texts), range(len(texts))
    protector.encrypt_column_of_subjects(EMAIL, texts, keys, "string", subjects=people)  # makes the keys
    for size in (mine, mine // 10):
        some = (texts[:size], keys[:size], "string")
        ours, tokens = best(
            lambda some=some, size=size: protector.encrypt_column_of_subjects(EMAIL, *some, subjects=range(size)),
            ring.close,
        )
        back, values = best(
            lambda tokens=tokens, size=size: protector.decrypt_column(EMAIL, tokens, keys[:size]), ring.close
        )
        assert values == texts[:size]
        told = f"a key for each of {size:,} cells, {mine:,} persons, cold / plain AESGCM loop"
        figure(f"encrypt, {told}", size, ours, others[0] * size / mine, 0.25)
        figure(f"decrypt, {told}", size, back, others[1] * size / mine)


def floors(texts, others, few):
    """What the library's calls alone cost, with nothing put together: no code in Python can be quicker."""
    mine, cipher, nonce, bound = len(texts), AESGCM(os.urandom(32)), os.urandom(12), b"b" * 70
    raw, keys = [each.encode() for each in texts], [os.urandom(32) for _ in texts]
    call, sealed = best(lambda: [cipher.encrypt(nonce, each, bound) for each in raw])
    figure("floor: AESGCM calls alone / plain AESGCM loop", mine, call, others[0])
    for name, engine in {"as it comes (CBC)": AesEngine, "AesGcmEngine": AesGcmEngine}.items():
        theirs, _ = utils(texts[:few], engine)
        figure(f"floor: AESGCM calls alone / sqlalchemy-utils, {name}", mine, call, theirs * mine / few, 15)
    keyed = HMAC(os.urandom(32), SHA256())

    def refer():
        for each in raw:
            state = keyed.copy()
            state.update(each)
            state.finalize()

    refs, _ = best(refer)
    wrapped, _ = best(lambda: [cipher.decrypt(nonce, each, bound) for each in sealed])
    own, _ = best(lambda: [AESGCM(key).encrypt(nonce, each, bound) for key, each in zip(keys, raw, strict=True)])
    parts = {"reference": refs, "unwrap": wrapped, "own key": own}
    told = ", ".join(f"{name} {spent / mine * 1e6:.2f}" for name, spent in parts.items())
    figure(f"floor: a key for each cell, calls alone, microseconds: {told}", mine, sum(parts.values()), others[0], 0.25)


def searching(ring, protector, texts):
    mine = len(texts)

    def plain():
        keyed, found = HMAC(b"k" * 32, SHA256()), []
        for each in texts:
            state = keyed.copy()
            state.update(each.encode())
            found.append(state.finalize()[:4])
        return found

    other, _ = best(plain)
    ours, cells = best(lambda: protector.index_cells(EMAIL, texts, "string"))
    assert protector.search_cells(EMAIL, texts[7], "string") == [cells[7]]
    figure("blind-index cells / plain HMAC loop", mine, ours, other)
    from governance.protect.deterministic import SivKey

    place = protector.place(EMAIL)
    key, raw = ring.family(KeyUse.DETERMINISTIC, place.key_of, SivKey)[0], [each.encode() for each in texts]

    def plain_siv():
        cipher = key.cipher
        return [cipher.encrypt(each, [b"s1/d1/f2"]) for each in raw]

    other, _ = best(plain_siv)
    ours, tokens = best(lambda: seal_cells(key, place, raw))
    assert open_cells([key], place, tokens) == raw
    figure("AES-SIV tokens / plain AESSIV loop", mine, ours, other)
    numbers = [f"{number:016d}" for number in range(2_000)]
    made = FormatPreserving(ring, place)
    ours, sealed = best(lambda: made.encrypt(numbers))
    assert made.decrypt(sealed) == numbers
    cipher, tweak = made._cipher, made._tweak
    other, _ = best(lambda: [cipher.encrypt(each, tweak=tweak) for each in numbers])
    figure("FF1 numbers of 16 digits / plain libffx loop", len(numbers), ours, other)


def main(cells):
    texts = [f"{number:032d}" for number in range(cells)]
    keys = [(number,) for number in range(cells)]
    with tempfile.TemporaryDirectory() as name:
        ring = FileKeyring.create(Path(name) / "keys.json", "bench", scrypt_n=2**14)
        protector = Protector(ring, parse_catalog(CATALOG))
        others = by_dataset_key(protector, texts, keys, Plain(texts), min(cells, 5_000))
        by_person(ring, protector, texts, keys, others)
        floors(texts, others, min(cells, 5_000))
        searching(ring, protector, texts)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
