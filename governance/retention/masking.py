"""Masks for good: the fields of a row become what their masks give, by SQL in the store; no value leaves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.sql.selectable import NamedFromClause

from connectors.sql.kinds import word_for
from governance.guard.mask_text import mask_text
from governance.protect.masks import MASKS
from governance.retention.store_tables import no
from policies.errors import ConfigError
from policies.retention_rules import RetentionRule

NULL_MASK = "null"
"""What `masks` writes for a field that is emptied."""
_MASKED = "***"
"""How a text begins that nothing but a mask writes."""


def masked_values(rule: RetentionRule, table: NamedFromClause[Any], dialect: str) -> Mapping[str, ColumnElement[Any]]:
    """What each field of a rule becomes. Raises ConfigError for a field or mask that does not fit the table."""
    keys, unique = _fixed(table) if isinstance(table, sa.Table) else (set(), set())
    found: dict[str, ColumnElement[Any]] = {}
    for name, mask in sorted(rule.masks.items()):
        if name not in table.c:
            raise _wrong(rule, name, "a field that the table does not have")
        if name in keys or (name in unique and mask != NULL_MASK):
            raise _wrong(rule, name, "a key, or a field whose values must differ")
        found[name] = _masked(rule, table, name, mask, dialect)
    return found


def _fixed(table: sa.Table) -> tuple[set[str], set[str]]:
    """The fields of keys, and those whose values must differ."""
    keys = {column.name for column in table.primary_key.columns}
    keys |= {column.name for key in table.foreign_key_constraints for column in key.columns}
    groups = [each.columns for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    groups += [each.columns for each in table.indexes if each.unique]
    return keys, {column.name for group in groups for column in group}


def undone_by_masks(rule: RetentionRule, table: NamedFromClause[Any], dialect: str) -> ColumnElement[bool]:
    """Whether a field of a row is not yet what its mask gives. Raises as `masked_values`."""
    values = masked_values(rule, table, dialect)
    return sa.or_(sa.false(), *(no(_is_done(table.c[name], value)) for name, value in values.items()))


def _is_done(field: ColumnElement[Any], value: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a field is what its mask gives."""
    return sa.or_(field.is_(None), field == value)


def _masked(rule: RetentionRule, table: NamedFromClause[Any], name: str, mask: str, dialect: str) -> ColumnElement[Any]:
    if mask != NULL_MASK and mask not in MASKS:
        raise _wrong(rule, name, "a mask that there is not", NULL_MASK + " or " + " or ".join(MASKS))
    field = table.c[name]
    made = None if mask == NULL_MASK else mask_text(mask, dialect, table.name, name, word_for(field.type))
    if made is None:
        if not field.nullable:
            raise _wrong(rule, name, "a field that may not be empty, under a mask that would empty it")
        return sa.null()
    masked = sa.literal_column(made, field.type)
    if not isinstance(field.type, sa.String):
        return masked
    stars = sa.func.substr(field, 1, len(_MASKED)) == _MASKED  # a mask over a mask would add stars, time and again
    return sa.case((stars, field), else_=masked)


def _wrong(
    rule: RetentionRule, field: str, found: str, expected: str = "a field that a mask can be put on"
) -> ConfigError:
    return ConfigError(
        f"retention.yaml, rule `{rule.id}`, masks, {field}",
        found=found,
        expected=expected,
        next_step="mend the rule; see docs/masks.md for the masks",
    )
