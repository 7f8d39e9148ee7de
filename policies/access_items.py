"""What a person who asks for their data must be told, by law, from the pack `access_items`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from policies.errors import PackError
from policies.pack_loader import load_pack
from policies.yaml_files import FileModel, check_model


class _Item(FileModel):
    item: str
    article: str


class _Law(FileModel):
    as_of: dt.date
    confidence: str
    portable: str
    items: tuple[_Item, ...]


class _Body(FileModel):
    laws: dict[str, _Law]


@dataclass(frozen=True, slots=True)
class AccessItem:
    """One thing that a law demands."""

    item: str
    """`copy`, `purposes`, `categories`, `recipients`, `retention`, `rights`, `complaint`, `source`, `automated`,
    `transfers` or `controller`."""
    article: str
    """Where the law says so."""


@dataclass(frozen=True, slots=True)
class AccessLaw:
    """What one law demands of an answer to a person."""

    law: str
    """The law, as in `governance.yaml`."""
    items: tuple[AccessItem, ...]
    """In the order of the pack."""
    portable: str
    """The article by which data can be taken along; empty where the law has none."""
    version: str
    """The edition of the pack."""


def access_laws(laws: Sequence[str], on: dt.date) -> tuple[AccessLaw, ...]:
    """What some laws demand on a day, in their order. Raises PackError when the pack is wrong or lacks a law."""
    pack = load_pack("access_items", on)
    body = check_model(_Body, pack.body, "pack access_items", error=PackError)
    missing = [law for law in laws if law not in body.laws]
    if missing:
        raise PackError(
            "pack access_items",
            found="a law that it does not have",
            expected=" or ".join(sorted(body.laws)),
            next_step="check `laws` in governance.yaml",
        )
    return tuple(
        AccessLaw(
            law,
            tuple(AccessItem(each.item, each.article) for each in body.laws[law].items),
            body.laws[law].portable,
            pack.version,
        )
        for law in laws
    )
