"""Masks of numbers as SQL."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from governance.guard.mask_words import Words
from governance.guard.nodes import case, number, paren
from governance.protect.masks.numbers import AGE_BANDS, BUCKET_LIMIT, DEGREES, OLDEST


def bucket(width: int) -> Callable[[Words], exp.Expr]:
    """The form of a mask `bucket_N`."""

    def form(w: Words) -> exp.Expr:
        def whole() -> exp.Expr:
            return w.wide(w.raw()) if w.type == "integer" else w.floor(w.raw())

        over = exp.Mod(this=paren(whole()), expression=number(width))
        over = exp.Mod(this=paren(exp.Add(this=paren(over), expression=number(width))), expression=number(width))
        lower = exp.Sub(this=paren(whole()), expression=paren(over))
        return case([(_within(w, BUCKET_LIMIT), w.of_own_type(paren(lower)))], None)

    return form


def age_band(w: Words) -> exp.Expr:
    """The form of the mask `age_band`."""
    fits = exp.Between(this=w.raw(), low=number(0), high=number(OLDEST))
    bands: list[tuple[exp.Expr, exp.Expr]] = [
        (exp.GTE(this=w.raw(), expression=number(each)), number(each)) for each in reversed(AGE_BANDS)
    ]
    return case([(fits, case(bands, None))], None)


def grid(parts: int) -> Callable[[Words], exp.Expr]:
    """The form of the masks `grid` and `grid_1`."""

    def form(w: Words) -> exp.Expr:
        scaled = exp.Add(this=paren(exp.Mul(this=w.raw(), expression=number(parts))), expression=number(0.5))
        lines = w.of_own_type(paren(w.floor(paren(scaled))))
        as_written = {"typed": w.kind != "mysql", "safe": w.kind != "postgresql"}  # else sqlglot adds casts
        return case([(_within(w, DEGREES), exp.Div(this=paren(lines), expression=number(parts), **as_written))], None)

    return form


def _within(w: Words, limit: int) -> exp.Expr:
    return exp.Between(this=w.raw(), low=number(-limit), high=number(limit))
