"""The model of a report: what is said, in no language and no format.

Text stands as vocabulary keys with values, so that one report is rendered in every language; numbers carry the ids of
their evidence. All records are frozen: equal evidence makes equal reports, and equal reports make equal bytes.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias


class Tone(enum.StrEnum):
    """How a reader should take a statement; formats may give it a colour, never a colour alone."""

    PLAIN = "plain"
    """Nothing to note."""
    GOOD = "good"
    """In order."""
    NOTE = "note"
    """Worth knowing."""
    WARN = "warn"
    """Somebody should look."""
    BAD = "bad"
    """Not in order."""
    PUBLIC = "public"
    """Sensitivity `public`."""
    INTERNAL = "internal"
    """Sensitivity `internal`."""
    CONFIDENTIAL = "confidential"
    """Sensitivity `confidential`."""
    RESTRICTED = "restricted"
    """Sensitivity `restricted`."""
    SPECIAL = "special"
    """Special kinds of data."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence or word of the vocabulary."""

    key: str
    """A key of `policies/words`, such as `scan.title`."""
    values: tuple[tuple[str, Value], ...] = ()
    """What its placeholders are filled with."""
    otherwise: str = ""
    """What is said when the vocabulary does not have the key, such as the name of a user's own entity."""


def text(key: str, **values: Value) -> Text:
    """A text of the vocabulary with its values."""
    return Text(key, tuple(sorted(values.items(), key=lambda each: each[0])))


@dataclass(frozen=True, slots=True)
class Count:
    """A number with the ids of the records that it was counted from."""

    value: int
    """How many."""
    evidence: tuple[str, ...] = ()
    """Ids of the records counted, sorted; empty when the number comes from the report's own input."""
    more: int = 0
    """Records that were counted too and are not named; then `evidence` is the first and the last, in the order of the
    ledger."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, 0 to 1, with the interval that it lies in."""

    value: float
    """The part."""
    low: float | None = None
    """Lower end of its interval; None when it is exact."""
    high: float | None = None
    """Upper end of its interval; None when it is exact."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A word with a tone, such as a sensitivity."""

    text: Text
    """The word."""
    tone: Tone
    """How to take it."""


@dataclass(frozen=True, slots=True)
class Code:
    """A technical name, shown letter by letter: a reference, a category key, a masked example."""

    text: str
    """The name."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Several values in one place."""

    items: tuple[Value, ...]
    """The values, in the order to be read."""


Value: TypeAlias = (
    "str | int | dt.datetime | dt.date | Text | Count | Share | Tag | Code | Listing | None"  # quoted: it is recursive
)
"""What a cell, a fact or a placeholder holds. `str` is a name that is shown as it stands; None reads as a dash."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement: a label and its value."""

    label: Text
    """What it is."""
    value: Value
    """How much or which."""
    tone: Tone = Tone.PLAIN
    """How to take it."""
    note: Text | None = None
    """What a reader should know beside it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A few statements side by side."""

    items: tuple[Fact, ...]
    """The statements, most important first."""
    title: Text | None = None
    """A heading over them; None where the section's own is enough."""
    block: ClassVar[str] = "facts"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    key: str
    """A short stable name for machines."""
    title: Text
    """Its heading."""
    kind: str = "text"
    """`text`, `code`, `number`, `share` (with a meter), `percent` (without), `tag` or `time`; the numeric ones align to
    the right and sort as numbers."""
    minor: bool = False
    """Whether it may be left out on a narrow screen."""
    spare: bool = False
    """Whether it may be left out on paper too, because the details below the row have it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    cells: tuple[Value, ...]
    """One value a column."""
    details: tuple[Block, ...] = ()
    """What opens when a reader asks for more."""
    facets: tuple[str, ...] = ()
    """Keys of the report's filter that the row belongs to."""
    quiet: bool = False
    """Whether short formats may leave the row out and count it instead."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns."""

    columns: tuple[Column, ...]
    """The columns, first the one that names the row."""
    rows: tuple[Row, ...]
    """The rows in the order of the report."""
    title: Text | None = None
    """What the table holds, for people who cannot see it."""
    block: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    label: Value
    """What it stands for."""
    value: int
    """How long it is."""
    tone: Tone = Tone.NOTE
    """Its colour."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers as a picture; every format also gives them as text."""

    title: Text
    """What is counted."""
    bars: tuple[Bar, ...]
    """The bars in reading order."""
    shape: str = "bars"
    """`bars` (one below the other), `stack` (parts of one bar) or `days` (columns along time)."""
    block: ClassVar[str] = "chart"


@dataclass(frozen=True, slots=True)
class Notes:
    """Sentences."""

    items: tuple[Value, ...]
    """The sentences in reading order."""
    tone: Tone = Tone.PLAIN
    """How to take them."""
    block: ClassVar[str] = "notes"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that the report could not see."""

    place: str
    """Where."""
    reason: Text | str
    """Why; a plain string when it comes from a store's own words."""


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Everything that the report could not see."""

    items: tuple[Missing, ...]
    """In the order of the places."""
    block: ClassVar[str] = "not_seen"


Block: TypeAlias = Facts | Table | Chart | Notes | NotSeen
"""A part of a section."""


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of a report."""

    id: str
    """A stable name, unique in the report, for links."""
    title: Text | str
    """Its heading; a plain string when it is the name of a thing."""
    blocks: tuple[Block, ...]
    """Its parts."""
    group: str = ""
    """The chapter heading that sections with the same group share; empty for a section of its own."""
    marks: tuple[Value, ...] = ()
    """A few words beside the heading."""
    folded: bool = False
    """Whether it may start closed."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is not in order, by when it must be, and who sees to it."""

    what: Text
    """What is to be done."""
    by: dt.date | Text
    """The day, or a word such as `now`."""
    who: Value
    """A person or a role."""
    section: str = ""
    """The id of the section that tells more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for a reader who has ten seconds."""

    tone: Tone
    """`good`, `warn` or `bad`."""
    line: Text
    """Is it in order?"""
    tasks: tuple[Task, ...] = ()
    """What is not, most urgent first."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of the filter."""

    key: str
    """As in `Row.facets`."""
    text: Text
    """Its name."""
    tone: Tone = Tone.PLAIN
    """Its colour."""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report."""

    kind: str
    """One of `audits.formats.base.ALL_REPORTS`; a format says which kinds it serves."""
    title: Text
    """Its title."""
    verdict: Verdict
    """The short answer."""
    sections: tuple[Section, ...]
    """The chapters in reading order."""
    flat: Table
    """The same statements as one table without details, for CSV."""
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """The documented machine form, plain data with a `schema` key, for JSON."""
    as_of: dt.datetime | None = None
    """The moment that the report speaks of, aware; None when its input states none."""
    zone: str = "UTC"
    """The IANA time zone in which it is written."""
    subject: str = ""
    """What it is about in the user's own name, such as a store; empty when it is about everything."""
    made_from: tuple[tuple[Text, Value], ...] = ()
    """What it was made from: packs and files with version or digest."""
    filter: tuple[Option, ...] = ()
    """The choices by which rows can be narrowed."""
    filter_title: Text = field(default_factory=lambda: text("report.filter"))
    """What the filter asks."""
    beside: tuple[tuple[Text | str, str], ...] = ()
    """Pages that lie beside this one in a site: the title of each and its relative address; for HTML."""
