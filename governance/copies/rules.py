"""Checks of `masks.yaml` against catalog and source: every fault is found before anything is copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Never

from connectors.sql.where import where_condition
from governance.copies.source import Link, SourceTable
from governance.protect.masks import mask
from governance.protect.pseudonyms.key import PseudonymKey
from governance.protect.pseudonyms.kinds import KINDS
from governance.protect.pseudonyms.pseudonymizer import Pseudonymizer
from policies.catalog import Catalog, CatalogDataset
from policies.copy_rules import ALL, REFERRED, CopyDataset, CopyRules
from policies.errors import ConfigError
from policies.nouns import DatasetRef, LabelStatus
from policies.predicate import check_types, parse_predicate

HARMLESS = "none"
"""The category of a field that a person confirmed as being about nobody."""

WIDE = 2**50
"""A kind with so many pseudonyms needs no pairs to keep values apart."""

_GONE = frozenset({"drop", "null"})
_DATES = frozenset({"date", "datetime"})
_NUMBER_KINDS = frozenset({"big_integer", "id", "integer", "long_integer"})


def check_rules(
    rules: CopyRules, tables: Mapping[str, SourceTable], catalog: Catalog, store: str, dialect: str
) -> None:
    """Return when a copy by these rules can be made. Raises ConfigError or PredicateError with the first fault."""
    for name in rules.domains:
        _check_domain(rules, name)
    for name, table in tables.items():
        said = rules.datasets[name]
        _check_known(name, said, table, catalog.dataset(DatasetRef(store, name)), store)
        _check_treatments(name, said, table, rules)
        _check_rows(name, said, table, dialect)
    for name, table in tables.items():
        for link in table.links:
            _check_link(name, link, tables, rules)
    for name, table in tables.items():
        _check_kept_apart(name, table, rules, tables)


def kept_links(name: str, tables: Mapping[str, SourceTable], rules: CopyRules) -> Iterator[Link]:
    """The foreign keys of a table that the copy has too: none of their fields is NULL or dropped."""
    for link in tables[name].links:
        if not any(rules.datasets[name].fields[field].kind in _GONE for field in link.fields):
            yield link


def kept_uniques(name: str, tables: Mapping[str, SourceTable], rules: CopyRules) -> Iterator[tuple[str, ...]]:
    """What stays unique in the copy: nothing that a mask or a shift may make equal."""
    for each in tables[name].uniques:
        if all(rules.datasets[name].fields[field].kind in {"clear", "pseudonym"} for field in each):
            yield each


def _check_domain(rules: CopyRules, name: str) -> None:
    domain = rules.domains[name]
    Pseudonymizer(PseudonymKey(bytes(32)), name, domain.kind, domain.locale)  # raises what is wrong with it


def _check_known(name: str, said: CopyDataset, table: SourceTable, known: CatalogDataset | None, store: str) -> None:
    """Every field is reviewed and has a treatment; what nobody has looked at is not copied."""
    fields = known.fields if known else {}
    unknown = [
        each
        for each in table.types
        if (each not in fields or fields[each].status is not LabelStatus.CONFIRMED)
        and not (each in said.fields and said.fields[each].kind == "drop")
    ]
    if unknown:
        _wrong(
            f"{store}.{name}",
            "fields that the catalog does not know: " + ", ".join(unknown),
            "confirmed fields only, or the treatment `drop`",
            "run `governance scan` and `governance catalog review`, or drop them",
        )
    silent = [each for each in table.types if each not in said.fields]
    if silent:
        _wrong(f"masks.yaml, datasets.{name}", "no treatment for: " + ", ".join(silent), "one for each field",
               'say clear, mask:NAME, pseudonym:DOMAIN, shift:DAYS, "null" or drop')  # fmt: skip
    extra = [each for each in said.fields if each not in table.types]
    if extra:
        _wrong(f"masks.yaml, datasets.{name}", f"{len(extra)} field(s) that the table does not have",
               "fields of the table: " + ", ".join(table.types), "check the names")  # fmt: skip
    for field, entry in said.fields.items():
        if entry.kind == "clear" and not entry.why and fields[field].category != HARMLESS:
            _wrong(
                f"masks.yaml, datasets.{name}.fields.{field}",
                f"`clear` for a field of category `{fields[field].category}`",
                "another treatment, or a reason under `why`",
                "for a key give a domain of kind long_integer, uuid or id; else {treatment: clear, why: ...}",
            )


def _check_treatments(name: str, said: CopyDataset, table: SourceTable, rules: CopyRules) -> None:
    words = table.words
    for field, entry in said.fields.items():
        place, word = f"masks.yaml, datasets.{name}.fields.{field}", words[field]
        if entry.kind == "mask" and not mask(entry.name).keeps(word):
            _wrong(place, f"`{entry.treatment}` on a field of type {word}",
                   "a mask of that type, see docs/masks.md", 'choose another, or `"null"`')  # fmt: skip
        if entry.kind == "shift":
            if word not in _DATES:
                _wrong(place, f"`shift` on a field of type {word}", "a date or a time with a date", "choose a mask")
            if said.subject is not None and said.subject not in table.types:
                _wrong(f"masks.yaml, datasets.{name}.subject", "a field that the table does not have",
                       "one of " + ", ".join(table.types), "check the name")  # fmt: skip
        if entry.kind == "pseudonym":
            _check_fits(place, rules.domains[entry.name].kind, word)
        if entry.kind == "clear" and word == "other":
            _wrong(place, "a type that cannot be copied", "a plain type", "drop the field")
        if field in table.key and entry.kind not in {"clear", "pseudonym"}:
            _wrong(place, f"`{entry.treatment}` on a key field", "`clear` or `pseudonym:DOMAIN`: keys stay apart",
                   "give it a domain")  # fmt: skip


def _check_fits(place: str, kind: str, word: str) -> None:
    if word == "string" or (word == "integer" and kind in _NUMBER_KINDS):
        return
    _wrong(place, f"pseudonyms of kind `{kind}` on type {word}",
           "texts, or whole numbers with a kind of numbers", "choose long_integer, or a mask")  # fmt: skip


def _check_rows(name: str, said: CopyDataset, table: SourceTable, dialect: str) -> None:
    if said.rows not in {ALL, REFERRED}:
        place = f"masks.yaml, datasets.{name}.rows"
        predicate = parse_predicate(said.rows, place)
        check_types(predicate, table.words, place)
        where_condition(predicate, table.table, dialect)
    for field in said.follow:
        if not any(field in link.fields for link in table.links):
            _wrong(f"masks.yaml, datasets.{name}.follow", "a field that is in no foreign key",
                   "a field by which the table refers to another", "check the name")  # fmt: skip


def _check_link(name: str, link: Link, tables: Mapping[str, SourceTable], rules: CopyRules) -> None:
    said = rules.datasets[name].fields
    if any(said[field].kind in _GONE for field in link.fields):
        return
    place = f"masks.yaml, datasets.{name}.fields.{link.fields[0]}"
    if link.parent not in tables:
        _wrong(place, f"a foreign key to `{link.parent}`, which is not copied", 'that dataset too, or `"null"` or drop',
               "add it, with `rows: referred` if only what is needed of it is wanted")  # fmt: skip
    other = rules.datasets[link.parent].fields
    for field, referred in zip(link.fields, link.referred, strict=True):
        mine, theirs = said[field], other[referred]
        if mine.treatment != theirs.treatment or mine.kind not in {"clear", "pseudonym"}:
            _wrong(
                f"masks.yaml, datasets.{name}.fields.{field}",
                f"`{mine.treatment}`, while {link.parent}.{referred} that it refers to has `{theirs.treatment}`",
                "the same treatment on both sides: clear, or a pseudonym of one domain",
                "write the same on both",
            )


def _check_kept_apart(name: str, table: SourceTable, rules: CopyRules, tables: Mapping[str, SourceTable]) -> None:
    fields: Sequence[str] = [*table.key, *(each for some in kept_uniques(name, tables, rules) for each in some)]
    for field in fields:
        entry = rules.datasets[name].fields[field]
        if entry.kind != "pseudonym":
            continue
        domain = rules.domains[entry.name]
        if not domain.one_to_one and KINDS[domain.kind].space < WIDE:
            wide = ", ".join(kind for kind, each in KINDS.items() if each.space >= WIDE)
            _wrong(
                f"masks.yaml, domains.{entry.name}",
                f"kind `{domain.kind}`, of which two values may share a pseudonym, while {name}.{field} is unique",
                f"`one_to_one: true`, or a kind of {wide}",
                "change the domain",
            )


def _wrong(place: str, found: str, expected: str, next_step: str) -> Never:
    raise ConfigError(place, found=found, expected=expected, next_step=next_step)
