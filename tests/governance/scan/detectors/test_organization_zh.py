"""Chinese organizations by their names, and none for a kind alone."""

import pytest

from governance.scan.detectors.organization_zh import organizations_in


def strong(text):
    return {text[start:end] for start, end, score in organizations_in(text) if score >= 50}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("他在华为技术有限公司上班", {"华为技术有限公司"}),
        ("请查一下腾讯公司的信息", {"腾讯公司"}),
        ("我毕业于北京大学,就职于中国工商银行北京分行", {"北京大学", "中国工商银行北京分行"}),
        ("开户行:招商银行深圳南山支行", {"招商银行深圳南山支行"}),
        ("香港中文大學校友", {"香港中文大學"}),
        ("中信银行深圳分行信用卡中心的人", {"中信银行深圳分行信用卡中心"}),
        ("他在华为技术有限公司研发部工作", {"华为技术有限公司研发部"}),
        ("香港中文大學法學院", {"香港中文大學法學院"}),
        ("北京大学和清华大学办公室", {"北京大学", "清华大学办公室"}),
        ("腾讯公司前往研究院", {"腾讯公司"}),
        ("投诉中国移动通信集团广东有限公司", {"中国移动通信集团广东有限公司"}),
    ],
)
def test_organization_is_found_whole(text, names):
    assert strong(text) == names


@pytest.mark.parametrize(
    "text", ["去公司上班", "有公司来招聘", "国有银行", "这家医院很好", "我们公司裁员了", "上市公司公告", "保险公司拒赔"]
)
def test_kind_alone_names_nobody(text):
    assert not strong(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("他毕业于鼎盛大学。", "鼎盛大学"),
        ("在远大医院看病", "远大医院"),
        ("由东方物流公司承运", "东方物流公司"),
        ("鼎盛银行", "鼎盛银行"),
        ("東方物流公司承運", "東方物流公司"),
    ],
)
def test_ordinary_word_that_firms_are_called_by_is_a_name(text, name):
    assert strong(text) == {name}


@pytest.mark.parametrize("text", ["一家物流公司", "重点大学", "附近医院", "鼎盛时期的公司"])
def test_other_ordinary_words_before_a_kind_are_no_name(text):
    assert strong(text) == set()
