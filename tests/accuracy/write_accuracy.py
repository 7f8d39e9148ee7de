"""Write `docs/accuracy.md`: spans and columns measured on the sets of the measuring folder.

Run by `make accuracy`; where the folder is absent it says so and stops. Takes about ten minutes: large sets are sampled
by the hashes of their rows, so that every run takes the same ones. `--columns` renews only that part of
the page, which takes three.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import columns
import spans
from span_labels import SETS
from span_systems import PRESIDIO_THRESHOLD, SMALL_MODEL, SYSTEMS

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
LIMIT = 1_000
PROCESSES = 4
FEWEST = 5
"""Entities with fewer labelled spans in a half are counted in the total only."""
HEAD = f"""# Accuracy

<!-- Written by tests/accuracy/write_accuracy.py; run `make accuracy` to renew it. -->

How right the findings are, measured on labelled sets that are no part of this project, beside Presidio on the same
texts in the same run. Every set is split in two by the hash of its row's group, table or id. Rules were written and
numbers fitted with the *tuned* half in sight; the *untouched* half was only ever scored: read that one.

- **P, R, F**: precision, recall and their harmonic mean, in percent. A span is right when it begins and ends where the
  label does; *overlap* asks only for half of the characters that both cover together.
- **Systems**: `ours` finds by rules and word lists alone; `ours+nlp` adds the models of the extra `nlp`; `presidio` is
  its analyzer for English without a model, `presidio+small` with the small English spaCy model ({SMALL_MODEL}).
  Presidio's hits under {PRESIDIO_THRESHOLD} are left out: without a threshold its precision is far lower.
- At most {LIMIT:,} texts of each half of a set, chosen by hash. Entities with fewer than {FEWEST} labelled spans in a
  half stand in the total only.
- *{spans.WHOLE}*: some sets label the pieces of one address (house, street, town, postcode) one by one. Here pieces and
  places that follow one another, also over the marks of quoted lines, count as one span, labelled or found; it is in
  no total.
- Measured on {{machine}}. CPU seconds are for the whole half, start of the models left out.
"""


COLUMNS, MAPS = "## Columns", "## How labels were mapped"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description="Write docs/accuracy.md.")
    parser.add_argument("--columns", action="store_true", help="renew only the part of the columns")
    asked = parser.parse_args(arguments)
    if not spans.FOLDER.is_dir():
        print("the measuring data is not on this machine; docs/accuracy.md stays as it is", file=sys.stderr)
        return 0
    if asked.columns:
        before, rest = PAGE.read_text(encoding="utf-8").split(COLUMNS, 1)
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            measured = [each for half in pool.map(_half, columns.HALVES) for each in half]
        renewed = "\n".join(_columns(measured))
        PAGE.write_text(f"{before}{renewed}\n{MAPS}{rest.split(MAPS, 1)[1]}", encoding="utf-8")
        return 0
    rows, measured = _measured()
    machine = f"{platform.machine()}, Python {platform.python_version()}, one process for a system"
    parts = [HEAD.replace("{machine}", machine), *_texts(rows), *_columns(measured), *_maps()]
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    return 0


def _measured() -> tuple[list[spans.Row], list[columns.Measured]]:
    """Texts and columns, measured by a few processes; all systems read a set in the same one."""
    order = list(SETS)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        halves = [pool.submit(_half, half) for half in columns.HALVES]
        groups = [pool.submit(_group, names) for names in (order[0::2], order[1::2])]
        rows = sorted((row for each in groups for row in each.result()), key=lambda row: order.index(row.set))
        measured = [each for half in halves for each in half.result()]
    return rows, measured


def _half(half: str) -> list[columns.Measured]:
    return list(columns.measured((half,)))


def _group(names: Sequence[str]) -> list[spans.Row]:
    return spans.measure(names, limit=LIMIT)


def _texts(rows: Sequence[spans.Row]) -> Iterator[str]:
    yield "## Texts: names, all systems\n"
    yield "Exact F, and F by overlap in brackets, of the untouched and the tuned half.\n"
    names = list(dict.fromkeys(row.set for row in rows))
    for entity in ("PERSON", "ADDRESS", spans.WHOLE, "LOCATION", "ORGANIZATION"):
        lines = [[name, *_cells(rows, name, entity)] for name in names if _has(rows, name, entity)]
        heads = [f"{system}, {part}" for part in ("untouched", "tuned") for system in SYSTEMS]
        yield f"### {entity}\n\n" + _table(["set", *heads], lines)
    for name in names:
        yield f"## Texts: {name}\n\n" + _table(
            ["entity", "system", "part", "labelled", "found", "P", "R", "F", "P overlap", "R overlap", "F overlap"],
            [_line(row) for row in _ordered(row for row in rows if row.set == name and _shown(row))],
        )
    yield "## Texts: CPU seconds\n\n" + _table(
        ["set", "part", "texts", *SYSTEMS],
        [
            [name, part, f"{one[0].texts:,}", *(f"{row.cpu_seconds:.1f}" for row in one)]
            for name in names
            for part in spans.PARTS
            if (one := [row for row in rows if (row.set, row.part, row.entity) == (name, part, "*")])
        ],
    )


def _has(rows: Iterable[spans.Row], name: str, entity: str) -> bool:
    return any(row.set == name and row.entity == entity and row.labelled >= FEWEST for row in rows)


def _cells(rows: Sequence[spans.Row], name: str, entity: str) -> Iterator[str]:
    for part in ("untouched", "tuned"):
        for system in SYSTEMS:
            one = [row for row in rows if (row.set, row.part, row.system, row.entity) == (name, part, system, entity)]
            yield f"{_percent(one[0].rates(exact=True)[2])} ({_percent(one[0].rates(exact=False)[2])})" if one else "–"


def _shown(row: spans.Row) -> bool:
    return row.entity == "*" or row.labelled >= FEWEST


def _ordered(rows: Iterable[spans.Row]) -> list[spans.Row]:
    systems = list(SYSTEMS)
    return sorted(rows, key=lambda row: (row.entity, -spans.PARTS.index(row.part), systems.index(row.system)))


def _line(row: spans.Row) -> list[str]:
    rates = [_percent(each) for exact in (True, False) for each in row.rates(exact=exact)]
    entity = "all" if row.entity == "*" else row.entity
    return [entity, row.system, row.part, str(row.labelled), str(row.found), *rates]


def _columns(measured: Sequence[columns.Measured]) -> Iterator[str]:
    yield (
        f"{COLUMNS}\n\nEvery table is scanned as a whole, with its real names, with neutral ones (`c1`, `c2`, ...), "
        "with names shuffled among columns of other kinds, and with names only. *False labels* are harmless columns "
        "with a label; *gaps* are those of them that the set itself labels so in another table, by the same name or by "
        "at least half of the values, so that the rest is the error; *unjudged* ones have a label that the set has no "
        "word for.\n"
    )
    yield _table(
        ["set", "view", "half", "labels", "columns", "P", "R", "F", "harmless", "false labels", "gaps", "unjudged"],
        [_column_line(row) for each in measured for row in each.rows() if row.kind == columns.ALL],
    )
    yield (
        "### Reliability\n\nOf the labels given with a confidence, how many are right; disputed labels count.\n\n"
        + _table(
            ["view", "half", "confidence", "labels", "right", "share right", "mean confidence"],
            [_bin(one) for each in measured if each.data == "semantic_types" for one in each.bins() if one.labels],
        )
    )


def _column_line(row: columns.Row) -> list[str]:
    rates = [_percent(each) for each in (row.precision, row.recall, row.f1)]
    kind = "with disputed" if row.disputed else "undisputed"
    counts = [str(row.harmless), str(row.harmless_labelled), str(row.harmless_gaps), str(row.harmless_unjudged)]
    return [row.data, row.view, row.half, kind, str(row.wanted), *rates, *counts]


def _bin(each: columns.Bin) -> list[str]:
    span = f"{each.low:.2f} to {each.high:.2f}"
    counts = [str(each.labels), str(each.right), _percent(each.right / each.labels)]
    return [each.view, each.half, span, *counts, _percent(each.confidence)]


def _maps() -> Iterator[str]:
    yield f"{MAPS}\n\nOther labels are not scored; a finding of ours on them is no error.\n"
    for name, how in SETS.items():
        pairs = ", ".join(f"`{theirs}` → {ours}" for theirs, ours in sorted(how.labels.items()) if theirs != ours)
        same = ", ".join(sorted(ours for theirs, ours in how.labels.items() if theirs == ours))
        also = ", ".join(
            f"{ours} ({', '.join(accepted)})" for ours, accepted in sorted(how.accepted.items()) if accepted != (ours,)
        )
        yield f"- **{name}** ({how.file}): {how.why}." + "".join(
            f" {title}: {text}."
            for title, text in (("Map", pairs), ("Same name", same), ("Also counted", also))
            if text
        )
    yield ""


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    every = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in every) + "\n"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


if __name__ == "__main__":
    sys.exit(main())
