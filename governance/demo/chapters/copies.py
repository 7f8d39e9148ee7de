"""Chapter: a safe copy for testers, what was left in it, and the copy after the rule was mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from governance.app import Governance
from governance.demo.stage import Line, Stage, Style, lines, table
from governance.flows.protect.copying import CopyOutcome, plan_safe_copy, run_safe_copy
from governance.writing import replace_file

TARGET = "test"
"""The store of `copies.yaml` that the copy goes to."""
_LEAKS, _MENDED = "detail: clear", 'detail: "null"'


def copies(stage: Stage) -> Iterator[Line]:
    """Copy by the project's masks.yaml, look at three people in it, mend what was left, copy again."""
    rules = stage.gov.project.policy_file("masks.yaml")
    replace_file(rules, rules.read_text(encoding="utf-8").replace(_MENDED, _LEAKS))
    config, told = stage.folder / "copies.yaml", stage.gov
    with Governance.open(config, actor=told.actor, clock=told.clock, new_id=told.new_id, env=told.project.env) as gov:
        first = _copy(gov, stage.store, rules)
        people = _people(gov)
        replace_file(rules, rules.read_text(encoding="utf-8").replace(_LEAKS, _MENDED))
        second = _copy(gov, stage.store, rules)
    yield from stage.say("copies", rows=first.job.total("done"))
    yield from table(people)
    yield Line("")
    yield from stage.say("copies_left")
    found = [(each["field"], each["detail"] or stage.word("copies_values"), each["rows"]) for each in _left(first)]
    yield from table(found, style=Style.REFUSED)
    yield from stage.say("copies_mended", line=_MENDED)
    word = "copies_residue" if second.residue else "copies_clean"
    yield from lines([stage.word(word)], style=Style.GOOD)
    yield from stage.command(f"governance --config {config.name} mask {stage.store} {TARGET} --yes")


def _copy(gov: Governance, source: str, rules: Path) -> CopyOutcome:
    return run_safe_copy(gov, plan_safe_copy(gov, source, TARGET, rules).text())


def _left(found: CopyOutcome) -> list[dict[str, int | str]]:
    left: list[dict[str, int | str]] = found.findings["residue"]
    return left


def _people(gov: Governance) -> list[tuple[object, ...]]:
    engine = sa.create_engine(gov.project.store_target(TARGET), hide_parameters=True)
    try:
        with engine.connect() as connection:
            query = "SELECT id, name, email, phone, birth_date FROM customers ORDER BY id LIMIT 3"
            return [tuple(row) for row in connection.execute(sa.text(query))]
    finally:
        engine.dispose()
