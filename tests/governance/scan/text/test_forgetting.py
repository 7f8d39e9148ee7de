"""Nothing of a text stays in memory once a call or a scan has ended."""

import gc

import pyarrow as pa
import pytest

from connectors.base import FULL
from connectors.memory import MemoryStore
from governance.scan.detectors.chinese import segments
from governance.scan.engines.local import scan_store
from governance.scan.options import Engine, ScanOptions
from governance.scan.text.analyzer import TextAnalyzer, TextOptions

MARKER = "客户欧阳震华昨天住进了杭州市西湖区"


def remembered():
    return segments._words.cache_info().currsize + segments.part_of_speech.cache_info().currsize


def test_a_call_forgets_its_texts():
    assert TextAnalyzer(TextOptions(models="off")).spans([MARKER])
    assert not remembered()


def test_a_call_that_fails_forgets_its_texts(monkeypatch):
    def fail(*_):
        segments.Segments(MARKER).at(0)
        raise ValueError

    analyzer = TextAnalyzer(TextOptions(models="off"))
    monkeypatch.setattr("governance.scan.text.analyzer.detect", fail)
    with pytest.raises(ValueError, match=r"^$"):
        analyzer.spans([MARKER])
    assert not remembered()


def test_a_scan_forgets_its_texts():
    store = MemoryStore("m", {"t": pa.table({"note": [f"{MARKER}第{number}次" for number in range(50)]})})
    scan_store(store, ScanOptions(FULL, workers=1, engine=Engine(models="off")))
    gc.collect()
    assert not remembered()
