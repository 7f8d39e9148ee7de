"""Do-not-contact lists: people who object, one a line, as text or as CSV with `key`, `channel` and `time`.

Each person on the list objects to each purpose that the caller names. A line without a time tells of the same objection
however often it is read, so a list that is sent every month changes nothing for those who were on it before, and does
not undo what they agreed to since; a line with a later time is a new objection.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from governance.consent.events import EVERY, Circumstances, ConsentKind
from governance.consent.intake.entry import Entry, Fault, refuse
from governance.consent.intake.fields import moment, typed_key
from governance.consent.intake.lines import LONGEST_BYTES, Line, lines_of
from governance.consent.intake.readers import Told
from policies.errors import BadInputError, ConfigError

COLUMNS = ("key", "channel", "time")
"""What a CSV list may have; `key` it must have."""
METHOD = "do_not_contact_list"
"""How the objection was told."""


@dataclass(frozen=True, slots=True)
class ContactList:
    """What the caller says of a list."""

    purposes: tuple[str, ...]
    """To what the people object."""
    channel: str = EVERY
    """On which channel, where a line does not say."""
    store: str = ""
    """The store whose keys they are; empty for internal keys."""
    jurisdiction: str = ""
    """The law that holds for these people; empty when unknown."""


def read_list(path: Path, about: ContactList) -> Iterator[Told]:
    """What each line of a list tells, in order. Raises ConfigError for a CSV without a column `key`."""
    plain = path.suffix.lower() != ".csv"
    columns: Sequence[str] | None = ("key",) if plain else None
    for line in lines_of(path):
        if columns is None:
            columns = _header(path, line)
            continue
        yield _told(line, columns, about, plain=plain)


def _told(line: Line, columns: Sequence[str], about: ContactList, *, plain: bool) -> Told:
    try:
        if line.text is None:
            refuse("line", f"no UTF-8, or more than {LONGEST_BYTES} bytes", "one key in UTF-8")
        cells = [line.text.strip()] if plain else _cells(line.text, len(columns))
        entries = tuple(_entries(dict(zip(columns, cells, strict=True)), about))
        return Told(line.number, entries, None, line.read_bytes)
    except BadInputError as cause:
        return Told(line.number, (), Fault.of(line.number, cause), line.read_bytes)


def _entries(told: dict[str, str], about: ContactList) -> Iterator[Entry]:
    if not told["key"]:
        refuse("key", "nothing", "a key")
    time = told.get("time", "")
    how = Circumstances(method=METHOD, jurisdiction=about.jurisdiction, valid_time=moment(time) if time else None)
    key = str(typed_key(told["key"])) if about.store else told["key"]
    for purpose in about.purposes:
        yield Entry(
            key=key,
            store=about.store,
            purpose=purpose,
            channel=told.get("channel") or about.channel,
            kind=ConsentKind.OBJECTED,
            how=how,
        )


def _header(path: Path, line: Line) -> tuple[str, ...]:
    columns = tuple(next(csv.reader([line.text or ""]), []))
    if "key" not in columns or not set(columns) <= set(COLUMNS) or len(set(columns)) != len(columns):
        raise ConfigError(
            f"{path}:1",
            found=f"a header of {len(columns)} columns",
            expected="the columns key, and where they are told channel and time, once each",
            next_step="mend the first line, or name the file .txt when it holds keys alone",
        )
    return columns


def _cells(text: str, count: int) -> list[str]:
    try:
        (cells,) = csv.reader([text], strict=True)
    except csv.Error:
        refuse("line", "text that is no CSV", "one key a line")
    if len(cells) != count:
        refuse("line", f"{len(cells)} cells", f"{count}, as the header has")
    return cells
