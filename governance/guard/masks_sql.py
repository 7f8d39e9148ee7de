"""The named masks of `governance.protect.masks` as SQL; a differential test holds the two forms equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from governance.guard.nodes import call, case, column, joined, number, some, text
from governance.protect.masks import DIGITS, EMAIL_STOPS, PLUS_DIGITS

Value = Callable[[], exp.Expr]
_INSTR = {"sqlite": "instr", "postgresql": "strpos"}


class _Words:
    """The few functions that masks are made of, for one kind of store."""

    def __init__(self, kind: str, value: Value) -> None:
        self.value = value
        self._instr = _INSTR[kind]

    def length(self) -> exp.Expr:
        return call("length", self.value())

    def instr(self, part: exp.Expr, whole: exp.Expr | None = None) -> exp.Expr:
        return call(self._instr, whole or self.value(), part)

    def char(self, place: exp.Expr) -> exp.Expr:
        return call("substr", self.value(), place, number(1))

    def last4(self) -> exp.Expr:
        return call("substr", self.value(), exp.Sub(this=self.length(), expression=number(3)), number(4))

    def from_end(self, back: int) -> exp.Expr:
        return exp.Sub(this=self.length(), expression=number(back)) if back else self.length()


def _redact(_: _Words) -> exp.Expr:
    return text("***")


def _email(w: _Words) -> exp.Expr:
    at = text("@")
    without = call("length", call("replace", w.value(), at.copy(), text("")))
    not_one = exp.NEQ(this=without, expression=exp.Sub(this=w.length(), expression=number(1)))
    stops = [exp.GT(this=w.instr(text(stop)), expression=number(0)) for stop in EMAIL_STOPS]
    tail = call("substr", w.value(), w.instr(at.copy()))
    late = exp.GTE(this=w.instr(at.copy()), expression=number(3))
    return case(
        [
            (_or([not_one, *stops]), text("***")),
            (late, joined(call("substr", w.value(), number(1), number(1)), text("***"), tail)),
        ],
        joined(text("***"), tail.copy()),
    )


def _phone(w: _Words) -> exp.Expr:
    short = exp.LT(this=w.length(), expression=number(8))
    odd_end = [_outside(w.char(w.from_end(back)), DIGITS, w) for back in (3, 2, 1, 0)]
    odd_start = [_outside(w.char(number(place)), PLUS_DIGITS, w) for place in (1, 2, 3)]
    brief = exp.LT(this=w.length(), expression=number(11))
    return case(
        [
            (_or([short, *odd_end]), text("****")),
            (_or([brief, *odd_start]), joined(text("****"), w.last4())),
        ],
        joined(call("substr", w.value(), number(1), number(3)), text("****"), w.last4()),
    )


def _last4(w: _Words) -> exp.Expr:
    return case(
        [(exp.GTE(this=w.length(), expression=number(8)), joined(text("****"), w.last4()))],
        text("****"),
    )


def _name(w: _Words) -> exp.Expr:
    return case(
        [(exp.GTE(this=w.length(), expression=number(2)), joined(w.char(number(1)), text("*")))],
        text("*"),
    )


def _outside(char: exp.Expr, allowed: str, w: _Words) -> exp.Expr:
    return exp.EQ(this=w.instr(char, text(allowed)), expression=number(0))


def _or(parts: list[exp.Expr]) -> exp.Expr:
    whole = some(parts)
    return whole if whole is not None else exp.false()


_FORMS: Mapping[str, Callable[[_Words], exp.Expr]] = {
    "email": _email,
    "last4": _last4,
    "name": _name,
    "phone": _phone,
    "redact": _redact,
}
"""By name of the mask."""


def mask_sql(name: str, kind: str, field: str) -> exp.Expr | None:
    """The SQL of a mask over a text field of the row; None for a mask that has none. NULL stays NULL."""
    form = _FORMS.get(name)
    if form is None:
        return None
    if kind == "postgresql":
        made = form(_Words(kind, lambda: exp.cast(column(field), exp.DType.TEXT)))
        return case([(exp.Not(this=exp.Is(this=column(field), expression=exp.Null())), made)], None)
    is_text = exp.EQ(this=call("typeof", column(field)), expression=text("text"))
    return case([(is_text, form(_Words(kind, lambda: column(field))))], None)
