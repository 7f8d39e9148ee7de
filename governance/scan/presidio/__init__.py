"""Presidio's pattern recognizers at columnar speed: the same spans and scores as its `AnalyzerEngine`.

from governance.scan.presidio import PatternEngine, pattern_recognizers

PatternEngine(pattern_recognizers()).analyze(["passport AB1234567"])
"""

from governance.scan.presidio.engine import PatternEngine
from governance.scan.presidio.recognizers import REPLACED, UNLIKE, pattern_recognizers

__all__ = ["REPLACED", "UNLIKE", "PatternEngine", "pattern_recognizers"]
