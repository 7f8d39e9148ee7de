"""Conditions by which a database finds candidates for an identifier; whoever reads them decides by the whole form.

A condition may admit too many rows and never too few, with what `docs/find-a-person.md` says of texts: values in ASCII
are compared without case and separators, and any field value with a character beyond ASCII is a candidate.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from governance.requests.forms import LAST_DIGITS, Form

_SEPARATORS = (" ", "-", "(", ")", ".", "/", "\t", "+")
_FULL_DIGITS = "０１２３４５６７８９"


def field_candidate(column: ColumnElement[Any], form: Form, dialect: str) -> ColumnElement[bool]:
    """Rows whose field may hold the identifier."""
    text = as_text(column)
    if form.kind == "phone":
        last = [_bare(text).contains(each[-LAST_DIGITS:], autoescape=True) for each in sorted(form.numbers)]
        return sa.or_(*last, _beyond_ascii(text, dialect))
    if form.kind in ("email", "name"):
        found = sa.func.lower(sa.func.replace(sa.func.replace(text, " ", ""), "\t", "")) == form.normal
    else:
        bare = _bare(text)
        for each in ("_", ":", ",", "#"):
            bare = sa.func.replace(bare, each, "")
        found = sa.func.upper(bare) == form.normal
    return sa.or_(found, _beyond_ascii(text, dialect))


def text_candidate(column: ColumnElement[Any], form: Form) -> ColumnElement[bool]:
    """Rows whose free text may name the identifier, the bulk of the work left to the database."""
    text = as_text(column)
    if form.kind == "phone":
        bare = _bare(text)
        last = [bare.contains(each[-LAST_DIGITS:], autoescape=True) for each in sorted(form.numbers)]
        return sa.or_(*last, *(text.contains(each) for each in _FULL_DIGITS))
    if form.kind == "email":
        wide = text.contains("＠")
        return sa.or_(sa.func.lower(text).contains(form.normal, autoescape=True), wide)
    if form.kind == "name":
        return sa.func.replace(sa.func.lower(text), " ", "").contains(form.normal, autoescape=True)
    digits = [text.contains(each) for each in _FULL_DIGITS]
    return sa.or_(sa.func.upper(_bare(text)).contains(form.normal, autoescape=True), *digits)


def as_text(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A column as text."""
    if isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum):
        return column
    return sa.cast(column, sa.String)


def _bare(text: ColumnElement[str]) -> ColumnElement[str]:
    for each in _SEPARATORS:
        text = sa.func.replace(text, each, "")
    return text


def _beyond_ascii(text: ColumnElement[str], dialect: str) -> ColumnElement[bool]:
    """Whether a text has more bytes than characters."""
    if dialect == "sqlite":
        return sa.func.length(text) != sa.func.length(sa.cast(text, sa.LargeBinary))
    if dialect == "postgresql":
        return sa.func.char_length(text) != sa.func.octet_length(text)
    return sa.func.char_length(text) != sa.func.length(text)
