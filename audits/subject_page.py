"""The page that a person is given who asks for their data: pure, one self-contained file that opens no network.

It is the only page of this distribution that holds values of a person; they come in with the facts and hide in reprs.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

import jinja2

from audits.formats.widths import printable
from audits.speaking import Speaker

ROWS_SHOWN = 100
"""So many records of a dataset stand in the page; all are in its file."""


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One field of the person's records."""

    name: str
    """Its name."""
    category: str
    """Its category."""
    source: str | None
    """Where its values come from; `subject` for the person, None where nobody recorded it."""


@dataclass(frozen=True, slots=True)
class PurposeFact:
    """One purpose that uses records."""

    name: str
    """Its id, or what it means where `purposes.yaml` says so."""
    basis: Mapping[str, str]
    """Law to lawful basis."""


@dataclass(frozen=True, slots=True)
class RetentionFact:
    """One rule on how long records are kept."""

    kind: str
    """`limit` or `duty`."""
    period: str
    """An ISO 8601 duration."""
    basis: str
    """On what ground."""
    until: dt.date | None
    """The last day of the period of the latest record; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class DatasetFact:
    """What is told of the records of one dataset."""

    name: str
    """The dataset."""
    count: int
    """How many records of the person it has in the package."""
    file: str
    """The name of the file that has all of them."""
    fields: tuple[FieldFact, ...]
    """In the order of the file."""
    purposes: tuple[PurposeFact, ...]
    """What uses them."""
    retention: tuple[RetentionFact, ...]
    """How long they are kept."""
    verdicts: Mapping[str, int]
    """What the rules say of them today: `due`, `kept`, `not_due`, to how many; empty where nobody asked."""
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    """The first records, as texts."""
    linked: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)
    """What hangs on the records in a CRM: kind, name and time of each, as texts; the first of them."""


@dataclass(frozen=True, slots=True)
class RecipientFact:
    """Somebody who receives the data."""

    name: str
    """Who."""
    country: str
    """Where; empty where it is not recorded."""
    ground: str
    """By which contract or safeguard; empty where it is not recorded."""


@dataclass(frozen=True, slots=True)
class AutomatedFact:
    """One procedure by which a machine decides with the person's records."""

    name: str
    """Its name."""
    purpose: str
    """The purpose that it serves, in words where `purposes.yaml` has them."""
    effect: str
    """`none`, `legal` or `significant`."""
    logic: str
    """How it decides, in words; empty once they are erased."""
    reviewed: bool
    """Whether a person reviews a decision when asked to."""
    opt_out: bool
    """Whether the person can refuse it."""


@dataclass(frozen=True, slots=True)
class LawFact:
    """What one law demands, and whether the package tells it."""

    law: str
    """The law."""
    items: tuple[tuple[str, str, bool], ...]
    """Item, article, and whether it is told."""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """All that the page tells."""

    as_of: dt.datetime
    """When the records were read."""
    controller: str
    """Who is responsible; empty where it is not recorded."""
    authority: str
    """The authority to complain to; empty where it is not recorded."""
    rights: str
    """Where and how rights are exercised; empty where it is not recorded."""
    laws: tuple[LawFact, ...]
    """What the laws demand."""
    datasets: tuple[DatasetFact, ...]
    """In the order of the catalog."""
    recipients: tuple[RecipientFact, ...]
    """Who receives the data; empty where it is not recorded."""
    redacted: int
    """How many mentions of others were taken out of texts."""
    third_fields: int
    """How many fields about others were left out."""
    mentions: int
    """How many records of others mention the person."""
    left_out: tuple[tuple[str, str], ...]
    """What is missing: place, and a key `reason_KEY` of the words."""
    automated: tuple[AutomatedFact, ...] = ()
    """Procedures that decide about people and read datasets in which the person has records."""


def subject_page(facts: PackageFacts, speaker: Speaker) -> Iterator[str]:
    """The page in the speaker's language, part by part; the same facts give the same text."""
    words = speaker.words

    def word(key: str, /, **values: object) -> str:
        said = {name: speaker.number(each) if type(each) is int else each for name, each in values.items()}
        one = f"subject.{key}_one"
        return words.say(one if values.get("count") == 1 and words.has(one) else f"subject.{key}", **said)

    page = _environment().get_template("subject.html.j2")
    yield from page.generate(
        facts=facts,
        lang=speaker.lang,
        word=word,
        day=speaker.say,
        moment=speaker.moment,
        category=lambda key: words.say(f"category.{key}") if words.has(f"category.{key}") else key,
        law=lambda name: words.say(f"report.law_{name}") if words.has(f"report.law_{name}") else name.upper(),
        period=lambda text: "".join(_period(text, word)) or text,
        printable=printable,
    )


def _period(text: str, word: Callable[..., str]) -> Iterator[str]:
    """An ISO 8601 duration in words; nothing for one of another form."""
    parts = re.findall(r"(\d+)([YMWD])", text)
    for place, (count, unit) in enumerate(parts):
        yield (word("period_between") if place else "") + word(f"period_{unit.lower()}", count=int(count))


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("audits.formats", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
