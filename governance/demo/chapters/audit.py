"""Chapter: the officer's reports, each number with the ids of its evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from audits.report import Report
from governance.demo.stage import Line, Stage, table


def audit(stage: Stage, access: Report) -> Iterator[Line]:
    """The verdict of the access report, and who used what for which purpose."""
    totals: Mapping[str, Any] = access.data["totals"]
    yield from stage.say("audit", uses=totals["uses"]["value"], refused=totals["refused"]["value"])
    people = access.data["by_person"]
    names = access.data["names"]
    rows: Counter[tuple[str, str]] = Counter()
    uses: Counter[tuple[str, str]] = Counter()
    for each in people:
        key = (names.get(each["principal"], each["principal"]), each["purpose"])
        rows[key] += each["rows"]["value"]
        uses[key] += each["uses"]["value"]
    yield from table(
        [
            (who, purpose, stage.word("audit_uses", uses=count), stage.word("audit_rows", rows=rows[who, purpose]))
            for (who, purpose), count in sorted(uses.items(), key=lambda each: (-each[1], each[0]))
            if who != "None"
        ]
    )
    one = totals["refused"]["evidence"][-1:]
    yield from stage.say("audit_evidence", id="".join(one))
    yield from stage.command("governance audit access --format html --output access.html")
