"""Chapter, second part: a column is encrypted in place under its persons' keys, and one of these is destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from governance.demo.stage import Line, Stage, lines, table
from governance.flows.protect.converting import plan_encryption, run_conversion
from governance.flows.protect.keeping_keys import destroy_subjects
from governance.protect.encrypted_type import Plain
from policies.nouns import FieldRef

_NUMBERS = FieldRef("crm", "clinic_visits", "medical_record_no")
_NEWEST = "SELECT id, customer_id, medical_record_no FROM clinic_visits ORDER BY id DESC LIMIT 40"


def convert(stage: Stage) -> Iterator[Line]:
    """Planned, carried out, looked at raw and through the guard; then one person's key is destroyed."""
    yield Line("")
    entry = stage.gov.catalog.field(_NUMBERS)
    if entry is None or not entry.encrypted:
        yield from _encrypt(stage)
    else:
        yield from stage.say("protect_converted_before", field=_NUMBERS)
    yield from _destroy(stage)
    yield from stage.command("governance protect status crm")


def _encrypt(stage: Stage) -> Iterator[Line]:
    words = stage.speaker.words
    yield from stage.say("protect_existing", field=_NUMBERS)
    visit, _, number = next(row for row in _seen(stage) if row[2] is not None)
    raw = stage.word("protect_raw")
    before = (raw, _raw(stage, visit))
    plan = plan_encryption(stage.gov, _NUMBERS, scope="subject")
    yield from lines(words.say(f"convert.{each.reason}", rows=stage.number(each.rows)) for each in plan.lines)
    run_conversion(stage.gov, plan.text())
    after = next(row[2] for row in _seen(stage) if row[0] == visit)
    yield from stage.say("protect_converted")
    nurse = stage.word("protect_nurse")
    yield from table([before, (nurse, number), (raw, _raw(stage, visit)), (nurse, after)])


def _destroy(stage: Stage) -> Iterator[Line]:
    """Destroy the key of the newest patient who still has one."""
    visit, person, number = next(row for row in _seen(stage) if row[2] is not None)
    [gone] = destroy_subjects(stage.gov, stage.store, [str(person)])
    after = next(row[2] for row in _seen(stage) if row[0] == visit)
    yield Line("")
    yield from stage.say("protect_destroyed", person=person, day=gone.backups_end)
    nurse = stage.word("protect_nurse")
    yield from table([(nurse, number), (nurse, after), (stage.word("protect_raw"), _raw(stage, visit))])


def _seen(stage: Stage) -> list[tuple[Any, ...]]:
    """What the nurse reads through the guard: visit, customer, number of the medical record."""
    _, rows = stage.ask("mei", "care", _NEWEST)
    return [tuple(cell.value if isinstance(cell, Plain) else cell for cell in row) for row in rows]


def _raw(stage: Stage, visit: int) -> str:
    """The cell as the database has it."""
    engine = sa.create_engine(stage.gov.project.store_target(stage.store), hide_parameters=True)
    query = sa.text("SELECT medical_record_no FROM clinic_visits WHERE id = :id")
    with engine.connect() as connection:
        cell = connection.execute(query, {"id": visit}).scalar_one()
    engine.dispose()
    if not isinstance(cell, bytes):
        return str(cell)
    return f"{cell[:12].hex(' ')} … {stage.word('protect_bytes', count=len(cell))}"
