"""The few words that masks are made of in SQL, in the spelling of each kind of store."""

from __future__ import annotations

from sqlglot import exp

from governance.guard.nodes import call, case, column, every, joined, name, number, some, text

_INSTR = {"mysql": "instr", "postgresql": "strpos", "sqlite": "instr"}
_SQLITE_STORED = {
    "string": ("text",),
    "integer": ("integer",),
    "decimal": ("integer", "real"),
    "float": ("integer", "real"),
    "date": ("text",),
    "datetime": ("text",),
}
"""By type of a field: how SQLite stores the values that a mask takes. It may hold others in the same column."""


class Words:
    """Expressions over one field of the row, for PostgreSQL."""

    kind = "postgresql"

    def __init__(self, field: str, type_: str) -> None:
        self.type = type_
        """The type of the field."""
        self._field = field

    def value(self) -> exp.Expr:
        """The field; a text as type TEXT."""
        return exp.cast(self.raw(), exp.DType.TEXT) if self.type == "string" else self.raw()

    def raw(self) -> exp.Expr:
        """The field as it stands."""
        return column(self._field)

    def is_typed(self) -> exp.Expr:
        """Whether the row holds a value of the field's type."""
        return exp.Not(this=exp.Is(this=self.raw(), expression=exp.Null()))

    def text(self, value: str) -> exp.Expr:
        """A text that stays what it is beside values of the store."""
        return text(value)

    def by_code_points(self, node: exp.Expr) -> exp.Expr:
        """A text that compares by code points with constants."""
        return exp.Collate(this=node, expression=name("C"))

    def length(self, node: exp.Expr | None = None) -> exp.Expr:
        """The number of characters."""
        return call("length", node or self.value())

    def instr(self, part: exp.Expr, whole: exp.Expr | None = None) -> exp.Expr:
        """The place of the first occurrence from 1, 0 for none."""
        return call(_INSTR[self.kind], whole or self.value(), part)

    def joined(self, *parts: exp.Expr) -> exp.Expr:
        """Texts one after another."""
        return joined(*parts)

    def char(self, place: int) -> exp.Expr:
        """One character, from 1."""
        return call("substr", self.value(), number(place), number(1))

    def from_end(self, back: int) -> exp.Expr:
        """One character, counted from the last one, which is 0."""
        place = exp.Sub(this=self.length(), expression=number(back)) if back else self.length()
        return call("substr", self.value(), place, number(1))

    def start(self, count: int) -> exp.Expr:
        """The first characters."""
        return call("substr", self.value(), number(1), number(count))

    def last4(self) -> exp.Expr:
        """The last four characters of a text that has as many."""
        return call("substr", self.value(), exp.Sub(this=self.length(), expression=number(3)), number(4))

    def shorter(self, count: int) -> exp.Expr:
        """Whether it has fewer characters."""
        return exp.LT(this=self.length(), expression=number(count))

    def outside(self, char: exp.Expr, allowed: str) -> exp.Expr:
        """Whether a character is none of those allowed."""
        return exp.EQ(this=self.instr(char, self.text(allowed)), expression=number(0))

    def some(self, parts: list[exp.Expr]) -> exp.Expr:
        """Whether one holds."""
        return some(parts) or exp.false()

    def every(self, parts: list[exp.Expr]) -> exp.Expr:
        """Whether all hold."""
        return every(parts) or exp.true()

    def floor(self, node: exp.Expr) -> exp.Expr:
        """The greatest whole number that is not above a number of moderate size, as an integer."""
        return exp.cast(call("floor", node), exp.DType.BIGINT)

    def wide(self, node: exp.Expr) -> exp.Expr:
        """A whole number as one of 64 bits, so that a sum does not overflow a narrow column."""
        return exp.cast(node, exp.DType.BIGINT)

    def of_own_type(self, node: exp.Expr) -> exp.Expr:
        """A number as one of the field's type."""
        own = {"decimal": exp.DType.DECIMAL, "float": exp.DType.DOUBLE}.get(self.type)
        return exp.cast(node, own) if own else node


class SqliteWords(Words):
    """For SQLite."""

    kind = "sqlite"

    def value(self) -> exp.Expr:
        """The field."""
        return self.raw()

    def is_typed(self) -> exp.Expr:
        """Whether the row holds a value of the field's type."""
        stored = [text(each) for each in _SQLITE_STORED.get(self.type, ("text",))]
        return exp.In(this=call("typeof", self.raw()), expressions=stored)

    def by_code_points(self, node: exp.Expr) -> exp.Expr:
        """A text that compares by code points with constants."""
        return exp.Collate(this=node, expression=exp.Var(this="BINARY"))

    def floor(self, node: exp.Expr) -> exp.Expr:
        """As above; SQLite may lack the function, and a cast cuts towards zero."""
        cut = exp.cast(node, exp.DType.BIGINT)
        lower = exp.Sub(this=cut.copy(), expression=number(1))
        return case([(exp.LT(this=exp.Paren(this=node.copy()), expression=cut.copy()), lower)], cut)

    def wide(self, node: exp.Expr) -> exp.Expr:
        """A whole number, which always has 64 bits."""
        return node

    def of_own_type(self, node: exp.Expr) -> exp.Expr:
        """A number as one of the field's type; SQLite has no decimals."""
        return exp.cast(node, exp.DType.DOUBLE) if self.type != "integer" else node


class MysqlWords(Words):
    """For MySQL and MariaDB, where LENGTH counts bytes, `||` may be OR, and a column may fold case and accents."""

    kind = "mysql"

    def value(self) -> exp.Expr:
        """The field; a text in Unicode, compared by code points."""
        return self._unicode(self.raw()) if self.type == "string" else self.raw()

    def text(self, value: str) -> exp.Expr:
        """A text compared by code points."""
        return self._unicode(text(value))

    def by_code_points(self, node: exp.Expr) -> exp.Expr:
        """A text that compares by code points with constants."""
        return node

    def length(self, node: exp.Expr | None = None) -> exp.Expr:
        """The number of characters."""
        return call("char_length", node or self.value())

    def joined(self, *parts: exp.Expr) -> exp.Expr:
        """Texts one after another."""
        return call("concat", *parts)

    def floor(self, node: exp.Expr) -> exp.Expr:
        """As above, of the kind of number that it is taken of."""
        return call("floor", node)

    def wide(self, node: exp.Expr) -> exp.Expr:
        """A whole number, which is calculated with in 64 bits."""
        return node

    def of_own_type(self, node: exp.Expr) -> exp.Expr:
        """A number as one of the field's type."""
        return node

    def _unicode(self, node: exp.Expr) -> exp.Expr:
        unicode = exp.DataType(this=exp.DType.CHARACTER_SET, kind=exp.Var(this="utf8mb4"))
        return exp.Collate(this=exp.Cast(this=node, to=unicode), expression=exp.Var(this="utf8mb4_bin"))


_KINDS: dict[str, type[Words]] = {each.kind: each for each in (Words, SqliteWords, MysqlWords)}


def words_for(kind: str, field: str, type_: str) -> Words:
    """The words of a kind of store over a field of a type."""
    return _KINDS[kind](field, type_)
