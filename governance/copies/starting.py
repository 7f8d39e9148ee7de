"""A first masks.yaml from the catalog: what is about people is protected, what nobody reviewed is dropped."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from governance.copies.source import SourceTable
from policies.catalog import CatalogDataset, CatalogField, CatalogStore
from policies.nouns import LabelStatus
from policies.taxonomy import Taxonomy

_HEAD = """# What `governance mask {source} TARGET` copies, and what becomes of each field. See docs/safe-copies.md.
# Treatments: clear, mask:NAME, pseudonym:DOMAIN, shift:DAYS, "null", drop.
version: 1
"""
_TEXTS = (
    ("user.contact.email", "pseudonym:email"),
    ("user.contact.phone_number", "mask:phone"),
    ("user.contact.address.postal_code", "mask:postcode_2"),
    ("user.contact.address.street", "mask:address"),
    ("user.name", "pseudonym:person"),
)
"""What a text of a category, or of one below it, becomes; the first that fits."""
_DOMAIN = re.compile("[a-z][a-z0-9_]{0,62}")
_OTHER = re.compile("[^a-z0-9]+")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_DOMAINS = {"email": "{kind: email}", "person": "{kind: person, locale: en}"}

Node = tuple[str, str]
"""A table and a field."""


def starting_rules(source: str, tables: Mapping[str, SourceTable], entry: CatalogStore) -> str:
    """The text of the file."""
    families = _families(tables)
    domains: dict[str, str] = {}
    lines = []
    for name, table in tables.items():
        lines.append(f"  {_quoted(name)}:")
        lines.append("    fields:")
        for field in table.types:
            treatment = _treatment((name, field), table, entry, families, tables)
            _, _, domain = treatment.partition("pseudonym:")
            if domain:
                domains[domain] = _DOMAINS.get(domain) or _key_kind(table.words[field])
            shown = '"null"' if treatment == "null" else treatment
            known = entry.datasets[name].fields.get(field)
            lines.append(f"      {_quoted(field)}: {shown}  # {known.category if known else 'not reviewed'}")
    listed = [f"  {name}: {kind}" for name, kind in sorted(domains.items())]
    return "\n".join(
        [_HEAD.format(source=source) + ("domains:" if listed else "domains: {}"), *listed, "datasets:", *lines, ""]
    )


def _treatment(
    node: Node,
    table: SourceTable,
    entry: CatalogStore,
    families: Mapping[Node, tuple[Node, ...]],
    tables: Mapping[str, SourceTable],
) -> str:
    name, field = node
    known, word = _known(entry.datasets[name], field), table.words[field]
    family = families.get(node)
    if family is not None:
        return _key_treatment(family, entry, tables)
    if known is None:
        return "drop"
    if known.category == "none":
        return "clear" if word != "other" else "drop"
    if word == "string":
        unique = any(field in some for some in table.uniques)
        found = next((to for under, to in _TEXTS if Taxonomy.is_under(known.category, under)), "null")
        return f"pseudonym:{_domain(name, field)}" if unique and found == "pseudonym:person" else found
    if word in {"date", "datetime"}:
        return "mask:year" if known.category.startswith("user.demographic") else "shift:30"
    return "null"


def _key_treatment(family: tuple[Node, ...], entry: CatalogStore, tables: Mapping[str, SourceTable]) -> str:
    """One treatment for a key and all that refer to it: clear only where each of them was found harmless."""
    found = [_known(entry.datasets[name], field) for name, field in family]
    words = {tables[name].words[field] for name, field in family}
    if all(each is not None and each.category == "none" for each in found) or not words <= {"string", "integer"}:
        return "clear"
    first, field = family[0]
    return f"pseudonym:{_domain(first, field)}"


def _families(tables: Mapping[str, SourceTable]) -> dict[Node, tuple[Node, ...]]:
    """Key fields and those that refer to each other, each with its whole family, the key that is referred to first."""
    parent: dict[Node, Node] = {}

    def root(node: Node) -> Node:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for name, table in tables.items():
        for field in table.key:
            root((name, field))
        for link in table.links:
            if link.parent in tables:
                for field, referred in zip(link.fields, link.referred, strict=True):
                    parent[root((name, field))] = root((link.parent, referred))
    members: dict[Node, list[Node]] = {}
    for node in list(parent):
        members.setdefault(root(node), []).append(node)
    return {node: (top, *(n for n in some if n != top)) for top, some in members.items() for node in some}


def _known(dataset: CatalogDataset, field: str) -> CatalogField | None:
    """What was confirmed about a field; None where nobody has decided."""
    found = dataset.fields.get(field)
    return found if found is not None and found.status is LabelStatus.CONFIRMED else None


def _key_kind(word: str) -> str:
    return "{kind: long_integer}" if word == "integer" else "{kind: id, one_to_one: true}"


def _domain(table: str, field: str) -> str:
    """The name of the domain of a field's pseudonyms: domains take small letters, digits and underscores alone."""
    name = f"{table}_{field}".lower()
    if _DOMAIN.fullmatch(name):
        return name
    return f"key_{_OTHER.sub('_', name).strip('_')[:40]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _quoted(name: str) -> str:
    """A name as a key of YAML; one in quotes that YAML reads as JSON does where it could be something else."""
    plain = _DOMAIN.fullmatch(name.lower()) and name.lower() not in _WORDS
    return name if plain else json.dumps(name, ensure_ascii=False)
