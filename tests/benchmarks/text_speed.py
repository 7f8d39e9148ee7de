"""Texts a CPU second of Presidio's pattern recognizers, by its `AnalyzerEngine` without a model and by ours.

Run by hand: `python tests/benchmarks/text_speed.py [TEXTS]`. Prints one JSON line for each figure, after checking that
both give the same spans and scores on every text. The texts are made here; with the folder of measuring data at hand
they are joined by all of its texts.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from governance.scan.presidio import UNLIKE, PatternEngine, pattern_recognizers
from governance.scan.text.analyzer import TextAnalyzer, TextOptions

FOLDER = Path(os.environ.get("GOVERNANCE_MEASURE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "text"
WORDS = (  # noqa: SIM905  a text reads better than a list of its words
    "customer called on monday about the parcel it was left at the door nothing else said and case closed after that "
    "please write back soon invoice is still open thank you for your patience we will look into this today"
).split()
BITS = ["NHS 401-023-2137", "NIF 12345678Z", "passport AB1234567", "tax 12345678903", "GSTIN 29ABCDE1234F1Z5"]


def reference(recognizers):
    """Presidio's own engine with these recognizers, all taken for English."""
    for each in recognizers:
        each.supported_language = "en"
    registry = RecognizerRegistry(recognizers=list(recognizers))
    no_model = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    no_model.load()
    return AnalyzerEngine(registry=registry, nlp_engine=no_model, supported_languages=["en"])


def their_hits(engine, text):
    """Presidio's hits as ours are written."""
    return [(each.start, each.end, each.entity_type, each.score) for each in engine.analyze(text, "en")]


def notes(count):
    """Notes of about 200 characters, every tenth with a number in it."""
    rng = random.Random(7)
    for number in range(count):
        words = rng.choices(WORDS, k=32)
        if number % 10 == 0:
            words.insert(rng.randrange(30), rng.choice(BITS))
        yield " ".join(words).capitalize() + f" on {rng.randrange(1, 29)} May."


def measured():
    """The texts of the measuring sets; none where the folder is absent."""
    for file in sorted(FOLDER.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            yield json.loads(line)["text"]


def spent(work):
    """What a call gives, and the CPU seconds it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def compare(name, texts, engine, theirs):
    """One figure: both sides on the same texts, equal answers first.

    Automata are built while texts are first seen, about 1.5 s a process in all: that pass is timed by itself.
    """
    ours, first = spent(lambda: engine.analyze(texts))
    wanted, their_seconds = spent(lambda: [their_hits(theirs, text) for text in texts])
    differing = sum(sorted(one) != sorted(other) for one, other in zip(ours, wanted, strict=True))
    assert not differing, f"{differing} texts differ"
    _, seconds = spent(lambda: engine.analyze(texts))
    print(json.dumps({
        "figure": f"pattern spans, {name}", "texts": len(texts), "hits": sum(map(len, ours)),
        "texts_per_cpu_second": round(len(texts) / seconds), "presidio": round(len(texts) / their_seconds),
        "ratio": round(their_seconds / seconds, 1), "ratio_of_first_pass": round(their_seconds / first, 1),
    }))  # fmt: skip


def main(count):
    """The figures."""
    recognizers = pattern_recognizers(UNLIKE)
    engine, theirs = PatternEngine(recognizers), reference(recognizers)
    texts = list(notes(count))
    compare("made notes", texts, engine, theirs)
    if FOLDER.is_dir():
        compare("measuring sets", list(measured()), engine, theirs)
    analyzer = TextAnalyzer(TextOptions(models="off"))
    analyzer.spans(texts[:100])
    _, seconds = spent(lambda: analyzer.spans(texts))
    rate = round(len(texts) / seconds)
    print(json.dumps({"figure": "all detectors, made notes", "texts": len(texts), "texts_per_cpu_second": rate}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
