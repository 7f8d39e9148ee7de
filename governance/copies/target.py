"""The tables of a copy in its target: made from the source's, with types that the target has and treatments need."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

from connectors.sql.kinds import word_for
from governance.copies.rules import kept_links, kept_uniques
from governance.copies.source import SourceTable
from policies.copy_rules import CopyField, CopyRules
from policies.errors import ConfigError

_LONG = 255
"""Characters of a text whose pseudonym or mask may be longer than it is, and of one that MySQL must index."""

_MYSQL = frozenset({"mysql", "mariadb"})


def target_tables(tables: Mapping[str, SourceTable], rules: CopyRules, source: str, target: str) -> sa.MetaData:
    """The tables of the copy; `source` and `target` are dialects. Raises ConfigError for a type that cannot cross.

    SQLite takes foreign keys with the table; elsewhere they are added when all rows are there.
    """
    made = sa.MetaData()
    for name, table in tables.items():
        fields = rules.datasets[name].fields
        indexed = _indexed(name, tables, rules)
        columns = [
            sa.Column(
                field,
                _type(f"{name}.{field}", kind, fields[field], (source, target, field in indexed)),
                nullable=field in table.nullable or not _stays_filled(fields[field]),
                primary_key=table.declared_key and field in table.key,
                autoincrement=False,
            )
            for field, kind in table.types.items()
            if fields[field].kind != "drop"
        ]
        made_table = sa.Table(name, made, *columns, mysql_charset="utf8mb4", mysql_engine="InnoDB")
        for number, unique in enumerate(kept_uniques(name, tables, rules), start=1):
            made_table.append_constraint(sa.UniqueConstraint(*unique, name=_short(f"uq_{name}_{number}")))
        if target == "sqlite":
            for link in kept_links(name, tables, rules):
                reference = [f"{link.parent}.{each}" for each in link.referred]
                made_table.append_constraint(sa.ForeignKeyConstraint(link.fields, reference))
    return made


def later_keys(
    made: sa.MetaData, tables: Mapping[str, SourceTable], rules: CopyRules
) -> Iterator[sa.ForeignKeyConstraint]:
    """The foreign keys that are added when all rows are there, by name in a stable order."""
    for name in tables:
        for number, link in enumerate(kept_links(name, tables, rules), start=1):
            reference = [made.tables[link.parent].c[each] for each in link.referred]
            key = sa.ForeignKeyConstraint(link.fields, reference, name=_short(f"fk_{name}_{number}"), use_alter=True)
            made.tables[name].append_constraint(key)
            yield key


def later_indexes(made: sa.MetaData, tables: Mapping[str, SourceTable]) -> Iterator[sa.Index]:
    """Indexes that are not unique, for fields that the copy has and that can be indexed as a whole."""
    for name, table in tables.items():
        target = made.tables[name]
        for number, fields in enumerate(table.indexes, start=1):
            if all(each in target.c and not isinstance(target.c[each].type, sa.Text) for each in fields):
                yield sa.Index(_short(f"ix_{name}_{number}"), *(target.c[each] for each in fields))


def _indexed(name: str, tables: Mapping[str, SourceTable], rules: CopyRules) -> set[str]:
    table = tables[name]
    found = set(table.key) | {each for link in kept_links(name, tables, rules) for each in link.fields}
    found |= {each for some in kept_uniques(name, tables, rules) for each in some}
    for other in tables:
        found |= {each for link in kept_links(other, tables, rules) if link.parent == name for each in link.referred}
    return found


def _stays_filled(entry: CopyField) -> bool:
    """Whether a value never becomes NULL; a mask and a shift may give NULL where they cannot take a value."""
    return entry.kind in {"clear", "pseudonym"}


def _type(place: str, kind: Any, entry: CopyField, where: tuple[str, str, bool]) -> sa.types.TypeEngine[Any]:
    source, target, indexed = where
    word = word_for(kind)
    if isinstance(kind, DOMAIN):  # the target does not have it
        kind = kind.data_type
    if word == "integer" and entry.kind == "pseudonym":
        return sa.BigInteger()
    if word == "string":
        treated = entry.kind in {"pseudonym", "mask"}
        return _text(getattr(kind, "length", None), treated=treated, bounded=indexed and target in _MYSQL)
    if source == target and word != "json":
        return kind if isinstance(kind, sa.types.TypeEngine) else sa.Text()
    return _crossing(place, word, kind)


def _text(length: int | None, *, treated: bool, bounded: bool) -> sa.types.TypeEngine[Any]:
    if bounded:
        return sa.String(max(length or 0, _LONG) if (length or 0) <= 700 else _LONG)
    if length is None:
        return sa.Text()
    return sa.String(max(length, _LONG) if treated else length)


def _crossing(place: str, word: str, kind: Any) -> sa.types.TypeEngine[Any]:
    if word == "decimal":
        precision, scale = getattr(kind, "precision", None), getattr(kind, "scale", None)
        return sa.Numeric(precision or 38, scale if scale is not None else 10)
    if word == "datetime":
        return sa.DateTime().with_variant(sa.dialects.mysql.DATETIME(fsp=6), "mysql", "mariadb")
    found = _CROSSING.get(word)
    if found is None:
        raise ConfigError(
            f"masks.yaml, {place}",
            found=f"a field of type {word}, which the target's kind of store does not have",
            expected="a type that both have",
            next_step="drop the field, or copy to a store of the same kind",
        )
    return found


_CROSSING: Mapping[str, sa.types.TypeEngine[Any]] = {
    "binary": sa.LargeBinary(),
    "boolean": sa.Boolean(),
    "date": sa.Date(),
    "float": sa.Double(),
    "integer": sa.BigInteger(),
    "json": sa.JSON(none_as_null=True),
    "time": sa.Time(),
}


def _short(name: str) -> str:
    """A name that every kind of store admits."""
    raw = name.encode()  # PostgreSQL counts bytes, and cuts what is too long without a word
    return name if len(raw) <= 60 else raw[:51].decode(errors="ignore") + hashlib.sha256(raw).hexdigest()[:8]
