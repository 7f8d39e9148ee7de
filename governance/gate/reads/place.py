"""Where a statement stands and in which dialect it is read: what every change of it shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from governance.gate.changes import ChangeKind, Reading, SchemaChange, Unread
from governance.gate.reads.names import line_of, name_of, table_name


@dataclass(frozen=True, slots=True)
class At:
    """The place of one statement."""

    dialect: str
    """The dialect, by the parser's name."""
    file: str
    """The migration, as a path with `/`."""
    line: int
    """The line on which the statement begins, from 1."""

    def change(self, kind: ChangeKind, dataset: str, field: str = "", **more: Any) -> SchemaChange:
        """A change at this place; `more` are further parts of a SchemaChange."""
        return SchemaChange(kind, dataset, field, self.file, more.pop("line", self.line), **more)

    def said(self, kind: ChangeKind, dataset: str, field: str = "", **more: Any) -> Reading:
        """A reading with that one change."""
        return Reading((self.change(kind, dataset, field, **more),))

    def unread(self, what: str, detail: str = "", *, grave: bool = True) -> Reading:
        """A reading that says that something here was not understood."""
        return Reading(unread=(Unread(self.file, self.line, what, detail, grave=grave),))

    def further(self, lines: int) -> At:
        """The place some lines further on."""
        return replace(self, line=self.line + lines)

    def name(self, identifier: exp.Expr) -> str:
        """An identifier as the database keeps it."""
        return name_of(identifier, self.dialect)

    def table(self, table: exp.Table) -> str:
        """A table as policies name it."""
        return table_name(table, self.dialect)

    def line_of(self, identifier: exp.Expr) -> int:
        """The line on which an identifier stands."""
        return line_of(identifier, self.line)
