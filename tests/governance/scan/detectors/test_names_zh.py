"""Names of people in Chinese texts: found beside what announces them, and nothing of what stands beside."""

import time

import pyarrow as pa
import pytest

from governance.scan.detectors.base import FieldContext
from governance.scan.detectors.names_zh import PERSON_CHINESE, names_in


def strong(text):
    return {text[start:end] for start, end, score in names_in(text) if score >= 50}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("联系人张伟住在北京市海淀区", {"张伟"}),
        ("客户王芳来电，要求退款", {"王芳"}),
        ("已和李娜、陈志强和周晓燕确认", {"李娜", "陈志强", "周晓燕"}),
        ("患者林嘉欣，女，34岁", {"林嘉欣"}),
        ("陳志明醫師表示病情穩定", {"陳志明"}),
        ("收貨人: 陳大文 電話 91234567", {"陳大文"}),
        ("家属欧阳修远签字", {"欧阳修远"}),
        ("王先生下午来电，说陈总同意了", {"王先生", "陈总"}),
        ("老李说他明天来", {"老李"}),
        ("阿明說他不來", {"阿明"}),
        ("找张姐拿快递", {"张姐"}),
        ("林小姐要求退款", {"林小姐"}),
        ("记者刘建国报道", {"刘建国"}),
    ],
)
def test_name_is_found_alone(text, names):
    assert strong(text) == names


def test_dotted_name_is_found_whole():
    assert any("迈克尔·乔丹" in name for name in strong("球星迈克尔·乔丹，出席了发布会"))


def test_name_is_found_again_in_its_text():
    text = "负责人：赵雅芝，电话略。合同由法务发给赵雅芝"
    places = [start for start, end, score in names_in(text) if text[start:end] == "赵雅芝" and score >= 50]
    assert len(places) == 2


@pytest.mark.parametrize(
    "text",
    [
        "高级经理审批，方案已安排",
        "黄金价格上涨，白银下跌",
        "安装师傅明天上午会联系您",
        "路由器连接不上，需要重启",
        "时间安排在下周一上午",
        "常规检查，血压正常，心率正常",
        "业务员向记者表示不清楚",
        "余额不足，请充值后再试",
        "方便的话请回电，谢谢",
        "温度太高了，空调不制冷",
        "明天上午到访，安排停车位",
    ],
)
def test_words_that_begin_like_a_name_are_none(text):
    assert not strong(text)


@pytest.mark.parametrize("piece", ["王", "张伟和", "阿·", "尔", "老王", "某"])
def test_long_texts_take_linear_time(piece):
    before = time.process_time()
    names_in(piece * (20_000 // len(piece)))
    assert time.process_time() - before < 5


@pytest.mark.parametrize("name", ["老王", "小李", "王先生"])
def test_familiar_form_alone_is_found(name):
    assert strong(f"今天{name}说可以") == {name}


def test_small_town_is_nobody():
    assert strong("根植于小镇。") == set()


def test_names_are_the_same_beside_many_texts():
    texts = ["联系人王小明，电话", "没有人签收", "记者陈丽报道。", "", "詹姆斯·哈登表示同意", "欧阳明先生来电"] * 30
    hits = PERSON_CHINESE.find(pa.array(texts), FieldContext())
    together = list(zip(hits.index.tolist(), hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True))
    assert together == [(number, *each) for number, text in enumerate(texts) for each in names_in(text)]
