# ruff: noqa: E501, ARG002, ANN, E704  rows of the made table read best on one line; Presidio fixes the signatures
"""Cells a CPU second of the columnar scan beside Presidio's batch analyzer without a model, on the same table.

Run by hand: `python tests/benchmarks/scan_speed.py [ROWS]`. Prints one JSON line for each figure. Ours must find
every personal column that Presidio finds before a speed is printed.
"""

import json
import random
import resource
import sys
import time

import pyarrow as pa

from connectors.base import FULL
from connectors.memory import MemoryStore
from governance.scan.detectors.registry import default_registry
from governance.scan.engines.local import scan_store
from governance.scan.options import ScanOptions

GIVEN = ["Anna", "John", "Mary", "Peter", "Laura", "James", "Emma", "Oliver", "Susan", "David", "Claire", "Martin"]
FAMILY = ["Miller", "Smith", "Brown", "Harris", "Walker", "Becker", "Wagner", "Chang", "Lopez", "Fischer"]
STREETS = ["Oak", "Highland", "Adams", "Walnut", "Lincoln", "Maple", "Park", "Cedar"]


def customers(rows, *, notes):
    """A customer table of 12 columns, at least nine in ten values distinct where they identify somebody."""
    rng = random.Random(5)
    number = [rng.randrange(10**9) for _ in range(rows)]
    table = {
        "id": list(range(rows)),
        "full_name": [
            f"{rng.choice(GIVEN)} {rng.choice('ABCDEFGH')}. {rng.choice(FAMILY)}{'-' + rng.choice(FAMILY) if n % 2 else ''}"
            for n in number
        ],
        "email": [f"user{n}@example.com" for n in number],
        "phone": [f"+1 212 555 {n % 10**4:04d}" if n % 3 else f"138{n % 10**8:08d}" for n in number],
        "address": [f"{n % 9999 + 1} {rng.choice(STREETS)} Street" for n in number],
        "ip": [f"{n % 200 + 20}.{n % 251}.{n % 241}.{n % 239}" for n in number],
        "ssn": [f"{n % 600 + 100:03d}-{n % 89 + 10:02d}-{n % 8999 + 1000:04d}" for n in number],
        "card": [_card(n) for n in number],
        "birth_date": [f"{1940 + n % 60}-{n % 12 + 1:02d}-{n % 28 + 1:02d}" for n in number],
        "tier": [rng.choice(("gold", "silver", "basic")) for _ in number],
        "amount": [n / 7 for n in number],
        "created_at": [f"2024-{n % 12 + 1:02d}-{n % 28 + 1:02d}T10:00:00" for n in number],
    }
    if notes:
        table["tier"] = [
            f"Customer {n} called on Monday about the parcel, it was left at the door. Call back on 138{n % 10**8:08d} or write to u{n}@test.com, please. Nothing else was said, and the case was closed after that."
            for n in number
        ]
    return pa.table(table)


def _card(number):
    body = f"4{number:014d}"
    total = sum(int(d) * (2 - i % 2) - 9 * (int(d) * (2 - i % 2) > 9) for i, d in enumerate(body))
    return body + str(-total % 10)


def ours(table):
    store = MemoryStore("bench", {"customers": table})
    start = time.process_time()
    result = scan_store(store, ScanOptions(FULL))
    spent = time.process_time() - start
    return {each.field for each in result.datasets[0].fields if each.label}, table.num_rows * table.num_columns / spent


def presidio(table, rows):
    """Presidio with all its recognizers and no model, each cell by its batch engine; offline."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR

    class NoModel(NlpEngine):
        def load(self): ...
        def is_loaded(self):
            return True

        def process_text(self, text, language):
            return NlpArtifacts([], [], [], [], self, language)

        def process_batch(self, texts, language, **_):
            return ((text, self.process_text(text, language)) for text in texts)

        def is_stopword(self, word, language):
            return False

        def is_punct(self, word, language):
            return False

        def get_supported_entities(self):
            return []

        def get_supported_languages(self):
            return ["en"]

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    engine = BatchAnalyzerEngine(
        AnalyzerEngine(registry=registry, nlp_engine=NoModel(), supported_languages=["en"], context_aware_enhancer=None)
    )
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


def main(rows):
    default_registry()
    for notes in (False, True):
        table = customers(rows, notes=notes)
        ours_found, cells = ours(table)
        their_found, their_cells = presidio(table, 200)
        missing = their_found - ours_found - {"created_at", "id", "amount"}
        assert not missing, missing
        print(json.dumps({
            "figure": "full scan, 12 columns, " + ("one note column" if notes else "no free text"),
            "rows": rows, "cells_per_cpu_second": round(cells), "presidio_no_model": round(their_cells),
            "ratio": round(cells / their_cells), "columns_found": len(ours_found), "presidio_columns": len(their_found),
            "max_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
