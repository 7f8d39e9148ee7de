"""Chinese places: the gazetteer, countries and kinds of places, and not what is called by a place."""

import time

import pytest

from governance.scan.detectors.location_zh import places_in


def found(text):
    return [text[start:end] for start, end, _ in places_in(text)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("他去了北京,明天去上海", ["北京", "上海"]),
        ("公司在浙江省杭州市设有仓库", ["浙江省杭州市"]),
        ("我住在柳湾村,明天去乡里", ["柳湾村"]),
        ("下个月飞往纽约和伦敦", ["纽约", "伦敦"]),
        ("她从日本回来了", ["日本"]),
        ("在台灣工作了三年", ["台灣"]),
        ("在中环开会后去旺角吃饭", ["中环", "旺角"]),
        ("青禾商务区的写字楼", ["青禾商务区"]),
        ("上海地区有大雨", ["上海地区"]),
    ],
)
def test_places_are_found_whole(text, places):
    assert found(text) == places


@pytest.mark.parametrize(
    "text",
    [
        "北京人爱吃面",
        "美国政府发表声明",
        "中国队赢了",
        "他会说德语和法语",
        "中国经济增长很快",
        "这座城市很大,城镇很小",
        "我们没有退路",
        "明天上市",
        "今天天气很好",
    ],
)
def test_people_offices_and_common_words_are_no_places(text):
    assert found(text) == []


@pytest.mark.parametrize("piece", ["北京", "柳湾村", "市", "中国", "在美国的"])
def test_long_repeats_take_linear_time(piece):
    text = piece * (32_768 // len(piece))
    start = time.process_time()
    found(text)
    assert time.process_time() - start < 8
