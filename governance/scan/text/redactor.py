"""Texts without their personal data.

from governance.scan.text.redactor import Redactor

Redactor().redact(["call Anna Smith"])[0].text      # 'call <PERSON>'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from governance.ledger.base import KeyedHash
from governance.scan.text.analyzer import TextAnalyzer
from governance.scan.text.operators import check_operator, operator_config
from governance.scan.text.spans import Span


@dataclass(frozen=True, slots=True, repr=False)
class Redacted:
    """One text after redaction."""

    text: str
    """The text with each finding replaced."""
    spans: tuple[Span, ...]
    """What was found, with offsets of the text as given."""

    def __repr__(self) -> str:
        return f"Redacted({len(self.spans)} places)"


class Redactor:
    """Replaces what a `TextAnalyzer` finds.

    Raises ConfigError for an unknown operator, or for `hash` and `pseudonym` without a key.
    """

    def __init__(
        self, analyzer: TextAnalyzer | None = None, operator: str = "replace", *, keyed_hash: KeyedHash | None = None
    ) -> None:
        check_operator(operator, keyed_hash)
        self._analyzer = analyzer or TextAnalyzer()
        self._operator, self._keyed_hash = operator, keyed_hash

    def redact(self, texts: Sequence[str]) -> list[Redacted]:
        """Each text without its findings, in order; equal texts are looked at once."""
        return [Redacted(self.replace(text, spans), spans) for text, spans in zip(texts, self.find(texts), strict=True)]

    def find(self, texts: Sequence[str]) -> list[tuple[Span, ...]]:
        """The places of each text, in order; equal texts are looked at once."""
        distinct = list(dict.fromkeys(texts))
        found = dict(zip(distinct, self._analyzer.spans(distinct), strict=True))
        return [found[text] for text in texts]

    def replace(self, text: str, spans: Sequence[Span]) -> str:
        """A text with these places replaced; they do not overlap."""
        if not spans:
            return text
        from presidio_anonymizer.entities import RecognizerResult

        results = [RecognizerResult(each.entity, each.start, each.end, each.score) for each in spans]
        found = {each.entity for each in spans}
        operators = {entity: operator_config(self._operator, entity, self._keyed_hash) for entity in found}
        changed = self._engine.anonymize(text, results, operators, merge_entities_with_spaces=False)
        return str(changed.text)

    @cached_property
    def _engine(self) -> Any:
        import presidio_anonymizer

        made: Any = presidio_anonymizer  # publishes no types
        return made.AnonymizerEngine()
