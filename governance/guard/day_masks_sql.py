"""The mask `year` as SQL, over dates, times and texts."""

from __future__ import annotations

from sqlglot import exp

from governance.guard.mask_words import Words
from governance.guard.nodes import call, case, number, text
from governance.protect.masks.texts import DIGITS

_TYPES = {"date": exp.DType.DATE, "datetime": exp.DType.TIMESTAMP}
_MYSQL_TYPES = {"date": exp.DType.DATE, "datetime": exp.DType.DATETIME}
_FIRST, _LAST = "0001-01-01", "9999-12-31"


def year(w: Words) -> exp.Expr:
    """The form of the mask `year`."""
    if w.type == "string":
        return _of_text(w)
    return {"sqlite": _of_iso_text, "mysql": _of_mysql}.get(w.kind, _of_date)(w)


def _of_text(w: Words) -> exp.Expr:
    odd = [w.outside(w.char(place), DIGITS) for place in (1, 2, 3, 4)]
    longer = exp.NEQ(this=w.length(), expression=number(4))
    stop = exp.And(this=longer, expression=exp.Paren(this=w.outside(w.char(5), "-/.年")))
    return case([(w.some([w.shorter(4), *odd, stop]), w.text("****"))], w.start(4))


def _of_iso_text(w: Words) -> exp.Expr:
    """SQLite keeps dates and times as text."""
    digits = [w.outside(w.char(place), DIGITS) for place in (1, 2, 3, 4, 6, 7, 9, 10)]
    dashes = [w.outside(w.char(place), "-") for place in (5, 8)]
    rest = "-01-01" if w.type == "date" else "-01-01 00:00:00.000000"
    return case([(w.some([w.shorter(10), *digits, *dashes]), exp.Null())], w.joined(w.start(4), text(rest)))


def _of_date(w: Words) -> exp.Expr:
    own = _TYPES[w.type]
    first, last = (exp.cast(text(each), own) for each in (_FIRST, _LAST + " 23:59:59.999999"))
    moment = exp.cast(w.raw(), exp.DType.TIMESTAMP) if w.type == "date" else w.raw()
    start = call("date_trunc", text("year"), moment)
    made = exp.cast(start, own) if w.type == "date" else start
    return case([(exp.Between(this=w.raw(), low=first, high=last), made)], None)


def _of_mysql(w: Words) -> exp.Expr:
    own = _MYSQL_TYPES[w.type]
    first, last = (exp.cast(text(each), exp.DType.DATETIME) for each in (_FIRST, _LAST + " 23:59:59"))
    year_ = call("lpad", call("year", w.raw()), number(4), text("0"))
    made = exp.cast(call("concat", year_, text("-01-01")), own)
    return case([(exp.Between(this=w.raw(), low=first, high=last), made)], None)
