"""Ages and dates of birth in Chinese texts."""

import pyarrow as pa
import pytest

from governance.scan.detectors.age_zh import AGE_ZH
from governance.scan.detectors.base import STRONG, FieldContext
from governance.scan.detectors.birth_date_zh import BIRTH_DATE_ZH


def found(detector, text):
    hits = detector.find(pa.array([text]), FieldContext())
    rows = zip(hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
    return {text[start:end] for start, end, score in rows if score >= STRONG}


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("患者男,34岁,头痛", "34岁"),
        ("李娜三十四歲", "三十四歲"),
        ("今年35岁了", "35岁"),
        ("年龄:28", "年龄:28"),
        ("今年34,未婚", "34"),
        ("宝宝8个月大", "8个月大"),
        ("一百零二岁老人", "一百零二岁"),
    ],
)
def test_age_is_found(text, age):
    assert found(AGE_ZH, text) == {age}


@pytest.mark.parametrize(
    "text", ["适合3岁以上儿童", "18-60岁", "岁月静好", "工龄12年", "未满18岁", "900岁的树", "今年3月", "3至6岁"]
)
def test_band_or_span_is_no_age(text):
    assert not found(AGE_ZH, text)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("出生日期:一九九〇年三月七日", "一九九〇年三月七日"),
        ("民國79年3月7日出生", "民國79年3月7日"),
        ("生日是农历三月初七", "农历三月初七"),
        ("他1985年出生于北京", "1985年"),
        ("1990年3月7日生,汉族", "1990年3月7日"),
        ("生於民國七十九年三月七日", "民國七十九年三月七日"),
    ],
)
def test_birth_date_is_found(text, date):
    assert found(BIRTH_DATE_ZH, text) == {date}


@pytest.mark.parametrize("text", ["2023年3月生产的", "合同于2020年3月7日签订", "这是我2020年买的", "生活了3年"])
def test_other_date_is_left_alone(text):
    assert not found(BIRTH_DATE_ZH, text)
