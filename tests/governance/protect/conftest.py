"""A keyring with a cheap passphrase, a catalog with encrypted fields, and a protector over both."""

from __future__ import annotations

import pytest

from governance.protect.keyring.file import FileKeyring
from governance.protect.protector import Protector
from policies.catalog import parse_catalog

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
          born: {id: f3, category: user.demographic.date_of_birth, status: confirmed, encrypted: true}
          extra: {id: f4, category: user.content, status: confirmed, encrypted: true}
          region: {id: f5, category: none, status: confirmed}
      notes:
        id: d2
        record_key: gov_row_id
        fields:
          gov_row_id: {id: f1, category: none, status: confirmed}
          text: {id: f2, category: user.content, status: confirmed, encrypted: true}
      loose:
        id: d3
        fields:
          text: {id: f1, category: user.content, status: confirmed, encrypted: true}
"""
CHEAP = 2**14


@pytest.fixture(scope="session")
def keyring(tmp_path_factory):
    return FileKeyring.create(tmp_path_factory.mktemp("keys") / "keyring.json", "correct horse", scrypt_n=CHEAP)


@pytest.fixture(scope="session")
def protector(keyring):
    return Protector(keyring, parse_catalog(CATALOG))
