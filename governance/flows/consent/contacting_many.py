"""Ask of many people at once whether they may be contacted: columns in, columns out, in their order and flat memory."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from governance.consent import event_log
from governance.consent.asking_again import moment
from governance.consent.events import EVERY, ConsentEvent
from governance.consent.judgement import Judgement
from governance.flows.consent.contacting import UNKNOWN_FACTS, Desk, Facts
from policies.errors import BadInputError

if TYPE_CHECKING:
    from governance.app import Governance

COLUMNS = ("subject", "law", "age", "country")
"""The columns that a bulk question takes; all but the first may be missing."""
ANSWER = pa.schema(
    [
        ("allowed", pa.bool_()),
        ("state", pa.string()),
        ("rule", pa.string()),
        ("until", pa.timestamp("us", tz="UTC")),
    ]
)
"""The columns of a bulk answer."""
_PAGE = 10_000


class _Answer(NamedTuple):
    allowed: bool
    state: str
    rule: str
    until: dt.datetime | None

    @classmethod
    def of(cls, found: Judgement) -> _Answer:
        return cls(found.allowed, found.state, found.reasons[0].rule, moment(found.until))


def may_contact_many(
    gov: Governance,
    subjects: pa.Table | pa.RecordBatch | Sequence[str],
    purpose: str,
    channel: str = EVERY,
    known: Facts = UNKNOWN_FACTS,
) -> pa.Table:
    """The same of many people: columns `allowed`, `state`, `rule` (the first that decides) and `until`, in their order.

    `subjects` are internal subject keys, or a table with the columns `subject` and, where known, `law`, `age` and
    `country`; what a row leaves out is taken from `known`. Side effect: one event with counts in the ledger. Raises as
    `may_contact`, and BadInputError for a table of another form.
    """
    desk = Desk(gov, purpose, channel)
    tally: Counter[str] = Counter()
    batches = list(_answers(desk, _pages(subjects), known, tally))
    allowed, asked = tally.pop("", 0), sum(tally.values())
    desk.record(tuple(sorted(tally)), {}, {"asked": asked + allowed, "allowed": allowed}, allowed=allowed > 0)
    return pa.Table.from_batches(batches, ANSWER)


def _answers(
    desk: Desk, pages: Iterable[pa.RecordBatch], known: Facts, tally: Counter[str]
) -> Iterator[pa.RecordBatch]:
    seen: dict[object, _Answer] = {}
    for page in pages:
        _check_keys(page.column("subject"))
        found = [each for small in _slices(page) for each in _page(desk, small, known, seen)]
        tally.update("" if each.allowed else each.rule for each in found)
        yield pa.record_batch(
            [
                pa.array([each.allowed for each in found], pa.bool_()),
                pa.array([each.state for each in found], pa.string()),
                pa.array([each.rule for each in found], pa.string()),
                pa.array([each.until for each in found], ANSWER.field("until").type),
            ],
            schema=ANSWER,
        )


def _page(desk: Desk, page: pa.RecordBatch, known: Facts, seen: dict[object, _Answer]) -> Iterator[_Answer]:
    refs = [desk.reference(key) for key in page.column("subject").to_pylist()]
    events = desk.events(tuple(set(refs)))
    for ref, facts in zip(refs, _facts(page, known), strict=True):
        yield _answer(desk, facts, events[ref], seen)


def _answer(desk: Desk, facts: Facts, events: list[ConsentEvent], seen: dict[object, _Answer]) -> _Answer:
    """The answer for one person, computed once for all of whom the same was told in the same order, without an end."""
    if any(each.duration for each in events):
        return _Answer.of(desk.judge(facts, events))
    told = (facts, *(_told(each) for each in events))
    if told not in seen:
        if len(seen) >= _PAGE:
            seen.clear()
        seen[told] = _Answer.of(desk.judge(facts, events))
    return seen[told]


def _told(event: ConsentEvent) -> tuple[object, ...]:
    """All of an event that a judgement can depend on, but for its moment, of which the order is enough."""
    return (
        event.purpose,
        event.channel,
        event.kind,
        event.form,
        event.jurisdiction,
        event.categories,
        bool(event.guardian_ref),
        event.snapshot,
    )


def _facts(page: pa.RecordBatch, known: Facts) -> Iterator[Facts]:
    names = [name for name in COLUMNS[1:] if name in page.schema.names]
    if not names:
        yield from (known for _ in range(page.num_rows))
        return
    seen: dict[tuple[object, ...], Facts] = {}
    for told in zip(*(page.column(name).to_pylist() for name in names), strict=True):
        if told not in seen:
            stated = {name: value for name, value in zip(names, told, strict=True) if value is not None}
            base = {"law": known.law, "age": known.age, "country": known.country, "categories": known.categories}
            seen[told] = Facts(**{**base, **stated})
        yield seen[told]


def _pages(subjects: pa.Table | pa.RecordBatch | Sequence[str]) -> Iterator[pa.RecordBatch]:
    if isinstance(subjects, pa.RecordBatch):
        subjects = pa.Table.from_batches([subjects])
    if isinstance(subjects, pa.Table):
        _check(subjects.schema)
        yield from subjects.to_batches(_PAGE)
        return
    for start in range(0, len(subjects), _PAGE):
        yield pa.record_batch([pa.array(subjects[start : start + _PAGE], pa.string())], names=["subject"])


def _slices(page: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, page.num_rows, event_log.PAGE):
        yield page.slice(start, event_log.PAGE)


def _check_keys(keys: pa.Array) -> None:
    if keys.null_count:
        raise BadInputError(
            "subjects",
            found=f"{keys.null_count} rows without a key",
            expected="the internal subject key of each person",
            next_step="leave out rows that are about nobody",
        )


def _check(schema: pa.Schema) -> None:
    kinds = {"subject": pa.types.is_string, "law": pa.types.is_string, "country": pa.types.is_string}
    kinds["age"] = pa.types.is_integer
    wrong = [name for name in COLUMNS if name in schema.names and not kinds[name](schema.field(name).type)]
    if "subject" not in schema.names or set(schema.names) - set(COLUMNS) or wrong:
        raise BadInputError(
            "subjects",
            found="a table of other columns",
            expected="a text column `subject` and, where known, texts `law` and `country` and a whole number `age`",
            next_step="select and cast these columns",
        )
