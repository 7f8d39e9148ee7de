"""Phones and cards beside Chinese text, in all their spellings, and what only looks like them.

The numbers are invented; the same seed gives the same texts.
"""

from collections.abc import Iterator
from random import Random

import pyarrow as pa
import pytest

from governance.scan.detectors.base import STRONG, FieldContext
from governance.scan.detectors.card import CARD, luhn
from governance.scan.detectors.email import EMAIL, EMAIL_SPELLED
from governance.scan.detectors.phone import PHONE
from governance.scan.detectors.phone_spelled import PHONE_SPELLED
from governance.scan.normalise import fold_with_places

_PREFIXES = [
    "130",
    "131",
    "135",
    "136",
    "138",
    "139",
    "150",
    "151",
    "157",
    "158",
    "159",
    "166",
    "176",
    "177",
    "182",
    "185",
    "186",
    "187",
    "188",
    "189",
    "191",
    "198",
    "199",
]
_NUMERALS = "零一二三四五六七八九"
_FULL = str.maketrans("0123456789", "０１２３４５６７８９")
_PHONE_FRAMES = (
    "手机{}",
    "客户电话：{}，请回电",
    "联系方式{}微信同号",
    "請致電{}聯絡",
    "张伟{}收",
    "tel:{}。",
    "打{}找李经理",
    "WhatsApp {} 謝謝",
)
_CARD_FRAMES = ("卡号{}", "银行卡：{}，户名张伟", "信用卡號{}到期", "转账到{}尾号", "退款至卡{}。", "visa card {} ok")
_ORDER_FRAMES = ("订单号{}", "快递单号：{}已发货", "流水号{}", "发票号{}", "运单{}", "交易号 {}", "合同编号{}")


def _digits(random: Random, size: int) -> str:
    return "".join(random.choices("0123456789", k=size))


def _mobile(random: Random) -> str:
    return random.choice(_PREFIXES) + _digits(random, 8)


def _written(random: Random) -> str:
    number = _mobile(random)
    three = (number[:3], number[3:7], number[7:])
    forms = (
        number,
        *(sign.join(three) for sign in (" ", "-", ".")),
        f"+86 {number}",
        f"+86-{'-'.join(three)}",
        f"0086{number}",
        f"(+86){number}",
        f"86-{number}",
        number.translate(_FULL),
        "".join(_NUMERALS[int(sign)] for sign in number),
        "\u200b".join(number),
        f"0{random.choice(('10', '21', '755', '571'))}-{random.choice('23568')}{_digits(random, 7)}",
        f"0912-{_digits(random, 3)}-{_digits(random, 3)}",
        f"+852 9{_digits(random, 3)} {_digits(random, 4)}",
        f"+886 912 {_digits(random, 3)} {_digits(random, 3)}",
    )
    return random.choice(forms)


def _card(random: Random) -> str:
    """A number with a right check digit."""
    head, size = random.choice((("622202", 19), ("622848", 19), ("4", 16), ("52", 16), ("6225", 16), ("37", 15)))
    body = head + _digits(random, size - len(head) - 1)
    return next(body + sign for sign in "0123456789" if luhn(body + sign))


def _wrong_card(random: Random) -> str:
    number = _card(random)
    return number[:-1] + str((int(number[-1]) + random.randint(1, 9)) % 10)


def _grouped(number: str, sign: str) -> str:
    return sign.join(number[place : place + 4] for place in range(0, len(number), 4))


def phones(seed: int, many: int) -> Iterator[tuple[str, str]]:
    """(text, the number in it)."""
    random = Random(seed)
    for _ in range(many):
        number = _written(random)
        yield random.choice(_PHONE_FRAMES).format(number), number


def cards(seed: int, many: int) -> Iterator[tuple[str, str]]:
    """(text, the card in it)."""
    random = Random(seed)
    for _ in range(many):
        number = _card(random)
        forms = [number, number.translate(_FULL), "\u200b".join(number)]
        if len(number) in (16, 19):
            forms += [_grouped(number, " "), _grouped(number, "-")]
        written = random.choice(forms)
        yield random.choice(_CARD_FRAMES).format(written), written


def decoys(seed: int, many: int) -> Iterator[str]:
    """Texts without a phone and without a card."""
    random = Random(seed)
    for _ in range(many):
        made = (
            random.choice(_CARD_FRAMES).format(_wrong_card(random)),
            random.choice(_ORDER_FRAMES).format(_digits(random, random.randint(11, 19))),
            random.choice(_ORDER_FRAMES).format(_mobile(random)),
            random.choice(_ORDER_FRAMES).format(_card(random)),
            f"编码{random.choice('789')}{_digits(random, 17)}",
            f"时间戳17{_digits(random, 11)}",
            f"金额{random.randint(10**7, 10**9)}元",
            f"2023{random.randint(10, 12)}{random.randint(10, 28)}{random.randint(100000, 235959)}",
        )
        yield random.choice(made)


MANY = 400


def found(text, *detectors):
    """The strong places of a text as given."""
    folded = fold_with_places(text)
    places = set()
    for detector in detectors:
        hits = detector.find(pa.array([folded.text]), FieldContext())
        rows = zip(hits.start.tolist(), hits.end.tolist(), hits.score.tolist(), strict=True)
        places |= {folded.place(start, end) for start, end, score in rows if score >= STRONG}
    return {text[start:end] for start, end in places}


def test_97_of_100_phones_are_found_whole():
    hits = sum(number in found(text, PHONE, PHONE_SPELLED) for text, number in phones(7, MANY))
    assert hits >= 0.97 * MANY


def test_97_of_100_cards_are_found_whole():
    hits = sum(number in found(text, CARD) for text, number in cards(8, MANY))
    assert hits >= 0.97 * MANY


def test_98_of_100_look_alikes_are_refused():
    wrong = [text for text in decoys(9, MANY) if found(text, PHONE, PHONE_SPELLED, CARD)]
    assert len(wrong) <= 0.02 * MANY


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("手机13800138000微信同号", "13800138000"),
        ("13800138000/13900139000", "13900139000"),
        ("tel13800138000", "13800138000"),
        ("13800138000：张三", "13800138000"),
        ("办公010-88886666转801", "010-88886666转801"),
        ("(021)6666-8888分機12", "(021)6666-8888分機12"),
        ("手机是l38OOl38OOO", "l38OOl38OOO"),
        ("幺三八 零零幺三 八零零零", "幺三八 零零幺三 八零零零"),
        ("電話 91234567", "91234567"),
        ("订单号20231122153012345，电话138 0013 8000", "138 0013 8000"),
        ("1 3 8 0 0 1 3 8 0 0 1", "1 3 8 0 0 1 3 8 0 0 1"),
        ("电话：88881234", "88881234"),
    ],
)
def test_phone_is_found_whole(text, number):
    assert number in found(text, PHONE, PHONE_SPELLED)


@pytest.mark.parametrize(
    "text",
    ["单号13800138000", "金额13800138000元", "客服400-800-8820", "IP 192.168.100.250", "2023-11-22", "版本 2.10.33.4"],
)
def test_number_of_another_kind_is_no_phone(text):
    assert not found(text, PHONE, PHONE_SPELLED)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("email是zhang@test.com请查收", "zhang@test.com"),
        ("邮箱zhang at test dot com", "zhang at test dot com"),
        ("邮箱：zhang#test.com", "zhang#test.com"),
        ("zhang艾特test点com", "zhang艾特test点com"),
        ("li%40test.cn收", "li%40test.cn"),
        ("mailto:li.lei@corp.com.cn", "li.lei@corp.com.cn"),
        ("zhang(at)test(dot)com", "zhang(at)test(dot)com"),
        ("zh\u0430ng@test.com", "zh\u0430ng@test.com"),
        ("联系zhang@test。com", "zhang@test。com"),
    ],
)
def test_email_is_found_in_every_spelling(text, address):
    assert address in found(text, EMAIL, EMAIL_SPELLED)


@pytest.mark.parametrize(
    "text",
    ["look at google dot com", "C#test.com", "we met at test.com", "价格$test.com", "@李娜 你好", "3点20分at home"],
)
def test_look_alike_is_no_email(text):
    assert not found(text, EMAIL, EMAIL_SPELLED)
