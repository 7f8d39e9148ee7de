"""CPU seconds of every detector on texts made to be slow, at doubling lengths: `python tests/benchmarks/long_texts.py`.

Each text repeats one piece up to 16, 32 and 64 thousand characters. Prints one JSON line for each of the slowest, and
fails when one takes more than a second, or four times as long for twice the text. `--random N` adds N pieces made of
words at random; `--seed` says which.
"""

import argparse
import json
import random
import sys
import time

import pyarrow as pa

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.registry import default_registry

LENGTHS = (16_384, 32_768, 65_536)
MOST_SECONDS, MOST_GROWTH, NOTICED_SECONDS = 1.0, 4.0, 0.1
PIECES = (
    "1 ",
    "a@",
    "A. ",
    "12 Main ",
    "12 a ",
    "Mr ",
    "王",
    "路1号",
    "1-",
    "(1",
    "at b dot ",
    "No. 1, ",
    "张三李四",
    "5 St ",
    "Anna von der ",
    "John Smith ",
    "born 1 May ",
    "GB82 WEST ",
    "a.b.c.",
    "sk-abc",
    "wx: ",
    "1.1.",
    "lI1O",
    "一二三",
    "Flat 1, 12 Baker Street, ",
    "公司有限",
    "室2楼3",
    "Ltd ",
    "é É ",
    "id no 123 ",
    "password=",
    "1\n",
    "& Co ",
    "street ",
    "北京市朝阳区",
    "a",
    "-",
    "0",
    "A",
    "AB 12-",
    "%40",
    "[at]",
    "\u0000",
    " ",
)
WORDS = (
    "12",
    "Main",
    "Street",
    "St.",
    ",",
    "\n",
    "Apt",
    "#",
    "Oak",
    "lane",
    "rue",
    "de",
    "la",
    "Via",
    "Hauptstr",
    "No.",
    "Flat",
    "5",
    "London",
    "SW1A 1AA",
    "CA",
    "90210",
    "the",
    "of",
    "PO",
    "Box",
    "corner",
    "Mr",
    "John",
    "Miller",
    "王",
    "小明",
    "先生",
    "北京市",
    "路",
    "号",
    "栋",
    "室",
    "公司",
    "Inc",
    "&",
    "-",
    ".",
    "(",
    ")",
    "at",
    "dot",
    "@",
    "born",
    "1984",
    "年",
    "ssn",
    "address:",
    "lives at",
    "Broadway",
    "New",
    "b",
)


def pieces(count, seed):
    """The pieces, and so many made of words at random."""
    rng = random.Random(seed)
    made = (
        "".join(rng.choice(WORDS) + rng.choice((" ", "", ", ")) for _ in range(rng.randrange(2, 6)))
        for _ in range(count)
    )
    return [*PIECES, *made]


def seconds(detector, piece, length):
    """What a detector takes for one text; the better of two."""
    values = pa.array([(piece * (length // len(piece) + 1))[:length]])
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        detector.find(values, FieldContext())
        best = min(best, time.process_time() - start)
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    slowest = []
    for piece in pieces(options.random, options.seed):
        for detector in default_registry():
            if detector.name.startswith("identifiers.") and detector.name != "identifiers.aba_routing_number":
                continue  # all of them share one look
            if seconds(detector, piece, LENGTHS[0]) * 4 < NOTICED_SECONDS:
                continue
            slowest.append((detector.name, piece, [seconds(detector, piece, length) for length in LENGTHS]))
    slowest.sort(key=lambda each: -each[2][-1])
    for name, piece, spent in slowest[:10]:
        print(json.dumps({"figure": "a long text", "detector": name, "piece": piece, "lengths": LENGTHS,
                          "cpu_seconds": [round(each, 3) for each in spent]}))  # fmt: skip
    late = [each for each in slowest if each[2][-1] > MOST_SECONDS or each[2][-1] > MOST_GROWTH * each[2][-2]]
    print(json.dumps({"figure": "long texts, worst", "cpu_seconds": round(slowest[0][2][-1], 3) if slowest else 0.0,
                      "bar": MOST_SECONDS, "within_bar": not late}))  # fmt: skip
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
