"""Keep the numbers of a run, and set those of the next one beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Engine, insert, select

from governance.quality.result import Measure
from governance.quality.tables import MEASURES, RUNS
from governance.records.transactions import reading, writing

Before = dict[tuple[str, str], tuple[int, int]]
"""By place and dimension, looked at and faulty."""


def last_run(records: Engine, store: str) -> tuple[str | None, Before]:
    """When the last run over a store was made, and its numbers; None and nothing when there was none."""
    newest = select(RUNS).where(RUNS.c.store == store).order_by(RUNS.c.time.desc(), RUNS.c.id.desc()).limit(1)
    with reading(records) as connection:
        run = connection.execute(newest).one_or_none()
        if run is None:
            return None, {}
        rows = connection.execute(select(MEASURES).where(MEASURES.c.run == run.id))
        return run.time, {(row.place, row.dimension): (row.checked, row.faulty) for row in rows}


def compared(measures: Iterable[Measure], before: Before) -> tuple[Measure, ...]:
    """Measures with what was measured last at the same place."""
    return tuple(replace(each, before=before.get((each.place, each.dimension))) for each in measures)


def keep_run(records: Engine, run: str, store: str, time: str, decision: str, measures: Iterable[Measure]) -> None:
    """Write the numbers of a run over one store; `time` is as events write it."""
    rows = [
        {"run": run, "place": each.place, "dimension": each.dimension, "checked": each.checked, "faulty": each.faulty}
        for each in measures
    ]
    with writing(records) as connection:
        connection.execute(insert(RUNS).values(id=run, store=store, time=time, decision=decision))
        if rows:
            connection.execute(insert(MEASURES), rows)
