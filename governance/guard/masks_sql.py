"""The named masks of `governance.protect.masks` as SQL; a differential test holds the two forms equal.

Only functions that never raise inside these expressions are used, since a row that the statement hides may meet them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from governance.guard.day_masks_sql import year
from governance.guard.mask_words import Words, words_for
from governance.guard.nodes import call, case, number, text
from governance.guard.number_masks_sql import age_band, bucket, grid
from governance.protect.masks import MASKS
from governance.protect.masks.registry import BUCKETS, POSTCODES
from governance.protect.masks.texts import (
    COMPOUND_SURNAMES,
    DIGITS,
    EMAIL_STOPS,
    HAN,
    PLACE_ENDS,
    PLACE_FORMS,
    PLUS_DIGITS,
)

Form = Callable[[Words], exp.Expr]


def mask_sql(name: str, kind: str, field: str, type_: str = "string") -> exp.Expr | None:
    """The SQL of a mask over a field of the row of a type that the mask keeps; None for one that there is none of.

    NULL stays NULL, and so does what a store without strict types holds of another type.
    """
    form = _FORMS.get(name)
    if form is None or not MASKS[name].keeps(type_):
        return None
    words = words_for(kind, field, type_)
    return case([(words.is_typed(), form(words))], None)


def _redact(w: Words) -> exp.Expr:
    return w.text("***")


def _email(w: Words) -> exp.Expr:
    without = w.length(call("replace", w.value(), w.text("@"), w.text("")))
    not_one = exp.NEQ(this=without, expression=exp.Sub(this=w.length(), expression=number(1)))
    stops = [exp.GT(this=w.instr(text(stop)), expression=number(0)) for stop in EMAIL_STOPS]
    tail = call("substr", w.value(), w.instr(text("@")))
    late = exp.GTE(this=w.instr(text("@")), expression=number(3))
    return case(
        [(w.some([not_one, *stops]), w.text("***")), (late, w.joined(w.start(1), w.text("***"), tail))],
        w.joined(w.text("***"), tail.copy()),
    )


def _phone(w: Words) -> exp.Expr:
    odd_end = [w.outside(w.from_end(back), DIGITS) for back in (3, 2, 1, 0)]
    odd_start = [w.outside(w.char(place), PLUS_DIGITS) for place in (1, 2, 3)]
    return case(
        [
            (w.some([w.shorter(8), *odd_end]), w.text("****")),
            (w.some([w.shorter(11), *odd_start]), w.joined(w.text("****"), w.last4())),
        ],
        w.joined(w.start(3), w.text("****"), w.last4()),
    )


def _last4(w: Words) -> exp.Expr:
    return case([(w.shorter(8), w.text("****"))], w.joined(w.text("****"), w.last4()))


def _id_card(w: Words) -> exp.Expr:
    odd = [w.outside(w.char(place), DIGITS) for place in range(1, 7)]
    odd += [w.outside(w.from_end(back), DIGITS) for back in (3, 2, 1)]
    long = exp.GT(this=w.length(), expression=number(18))
    return case(
        [(w.some([w.shorter(15), long, *odd, w.outside(w.from_end(0), DIGITS + "Xx")]), w.text("****"))],
        w.joined(w.start(6), w.text("********"), w.last4()),
    )


def _name(w: Words) -> exp.Expr:
    compound = exp.In(this=w.by_code_points(w.start(2)), expressions=[text(each) for each in COMPOUND_SURNAMES])
    han = [
        exp.Between(this=w.by_code_points(w.start(1)), low=text(first), high=text(last)) for first, last in HAN
    ]  # fmt: skip
    space = w.instr(text(" "))
    after = call("substr", w.value(), exp.Add(this=space, expression=number(1)), number(1))
    two_words = [
        exp.GTE(this=space.copy(), expression=number(2)),
        exp.LT(this=space.copy(), expression=w.length()),
        exp.EQ(this=w.instr(after.copy(), text(" ")), expression=number(0)),
    ]
    return case(
        [
            (w.shorter(2), w.text("*")),
            (w.every([exp.Not(this=w.shorter(3)), compound]), w.joined(w.start(2), _stars(w, 3))),
            (w.some([*han]), w.joined(w.start(1), _stars(w, 2))),
            (w.every([*two_words]), w.joined(w.start(1), w.text("*** "), after, w.text("***"))),
        ],
        w.joined(w.start(1), w.text("***")),
    )


def _stars(w: Words, short: int) -> exp.Expr:
    return case([(exp.EQ(this=w.length(), expression=number(short)), w.text("*"))], w.text("**"))


def _address(w: Words) -> exp.Expr:
    def place(end: str) -> exp.Expr:
        read = w.value()
        for word, other in PLACE_FORMS:
            read = call("replace", read, w.text(word), w.text(other))
        return w.instr(text(end), read)

    branches: list[tuple[exp.Expr, exp.Expr]] = []
    for end, limit in PLACE_ENDS:
        fits: list[exp.Expr] = [
            exp.Between(this=place(end), low=number(2), high=number(limit)),
            w.some([exp.EQ(this=place("号"), expression=number(0)), exp.LT(this=place(end), expression=place("号"))]),
        ]
        kept = call("substr", w.value(), number(1), place(end))
        branches.append((w.every(fits), w.joined(kept, w.text("****"))))
    return case(branches, w.text("****"))


def _postcode(length: int) -> Form:
    def form(w: Words) -> exp.Expr:
        return case([(w.shorter(length + 2), w.text("***"))], w.joined(w.start(length), w.text("***")))

    return form


_FORMS: Mapping[str, Form] = {
    "address": _address,
    "age_band": age_band,
    "email": _email,
    "grid": grid(10),
    "grid_1": grid(1),
    "id_card": _id_card,
    "last4": _last4,
    "name": _name,
    "phone": _phone,
    "redact": _redact,
    "year": year,
    **{f"bucket_{width}": bucket(width) for width in BUCKETS},
    **{f"postcode_{length}": _postcode(length) for length in POSTCODES},
}
"""By name of the mask."""
