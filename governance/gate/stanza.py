"""Writes the lines of catalog.yaml that declare a new field, with the next free ids."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable

from policies.catalog import Catalog
from policies.nouns import FieldRef

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
BY = "YOUR-NAME"
"""Stands in the stanza where the reviewer's name goes."""


class StanzaWriter:
    """Gives out stanzas for one check; an id that it gave is taken, so all stanzas pasted in order make one catalog."""

    def __init__(self, catalog: Catalog, on: dt.date) -> None:
        self._catalog = catalog
        self._on = on
        self._stores: dict[str, str] = {name: store.id for name, store in catalog.stores.items()}
        self._datasets: dict[tuple[str, str], str] = {}
        self._fields: dict[tuple[str, str], dict[str, str]] = {}
        for store_name, store in catalog.stores.items():
            for name, dataset in store.datasets.items():
                self._datasets[store_name, name] = dataset.id
                self._fields[store_name, name] = {each: entry.id for each, entry in dataset.fields.items()}
        self._written: set[FieldRef] = set()

    def declare(self, ref: FieldRef, category: str) -> tuple[str, str]:
        """The lines that declare a field, and the key below which they go; two empty texts when they were given before.

        A field that stands in the catalog undecided keeps its id; its lines take the place of the old ones.
        """
        if ref in self._written:
            return "", ""
        self._written.add(ref)
        lines, under = [], "stores"
        if ref.store not in self._stores:
            self._stores[ref.store] = _next("s", self._stores.values())
            lines += [f"  {_key(ref.store)}:", f"    id: {self._stores[ref.store]}", "    datasets:"]
        elif not any(store == ref.store for store, _ in self._datasets):
            under = f"stores.{ref.store}"
            lines += ["    datasets:"]
        else:
            under = f"stores.{ref.store}.datasets"
        lines, under = self._dataset_lines(ref, lines, under)
        fields = self._fields.setdefault((ref.store, ref.dataset), {})
        identity = fields.setdefault(ref.field, _next("f", fields.values()))
        decided = f"status: confirmed, by: {BY}, at: {self._on.isoformat()}"
        lines.append(f"          {_key(ref.field)}: {{id: {identity}, category: {category}, {decided}}}")
        return "\n".join(lines) + "\n", under

    def _dataset_lines(self, ref: FieldRef, lines: list[str], under: str) -> tuple[list[str], str]:
        place = (ref.store, ref.dataset)
        if place not in self._datasets:
            known = [identity for (store, _), identity in self._datasets.items() if store == ref.store]
            self._datasets[place] = _next("d", known)
            return [
                *lines,
                f"      {_key(ref.dataset)}:",
                f"        id: {self._datasets[place]}",
                "        fields:",
            ], under
        if not self._fields.get(place):
            return ["        fields:"], f"stores.{ref.store}.datasets.{ref.dataset}"
        return [], f"stores.{ref.store}.datasets.{ref.dataset}.fields"


def _next(letter: str, taken: Iterable[str]) -> str:
    """The id after the highest: a gap may be an id that was used and given up."""
    return f"{letter}{max((int(each[1:]) for each in taken), default=0) + 1}"


def _key(name: str) -> str:
    """A name as a YAML key; quoted unless it can be nothing but plain text."""
    plain = _PLAIN.fullmatch(name) and name.lower() not in _WORDS
    return name if plain else json.dumps(name, ensure_ascii=False)
