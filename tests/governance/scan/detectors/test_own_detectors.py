"""Every detector of ours: what it must find, and the look-alikes that it must leave alone."""

import pyarrow as pa
import pytest

from governance.scan.detection import detect
from governance.scan.detectors.base import STRONG, FieldContext
from governance.scan.detectors.registry import default_registry
from governance.scan.normalise import fold

REGISTRY = tuple(default_registry())


def strong(text, *, hints=(), type="string", words=()):  # noqa: A002 the word of the field model
    values = pa.array([fold(text)])
    places = detect(values, REGISTRY, FieldContext(type=type, hints=frozenset(hints), words=frozenset(words)))
    return {
        (REGISTRY[number].entity, fold(text)[start:end])
        for number, start, end, score in zip(
            places.found_by.tolist(), places.start.tolist(), places.end.tolist(), places.score.tolist(), strict=True
        )
        if score >= STRONG
    }


HITS = [
    ("EMAIL_ADDRESS", "email是zhang@test.com谢谢", "zhang@test.com"),
    ("EMAIL_ADDRESS", "Write to ann.o'neil+shop@mail.example.co.uk, please.", "ann.o'neil+shop@mail.example.co.uk"),
    ("EMAIL_ADDRESS", "ｚｈａｎｇ＠ｔｅｓｔ．ｃｏｍ", "zhang@test.com"),
    ("EMAIL_ADDRESS", "https://x.example/?email=li%40test.cn", "li%40test.cn"),
    ("EMAIL_ADDRESS", "jo [at] example.org", "jo [at] example.org"),
    ("PHONE_NUMBER", "电话13812345678急", "13812345678"),
    ("PHONE_NUMBER", "138-1234-5678", "138-1234-5678"),
    ("PHONE_NUMBER", "１３８ １２３４ ５６７８", "138 1234 5678"),
    ("PHONE_NUMBER", "call +49 30 901820 today", "+49 30 901820"),
    ("PHONE_NUMBER", "手機0912-345-678", "0912-345-678"),
    ("PHONE_NUMBER", "(212) 555-2368", "(212) 555-2368"),
    ("PHONE_NUMBER", "619-648-6618x2077 mobile", "619-648-6618x2077"),
    ("PHONE_NUMBER", "they are not answering at 484 7531", "484 7531"),
    ("PHONE_NUMBER", "74 831 591 office", "74 831 591"),
    ("PHONE_NUMBER", "patient id 778899, call back (646) 555-9988", "(646) 555-9988"),
    ("PHONE_NUMBER", "ring +852 9123 4567", "+852 9123 4567"),
    ("PHONE_NUMBER", "office (604) 669-5555", "(604) 669-5555"),
    ("PHONE_NUMBER", "514.987.6543", "514.987.6543"),
    ("CREDIT_CARD", "卡号4111111111111111尾号", "4111111111111111"),
    ("CREDIT_CARD", "4111 1111 1111 1111", "4111 1111 1111 1111"),
    ("CREDIT_CARD", "card 5500-0000-0000-0004", "5500-0000-0000-0004"),
    ("CREDIT_CARD", "amex 3782 822463 10005", "3782 822463 10005"),
    ("IBAN_CODE", "IBAN: DE89 3704 0044 0532 0130 00.", "DE89 3704 0044 0532 0130 00"),
    ("IBAN_CODE", "my iban is gb82west12345698765432", "gb82west12345698765432"),
    ("IBAN_CODE", "账户GB82WEST12345698765432，", "GB82WEST12345698765432"),
    ("IP_ADDRESS", "来自192.168.10.25的登录", "192.168.10.25"),
    ("IP_ADDRESS", "2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3::8a2e:370:7334"),
    ("MAC_ADDRESS", "设备00:1B:44:11:3A:B7离线", "00:1B:44:11:3A:B7"),
    ("MAC_ADDRESS", "001b.4411.3ab7", "001b.4411.3ab7"),
    ("URL", "see https://www.linkedin.com/in/ann-miller", "https://www.linkedin.com/in/ann-miller"),
    ("URL", "https://shop.example.com/account?user_id=7712", "https://shop.example.com/account?user_id=7712"),
    ("DATE_OF_BIRTH", "born on 12 May 1980", "12 May 1980"),
    ("DATE_OF_BIRTH", "老婆生日是5月12日", "5月12日"),
    ("DATE_OF_BIRTH", "DOB: 1980-05-12", "1980-05-12"),
    ("US_SSN", "SSN 536-90-4399", "536-90-4399"),
    ("CN_RESIDENT_ID", "身份证11010519491231002X已核对", "11010519491231002X"),
    ("CN_RESIDENT_ID", "110105 19491231 002X", "110105 19491231 002X"),
    ("TW_NATIONAL_ID", "身分證A123456789，", "A123456789"),
    ("HK_ID", "證件 A123456(3)", "A123456(3)"),
    ("PASSPORT", "护照号E12345678", "E12345678"),
    ("CN_USCC", "税号91110000600037341L", "91110000600037341L"),
    ("VEHICLE_PLATE", "车牌京A12345停在门口", "京A12345"),
    ("VEHICLE_PLATE", "粤B·D12345", "粤B·D12345"),
    ("PERSON", "王小明", "王小明"),
    ("PERSON", "歐陽美玲", "歐陽美玲"),
    ("PERSON", "Anna Miller", "Anna Miller"),
    ("PERSON", "Müller, Hans", "Müller, Hans"),
    ("PERSON", "迪丽热巴·买买提", "迪丽热巴·买买提"),
    ("PERSON", "请转告王先生明天到货", "王先生"),
    ("PERSON", "联系人：陈伟，下午送", "陈伟"),
    ("PERSON", "Spoke to Barbara Harris about it", "Barbara Harris"),
    ("PERSON", "Please ask Dr. Okafor first", "Okafor"),
    ("ADDRESS", "2120 South Highland Avenue", "2120 South Highland Avenue"),
    ("ADDRESS", "moved to 12 Baker Street, London", "12 Baker Street, London"),
    ("ADDRESS", "Hauptstraße 12a", "Hauptstraße 12a"),
    ("ADDRESS", "P.O. Box 331", "P.O. Box 331"),
    ("ADDRESS", "台北市大安區和平東路二段106號", "台北市大安區和平東路二段106號"),
    ("GENDER", "female", "female"),
    ("GENDER", "男", "男"),
    ("HEALTH", "Customer is diabetic and asks for sugar", "diabetic"),
    ("HEALTH", "母親有高血壓", "高血壓"),
    ("COORDINATE", "(39.1688, -86.5342)", "(39.1688, -86.5342)"),
    ("SECRET", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("SECRET", "密码是Hunter2024!", "密码是Hunter2024!"),
    ("SECRET", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"),
]


@pytest.mark.parametrize(("entity", "text", "place"), HITS)
def test_value_is_found_at_its_place(entity, text, place):
    assert (entity, place) in strong(text)


def test_chinese_address_with_room_is_found():
    found = strong("广东省深圳市南山区科技园路5号3栋1204室")
    assert any(entity == "ADDRESS" and "1204" in text for entity, text in found)


DECOYS = [
    ("EMAIL_ADDRESS", "logo@2x.png"),
    ("EMAIL_ADDRESS", "reorder@30d"),
    ("EMAIL_ADDRESS", "a..b@test.com"),
    ("EMAIL_ADDRESS", "@mention only"),
    ("PHONE_NUMBER", "2024-03-15"),
    ("PHONE_NUMBER", "20240315"),
    ("PHONE_NUMBER", "table of 484 7531"),
    ("PHONE_NUMBER", "order 484 7531"),
    ("PHONE_NUMBER", "callback of 2024-03-15"),
    ("PHONE_NUMBER", "订单号2024031512345678"),
    ("PHONE_NUMBER", "4006-381-333"),
    ("PHONE_NUMBER", "11111111111"),
    ("PHONE_NUMBER", "SF1381234567890"),
    ("CREDIT_CARD", "4111111111111112"),
    ("CREDIT_CARD", "order 1234567812345670"),
    ("CREDIT_CARD", "0000 0000 0000 0000"),
    ("CREDIT_CARD", "X4111111111111111"),
    ("IBAN_CODE", "DE89 3704 0044 0532 0130 01"),
    ("IBAN_CODE", "gb82west12345698765431"),
    ("IBAN_CODE", "Gb82west12345698765432"),
    ("IP_ADDRESS", "v8.8.4.109"),
    ("IP_ADDRESS", "Chrome/126.0.0.0 Safari"),
    ("IP_ADDRESS", "3.14.16.60"),
    ("IP_ADDRESS", "256.1.1.1"),
    ("IP_ADDRESS", "12:30:45"),
    ("MAC_ADDRESS", "00:00:00:00:00:00"),
    ("MAC_ADDRESS", "10:20:30"),
    ("URL", "https://shop.example.com/products/42"),
    ("URL", "https://twitter.com/share?u=1"),
    ("DATE_OF_BIRTH", "shipped on 2024-03-15"),
    ("DATE_OF_BIRTH", "2024-03-15"),
    ("US_SSN", "000-12-3456"),
    ("US_SSN", "666-12-3456"),
    ("US_SSN", "078-05-1120"),
    ("US_SSN", "536904399"),
    ("CN_RESIDENT_ID", "110105194912310021"),
    ("CN_RESIDENT_ID", "990105194912310020"),
    ("CN_RESIDENT_ID", "11010519491331002X"),
    ("CN_RESIDENT_ID", "5211010519491231002X"),
    ("TW_NATIONAL_ID", "A123456788"),
    ("HK_ID", "A123456(4)"),
    ("PASSPORT", "E12345678"),
    ("PASSPORT", "model E12345678 in stock"),
    ("CN_USCC", "91110000600037341M"),
    ("VEHICLE_PLATE", "AB12 CDE"),
    ("VEHICLE_PLATE", "京AI2O45"),
    ("PERSON", "金额"),
    ("PERSON", "Credit Card"),
    ("PERSON", "General Hospital"),
    ("PERSON", "Acme Holdings Ltd"),
    ("PERSON", "Albert Terrace is closed for repairs"),
    ("PERSON", "高级会员"),
    ("ADDRESS", "3 way split"),
    ("ADDRESS", "waited 20 minutes in a row"),
    ("GENDER", "mail"),
    ("HEALTH", "She was quite patient considering the delay"),
    ("HEALTH", "The checkout gives me a headache"),
    ("HEALTH", "活动太上头了"),
    ("SECRET", "reset your password"),
    ("SECRET", "d41d8cd98f00b204e9800998ecf8427e"),
    ("COORDINATE", "1.5, 2.5"),
]


@pytest.mark.parametrize(("entity", "text"), DECOYS)
def test_look_alike_is_left_alone(entity, text):
    assert entity not in {found for found, _ in strong(text)}


def test_name_of_the_field_makes_a_weak_form_believable():
    assert ("PASSPORT", "E12345678") in strong("E12345678", hints={"PASSPORT"})
    assert ("US_SSN", "536904399") in strong("536904399", hints={"US_SSN"})


def test_version_in_the_name_of_the_field_refuses_addresses():
    assert strong("80.12.4.17", words={"firmware"}) == set()


def test_card_number_in_a_numeric_column_is_weak():
    assert strong("4111111111111111", type="integer") == set()


def test_zero_width_signs_do_not_hide_a_number():
    assert ("PHONE_NUMBER", "13812345678") in strong("138\u200b1234\u200b5678")
