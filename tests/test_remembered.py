"""What tests remember is what they would get anew."""

from __future__ import annotations

import base64
import io
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pymysql.connections import Connection
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

import policies
from governance.protect.keyring.passphrase import derived
from policies.yaml_files import parse_yaml

SHIPPED = Path(policies.__file__).parent
TEXTS = [
    *(path.read_text(encoding="utf-8") for path in sorted(SHIPPED.rglob("*.yaml")) if path.stat().st_size < 3000),
    "# top\na: &x {b: 1} # why\nd: *x\ne: \"q\"\nf: 'r'\ng: |\n  kept\n  so\nh: >\n  folded\n\n# after\ni: 0x1F\n",
    "j: 1.50\nk: 2020-01-01\nm: ~\n&k n: 1\np: !foo bar\nq: !map {a: 1}\n? [1, 2]\n: x\n",
    "at: 2020-01-01T10:00:00+02:00\n",
    "x: &x {a: 1}\ny:\n  <<: *x\n  b: 2\n",
]


def anew(text: str) -> Any:
    yaml = YAML(typ="rt")
    yaml.allow_duplicate_keys = False
    return yaml.load(text)


def described(node: Any) -> Iterator[object]:
    """All that the product reads of a document: types, order, values, lines and comments."""
    yield type(node)
    if isinstance(node, CommentedMap):
        yield list(node), node.lc.data, repr(node.ca)
        for each in node.values():
            yield from described(each)
    elif isinstance(node, CommentedSeq):
        yield len(node), node.lc.data, repr(node.ca)
        for each in node:
            yield from described(each)
    else:
        yield repr(node)


def written(document: Any) -> str:
    text = io.StringIO()
    YAML(typ="rt").dump(document, text)
    return text.getvalue()


@pytest.mark.parametrize("text", TEXTS, ids=[str(place) for place in range(len(TEXTS))])
def test_a_remembered_document_is_the_parsed_one(text: str) -> None:
    parse_yaml(text, "first")
    document, expected = parse_yaml(text, "again"), anew(text)
    assert list(described(document)) == list(described(expected))
    assert written(document) == written(expected)


def test_whoever_changes_a_document_changes_no_other() -> None:
    parse_yaml("a: {b: 1}\n", "first")["a"]["b"] = 2
    assert parse_yaml("a: {b: 1}\n", "again") == {"a": {"b": 1}}


@pytest.mark.parametrize("passphrase", ["one", "two"])
@pytest.mark.parametrize("salt", [b"s" * 16, b"t" * 16])
@pytest.mark.parametrize("cost", [2**14, 2**15])
def test_a_remembered_key_is_that_of_its_passphrase_salt_and_cost(passphrase: str, salt: bytes, cost: int) -> None:
    expected = AESGCM(Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode()))
    kdf = {"salt": base64.b64encode(salt).decode(), "n": cost, "r": 8, "p": 1}
    for _ in range(2):
        sealed = derived(passphrase, kdf).encrypt(b"n" * 12, b"text", b"")
        assert expected.decrypt(b"n" * 12, sealed, b"") == b"text"


def test_connections_share_a_context_only_where_they_ask_nothing_of_it() -> None:
    made = [Connection(defer_connect=True), Connection(defer_connect=True)]
    assert made[0].ctx is made[1].ctx
    assert (made[0].ctx.verify_mode, made[0].ctx.check_hostname) == (ssl.CERT_NONE, False)
    asking = Connection(defer_connect=True, ssl_verify_cert=True)
    assert asking.ctx is not made[0].ctx
    assert asking.ctx.verify_mode == ssl.CERT_REQUIRED
